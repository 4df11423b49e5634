"""Networks from which an organization, or a machine, may be used. Pure: no database, no clock."""

import hashlib
import ipaddress
from collections.abc import Iterable
from uuid import UUID

from django.core.exceptions import ValidationError

from vault.addresses import Network, parse_address
from vault.names import safe_label

CIDR_LENGTH = 43
"""Characters of the longest: eight groups of four digits, their colons, and a length."""
MAX_RULES = 200
"""So many rules an organization may have, those of its machines among them: every decision looks at them all."""

_IPV4_IN_IPV6 = 96
"""Bits before the IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2)."""


def clean_network(text: str) -> str:
    """The form in which a network is stored: its first address and its length, an IPv4-mapped one as IPv4.

    Raises `ValidationError` with the remedy: for what is no network, for a zone, for a mask in place of a length, for
    an address inside of a network where the network itself was meant, and for what everybody is in.
    """
    text = text.strip()
    if not text:
        raise _wrong("Enter an address or a network, such as 203.0.113.0/24 or 2001:db8::/48.")
    shown = safe_label(text, max_length=60)
    if "%" in text:
        raise _wrong(f"{shown} has a zone, which means something on one computer only. Leave out the % and the rest.")
    _, slash, length = text.partition("/")
    if slash and not (length.isascii() and length.isdigit()):
        raise _wrong(f"{shown} does not end in a length. Write the number of bits that count, such as 203.0.113.0/24.")
    try:
        interface = ipaddress.ip_interface(text)
    except ValueError:
        raise _wrong(
            f"{shown} is neither an address nor a network. Write one such as 203.0.113.0/24 or 2001:db8::/48."
        ) from None
    network, address = interface.network, interface.ip
    if isinstance(address, ipaddress.IPv6Address) and (mapped := address.ipv4_mapped) is not None:
        if network.prefixlen < _IPV4_IN_IPV6:
            raise _wrong(f"{shown} is wider than all of IPv4. Write the network as IPv4, such as {mapped}/32.")
        network = ipaddress.ip_network((mapped, network.prefixlen - _IPV4_IN_IPV6), strict=False)
        address = mapped
    if network.prefixlen == 0:
        raise _wrong(f"Everybody is in {network}. To let people in from anywhere, take the networks off the list.")
    if network.network_address != address:
        raise _wrong(
            f"{shown} is one address inside of a network. Write {network} for the network, or "
            f"{address}/{network.max_prefixlen} for this address alone."
        )
    return str(network)


def is_inside(address: str | None, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these networks, which are as `clean_network` made them. One that is not known,
    or cannot be read, is in none; one that is IPv4 inside of IPv6 counts as IPv4."""
    found = parse_address(address) if address else None
    if found is None:
        return False
    return any(found.version == network.version and found in network for network in map(_parsed, networks))


def fingerprint_of(rules: Iterable[tuple[UUID | None, str]]) -> str:
    """What a set of rules (the machine that each is for, None for the organization; the network) comes to, whatever
    their order; empty for none. Rules that were taken away, added or exchanged come to something else."""
    lines = sorted(f"{machine.hex if machine else '-'} {cidr}" for machine, cidr in rules)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""


def _parsed(cidr: str) -> Network:
    return ipaddress.ip_network(cidr)


def _wrong(message: str) -> ValidationError:
    return ValidationError(message, code="network")
