"""The progress of a backfill, from what Debezium stores with its position."""

from __future__ import annotations

import json

import pytest

from pipeline.backfill import signals
from pipeline.backfill.progress import progress
from pipeline.backfill.signals import Signal
from stack.settings.shop import TABLES

USERS = TABLES[0]
# Java's serialisation of Object[]{Integer}, with the number left out.
INTEGERS = (
    "aced0005757200135b4c6a6176612e6c616e672e4f626a6563743b90ce589f1073296c020000787000000001737200116a6176612e6c616e672e496e7465676572"
    "12e2a0a4f781873802000149000576616c7565787200106a6176612e6c616e672e4e756d62657286ac951d0b94e08b0200007870"
)
STORED = {
    "lsn_commit": 7,
    "incremental_snapshot_collections": json.dumps([{"incremental_snapshot_collections_id": "public.users"}]),
    "incremental_snapshot_correlation_id": "one",
    "incremental_snapshot_primary_key": f"{INTEGERS}{250:08x}",
    "incremental_snapshot_maximum_key": f"{INTEGERS}{1000:08x}",
}
STARTED = Signal(0, "one", signals.START)
PAUSED = Signal(1, "two", signals.PAUSE)
RESUMED = Signal(2, "three", signals.RESUME)


@pytest.mark.parametrize(
    ("stored", "known", "consumed", "line"),
    [
        (STORED, [STARTED], 1, "reads public.users, 25% of its keys"),
        (STORED, [STARTED, PAUSED], 2, "paused at public.users, 25% of its keys"),
        (STORED, [STARTED, PAUSED, RESUMED], 3, "reads public.users, 25% of its keys"),
        (STORED, [STARTED, PAUSED], 1, "reads public.users, 25% of its keys; 1 signal(s) are not read yet"),
        ({"lsn_commit": 7}, [STARTED, PAUSED], 2, "no backfill runs"),
        ({}, [STARTED], 0, "no backfill runs; 1 signal(s) are not read yet"),
        ({**STORED, "incremental_snapshot_maximum_key": "aced"}, [STARTED], 1, "reads public.users"),
        ({**STORED, "incremental_snapshot_primary_key": "none"}, [STARTED], 1, "reads public.users"),
    ],
)
def test_the_state_is_one_line_without_a_value_of_a_row(stored: dict[str, str], known: list[Signal], consumed: int, line: str) -> None:
    assert str(progress(stored, known, consumed)) == line


def test_a_key_of_two_columns_has_no_share() -> None:
    two = INTEGERS.replace("787000000001", "787000000002")
    assert progress({**STORED, "incremental_snapshot_primary_key": f"{two}{1:08x}7371007e0002{2:08x}"}, [], 1).share is None


def test_signals_are_read_as_they_were_written_and_anything_else_is_skipped() -> None:
    sent = [signals.start("one", USERS, '"id" > 1'), signals.pause("two"), signals.resume("three"), signals.stop("four", USERS)]
    records = [(place, text.encode()) for place, text in enumerate(sent)]
    assert [(one.offset, one.id, one.kind) for one in signals.read([*records, (4, b"no JSON"), (5, b"{}"), (6, b"[]")])] == [
        (0, "one", "execute-snapshot"),
        (1, "two", "pause-snapshot"),
        (2, "three", "resume-snapshot"),
        (3, "four", "stop-snapshot"),
    ]


def test_a_signal_names_one_table_although_debezium_reads_a_pattern() -> None:
    data = json.loads(signals.start("one", USERS, '"id" > 1'))["data"]
    assert data["data-collections"] == [r"public\.users"]
    assert data["additional-conditions"] == [{"data-collection": "public.users", "filter": '"id" > 1'}]
    assert json.loads(signals.stop("two", None))["data"] == {"type": "INCREMENTAL"}
