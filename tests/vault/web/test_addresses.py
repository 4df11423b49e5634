"""Whom a request is from."""

import pytest

from vault.addresses import client_address, networks, parse_address

PROXIES = networks(["10.0.0.0/8", "192.0.2.1", "fd00::/8"])
ATTACKER, CLIENT, PROXY = "198.51.100.66", "203.0.113.9", "10.0.0.5"


@pytest.mark.parametrize(
    "forged",
    [
        "127.0.0.1",
        "10.0.0.1",
        "::1",
        "::ffff:10.0.0.1",
        "203.0.113.9, 10.0.0.1",
        "203.0.113.9,10.0.0.1,10.0.0.2",
        "for=203.0.113.9",
        "unknown",
        "",
        ",,,",
        "\x00",
        "9" * 5000,
        ", ".join(["10.0.0.1"] * 2000),
    ],
)
def test_it_believes_nothing_of_a_peer_that_is_no_proxy(forged: str) -> None:
    assert client_address(ATTACKER, forged, PROXIES) == ATTACKER
    assert client_address(ATTACKER, forged, ()) == ATTACKER


@pytest.mark.parametrize(
    "forged_left_part",
    ["", "127.0.0.1, ", "10.0.0.9, 192.0.2.1, ", "garbage, ", "::ffff:10.0.0.1, ", f"{'1.1.1.1, ' * 500}"],
)
def test_it_takes_the_rightmost_address_that_no_proxy_has(forged_left_part: str) -> None:
    assert client_address(PROXY, f"{forged_left_part}{CLIENT}", PROXIES) == CLIENT


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        (f"{CLIENT}, 10.1.2.3, 192.0.2.1", CLIENT),  # several proxies of ours
        (f"{CLIENT}, {ATTACKER}, 10.1.2.3", ATTACKER),  # the first that is not ours ends the walk
        ("10.9.9.9", "10.9.9.9"),  # a client inside of the network
        ("", PROXY),
        ("rubbish", PROXY),  # unreadable: the last that is known
        (f"{CLIENT}, rubbish", PROXY),
        (f"{CLIENT}:51234", CLIENT),
        ("[2001:db8::9]:443", "2001:db8::9"),
        ("2001:DB8:0:0::9", "2001:db8::9"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("fe80::1%eth0", "fe80::1"),
        (f'"{CLIENT}"', CLIENT),
    ],
)
def test_it_walks_from_the_right_behind_a_trusted_proxy(forwarded: str, expected: str) -> None:
    assert client_address(PROXY, forwarded, PROXIES) == expected


def test_it_knows_an_ipv4_peer_in_its_ipv6_form() -> None:
    assert client_address("::ffff:10.0.0.5", CLIENT, PROXIES) == CLIENT
    assert client_address(f"::ffff:{ATTACKER}", CLIENT, PROXIES) == ATTACKER


def test_it_does_not_take_one_family_for_the_other() -> None:
    everything_of_ipv4 = networks(["0.0.0.0/0"])
    assert client_address("2001:db8::9", CLIENT, everything_of_ipv4) == "2001:db8::9"


def test_it_has_no_address_for_a_unix_socket() -> None:
    assert client_address("", CLIENT, PROXIES) is None


@pytest.mark.parametrize(
    "text", ["", "1.2.3", "1.2.3.4.5", "1.2.3.4:x", "[::1", "[::1]x", "01.2.3.4", "１.2.3.4", "::1::"]
)
def test_it_reads_nothing_into_what_is_no_address(text: str) -> None:
    assert parse_address(text) is None


def test_it_names_the_wrong_word_of_a_setting() -> None:
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/99 is neither an IP address nor a network"):
        networks(["127.0.0.1", "10.0.0.0/99"])
