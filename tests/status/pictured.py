"""Look that docs/status.png shows: a failed task of the sink on a busy stack, with a slot that fills."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pipeline.dlq.ledger import State
from pipeline.epoch.facts import Server
from pipeline.status.facts import Database, DeadLetters, Lag, Snapshot, Waiting, Worker
from tests.status.snapshots import CONNECTORS, HEALTHY, MIB, NOW, ORDERS, PLACES, SLOT, SOURCE, TABLE, USERS, seen

_BETWEEN_S: Final = 15.0
_REASON: Final = "org.apache.kafka.common.errors.TimeoutException: no answer"
_END: Final = 0x2_7C41_90A8


def _at(seconds: float, *, written: int, read: int, offsets: int, rows: int) -> Snapshot:
    """Return the facts so many seconds after the first look."""
    slot = replace(SLOT, retained=820 * MIB + written, safe=716 * MIB - written)
    sink = replace(
        CONNECTORS[1], tasks=("RUNNING", "FAILED", "RUNNING"), reason="org.apache.kafka.common.errors.TimeoutException: no answer"
    )
    return replace(
        HEALTHY,
        taken=NOW + seconds,
        database=Database(server=Server(system="7", end=_END + written, slot=slot), heartbeat_s=4.0),
        worker=Worker(connectors=(CONNECTORS[0], sink), source=replace(SOURCE, position=_END + read, read=int((NOW + seconds - 2) * 1000))),
        brokers=replace(HEALTHY.brokers, ends=dict.fromkeys(PLACES, 120_000 + offsets)),
        lags={**dict.fromkeys(PLACES, Lag(records=0)), PLACES[0]: Lag(records=48_210, since=NOW - 310)},
        archive={USERS: replace(TABLE, rows=1_204_331 + rows, files=412, committed=NOW), ORDERS: replace(TABLE, rows=8_816_020, files=655)},
        waiting={USERS: Waiting(since=NOW - 312), ORDERS: Waiting(since=None)},
        dead_letters=DeadLetters(counts={**dict.fromkeys(State, 0), State.OPEN: 2}, expired=0),
    )


VIEW: Final = seen(
    _at(_BETWEEN_S, written=36 * MIB, read=35 * MIB, offsets=3_700, rows=9_800),
    _at(0, written=0, read=0, offsets=0, rows=0),
)
