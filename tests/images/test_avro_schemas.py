"""The schemas that a verdict goes by are those that the image's source and converter register, before and after each statement."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from images import java_compiler
from pipeline.ddl.judge import judge
from pipeline.ddl.matrix import EXAMPLE
from stack.settings.tables import Column, Table
from tests.existing_database.server import running
from tests.images.schema_cases import EXPRESSIONS, LITERALS, STATEMENTS
from tests.images.source_task import PASSWORD, program_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline.ddl.avro_schemas import Schema
    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

TABLE: Final = Table(
    name="marks",
    columns=(
        Column(name="id", type="integer"),
        Column(name="a", type="integer"),
        Column(name="b", type="varchar(20)", nullable=True),
        Column(name="c", type="numeric(10,2)", nullable=True),
        Column(name="d", type="real", nullable=True),
        Column(name="e", type="timestamp", nullable=True),
        Column(name="f", type="public.mood", archived_as="text", nullable=True),
        Column(name="k", type="date", nullable=True),
        Column(name="p", type="integer", nullable=True),
        Column(name="q", type="text", nullable=True),
        Column(name="s", type="bigint", nullable=True),
    ),
)
STACK: Final = replace(EXAMPLE, tables=(TABLE,))


@pytest.fixture(scope="module")
def class_path(staged: Path, compiled: Callable[[str, list[Path]], str]) -> Iterator[str]:
    """Compile the probes against the image's own jars, the converter's among them."""
    folders = ("plugins-archives", "plugins/debezium-postgres", "plugins/avro-confluent")
    with java_compiler.jars([staged / folder for folder in folders]) as jars:
        of_source = compiled("source", jars).split(":")[-1]
        yield compiled("schemas", [*jars, staged.__class__(of_source)])


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with a captured table."""
    with running("image") as started:
        started.configure("wal_level = logical\n")
        columns = ", ".join(f"{column.name} {column.type}{'' if column.nullable else ' NOT NULL'}" for column in TABLE.columns)
        started.sql(
            f"CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}'; CREATE TYPE mood AS ENUM ('calm'); "
            f"CREATE TABLE public.marks ({columns}, PRIMARY KEY (id)); ALTER TABLE public.marks REPLICA IDENTITY FULL; "
            "GRANT SELECT ON public.marks TO capture; CREATE PUBLICATION publication FOR TABLE public.marks; "
            "SELECT pg_create_logical_replication_slot('slot', 'pgoutput'); INSERT INTO marks (id, a) VALUES (0, 0);"
        )
        yield started


class Probe:
    """The source task and the converter, running."""

    def __init__(self, server: Server, class_path: str, folder: Path, snapshot: str = "initial") -> None:
        """Start them; they read the table, then its changes."""
        program_keys(server, folder / "config", STACK.tables, snapshot=snapshot)
        command = ["java", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-cp", class_path, "dataingestion.connect.SchemasProbe"]
        self.process = subprocess.Popen(
            [*command, str(folder / "config"), "1000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            if line[:2] in {"@ ", "! "}:
                self._lines.put(line.rstrip("\n"))

    def next(self) -> tuple[Schema, Schema]:
        """Return the schemas of key and value of the next row."""
        line = self._lines.get(timeout=90)
        assert line.startswith("@ "), line
        _, key, value = line[2:].split("\t")
        return json.loads(key), json.loads(value)


@pytest.fixture
def probe(server: Server, class_path: str, tmp_path: Path) -> Iterator[Probe]:
    """Run the source on the server."""
    started = Probe(server, class_path, tmp_path)
    yield started
    started.process.kill()
    started.process.wait()


def plain(schema: Any) -> Any:
    """Return a schema without what the converter notes for itself, and with a mark in place of each default."""
    if isinstance(schema, list):
        return [plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: plain(value) for key, value in schema.items() if not key.startswith("connect.") and key != "default"}
    if "default" in schema:
        kept["default"] = "…"
    if set(kept) == {"type"}:
        return kept["type"]
    return kept


def test_the_schema_of_every_type_and_default_is_the_one_that_the_source_registers(server: Server, probe: Probe) -> None:
    server.sql(
        "".join(
            f"CREATE FUNCTION public.made{number}() RETURNS {kind} LANGUAGE sql AS $$ SELECT {literal}::{kind} $$; "
            for number, (kind, literal) in enumerate(LITERALS.items())
        )
    )
    columns = [
        definition
        for number, (kind, literal) in enumerate(LITERALS.items())
        for definition in (kind, f"{kind} NOT NULL DEFAULT {literal}", f"{kind} NOT NULL DEFAULT public.made{number}()")
    ] + [f"{expression} NOT NULL" for expression in EXPRESSIONS]
    statements = [f"ALTER TABLE marks ADD COLUMN x{number} {definition}" for number, definition in enumerate(columns)]
    probe.next()
    server.sql(f"{';'.join(statements)}; INSERT INTO marks (id, a) VALUES (1, 1);")
    _, value = probe.next()
    real = {field["name"]: plain(field) for field in value["fields"]}
    unknown = []
    for number, (definition, judged) in enumerate(zip(columns, judge(STACK, ";".join(statements)), strict=True)):
        (verdict,) = judged.verdicts
        assert verdict.subjects, definition
        ours = next(plain(field) for field in verdict.subjects[0].after["fields"] if field["name"] == f"x{number}")
        theirs = real[f"x{number}"]
        if verdict.subjects[0].answer.name == "UNKNOWN":
            unknown.append(definition)
            ours, theirs = ({key: field[key] for key in ("name", "type")} for field in (ours, theirs))
        assert ours == theirs, definition
    assert unknown == ["public.mood NOT NULL DEFAULT 'calm'", f"public.mood NOT NULL DEFAULT public.made{len(LITERALS) - 1}()"]


def test_the_schemas_after_each_statement_are_those_that_the_source_registers(server: Server, probe: Probe) -> None:
    before = probe.next()
    for number, statement in enumerate(STATEMENTS, start=1):
        server.sql(statement)
        server.sql(f"INSERT INTO marks (id, a) VALUES ({number}, {number});")
        after = probe.next()
        verdicts = [one for one in judge(STACK, ";".join(STATEMENTS[:number]))[-1].verdicts if one.subjects]
        if verdicts:
            value, key = verdicts[-1].subjects
            assert plain(value.after) == plain(after[1]), statement
            assert plain(key.after) == plain(after[0]), statement
        else:
            assert (plain(before[0]), plain(before[1])) == (plain(after[0]), plain(after[1])), statement
        before = after


def test_a_row_with_a_null_from_before_set_not_null_has_the_schema_of_then(server: Server, class_path: str, tmp_path: Path) -> None:
    """So the registry knows it already, and judges it by no level."""
    statement = "ALTER TABLE marks ALTER p SET NOT NULL"
    server.sql(f"DELETE FROM marks; {statement}; INSERT INTO marks (id, a, p) VALUES (1, 1, 1);")
    started = Probe(server, class_path, tmp_path, "no_data")
    (inserted, deleted, later) = [started.next()[1] for _ in range(3)]
    started.process.kill()
    started.process.wait()
    (verdict,) = judge(STACK, statement)[0].verdicts
    assert plain(later) == plain(verdict.subjects[0].after)
    assert plain(inserted) == plain(deleted) == plain(verdict.subjects[0].before)
