"""Forms of a look: the page in its file is whole at any moment, and a file that cannot be written is a sentence."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from pipeline.status import forms
from pipeline.status.page import page
from tests.status.snapshots import HEALTHY, seen

if TYPE_CHECKING:
    from pathlib import Path


def test_a_page_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    target = tmp_path / "status.html"
    target.write_text("old", encoding="utf-8")
    forms.write(seen(HEALTHY), target, 15)
    assert target.read_text(encoding="utf-8") == page(seen(HEALTHY), 15)
    assert [path.name for path in tmp_path.iterdir()] == ["status.html"]
    beside = tmp_path / "beside"
    beside.touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(beside.stat().st_mode)


def test_a_page_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(forms.UnwrittenPageError, match=r"nowhere/status.html cannot be written: No such file"):
        forms.write(seen(HEALTHY), tmp_path / "nowhere" / "status.html", None)

    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(forms, "page", full)
    with pytest.raises(forms.UnwrittenPageError, match="No space left on device"):
        forms.write(seen(HEALTHY), tmp_path / "status.html", None)
    assert list(tmp_path.iterdir()) == []
