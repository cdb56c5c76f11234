"""Picture of a stack with figures: the picture of the documents, with more text in its boxes and on its arrows."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.description.diagram import Captions, picture
from pipeline.epoch.facts import Unanswered
from pipeline.recording import record
from pipeline.status.diagram import captions
from tests.status.pictured import VIEW
from tests.status.snapshots import HEALTHY, SLOT, seen, snapshot, with_connector, with_slot

if TYPE_CHECKING:
    from pipeline.status.facts import Snapshot

_SILENT = Unanswered("no answer")


def drawn(of: Snapshot, stack: str = "dev") -> str:
    """Return the picture of a look."""
    return picture(record(stack, preview=False), captions(seen(of)))


def test_figures_stand_in_the_boxes_and_on_the_arrows_of_the_same_picture() -> None:
    plain, made = picture(record("dev", preview=False)), picture(record("dev", preview=False), captions(VIEW))
    for line in (
        "postgresql<br/>1 x 512 MiB<br/>680.0 MiB until the slot is lost<br/>lost in 5 minutes<br/>2.4 MiB/s of log written",
        "kafka<br/>3 x 682 MiB<br/>3 of 3 brokers",
        "10,030,151 rows<br/>oldest change on its way: 5 minutes",
        's3-sink-connector(["s3-sink-connector<br/>RUNNING, 2 of 3 tasks"])',
        'connect -->|"5432<br/>2.3 MiB/s of log read"| postgresql',
        'connect -->|"9092<br/>986.7 offsets/s, backlog 48,210, 5 minutes"| kafka',
        'connect -->|"443<br/>653.3 rows/s"| object-store',
        "style s3-sink-connector stroke:#b3261e",
    ):
        assert line in made
    bare = re.sub(r"  style .*\n", "", re.sub(r'<br/>[^"]*(?=")', "", made))
    nodes = re.findall(r"^ +(?:subgraph )?([\w-]+)", plain, re.MULTILINE)
    assert re.findall(r"^ +(?:subgraph )?([\w-]+)", bare, re.MULTILINE) == nodes


def test_a_healthy_stack_has_no_style_and_no_rates_after_one_look() -> None:
    made = drawn(HEALTHY)
    assert "style " not in made
    assert "/s" not in made
    assert 'connect -->|"9092<br/>no backlog"| kafka' in made
    assert "connect -->|443| object-store" in made
    assert "every change archived" in made


@pytest.mark.parametrize(
    ("of", "words"),
    [
        (with_slot(None), "no slot"),
        (with_slot(replace(SLOT, wal_status="lost", invalidation="wal_removed")), "slot lost"),
        (with_slot(replace(SLOT, safe=None)), "1 x 512 MiB<br/>reserved"),
        (with_connector(0, state=None, tasks=()), "ABSENT, 0 of 1 tasks"),
        (snapshot(worker=_SILENT), "connect<br/>1 x 1024 MiB<br/>not known"),
        (snapshot(database=_SILENT), "postgresql<br/>1 x 512 MiB<br/>not known"),
        (snapshot(brokers=_SILENT, lags=_SILENT), "backlog not known"),
        (snapshot(subjects=_SILENT), "schema-registry<br/>1 x 512 MiB<br/>not known"),
        (snapshot(waiting={"public.users": _SILENT}), "oldest change on its way: not known"),
    ],
)
def test_what_is_stopped_or_not_known_is_said(of: Snapshot, words: str) -> None:
    assert words in drawn(of)


def test_existing_systems_have_figures_too() -> None:
    assert 'postgresql[("postgresql<br/>1.5 GiB until the slot is lost")]' in drawn(HEALTHY, "prod")


def test_foreign_text_ends_no_label() -> None:
    made = drawn(with_connector(0, state='X"]; click <b>|a|\n#', tasks=()))
    (line,) = [line for line in made.splitlines() if line.lstrip().startswith("connect -.- postgres-cdc")]
    assert line.endswith('"])')
    assert line.count('"') == 2
    assert "<b>" not in line
    assert "X#34;#93;; click #60;b#62;#124;a#124; #35;" in line


def test_captions_of_parts_that_a_stack_lacks_are_left_out() -> None:
    extra = Captions(nodes={"elsewhere": ["x"]}, edges={("a", "b"): "y"}, styles={"elsewhere": "z"})
    assert picture(record("dev", preview=False), extra) == picture(record("dev", preview=False))
