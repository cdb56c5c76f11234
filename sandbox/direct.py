"""Addresses of this machine are spoken to directly, also where a proxy is the way to everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.addresses import NODE

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS: Final = ("127.0.0.1", "localhost", NODE)


def without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Give the variables that keep HTTP clients, ours and those of the tools we start, from asking a proxy for the sandbox.

    Args:
        environment: The process's variables, whose own exceptions are kept.
    """
    listed = ",".join(filter(None, (environment.get("NO_PROXY"), environment.get("no_proxy"))))
    known = dict.fromkeys(part.strip() for part in listed.split(",") if part.strip())
    exceptions = ",".join([*known, *(address for address in _OURS if address not in known)])
    return {"NO_PROXY": exceptions, "no_proxy": exceptions}
