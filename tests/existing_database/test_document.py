"""The file with the table model: selection, format, and the changes of a later run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline.existing_database.document import DocumentError, choose, difference, read, text
from pipeline.existing_database.facts import SeenColumn, SeenTable
from stack.judgement.stack import parse
from stack.settings import parsing
from stack.settings import shop as ecommerce
from tests.existing_database.conftest import TABLES

if TYPE_CHECKING:
    from pipeline.existing_database.document import Choice
    from stack.settings.tables import Table

HEARTBEAT = "public.dbz_heartbeat"


def seen(*names: str, sql_type: str = "integer") -> dict[str, SeenTable]:
    """Return tables of one column, as read from the catalogue."""
    tables = {}
    for qualified in names:
        schema, _, name = qualified.partition(".")
        columns = (SeenColumn(name="id", type=sql_type, nullable=False),)
        tables[qualified] = SeenTable(schema=schema, name=name, columns=columns, primary_key=("id",))
    return tables


def chosen(choice: Choice) -> list[str]:
    """Return the names of the tables in the file."""
    return [table.qualified for table in choice.tables]


def modelled(*names: str) -> tuple[Table, ...]:
    """Return the models of such tables, as an earlier run wrote them."""
    return choose(seen(*names), (), (), (), ()).tables


@pytest.mark.parametrize("tables", [TABLES, ecommerce.TABLES[:1]])
def test_what_is_written_is_what_is_read(tables: tuple[Table, ...]) -> None:
    """As far as the archive needs it: how the database fills a column is not part of the model."""
    kept = [
        (table.qualified, table.primary_key, [(column.name, column.type, column.nullable) for column in table.columns]) for table in tables
    ]
    again = read(text("prod", tables))
    assert [
        (table.qualified, table.primary_key, [(column.name, column.type, column.nullable) for column in table.columns]) for table in again
    ] == kept
    assert text("prod", again) == text("prod", tables)


def test_the_file_is_one_that_the_settings_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_ROOT", tmp_path)
    Path(tmp_path / "prod.yaml").write_text(text("prod", TABLES), encoding="utf-8")
    external = {"host": "db.example.com", "addresses": ["10.0.0.0/8"], "secret": "source"}
    parsed = parse(
        {
            "archive": {"bucket": "archive"},
            "cluster": {"existingNamespace": True},
            "source": {"kind": "external", "external": external, "tables": "prod.yaml"},
        }
    )
    assert parsed.source.tables == TABLES


def test_columns_stand_on_lines_of_their_own() -> None:
    """So that a diff shows the column."""
    assert "  - {name: note, type: text, nullable: true}\n" in text("prod", TABLES)


@pytest.mark.parametrize("broken", ["a: [", "- {name: users}", "just words", "- 5", "[" * 5000 + "]" * 5000, "- &a [*a]"])
def test_a_file_that_is_no_list_of_tables_is_refused_with_the_reason(broken: str) -> None:
    with pytest.raises(DocumentError, match="the file is no list of tables"):
        read(broken)


def test_an_empty_file_holds_no_tables() -> None:
    assert read("") == read("# nothing yet\n") == ()


def test_the_first_run_takes_every_table_but_the_pipelines_own() -> None:
    choice = choose(seen("public.users", "sales.orders", HEARTBEAT), (), (), (), {HEARTBEAT})
    assert chosen(choice) == ["public.users", "sales.orders"]
    assert choice.further == ()


def test_patterns_choose_and_leave_out() -> None:
    there = seen("public.users", "public.audit_log", "sales.orders")
    assert chosen(choose(there, (), ["public.*"], ["*.audit_*"], ())) == ["public.users"]
    assert choose(there, (), ["public.*"], [], ()).further == ("sales.orders",)


def test_a_later_run_refreshes_the_files_tables_and_names_the_others() -> None:
    before = modelled("public.users")
    choice = choose(seen("public.users", "public.new", sql_type="bigint"), before, (), (), ())
    assert chosen(choice) == ["public.users"]
    assert choice.tables[0].columns[0].type == "bigint"
    assert choice.further == ("public.new",)


def test_tables_keep_their_place_in_the_file_and_new_ones_come_last() -> None:
    before = modelled("public.zebra", "public.ant")[::-1]
    order = [table.qualified for table in before]
    assert chosen(choose(seen("public.ant", "public.bee", "public.zebra"), before, ["*"], (), ())) == [*order, "public.bee"]


def test_a_table_that_cannot_be_modelled_again_stays_unchanged_in_the_file() -> None:
    """Only a person may decide to drop it from the pipeline."""
    before = modelled("public.users", "public.gone")
    choice = choose(seen("public.users", sql_type="money"), before, (), (), ())
    assert choice.tables == before
    assert set(choice.kept) == {"public.users", "public.gone"}
    assert {one.table for one in choice.obstacles} == {"public.users", "public.gone"}


def test_an_excluded_table_is_removed_without_an_obstacle() -> None:
    before = modelled("public.users", "public.gone")
    choice = choose(seen("public.users"), before, (), ["public.gone"], ())
    assert (chosen(choice), choice.obstacles) == (["public.users"], ())


def test_a_new_table_without_a_key_is_not_written() -> None:
    there = seen("public.users") | {name: replace(one, primary_key=()) for name, one in seen("public.odd").items()}
    choice = choose(there, (), (), (), ())
    assert chosen(choice) == ["public.users"]
    assert [one.table for one in choice.obstacles] == ["public.odd"]


def test_a_new_table_is_written_without_a_column_that_cannot_be_archived() -> None:
    note = SeenColumn(name="note", type="point", nullable=True)
    choice = choose({name: replace(one, columns=(*one.columns, note)) for name, one in seen("public.odd").items()}, (), (), (), ())
    assert (choice.obstacles, [one.left_out for one in choice.left_out]) == ((), ["note"])
    assert list(choice.tables[0].left_out) == ["note"]
    (again,) = read(text("prod", choice.tables))
    assert again == choice.tables[0]


def test_of_two_tables_with_one_archive_name_the_recorded_one_is_kept_and_the_other_gets_a_name_of_its_own() -> None:
    there = seen("public.sales_orders", "sales.orders", "public.users")
    assert {one.in_database: one.archive_name for one in choose(there, (), (), (), ()).tables} == {
        "public.sales_orders": "sales_orders",
        "sales.orders": "sales_orders_2",
        "public.users": "users",
    }
    again = choose(there, modelled("sales.orders"), ["*"], (), ())
    assert {one.in_database: one.archive_name for one in again.tables} == {
        "sales.orders": "sales_orders",
        "public.sales_orders": "sales_orders_2",
        "public.users": "users",
    }
    assert again.obstacles == ()
    assert choose(there, again.tables, (), (), ()).tables == again.tables


def test_a_difference_shows_lines() -> None:
    assert difference("a\n", "a\n", "f") == ""
    assert "+b" in difference("a\n", "a\nb\n", "f")
