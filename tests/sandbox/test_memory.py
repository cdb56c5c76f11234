"""A pod's memory, read from control groups of both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import memory

if TYPE_CHECKING:
    from pathlib import Path

UID = "0d5e1c7a-1111-2222-3333-444455556666"
OLD = {"usage": "memory.usage_in_bytes", "peak": "memory.max_usage_in_bytes", "droppable": "total_inactive_file"}
NEW = {"usage": "memory.current", "peak": "memory.peak", "droppable": "inactive_file"}


@pytest.fixture
def roots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Path]:
    """Return the roots of both versions of control groups, without pods."""
    places = {"v1": tmp_path / "memory" / "kubepods", "v2": tmp_path / "kubepods"}
    monkeypatch.setattr(memory, "_V1", places["v1"])
    monkeypatch.setattr(memory, "_V2", places["v2"])
    return places


def write(folder: Path, names: dict[str, str], usage: int, peak: int, droppable: int) -> None:
    """Create the control group of a pod; the other version's names contain nonsense."""
    folder.mkdir(parents=True)
    (folder / names["usage"]).write_text(f"{usage}\n")
    (folder / names["peak"]).write_text(f"{peak}\n")
    (folder / "memory.stat").write_text(f"cache 1\n{names['droppable']} {droppable}\nactive_file 7\n")


@pytest.mark.parametrize(("version", "names"), [("v1", OLD), ("v2", NEW)])
@pytest.mark.parametrize("quality", ["", "burstable", "besteffort"])
def test_both_versions_and_every_quality_of_service_are_found(
    roots: dict[str, Path], version: str, names: dict[str, str], quality: str
) -> None:
    write(roots[version] / quality / f"pod{UID}", names, usage=900, peak=1200, droppable=300)
    assert memory.of_pod(UID) == memory.PodMemory(working_set=600, peak=1200)


def test_droppable_cache_is_subtracted_but_never_makes_the_figure_negative(roots: dict[str, Path]) -> None:
    """The two figures are read one after the other."""
    write(roots["v2"] / f"pod{UID}", NEW, usage=100, peak=200, droppable=150)
    assert memory.of_pod(UID) == memory.PodMemory(working_set=0, peak=200)


def test_a_pod_of_another_machine_has_no_figures(roots: dict[str, Path]) -> None:
    write(roots["v1"] / "podother", OLD, usage=1, peak=1, droppable=0)
    assert memory.of_pod(UID) is None


def test_a_pod_that_ends_during_the_read_has_no_figures(roots: dict[str, Path]) -> None:
    (roots["v2"] / f"pod{UID}").mkdir(parents=True)
    assert memory.of_pod(UID) is None
