"""A file is the old or the new one, whole, and as private as was asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pipeline.checks import whole_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("options", "mode"), [({}, 0o600), ({"mode": 0o644}, 0o644)])
@pytest.mark.parametrize("umask", [0, 0o077])
def test_rights_are_those_asked_for_whatever_was_there(tmp_path: Path, options: dict[str, int], mode: int, umask: int) -> None:
    path = tmp_path / "folder" / "file.json"
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o640)
    before = os.umask(umask)
    try:
        whole_file.write(path, "new", **options)
    finally:
        os.umask(before)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", mode)
    assert [item.name for item in path.parent.iterdir()] == ["file.json"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole_file.write(path, "old")
    with pytest.raises(UnicodeEncodeError):
        whole_file.write(path, "\udc80")
    assert path.read_text() == "old"
