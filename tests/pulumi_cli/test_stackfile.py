"""The stack file between checkout and CLI: settings go both ways; the salt of the sandbox's secrets never enters the checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.pulumi import commands
from sandbox.pulumi.stackfile import StackFile, StackFileConflictError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "# a comment\nconfig:\n  data-ingestion:environment: sandbox\n"
OURS, THEIRS = "encryptionsalt: v1:ours:v1:a:b\n", "encryptionsalt: v1:theirs:v1:c:d\n"


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    original, copy = tmp_path / "Pulumi.sandbox.yaml", tmp_path / "copy.yaml"
    original.write_text(PLAIN)
    copy.write_text(OURS)
    return original, copy


def test_the_cli_gets_the_checkouts_settings_with_its_own_salt(places: tuple[Path, Path]) -> None:
    original, copy = places
    StackFile(original, copy).bring()
    assert copy.read_text() == OURS + PLAIN
    assert original.read_text() == PLAIN


def test_what_the_cli_sets_comes_back_without_the_salt(places: tuple[Path, Path]) -> None:
    original, copy = places
    file = StackFile(original, copy)
    file.bring()
    copy.write_text(copy.read_text() + "  data-ingestion:protect: true\n")
    file.take_back()
    assert original.read_text() == PLAIN + "  data-ingestion:protect: true\n"


def test_a_salt_that_a_command_leaves_in_the_checkout_is_taken_out_again(places: tuple[Path, Path]) -> None:
    original, copy = places
    file = StackFile(original, copy)
    file.bring()
    original.write_text(PLAIN + THEIRS)
    file.take_back()
    assert original.read_text() == PLAIN


def test_a_committed_salt_stays_in_the_checkout(places: tuple[Path, Path]) -> None:
    original, copy = places
    original.write_text(THEIRS + PLAIN)
    file = StackFile(original, copy)
    file.bring()
    assert copy.read_text() == OURS + PLAIN
    copy.write_text(copy.read_text().replace("sandbox", "dev"))
    file.take_back()
    assert original.read_text() == THEIRS + PLAIN.replace("sandbox", "dev")


@pytest.mark.parametrize("words", [["up", "--stack", "dev"], ["preview", "--stack=dev"], ["preview", "-sprod"]])
def test_a_command_about_another_stack_is_refused(words: list[str]) -> None:
    with pytest.raises(commands.OtherStackError, match=r"this command drives the stack sandbox only, not (dev|prod)"):
        commands.refuse_another(words)
    commands.refuse_another(["up", "--stack", "organization/data-ingestion/sandbox", "-s=sandbox"])


def test_concurrent_changes_of_the_checkouts_file_are_never_lost(places: tuple[Path, Path]) -> None:
    original, copy = places
    file = StackFile(original, copy)
    file.bring()
    original.write_text(PLAIN + "  theirs: 1\n" + OURS)
    file.take_back()
    assert original.read_text() == PLAIN + "  theirs: 1\n"
    file.bring()
    original.write_text(PLAIN + "  theirs: 2\n")
    copy.write_text(copy.read_text() + "  ours: 1\n")
    with pytest.raises(StackFileConflictError, match="was changed while the command ran"):
        file.take_back()
    assert original.read_text() == PLAIN + "  theirs: 2\n"


def test_a_salt_that_a_killed_command_left_is_taken_out_before_the_next(places: tuple[Path, Path]) -> None:
    original, copy = places
    StackFile(original, copy).bring()
    original.write_text(THEIRS + PLAIN)
    after = StackFile(original, copy)
    after.bring()
    assert original.read_text() == PLAIN
    after.take_back()
    assert original.read_text() == PLAIN


def test_a_secret_for_this_sandbox_alone_does_not_reach_the_checkout(places: tuple[Path, Path]) -> None:
    original, copy = places
    file = StackFile(original, copy)
    file.bring()
    copy.write_text(copy.read_text() + "  data-ingestion:x:\n    secure: v1:abc\n")
    with pytest.raises(StackFileConflictError, match="encrypted for this sandbox alone"):
        file.take_back()
    assert original.read_text() == PLAIN


def test_a_file_that_a_command_has_deleted_is_put_back(places: tuple[Path, Path]) -> None:
    original, copy = places
    file = StackFile(original, copy)
    file.bring()
    original.unlink()
    file.take_back()
    assert original.read_text() == PLAIN


@pytest.mark.parametrize("words", [["stack", "rm", "-y"], ["stack", "init", "x"], ["stack", "rename", "x"], ["destroy", "--remove"]])
def test_a_command_that_would_remove_or_rename_the_checkouts_file_is_refused(words: list[str]) -> None:
    with pytest.raises(commands.OtherStackError, match="make sandbox-down"):
        commands.refuse_another(words)
