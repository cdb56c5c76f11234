"""The quick tier: a sample, the same in every run, of what the full tier tries as a whole.

``pytest --quick`` leaves out the tests marked ``full``, and of a test with more than three cases it runs three.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_T = TypeVar("_T")
CASES: Final = 3
"""Number of cases of one test in the quick tier."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options by which the quick tier is chosen."""
    parser.addoption("--quick", action="store_true", help="no test marked full, and few cases of each test")
    parser.addoption("--counts", metavar="FILE", help="write the numbers of tests and the names of unstable ones there, as JSON")


def rank(name: str) -> str:
    """Return the place of a case in an order that neither its list nor the process decides."""
    return hashlib.sha256(name.encode()).hexdigest()


def chosen(names: Sequence[str], cases: int = CASES) -> set[str]:
    """Return the names of one test's cases that the quick tier runs."""
    return set(sorted(names, key=rank)[:cases])


def without_the_full_tier(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what belongs to the full tier alone."""
    if not config.option.quick:
        return
    cases: dict[str, list[str]] = {}
    for item in items:
        if item.get_closest_marker("full") is None:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item.nodeid)
    kept = {name for names in cases.values() for name in chosen(names)}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in kept])
    items[:] = [item for item in items if item.nodeid in kept]


@pytest.fixture(scope="session")
def sample(pytestconfig: pytest.Config) -> Callable[[Sequence[_T], int], Sequence[_T]]:
    """Return what chooses at most so many of a corpus in the quick tier, evenly spread, and all of it in the full one."""

    def some(corpus: Sequence[_T], most: int) -> Sequence[_T]:
        return corpus[:: -(-len(corpus) // most)] if pytestconfig.option.quick and len(corpus) > most else corpus

    return some


def unstable_tests(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that failed once and passed when they were run again, and write the counts where the option says so."""
    stats = terminalreporter.stats
    failed = {report.nodeid for kind in ("failed", "error") for report in stats.get(kind, [])}
    unstable = sorted({report.nodeid for report in stats.get("rerun", [])} - failed)
    if unstable:
        terminalreporter.section("unstable")
        for name in unstable:
            terminalreporter.write_line(name)
    if file := terminalreporter.config.option.counts:
        counts = {"passed": len(stats.get("passed", [])), "failed": len(failed), "unstable": unstable}
        Path(file).write_text(json.dumps(counts), encoding="utf-8")
