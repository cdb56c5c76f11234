"""Facts of the tests: a healthy stack, and the same with other parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from pipeline.backfill.progress import Progress
from pipeline.dlq.ledger import State
from pipeline.epoch.diagnosis import State as History
from pipeline.epoch.diagnosis import Verdict
from pipeline.epoch.facts import Server, Slot, Source
from pipeline.status.facts import Archived, Brokers, Connector, Database, DeadLetters, Lag, Snapshot, Waiting, Worker
from pipeline.status.view import View, view
from stack.specification.lateness import Lateness

NOW: Final = 1_777_636_800.0
LIMITS: Final = Lateness(interval_s=10, heartbeat_s=10)
MIB: Final = 2**20
DAY: Final = 86400.0
USERS, ORDERS = "public.users", "public.orders"
TOPICS: Final = {f"postgres.{name}": name for name in (USERS, ORDERS)}
PLACES: Final = [(topic, number) for topic in TOPICS for number in (0, 1)]

SLOT: Final = Slot(active=True, wal_status="reserved", invalidation="", restart=1000, retained=2 * MIB, safe=1534 * MIB)
SOURCE: Final = Source(state="RUNNING", position=0x1A2B3C, system="7", read=int((NOW - 4) * 1000))
CONNECTORS: Final = (
    Connector(name="postgres-cdc-connector", state="RUNNING", tasks=("RUNNING",), expected=1),
    Connector(name="s3-sink-connector", state="RUNNING", tasks=("RUNNING",) * 3, expected=3),
)
TABLE: Final = Archived(epoch=1, rows=1234, files=5, committed=NOW - 3600, position=900, changed=1, offsets={0: 9, 1: 4})
HEALTHY: Final = Snapshot(
    stack="prod",
    epoch=1,
    taken=NOW,
    topics=TOPICS,
    worker=Worker(connectors=CONNECTORS, source=SOURCE),
    database=Database(server=Server(system="7", end=0x1A2B4C, slot=SLOT), heartbeat_s=3.0),
    brokers=Brokers(there=3, expected=3, ends=dict.fromkeys(PLACES, 10), begins=dict.fromkeys(PLACES, 0)),
    lags=dict.fromkeys(PLACES, Lag(records=0)),
    archive={USERS: TABLE, ORDERS: TABLE},
    waiting={USERS: Waiting(since=None), ORDERS: Waiting(since=None)},
    dead_letters=DeadLetters(counts=dict.fromkeys(State, 0), expired=0),
    subjects={"postgres.public.users-key": 1, "postgres.public.users-value": 2},
    certificates={"postgresql": NOW + 364 * DAY, "postgresql-ca": NOW + 3650 * DAY},
    history=Verdict(History.WHOLE, "the history has no break"),
    backfill=Progress(tables=(), name="", share=None, paused=False, waiting=()),
)


def snapshot(**changes: Any) -> Snapshot:
    """Return the healthy stack with other parts."""
    return replace(HEALTHY, **changes)


def with_slot(slot: Slot | None) -> Snapshot:
    """Return the healthy stack with another slot."""
    return snapshot(database=Database(server=Server(system="7", end=0x1A2B4C, slot=slot), heartbeat_s=3.0))


def with_connector(place: int, **changes: Any) -> Snapshot:
    """Return the healthy stack with another source (0) or sink (1)."""
    changed = list(CONNECTORS)
    changed[place] = replace(CONNECTORS[place], **changes)
    return snapshot(worker=Worker(connectors=tuple(changed), source=SOURCE))


def seen(of: Snapshot, before: Snapshot | None = None) -> View:
    """Return the look with its judgement."""
    return view(of, LIMITS, before)
