"""The captured tables as data: in the stack file, or in a file named there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from stack.judgement.stack import SettingsError, parse
from stack.settings import parsing
from stack.settings.shop import TABLES
from stack.settings.tables import Column

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
- name: users
  columns:
    - {name: id, type: bigint}
    - {name: email, type: text}
- name: orders
  databaseSchema: sales
  primaryKey: [number]
  columns:
    - {name: number, type: uuid}
    - {name: total, type: "numeric(12,2)", nullable: true}
"""
EXTERNAL = {"kind": "external", "external": {"host": "db", "addresses": ["10.0.0.0/8"], "secret": "db"}}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project's root; paths of tables are relative to it, whatever the working directory."""
    monkeypatch.setattr(parsing, "_ROOT", tmp_path)
    (tmp_path / "tables").mkdir()
    return tmp_path


def stack(source: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a minimal stack around its source."""
    return {"archive": {"bucket": "archive"}, "cluster": {"existingNamespace": True}, "source": {**EXTERNAL, **source}, **more}


def problems_of(source: dict[str, Any], **more: Any) -> list[str]:
    """Return the problems of a stack, line by line."""
    with pytest.raises(SettingsError) as caught:
        parse(stack(source, **more))
    first, *lines = str(caught.value).splitlines()
    assert first.startswith(f"{len(lines)} problem(s)")
    return [line.removeprefix("  - ") for line in lines]


def test_tables_are_read_from_the_file_that_is_named(root: Path) -> None:
    (root / "tables" / "shop.yaml").write_text(GOOD)
    settings = parse(stack({"tables": "tables/shop.yaml"}))
    assert [table.qualified for table in settings.source.tables] == ["public.users", "sales.orders"]
    assert [table.archive_name for table in settings.source.tables] == ["users", "sales_orders"]
    assert settings.source.tables[1].primary_key == ("number",)


def test_a_list_in_the_stack_file_is_the_same(root: Path) -> None:
    (root / "shop.yaml").write_text(GOOD)
    assert parse(stack({"tables": yaml.safe_load(GOOD)})) == parse(stack({"tables": "shop.yaml"}))


def test_the_default_tables_are_the_shops() -> None:
    assert parse(stack({})).source.tables == TABLES


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nowhere.yaml", "No such file or directory"),
        ("tables", "Is a directory"),
        ("broken.yaml", "mapping values are not allowed in this context in line 1"),
        ("latin.yaml", "it must be UTF-8"),
        ("control.yaml", "it must be UTF-8 without control characters"),
        ("", "Is a directory"),
    ],
)
def test_an_unreadable_file_is_reported_with_its_path_reason_and_cure(root: Path, name: str, why: str) -> None:
    (root / "broken.yaml").write_text("tables: a: b\n")
    (root / "latin.yaml").write_bytes("- name: caf\u00e9".encode("latin-1"))
    (root / "control.yaml").write_bytes(b"- name: \x07")
    (line,) = problems_of({"tables": name})
    assert line.startswith(f"data-ingestion:source.tables: '{name}' cannot be read (")
    assert why in line
    assert line.endswith("set the path, below the project's root, of a file as 'make tables' writes it")


def test_a_file_that_is_no_list_of_tables_is_never_quoted(root: Path) -> None:
    (root / "notes.txt").write_text("wrap the key in tissue paper")
    (line,) = problems_of({"tables": "notes.txt"})
    assert line.startswith("data-ingestion:source.tables: 'notes.txt' does not contain a list of tables")
    assert "tissue" not in line


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_outside_the_project_is_not_read(root: Path, tmp_path_factory: pytest.TempPathFactory, *, absolute: bool) -> None:
    outside = tmp_path_factory.mktemp("outside") / "shop.yaml"
    outside.write_text(GOOD)
    path = str(outside) if absolute else os.path.relpath(outside, root)
    (line,) = problems_of({"tables": path})
    assert line.startswith(f"data-ingestion:source.tables: '{path}' is outside the project")


def test_a_file_that_cannot_be_read_hides_no_other_problem(root: Path) -> None:
    assert root.is_dir()
    lines = problems_of({"tables": "nowhere.yaml", "memoryMib": -1}, environment="production")
    assert [line.split(": ")[0] for line in lines] == [
        "data-ingestion:source.tables",
        "data-ingestion:environment",
        "data-ingestion:source.memoryMib",
    ]


def test_every_problem_of_a_file_is_reported_with_its_place(root: Path) -> None:
    wrong = [
        {"name": "Users", "columns": [{"name": "id", "type": "bigint"}]},
        {"name": "orders", "columns": [{"name": "id", "type": "money"}, {"name": "hour", "type": "text"}, {"name": "x", "typ": "text"}]},
        {"name": "empty", "columns": []},
        {"name": "keyless", "primaryKey": ["nr"], "columns": [{"name": "id", "type": "bigint"}]},
        {"name": "twice", "columns": [{"name": "id", "type": "bigint"}, {"name": "nr", "databaseName": "id", "type": "bigint"}]},
    ]
    (root / "shop.yaml").write_text(yaml.safe_dump(wrong))
    lines = problems_of({"tables": "shop.yaml"})
    for place, rule in (
        ("0.name", "(got 'Users')"),
        ("1.columns.0.type", "'money' cannot be archived faithfully"),
        ("1.columns.1.name", "'hour' is reserved in the archive"),
        ("1.columns.2.type", "is missing"),
        ("1.columns.2.typ", "is not a setting"),
        ("2.columns", "at least 1 item"),
        ("3", "must consist of its columns; nr not in id"),
        ("4", "two columns for 'id' of the database"),
    ):
        assert any(line.startswith(f"data-ingestion:source.tables.{place}: ") and rule in line for line in lines), (place, lines)
    assert len(lines) == 8


@pytest.mark.parametrize("text", ["", "tables: []", "just words", "[]", "- users"])
def test_yaml_that_is_no_list_of_tables_is_refused_in_its_place(root: Path, text: str) -> None:
    (root / "shop.yaml").write_text(text)
    (line,) = problems_of({"tables": "shop.yaml"})
    assert line.startswith("data-ingestion:source.tables")


def test_another_schema_requires_an_existing_database() -> None:
    """The program creates its own tables in ``public``."""
    tables = yaml.safe_load(GOOD)
    assert parse(stack({"tables": tables}))
    (line,) = problems_of({"kind": "managed", "external": None, "tables": tables})
    assert line == (
        "data-ingestion:source: tables: sales.orders are outside public, the only schema where the program creates tables; move them there"
    )


def test_two_tables_of_one_name_in_the_archive_are_refused() -> None:
    column = [{"name": "id", "type": "bigint"}]
    clash = [{"name": "sales_orders", "columns": column}, {"name": "orders", "databaseSchema": "sales", "columns": column}]
    (line,) = problems_of({"tables": clash})
    assert line == "data-ingestion:source: tables: two of them have the name sales_orders in the archive; remove or rename one"
    (line,) = problems_of({"tables": [clash[0], clash[0]]})
    assert "two of them have the name sales_orders" in line


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        *(
            ("int", "integer"),
            ("int4", "integer"),
            ("int8", "bigint"),
            ("int2", "smallint"),
            ("bool", "boolean"),
            ("float8", "double precision"),
        ),
        *(("character varying(255)", "varchar(255)"), ("decimal(10, 2)", "numeric(10,2)"), ("timestamp with  time zone", "timestamptz")),
        *(("timestamp without time zone", "timestamp"), ("text", "text")),
    ],
)
def test_a_type_in_another_spelling_is_the_usual_one(written: str, usual: str) -> None:
    assert Column(name="a", type=written).type == usual
