"""The table of settings in docs/settings.md."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.documents import commands, reference
from pipeline.documents.generated import PartError, markers
from pipeline.documents.reference import DOCUMENT, render, rows, updated
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text
from stack.settings.model import Settings
from stack.settings.section import Section

BEGIN, END = markers("settings")


class Undocumented(Section):
    """A section without a description of its setting."""

    colour: str = "blue"


def leaves(values: Any, path: str = "") -> dict[str, Any]:
    """Return the values of nested dictionaries by their dotted path."""
    if not isinstance(values, dict):
        return {path: values}
    return {key: leaf for name, value in values.items() for key, leaf in leaves(value, f"{path}.{name}" if path else name).items()}


def test_the_document_holds_the_table_that_the_model_gives() -> None:
    """After a change of a setting: ``python -m pipeline documents settings``."""
    text = DOCUMENT.read_text(encoding="utf-8")
    assert updated(text, render()) == text
    assert commands.documents(["settings"], check=True) == 0


@pytest.mark.parametrize("stack", ["dev", "sandbox"])
def test_every_setting_of_a_stack_is_in_the_table(stack: str) -> None:
    """The table's keys are the loader's: each value of a parsed stack appears under a key of the table."""
    listed = {row.key for row in rows(Settings)}
    values = leaves(parse_text(stack_config(ROOT, stack).values).model_dump(by_alias=True))
    missing = {key for key in values if not any(key == row or key.startswith(f"{row}.") for row in listed)}
    assert not missing


def test_defaults_in_the_table_are_those_that_hold() -> None:
    """A stack with only the required settings gets the defaults in the table."""
    bare = Settings.model_construct(archive=Settings.model_fields["archive"].annotation.model_construct(bucket="any"))
    held = leaves(bare.model_dump(by_alias=True))
    promised = {row.key: row.default.strip("`") for row in rows(Settings)}
    plain = {key: value for key, value in held.items() if isinstance(value, (int, str)) and key in promised and key != "archive.bucket"}
    assert len(plain) > 30
    assert {key: str(value).lower() for key, value in plain.items()} == {key: promised[key].lower() for key in plain}


def test_a_required_setting_is_marked() -> None:
    """The bucket is the only setting that every stack must name."""
    assert [row.key for row in rows(Settings) if row.default == "**required**"] == ["archive.bucket"]


def test_a_setting_without_a_meaning_is_refused() -> None:
    """The message names the setting and the docstring to complete."""
    with pytest.raises(PartError, match="colour has no description: add a docstring below colour in Undocumented"):
        list(rows(Undocumented))


def test_a_document_without_markers_is_refused() -> None:
    """The message names both markers."""
    with pytest.raises(PartError, match=f"{BEGIN} and {END}"):
        updated("# A document", "table")


def test_writing_twice_changes_nothing() -> None:
    """Only the text between the markers is replaced."""
    text = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    once = updated(text, "new")
    assert once == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    assert updated(once, "new") == once


def test_an_outdated_document_fails_the_check(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """``--check`` writes nothing and names the cure; without it the document is corrected."""
    stale = tmp_path / "README.md"
    stale.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    monkeypatch.setattr(reference, "DOCUMENT", stale)
    assert commands.documents(["settings"], check=True) == 1
    assert "run 'python -m pipeline documents settings'" in capsys.readouterr().err
    assert commands.documents(["settings"]) == 0
    assert commands.documents(["settings"], check=True) == 0
