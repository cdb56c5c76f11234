"""The command that writes the views of a stack's tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.reading import commands
from pipeline.recording.recorder import ROOT
from pipeline.views.dialects import DIALECTS


@pytest.mark.parametrize("engine", DIALECTS)
def test_each_table_has_a_file_and_a_second_run_writes_the_same(engine: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = tmp_path / "queries"
    assert commands.views("prod", engine, (), to=to) == 0
    written = {path.name: path.read_text() for path in to.iterdir()}
    assert {f"{name}_current.sql" for name in ("users", "products", "orders", "order_items")} <= set(written)
    assert commands.views("prod", engine, (), to=to) == 0
    assert {path.name: path.read_text() for path in to.iterdir()} == written
    assert capsys.readouterr().out.count(f"wrote {len(written)} file(s) to {to}\n") == 2


def test_without_a_folder_the_text_is_printed_for_the_tables_that_were_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.views("prod", "duckdb", ("public.orders",), as_of="0/1B2C3D8") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("-- public.orders, an earlier state, for DuckDB\n")
    assert printed.count("CREATE OR REPLACE VIEW") == 1


@pytest.mark.parametrize(
    ("stack", "table", "as_of", "told", "code"),
    [
        ("prod", "public.usres", None, "the stack captures no table public.usres; write public.users", 2),
        ("prod", "sales.ledger", None, "write one of public.users, public.products, public.orders, public.order_items", 2),
        ("prod", "public.users", "yesterday", "'yesterday' is neither a time with its offset from UTC", 2),
        ("prdo", "public.users", None, "prdo", 2),
    ],
)
def test_what_is_not_known_is_refused_with_what_is(
    stack: str, table: str, as_of: str | None, told: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.views(stack, "duckdb", (table,), as_of=as_of) == code
    assert told in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert commands.views("prod", "duckdb", (), to=tmp_path / "file" / "queries") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_the_folder_of_the_example_is_none_of_the_program() -> None:
    assert not Path(ROOT / "queries").exists()
