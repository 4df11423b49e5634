"""Where a request really comes from, when only some of those who say so are believed."""

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_HOPS = 32
"""More entries than any chain of proxies has; the rest, to the left, is what a client made up."""


def networks(words: Iterable[str]) -> tuple[Network, ...]:
    """The networks that settings name, each an address or a CIDR network. Raises ValueError naming the wrong one."""
    parsed = []
    for word in words:
        try:
            parsed.append(ipaddress.ip_network(word, strict=False))
        except ValueError:
            raise ValueError(f"{word} is neither an IP address nor a network such as 10.0.0.0/8") from None
    return tuple(parsed)


def parse_address(text: str) -> Address | None:
    """An address as proxies write it, or None: with a port, in brackets, quoted, with a zone, IPv4 inside of IPv6.

    An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) is returned as the IPv4 address it stands for, so that one client
    has one name and a list of IPv4 networks means what it says.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        inside, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not _is_port(rest)):
            return None
        text = inside
    elif text.count(":") == 1:
        text, _, port = text.partition(":")
        if not _is_port(f":{port}"):
            return None
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _is_port(text: str) -> bool:
    return text[:1] == ":" and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in trusted)


def is_trusted_peer(peer: str, trusted: Sequence[Network]) -> bool:
    """Whether the one who opened the connection is a proxy whose forwarded headers are believed."""
    address = parse_address(peer)
    return address is not None and _is_trusted(address, trusted)


def client_address(peer: str, forwarded_for: str, trusted: Sequence[Network]) -> str | None:
    """The address of the client, in its canonical form; None if the peer has none (a Unix socket, say).

    `peer`: who opened the connection, which nobody can make up. `forwarded_for`: the X-Forwarded-For header, of which
    each proxy appends whom it saw. It is read from the right, for as long as who appended it is trusted; the first
    address that is not a trusted proxy's is the client's. What stands left of it, anybody can have written.
    """
    address = parse_address(peer)
    if address is None:
        return None
    hops = forwarded_for.split(",")[-MAX_HOPS:]
    while hops and _is_trusted(address, trusted):
        hop = parse_address(hops.pop())
        if hop is None:
            break  # a proxy that we trust passed on something unreadable: the proxy is the last thing we know
        address = hop
    return str(address)
