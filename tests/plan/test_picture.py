"""The memory picture shows the computed numbers, and the committed picture equals the generated one."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from pipeline.plan.picture import bars, drawn, svg
from pipeline.plan.report import memory
from pipeline.plan.violations import recorded
from pipeline.recording.recorder import ROOT, record
from pipeline.recording.stackfile import stack_config
from policy.declared import Limits
from policy.limits import of_stack
from stack.capacity.quantity import MIB
from stack.judgement.stack import parse_text


def limits(stack: str) -> Limits:
    """Return a stack's limits."""
    return of_stack(parse_text(stack_config(ROOT, stack).values))


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox"])
def test_the_committed_picture_is_the_generated_one(stack: str) -> None:
    """``make pictures`` writes it."""
    known = recorded(record(stack), limits(stack))
    assert (ROOT / "docs" / f"memory-{stack}.svg").read_text(encoding="utf-8") == drawn(known, memory(known), stack)


def test_every_pod_has_a_bar_as_long_as_its_limit() -> None:
    known = recorded(record("sandbox"), limits("sandbox"))
    rows = bars(known)
    assert [row.label for row in rows] == ["kafka-0", "kafka-1", "kafka-2", "connect", "postgresql", "schema-registry"]
    assert sum(sum(row.parts.values()) for row in rows) == memory(known).steady
    assert all(size > 0 for row in rows for size in row.parts.values())


@pytest.mark.parametrize(("budget", "over"), [(4096, False), (4000, True)])
def test_a_sum_over_the_budget_looks_different(budget: int, over: bool) -> None:  # noqa: FBT001 - a table's column
    known = recorded(record("dev"), Limits(memory={"data-ingestion": budget * MIB}))
    picture = svg([], memory(known), "a <title> & more")
    ET.fromstring(picture)  # noqa: S314 - made here
    assert ("#e45756" in picture) == over
    line, bar = (
        float(re.findall(pattern, picture)[0]) for pattern in (r'<line x1="([\d.]+)"', r'width="([\d.]+)" height="22" fill="#72b7b2"')
    )
    assert (bar + 190 > line) == over
    assert f"budget {budget} MiB" in picture
    assert memory(known).budget == budget * MIB
