"""Facts and stacks of the tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pipeline.epoch.facts import Facts, Server, Slot, Source, TableState
from stack.settings.names import CONTROL_TOPIC

SYSTEM: Final = "7346"
SLOT: Final = Slot(active=True, wal_status="reserved", invalidation="", restart=900, retained=300)
SERVER: Final = Server(system=SYSTEM, end=1200, slot=SLOT)
SOURCE: Final = Source(state="RUNNING", position=1000, system=SYSTEM)
USERS: Final = TableState(name="public.users", epoch=1, position=990, changed=1_777_636_800_000, control={0: 40})
ORDERS: Final = TableState(name="public.orders", epoch=1, position=None, changed=None, control={})
FACTS: Final = Facts(source=SOURCE, control={CONTROL_TOPIC: {0: 41}}, tables=(USERS, ORDERS), server=SERVER)


def facts(**changes: Any) -> Facts:
    """Return the facts of a whole history with other parts."""
    return replace(FACTS, **changes)


def with_slot(slot: Slot | None) -> Facts:
    """Return the facts with another slot."""
    return facts(server=replace(SERVER, slot=slot))
