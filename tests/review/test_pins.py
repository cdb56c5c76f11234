"""A review tells which versions and files of images and packages a change brings, which no preview contains."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from images import bases, lock
from images.lock import NOT_COPIED, Entry
from pipeline.command_line import main
from pipeline.recording.recorder import ROOT
from pipeline.review.configuration import Key
from pipeline.review.pins import UnreadablePinsError, changed
from tests.review.previews import STORED, section

if TYPE_CHECKING:
    from pathlib import Path

ONE, OTHER = "1" * 64, "2" * 64


def checkout(root: Path, *entries: tuple[str, str, str], base: str = "", requirements: str = "") -> Path:
    """Write a checkout with one image; an entry is source, target and checksum."""
    (root / "images" / "it").mkdir(parents=True)
    pinned = [Entry(source=source, target=target, sha256=sha256) for source, target, sha256 in entries]
    (root / "images" / "it" / "contents.lock").write_text(lock.render(pinned), encoding="utf-8")
    if base:
        (root / "images" / bases.LOCK.name).write_text(bases.render({"debian:trixie-slim": f"sha256:{base}"}), encoding="utf-8")
    (root / "requirements.txt").write_text(requirements, encoding="utf-8")
    return root


def compared(tmp_path: Path, old: tuple[str, str, str], new: tuple[str, str, str]) -> tuple[Key, ...]:
    return changed(checkout(tmp_path / "old", old), checkout(tmp_path / "new", new))


def test_another_version_is_one_row_with_both(tmp_path: Path) -> None:
    old, new = (("maven:g:it:jar:1.2", "libs/it-1.2.jar", ONE), ("maven:g:it:jar:1.3", "libs/it-1.3.jar", OTHER))
    assert compared(tmp_path, old, new) == (Key("image it, libs", "g:it", "1.2", "1.3"),)


def test_another_file_of_the_same_version_is_shown_by_its_checksum(tmp_path: Path) -> None:
    """A registry's file that changes under its version is what an attack looks like."""
    found = compared(tmp_path, ("pypi:it==1", "wheels/it.whl", ONE), ("pypi:it==1", "wheels/it.whl", OTHER))
    assert found == (Key("image it, wheels", "it", "1 with SHA-256 111111111111…", "1 with SHA-256 222222222222…"),)


def test_a_part_that_comes_or_goes_has_one_version(tmp_path: Path) -> None:
    old, new = ("maven:g:it:tar.gz:plugin:1", "it.tar.gz", ONE), ("maven:g:compiler:jar:1", NOT_COPIED, ONE)
    assert compared(tmp_path, old, new) == (
        Key("image it", "g:it?classifier=plugin&type=tar.gz", "1", None),
        Key("image it, build only", "g:compiler", None, "1"),
    )


def test_bases_and_packages_are_compared(tmp_path: Path) -> None:
    old = checkout(tmp_path / "old", base=ONE, requirements="it[extra]==1\nsame==1 # why\n-r other.txt\n")
    new = checkout(tmp_path / "new", base=OTHER, requirements="it[extra]==2\nsame==1\n")
    assert changed(old, new) == (
        Key("base of images", "debian", "trixie-slim with SHA-256 111111111111…", "trixie-slim with SHA-256 222222222222…"),
        Key("requirements.txt", "it", "1", "2"),
    )


def test_nothing_is_said_of_equal_pins() -> None:
    assert changed(ROOT, ROOT) == ()


def test_every_file_with_pins_is_read(tmp_path: Path) -> None:
    """An empty checkout before the change makes every pin of this one a new one."""
    places = {key.where.partition(",")[0] for key in changed(checkout(tmp_path), ROOT)}
    images = {f"image {file.parent.name}" for file in ROOT.glob("images/*/contents.lock")}
    files = {"requirements.txt", "requirements-dev.txt", "sandbox/requirements.txt", "tests/judges/requirements.txt"}
    assert images | files <= places


def test_the_comment_lists_changed_parts_once_for_all_their_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "images", tmp_path / "images", ignore=shutil.ignore_patterns("contents", "java"))
    for name in ("kafka", "connect"):
        file = tmp_path / "images" / name / "contents.lock"
        file.write_text(file.read_text().replace("kafka-clients:jar:4.3.1", "kafka-clients:jar:4.3.0"))
    assert main(["review", "digest", "--before", str(tmp_path), str(STORED / "unchanged.jsonl")]) == 0
    shown = section(capsys.readouterr().out, "Parts of images and packages")
    assert "| `image connect, libs`, `image kafka, libs` | `org.apache.kafka:kafka-clients` | `4.3.0` | `4.3.1` |" in shown


def test_what_is_no_checkout_or_cannot_be_read_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnreadablePinsError, match="git archive COMMIT"):
        changed(tmp_path, ROOT)
    (checkout(tmp_path / "bad") / "images" / "it" / "contents.lock").write_text("x\n")
    assert main(["review", "digest", "--before", str(tmp_path / "bad"), str(STORED / "unchanged.jsonl")]) == 1
    assert "images/it/contents.lock:1: expected sha256, target and source" in capsys.readouterr().err
