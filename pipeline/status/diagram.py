"""Figures of a look beside what a stack declares: rate, backlog and state of each node and arrow of the picture; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.checks.neutral import visible
from pipeline.description.diagram import Captions
from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import Archived
from pipeline.status.levels import Level
from pipeline.status.totals import backlog, oldest
from pipeline.status.words import byte_rate, bytes_, span
from stack.configs.secrecy import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.status.facts import Snapshot
    from pipeline.status.view import View

_UNKNOWN: Final = "not known"
_STYLES: Final = {Level.LATE: "stroke:#b26a00,stroke-width:3px", Level.LOST: "stroke:#b3261e,stroke-width:4px"}
_SOURCE, _SINK = 0, 1


def captions(view: View) -> Captions:
    """Return the figures of a look for the picture of its stack."""
    snapshot = view.snapshot
    nodes = {
        "postgresql": _database(view),
        "kafka": _kafka(snapshot),
        "schema-registry": _registry(snapshot),
        "object-store": _archive(snapshot),
        **_connectors(snapshot),
    }
    return Captions(
        nodes={name: [visible(told(line)) for line in lines] for name, lines in nodes.items()},
        edges={place: text for place, text in _edges(view).items() if text},
        styles=_styles(view),
    )


def _database(view: View) -> Sequence[str]:
    database = view.snapshot.database
    if isinstance(database, Unanswered):
        return [_UNKNOWN]
    slot = database.server.slot
    if slot is None:
        return ["no slot"]
    if slot.is_lost:
        return ["slot lost"]
    left = [slot.wal_status if slot.safe is None else f"{bytes_(slot.safe)} until the slot is lost"]
    written = view.rates.written
    return [
        *left,
        *([] if view.left_s is None else [f"lost in {span(view.left_s)}"]),
        *([] if written is None else [f"{byte_rate(written)} of log written"]),
    ]


def _kafka(snapshot: Snapshot) -> Sequence[str]:
    brokers = snapshot.brokers
    return [_UNKNOWN] if isinstance(brokers, Unanswered) else [f"{brokers.there} of {brokers.expected} brokers"]


def _registry(snapshot: Snapshot) -> Sequence[str]:
    return [_UNKNOWN] if isinstance(snapshot.subjects, Unanswered) else [f"{len(snapshot.subjects)} subjects"]


def _archive(snapshot: Snapshot) -> Sequence[str]:
    tables = [one for one in snapshot.archive.values() if isinstance(one, Archived)]
    rows = [f"{sum(one.rows for one in tables):,} rows"] if tables and len(tables) == len(snapshot.archive) else []
    return [*rows, _oldest(snapshot)]


def _oldest(snapshot: Snapshot) -> str:
    found = oldest(snapshot)
    if found is None:
        return f"oldest change on its way: {_UNKNOWN}"
    return "every change archived" if found.age_s is None else f"oldest change on its way: {span(found.age_s)}"


def _connectors(snapshot: Snapshot) -> Mapping[str, Sequence[str]]:
    if isinstance(snapshot.worker, Unanswered):
        return {"connect": [_UNKNOWN]}
    return {one.name: [f"{one.state or 'ABSENT'}, {one.running} of {one.expected} tasks"] for one in snapshot.worker.connectors}


def _edges(view: View) -> Mapping[tuple[str, str], str]:
    between = view.rates
    changes = [] if between.changes is None else [f"{between.changes:,.1f} offsets/s"]
    return {
        ("connect", "postgresql"): "" if between.read is None else f"{byte_rate(between.read)} of log read",
        ("connect", "kafka"): ", ".join([*changes, _lag(view.snapshot)]),
        ("connect", "object-store"): "" if between.archived is None else f"{between.archived:,.1f} rows/s",
    }


def _lag(snapshot: Snapshot) -> str:
    found = backlog(snapshot)
    if found is None:
        return f"backlog {_UNKNOWN}"
    return "no backlog" if found.age_s is None else f"backlog {found.records:,}, {span(found.age_s)}"


def _styles(view: View) -> Mapping[str, str]:
    worker = view.snapshot.worker
    names = ("", "") if isinstance(worker, Unanswered) else tuple(one.name for one in worker.connectors)
    places = {
        "Database": ("postgresql",),
        "Kafka": ("kafka", names[_SOURCE]),
        "Archive": (names[_SINK], "object-store"),
        "Schemas": ("schema-registry",),
    }
    # the worst is the first
    worst = {one.hop: one.level for one in reversed(view.concerns)}
    return {node: _STYLES[worst[hop]] for hop, nodes in places.items() for node in nodes if node and worst.get(hop) in _STYLES}
