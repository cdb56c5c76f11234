"""Which checkout the one sandbox of this machine belongs to."""

from __future__ import annotations

import datetime as dt
import json
import os

from pipeline.checks import whole_file
from sandbox.cluster.errors import NodeError
from sandbox.paths import CHECKOUT, STATE

_FILE = STATE / "owner.json"


def owner() -> str | None:
    """Return the path of the checkout that started the sandbox which exists now, or None when there is none.

    A state directory without a readable owner, which a kill in the first instant leaves, is said to belong to nobody's checkout.
    """
    if not STATE.exists():
        return None
    try:
        return str(json.loads(_FILE.read_text())["checkout"])
    except (OSError, ValueError, KeyError):
        return "(unknown)"


def refuse_another() -> None:
    """Raise NodeError if the sandbox belongs to another checkout."""
    current = owner()
    if current not in {None, "(unknown)", str(CHECKOUT)}:
        message = (
            f"a sandbox of {current} is on this machine, and there can be only one: take it down with 'make sandbox-down', here or there"
        )
        raise NodeError(message)


def claim() -> None:
    """Make the state directory and say whose it is, before anything else on the host changes.

    Raises:
        NodeError: If it belongs to another checkout.
    """
    refuse_another()
    if owner() == str(CHECKOUT):
        return
    STATE.mkdir(parents=True, exist_ok=True, mode=0o755)
    now = dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds")
    whole_file.write(_FILE, json.dumps({"checkout": str(CHECKOUT), "started": now, "pid": os.getpid()}) + "\n", mode=0o644)
