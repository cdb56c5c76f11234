"""Environment variables that exempt addresses of this machine from a proxy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS: Final = ("127.0.0.1", "localhost")


def without_proxy(environment: Mapping[str, str], *more: str) -> dict[str, str]:
    """Return the variables that make HTTP clients, ours and those of the tools we start, bypass the proxy for this machine.

    Args:
        environment: Variables of the process; its existing exceptions stay in the list.
        more: Further addresses of this machine.
    """
    listed = ",".join(filter(None, (environment.get("NO_PROXY"), environment.get("no_proxy"))))
    known = dict.fromkeys(part.strip() for part in listed.split(",") if part.strip())
    exceptions = ",".join([*known, *(address for address in (*_OURS, *more) if address not in known)])
    return {"NO_PROXY": exceptions, "no_proxy": exceptions}
