"""The pictures in docs/architecture.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recording import record
from tools import commands, diagram

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_pictures_show_what_is_declared() -> None:
    """Whoever changes the program is told to run ``python -m pipeline documents architecture``."""
    assert commands.documents(["architecture"], check=True) == 0


def test_an_arrow_is_a_connection_that_is_let_out() -> None:
    made = diagram.arrows(record("dev", preview=False))
    assert made["connect", "postgresql"] == "5432"
    assert made["connect", "object-store"] == "443"
    assert ("postgresql", "connect") not in made
    assert ("schema-registry", "object-store") not in made


def test_a_database_that_was_there_is_no_box_of_the_source() -> None:
    drawn = diagram.picture(record("prod", preview=False))
    assert "subgraph source" not in drawn
    assert 'postgresql[("postgresql")]' in drawn
    assert "subgraph source" in diagram.picture(record("dev", preview=False))


def test_a_document_without_a_place_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "architecture.md"
    path.write_text("# Nothing\n", encoding="utf-8")
    monkeypatch.setattr(diagram, "DOCUMENT", path)
    assert commands.documents(["architecture"]) == 1
    assert "architecture.md: there is no place for the picture of dev" in capsys.readouterr().err
