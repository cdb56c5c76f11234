"""Figures are stored by topic, each with its source."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.bench import figures
from sandbox.bench.figures import Figures, FiguresError, Grid

if TYPE_CHECKING:
    from pathlib import Path

ABOUT: dict[str, Any] = {
    "command": "python -m pipeline bench memory",
    "date": "2026-11-21 15:00 UTC",
    "commit": "abc1234",
    "machine": {"cpus": 2, "model": "A Processor", "memory_mib": 4096, "system": "Debian GNU/Linux 12 (bookworm)"},
    "versions": {"Python": "3.11.7"},
}
ORDER = ["visible", "memory"]


def measurement(value: str) -> Figures:
    """Return a measurement with one cell."""
    return Figures("Memory", "How it was done.\n", (Grid(("pod", "MiB"), (("a", value),), "Pods"),), {"a": value}, {"Kubernetes": "1.34.2"})


def test_a_table_has_its_numbers_to_the_right_and_survives_a_bar() -> None:
    assert figures.markdown(Grid(("what", "rows"), (("a|b", "1"),))) == "| what | rows |\n| --- | ---: |\n| a\\|b | 1 |"


def test_a_new_measurement_replaces_its_own_chapter_and_no_other() -> None:
    known = figures.merged({}, "memory", measurement("1"), ABOUT, ORDER)
    known = figures.merged(known, "visible", measurement("2"), ABOUT, ORDER)
    known = figures.merged(known, "memory", measurement("3"), ABOUT, ORDER)
    assert {topic: chapter["raw"] for topic, chapter in known.items()} == {"visible": {"a": "2"}, "memory": {"a": "3"}}
    assert list(known) == ORDER, "chapters stand in one order, whichever was measured last"


def test_a_topic_that_is_no_more_leaves_the_figures() -> None:
    assert list(figures.merged({"gone": {}}, "memory", measurement("1"), ABOUT, ORDER)) == ["memory"]


def test_each_chapter_says_command_date_commit_machine_and_versions() -> None:
    text = figures.document(figures.merged({}, "memory", measurement("1"), ABOUT, ORDER))
    for part in (
        "- Command: `python -m pipeline bench memory`",
        "- Measured: 2026-11-21 15:00 UTC, commit abc1234",
        "- Machine: 2 x A Processor, 4096 MiB of memory, Debian GNU/Linux 12 (bookworm)",
        "- Versions: Python 3.11.7, Kubernetes 1.34.2",
        "How it was done.",
        "### Pods",
        "| a | 1 |",
    ):
        assert part in text.splitlines(), part


def test_what_is_read_back_is_written_the_same_again(tmp_path: Path) -> None:
    assert figures.load(tmp_path) == {}
    figures.save(tmp_path, figures.merged({}, "memory", measurement("1"), ABOUT, ORDER))
    first = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert set(first) == {"figures.md", "figures.json"}
    assert json.loads(first["figures.json"])["memory"]["raw"] == {"a": "1"}
    figures.save(tmp_path, figures.load(tmp_path))
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == first


def test_figures_that_cannot_be_read_are_not_overwritten_in_silence(tmp_path: Path) -> None:
    (tmp_path / "figures.json").write_text("{")
    with pytest.raises(FiguresError, match=r"is not JSON .* remove it and measure again"):
        figures.load(tmp_path)
