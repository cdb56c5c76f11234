"""Counts of the suite's own adversary: what its generators tried against settings, policies, review and providers, and what got past.

A test counts as one try by the marker ``adversary``, or tells its own numbers to the fixture ``tally``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PROPERTY: Final = "adversary"
KINDS: Final = {"harmful": "accepted", "harmless": "refused", "inputs": "tracebacks", "secrets": "leaks", "scans": "hangs"}
"""What is tried, and what it is called where it gets past."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Tries of one generator.

    Attributes:
        corpus: Name of the generator.
        kind: What was tried; see ``KINDS``.
        tried: Number of tries.
        past: Number of those that got past.
    """

    corpus: str
    kind: str
    tried: int
    past: int


@pytest.fixture
def tally(record_property: Callable[[str, object], None]) -> Callable[[str, str, int, int], None]:
    """Record the tries of a generator: its name, the kind, the number tried, and of those that got past."""
    return lambda corpus, kind, tried, past: record_property(_PROPERTY, (corpus, kind, tried, past))


@pytest.fixture(autouse=True)
def counted(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    """Record a test with the marker ``adversary`` as one try, under the name of its file."""
    marker = request.node.get_closest_marker("adversary")
    if marker is not None:
        record_property(_PROPERTY, (request.path.stem.removeprefix("test_").replace("_", " "), marker.args[0], 1, None))


def recorded(reports: Iterable[pytest.TestReport]) -> list[Tries]:
    """Return the tries that tests have recorded, in whichever process; a marked test that failed got past."""
    return [
        Tries(corpus, kind, tried, int(report.failed) if past is None else past)
        for report in reports
        for name, told in report.user_properties
        if name == _PROPERTY
        for corpus, kind, tried, past in [cast("tuple[str, str, int, int | None]", told)]
    ]


def summary(tries: Iterable[Tries]) -> list[str]:
    """Return a line for each generator, and a last one with the sums of all."""
    tried, past = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in tries:
        tried[one.corpus, one.kind] += one.tried
        past[one.corpus, one.kind] += one.past
    lines = []
    for corpus in sorted({corpus for corpus, _kind in tried}):
        parts = [_part(kind, tried[corpus, kind], past[corpus, kind]) for kind in KINDS if (corpus, kind) in tried]
        lines.append(f"{corpus}: {'; '.join(parts)}")
    sums = [_part(kind, _sum(tried, kind), _sum(past, kind)) for kind in KINDS if any(kind == one for _, one in tried)]
    return [*lines, f"in all: {'; '.join(sums)}"] if lines else []


def _part(kind: str, tried: int, past: int) -> str:
    return f"{kind} {tried}, {KINDS[kind]} {past}"


def _sum(counts: Counter[tuple[str, str]], kind: str) -> int:
    return sum(number for (_corpus, one), number in counts.items() if one == kind)
