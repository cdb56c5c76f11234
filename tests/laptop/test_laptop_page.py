"""The laptop page of the getting-started guide names targets, files and variables that exist."""

from __future__ import annotations

import re

from images import bases, staging
from images.references import REFERENCES
from pipeline.recording.recorder import ROOT

_WHOLE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
(PAGE,) = (part for part in re.split(r"^## ", _WHOLE, flags=re.MULTILINE) if part.startswith("A laptop"))
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def test_every_target_that_it_names_exists() -> None:
    named = {target for words in re.findall(r"(?:`|\$ |python3\.12 )make ([a-z -]+)", PAGE) for target in words.split()}
    assert {"cluster", "images", "up", "down", "cluster-down"} <= named
    assert [target for target in sorted(named) if not re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)] == []


def test_every_variable_of_make_that_it_names_exists() -> None:
    for variable in ("KIND_NODE_IMAGE", "IMAGES", "BASES", "FLAGS", "PYTHON"):
        assert variable in PAGE
        assert re.search(rf"^{variable} \?=", MAKEFILE, re.MULTILINE)


def test_images_that_it_names_are_images() -> None:
    (listed,) = re.findall(r'IMAGES="([a-z ]+)"', PAGE)
    assert set(listed.split()) <= set(REFERENCES)


def test_files_that_builds_write_are_the_ones_it_asks_to_commit() -> None:
    assert bases.LOCK.relative_to(ROOT).as_posix() in PAGE
    assert f"images/connect/{staging.EXTRA}/{staging.SUMS}" in PAGE
