"""A pod's processor time, read from control groups of both versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import processor

if TYPE_CHECKING:
    from pathlib import Path

UID = "0d5e1c7a-1111-2222-3333-444455556666"


@pytest.fixture(autouse=True)
def roots(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Path]:
    """Return the roots of both versions of control groups, without pods."""
    places = {"v1": tmp_path / "cpuacct" / "kubepods", "v2": tmp_path / "unified" / "kubepods"}
    monkeypatch.setattr(processor, "_V1", places["v1"])
    monkeypatch.setattr(processor, "_V2", places["v2"])
    return places


@pytest.mark.parametrize("quality", ["", "burstable", "besteffort"])
@pytest.mark.parametrize(
    ("version", "file", "content"),
    [("v1", "cpuacct.usage", "12500000000\n"), ("v2", "cpu.stat", "usage_usec 12500000\nuser_usec 9000000\nsystem_usec 3500000\n")],
)
def test_both_versions_and_every_quality_of_service_are_found(
    roots: dict[str, Path], version: str, file: str, content: str, quality: str
) -> None:
    folder = roots[version] / quality / f"pod{UID}"
    folder.mkdir(parents=True)
    (folder / file).write_text(content)
    assert processor.seconds_of_pod(UID) == 12.5


def test_a_pod_of_another_machine_and_one_that_ends_during_the_read_have_no_time(roots: dict[str, Path]) -> None:
    assert processor.seconds_of_pod(UID) is None
    (roots["v1"] / f"pod{UID}").mkdir(parents=True)
    assert processor.seconds_of_pod(UID) is None
