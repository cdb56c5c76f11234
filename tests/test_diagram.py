"""The pictures in docs/architecture.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.description import diagram
from pipeline.documents import architecture, commands
from pipeline.recording import record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_pictures_show_what_is_declared() -> None:
    """After a change of the program: ``python -m pipeline documents architecture``."""
    assert commands.documents(["architecture"], check=True) == 0


def test_an_arrow_is_an_allowed_egress_connection() -> None:
    made = diagram.arrows(record("dev", preview=False))
    assert made["connect", "postgresql"] == "5432"
    assert made["connect", "object-store"] == "443"
    assert ("postgresql", "connect") not in made
    assert ("schema-registry", "object-store") not in made


def test_an_existing_database_is_no_box_of_the_source() -> None:
    drawn = diagram.picture(record("prod", preview=False))
    assert "subgraph source" not in drawn
    assert 'postgresql[("postgresql")]' in drawn
    assert "subgraph source" in diagram.picture(record("dev", preview=False))


def test_a_document_without_a_place_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "architecture.md"
    path.write_text("# Nothing\n", encoding="utf-8")
    monkeypatch.setattr(architecture, "DOCUMENT", path)
    assert commands.documents(["architecture"]) == 1
    assert "architecture.md: the markers of the picture of dev are missing" in capsys.readouterr().err
