"""The forms in which a network may be written, and what is stored of it."""

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from orgs.networks import CIDR_LENGTH, clean_network, fingerprint_of, is_inside


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("203.0.113.0/024", "203.0.113.0/24"),
        ("2001:DB8:0:0::/48", "2001:db8::/48"),
        ("2001:db8::9", "2001:db8::9/128"),
        ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ("::ffff:cb00:7100/120", "203.0.113.0/24"),
    ],
)
def test_it_stores_one_form_of_each(written: str, stored: str) -> None:
    assert clean_network(written) == stored
    assert clean_network(stored) == stored


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("", "such as 203.0.113.0/24"),
        ("office", "neither an address nor a network"),
        ("203.0.113.9/24", "Write 203.0.113.0/24 for the network, or 203.0.113.9/32"),
        ("2001:db8::9/48", "Write 2001:db8::/48 for the network, or 2001:db8::9/128"),
        ("::ffff:203.0.113.9/120", "Write 203.0.113.0/24 for the network, or 203.0.113.9/32"),
        ("::ffff:203.0.113.0/90", "wider than all of IPv4"),
        ("fe80::1%eth0", "Leave out the %"),
        ("fe80::%eth0/64", "Leave out the %"),
        ("0.0.0.0/0", "take the networks off the list"),
        ("::/0", "take the networks off the list"),
        ("::ffff:0:0/96", "take the networks off the list"),
        ("10.0.0.0/255.0.0.0", "does not end in a length"),
        ("10.0.0.0/0.255.255.255", "does not end in a length"),
        ("10.0.0.0/٨", "does not end in a length"),
        ("10.0.0.0/", "does not end in a length"),
        ("10.0.0.0/33", "neither an address nor a network"),
        ("010.0.0.1", "neither an address nor a network"),
        ("10.1/16", "neither an address nor a network"),
        ("10.0.0.1-10.0.0.9", "neither an address nor a network"),
        ("10.0.0.1:443", "neither an address nor a network"),
        ("[2001:db8::]/48", "neither an address nor a network"),
        ("１0.0.0.1", "neither an address nor a network"),
        ("10.0.0.0/8\n10.1.0.0/16", "does not end in a length"),
    ],
)
def test_it_refuses_with_the_remedy(written: str, remedy: str) -> None:
    with pytest.raises(ValidationError, match=r"(?s).*") as refused:
        clean_network(written)
    assert remedy in refused.value.messages[0]


@given(st.ip_addresses(network=None), st.integers(0, 128))
def test_what_it_suggests_is_taken_and_has_the_address_in_it(address: object, length: int) -> None:
    bits = length if ":" in str(address) else length % 33
    try:
        network = clean_network(f"{address}/{bits}")
    except ValidationError as refused:
        said = refused.messages[0]
        if "Write " not in said or " for the network" not in said:
            return
        network = clean_network(said.partition("Write ")[2].partition(" for the network")[0])
    assert len(network) <= CIDR_LENGTH
    assert is_inside(str(address), [network])


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("203.0.113.9", ["203.0.113.0/24"], True),
        ("::ffff:203.0.113.9", ["203.0.113.0/24"], True),
        ("203.0.114.9", ["203.0.113.0/24"], False),
        ("203.0.113.9", ["2001:db8::/32", "203.0.113.9/32"], True),
        ("2001:db8::1", ["203.0.113.0/24"], False),
        ("2001:db8::1", ["2001:db8::/32"], True),
        ("::cb00:7109", ["203.0.113.0/24"], False),
        ("203.0.113.9", [], False),
        (None, ["203.0.113.0/24"], False),
        ("", ["203.0.113.0/24"], False),
        ("unknown", ["203.0.113.0/24"], False),
    ],
)
def test_it_knows_who_is_inside(address: str | None, networks: list[str], inside: bool) -> None:
    assert is_inside(address, networks) is inside


def test_a_fingerprint_is_of_the_set_and_of_whom_each_rule_is_for() -> None:
    from uuid import UUID

    machine, other = UUID(int=1), UUID(int=2)
    rules = [(None, "10.0.0.0/8"), (machine, "10.1.0.0/16")]
    assert fingerprint_of([]) == ""
    assert fingerprint_of(rules) == fingerprint_of(reversed(rules))
    different = [rules[:1], rules[1:], [(None, "10.0.0.0/8"), (other, "10.1.0.0/16")], [*rules, (other, "10.0.0.0/8")]]
    assert len({fingerprint_of(rules), *map(fingerprint_of, different)}) == 5
