"""Address ranges by their width: do they name networks, or nearly everybody?"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import TYPE_CHECKING

from stack.settings.cluster import is_private
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Number of public addresses that still name a network: an IPv4 /16, or an IPv6 /32 as a provider or organisation gets it.
_WIDEST_PUBLIC = (2**16, 2**96)


def number_of(ranges: Iterable[str]) -> tuple[int, int]:
    """Return how many IPv4 and IPv6 addresses are in ranges together.

    Raises:
        ValueError: If one is no address range.
    """
    networks = [ip_network(one.strip(), strict=False) for one in ranges]
    four = collapse_addresses(one for one in networks if isinstance(one, IPv4Network))
    six = collapse_addresses(one for one in networks if isinstance(one, IPv6Network))
    return sum(one.num_addresses for one in four), sum(one.num_addresses for one in six)


def too_wide(ranges: Sequence[str]) -> list[str]:
    """Return the ranges that together name no network: public ones above a /16 (IPv6: a /32), and text that is no range."""
    unreadable = [one for one in ranges if not _is_range(one)]
    if unreadable:
        return unreadable
    public = [one for one in ranges if not is_inside(one)]
    four, six = number_of(public)
    most_four, most_six = _WIDEST_PUBLIC
    return [one for one in public if (six > most_six if ":" in one else four > most_four)]


def _is_range(text: str) -> bool:
    try:
        ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True


def is_inside(text: str) -> bool:
    """Return whether a text is a range of a private network or of the machine itself."""
    if not _is_range(text):
        return False
    network = ip_network(text.strip(), strict=False)
    return network.is_loopback or is_private(str(network))


def public_ranges(ranges: Iterable[object]) -> str | None:
    """Return the address ranges, for a message, that are not part of a private network, whatever they except."""
    for one in ranges:
        if isinstance(one, Unknown):
            return "addresses that are not known at preview"
        if not is_inside(str(one)):
            return f"{one}, which may be outside your network,"
    return None
