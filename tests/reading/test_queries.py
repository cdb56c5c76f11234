"""A person's question to an archived table: its changes, its present rows, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow.fs import LocalFileSystem

from pipeline.reading import commands, queries
from pipeline.reading.queries import Answer, QueryError, answer
from pipeline.reading.stack import RunningStack
from pipeline.reading.store import ArrowS3
from stack.settings.archive import ArchiveSettings
from stack.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack.settings.tables import Table


class Folder:
    """Store of a folder of this machine, by the same client of DuckDB."""

    def __init__(self, reader: object) -> None:
        """Open it."""
        del reader
        self._database = duckdb.connect()
        self._database.register_filesystem(ArrowS3(LocalFileSystem()))

    def database(self) -> duckdb.DuckDBPyConnection:
        """Return a connection to it."""
        return self._database.cursor()


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> RunningStack:
    """Return a stack of the format parquet whose bucket is a folder."""
    monkeypatch.setattr(queries, "Store", Folder)
    archive = ArchiveSettings(format="parquet", bucket="archive-of-the-test")
    monkeypatch.chdir(tmp_path)
    settings = Settings.model_construct(**{**dict(Settings.model_construct()), "archive": archive})
    return RunningStack("dev", settings, {"reader": {}, "tables": [{"name": table.qualified} for table in settings.source.tables]})


@pytest.fixture
def users(stack: RunningStack) -> Table:
    """Return the captured table of the users."""
    return next(table for table in stack.tables if table.name == "users")


@pytest.fixture
def write(stack: RunningStack, users: Table, tmp_path: Path) -> Callable[..., None]:
    """Return what archives changes of users: operation, key and e-mail address of each."""

    def write(*changes: tuple[str, int, str]) -> None:
        rows = [
            {"id": key, "email": email, "__op": op, "__epoch": 1, "__source_lsn": 100 + at, "__source_ts_ms": at, "__kafka_offset": at}
            | {"__kafka_partition": 0, "__snapshot": "false"}
            for at, (op, key, email) in enumerate(changes)
        ]
        folder = tmp_path / "archive-of-the-test" / stack.settings.names.object_prefix(users) / "year=2026/month=12/day=01/hour=10"
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet")

    return write


def test_changes_has_every_archived_row_and_the_tables_name_its_present_ones(
    stack: RunningStack, users: Table, write: Callable[..., None]
) -> None:
    write(("c", 1, "a@example.com"), ("u", 1, "b@example.com"), ("c", 2, "c@example.com"), ("d", 2, "c@example.com"))
    assert answer(stack, users, "SELECT __op, email FROM changes ORDER BY __kafka_offset LIMIT 2") == Answer(
        ("__op", "email"), (("c", "a@example.com"), ("u", "b@example.com"))
    )
    assert answer(stack, users, "SELECT * FROM users").columns == ("id", "email")
    assert answer(stack, users, "SELECT * FROM users").rows == ((1, "b@example.com"),)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("", "write one SELECT statement"),
        ("SELECT 1; SELECT 2", "write one SELECT statement"),
        ("COPY changes TO 's3://archive-of-the-test/x'", "write one SELECT statement"),
        ("DELETE FROM changes", "write one SELECT statement"),
        ("SELEC 1", "syntax error"),
        ("SELECT emial FROM users", "emial"),
    ],
)
def test_what_is_no_single_select_over_the_table_is_refused(
    stack: RunningStack, users: Table, write: Callable[..., None], sql: str, said: str
) -> None:
    write(("c", 1, "a@example.com"))
    with pytest.raises(QueryError, match=said):
        answer(stack, users, sql)


def test_an_archive_that_cannot_be_read_is_named(stack: RunningStack, users: Table) -> None:
    with pytest.raises(QueryError, match=r"the archived table users cannot be read: .*No files found"):
        answer(stack, users, "SELECT 1 FROM changes")


@pytest.mark.parametrize(("as_json", "printed"), [(True, '{"email": "a@example.com", "nothing": null}'), (False, "NULL")])
def test_rows_are_printed_as_a_table_or_as_json(
    stack: RunningStack,
    write: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    as_json: bool,
    printed: str,
) -> None:
    write(("c", 1, "a@example.com"))
    monkeypatch.setattr("pipeline.reading.stack.running", lambda _name: stack)
    assert commands.query("dev", "users", "SELECT email, NULL AS nothing FROM users", as_json=as_json) == 0
    out = capsys.readouterr().out
    assert printed in out
    assert not as_json or [json.loads(line)["email"] for line in out.splitlines()] == ["a@example.com"]


@pytest.mark.parametrize(
    ("stack_name", "table", "code", "said"),
    [("dve", "users", 2, "dve"), ("dev", "usres", 2, "write public.users"), ("dev", "users", 1, "one")],
)
def test_a_question_that_cannot_be_asked_is_refused_with_the_reason(
    stack: RunningStack,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stack_name: str,
    table: str,
    code: int,
    said: str,
) -> None:
    if stack_name == "dev":
        monkeypatch.setattr("pipeline.reading.stack.running", lambda _name: stack)
    assert commands.query(stack_name, table, "DROP TABLE changes", as_json=False) == code
    assert said in capsys.readouterr().err
