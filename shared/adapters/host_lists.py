"""Lists of hosts: whose links are followed, who may be called."""

from collections.abc import Iterable


def covered(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is on a list; there `.example.org` stands for all below it."""
    return any(host.endswith(one) if one.startswith(".") else host == one for one in hosts)
