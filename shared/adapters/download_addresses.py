"""Which addresses are on the public internet.

Source: IANA's registries of special-purpose addresses, of which `ipaddress` knows most.
"""

import socket
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address

_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that is handed out of IPv6 (RFC 4291). What lies outside of it is loopback, link-local,
unique local, multicast, or an IPv4 address in disguise (mapped, compatible, NAT64)."""
_NOT_PUBLIC = (
    # Those that some versions of `ipaddress` take for global.
    IPv4Network("100.64.0.0/10"),  # carrier-grade NAT
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # Teredo, ORCHID and other protocols
    IPv6Network("2002::/16"),  # 6to4: an IPv4 address in disguise
    IPv6Network("3fff::/20"),  # documentation
)


def is_public(address: Address) -> bool:
    """Whether an address is one of a host on the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses of a host, best first. Raises OSError, or UnicodeError for an odd name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(socket_address[0]) for *_, socket_address in found]
