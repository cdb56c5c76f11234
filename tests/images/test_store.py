"""The store fetches every missing file of all images at once, also where two images have two versions of a wheel."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from images import pypi, staging
from images.lock import Entry
from images.store import Store
from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest


def _wheel(project: str, version: str) -> tuple[str, bytes]:
    return f"{project}-{version}-py3-none-any.whl", f"{project} {version}".encode()


def _entry(project: str, version: str) -> Entry:
    name, content = _wheel(project, version)
    return Entry(target=f"wheels/{name}", source=f"pypi:{project}=={version}", sha256=hashlib.sha256(content).hexdigest())


def test_two_versions_of_a_wheel_are_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(requirements: Sequence[str], into: Path, *, dependencies: bool) -> None:
        projects = [one.partition("==")[0] for one in requirements]
        # as pip does
        if len(set(projects)) < len(projects) or dependencies:
            message = "pip download failed: ResolutionImpossible"
            raise pypi.PipError(message)
        for one in requirements:
            name, content = _wheel(*one.split("=="))
            (into / name).write_bytes(content)

    monkeypatch.setattr(pypi, "download", download)
    store = Store(tmp_path)
    entries = [_entry("a", "1"), _entry("b", "1"), _entry("a", "2"), _entry("a", "1")]
    store.fetch(entries)
    assert store.missing(entries) == ()


@given(st.lists(st.builds("{}=={}".format, st.sampled_from("abc"), st.integers(1, 4))))
def test_each_group_has_one_version_of_a_project_and_all_have_every_requirement(requirements: list[str]) -> None:
    groups = pypi.apart(requirements)
    for group in groups:
        assert len({one.partition("==")[0] for one in group}) == len(group)
    assert sorted(one for group in groups for one in group) == sorted(set(requirements))


def test_every_pinned_wheel_of_all_images_is_in_a_group_that_pip_takes() -> None:
    images = [path.parent for path in sorted((ROOT / "images").glob("*/contents.lock"))]
    pinned = [entry.source for image in images for entry in staging.entries_of(image) if entry.source.startswith("pypi:")]
    assert pinned
    assert {one for group in pypi.apart(pinned) for one in group} == set(pinned)
