"""Whole schemas with random rows and changes: each comes to the sink as PostgreSQL itself wrote it."""

from __future__ import annotations

import base64
import json
import subprocess
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from images import java_compiler
from pipeline.existing_database import document, tables
from pipeline.existing_database.target import Target
from stack.settings.archive import ArchiveSettings
from stack.settings.names import Names
from stack.specification.archive.sink import iceberg_config
from stack.specification.services import Address
from tests.existing_database.server import running
from tests.images.random_changes import ENUMS, LOG, PLAIN, Maker, changed, expected, inserted, logged, row_of, since
from tests.images.source_task import NULL, PASSWORD, program_keys
from tests.images.whole_schemas import SHAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from stack.settings.tables import Table
    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

SEED = 15
ROWS, CHANGES = 6, 60
SECONDS = 120
# Columns of no archived type, which is said beforehand
LEFT_OUT = {"adventureworks.address": {"place"}, "adventureworks.salesorderheader": {"total", "paid"}}


@pytest.fixture(scope="module")
def class_path(staged: Path, compiled: Callable[[str, list[Path]], str]) -> Iterator[str]:
    """Compile the probes against the image's own jars: the source's, the converter's, and the transforms of the sink."""
    folders = ("plugins-archives", "plugins/debezium-postgres", "plugins/avro-confluent")
    with java_compiler.jars([staged / folder for folder in folders]) as jars:
        of_source = staged.__class__(compiled("source", jars).split(":")[-1])
        yield compiled("whole", [*jars, *staged.glob("plugins/iceberg/compiled.jar"), of_source])


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with every schema."""
    with running("image") as started:
        started.configure("wal_level = logical\n")
        started.sql(f"CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}'; ALTER ROLE postgres PASSWORD '{PASSWORD}';")
        for name, shape in SHAPES.items():
            started.sql(f"CREATE SCHEMA {name}; SET search_path = {name}; {shape}")
        yield started


@pytest.fixture
def captured(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Table, ...]:
    """Return the tables as ``make tables`` writes them, prepared for capture, with triggers that log each change."""
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGSSLROOTCERT", str(server.authority))
    target = Target(stack="prod", host="localhost", port=server.port, names=Names(database="postgres"), tables=(), wal_keep_mib=64)
    outcome = tables.run(target, tmp_path / "prod.yaml", ["*"], [], check=False)
    assert outcome.good, outcome.lines
    found = document.read((tmp_path / "prod.yaml").read_text(encoding="utf-8"))
    server.sql(
        "SELECT format('ALTER TABLE %s REPLICA IDENTITY FULL', oid::regclass) FROM pg_class WHERE relkind IN ('r', 'p') "
        f"AND relnamespace::regnamespace::text IN ({', '.join(map(repr, SHAPES))}) \\gexec"
    )
    server.sql(f"GRANT USAGE ON SCHEMA {', '.join(SHAPES)} TO capture;")
    server.sql("".join(f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO capture;" for name in SHAPES))
    published = ", ".join(table.sql for table in found)
    server.sql(f"CREATE PUBLICATION publication FOR TABLE {published} WITH (publish_via_partition_root = true);")
    server.sql("SELECT pg_create_logical_replication_slot('slot', 'pgoutput');")
    server.sql(LOG + "".join(map(logged, found)))
    return tuple(found)


@contextmanager
def arriving(
    server: Server, class_path: str, folder: Path, found: Sequence[Table]
) -> Iterator[Callable[[int], list[tuple[str, dict[str, str | None]]]]]:
    """Run the program's own source with its chain, and give what returns the next rows as the sink has them: each with its topic."""
    program_keys(server, folder / "config", found)
    archive = ArchiveSettings(bucket="archive", format="iceberg", catalog="jdbc")
    config = iceberg_config(Names(), found, archive, "http://registry", Address(host="localhost", port=server.port))
    sound = "".join(f"{key}={value}\n" for key, value in config.items() if key.startswith("transforms.sound."))
    with (folder / "config").open("a", encoding="ascii") as file:
        file.write(sound)
    line = ["java", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-cp", class_path, "dataingestion.connect.RowsProbe"]
    with subprocess.Popen(
        [*line, str(folder / "config"), str(SECONDS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as java:
        assert java.stdout is not None
        lines = iter(java.stdout)

        def following(number: int) -> list[tuple[str, dict[str, str | None]]]:
            rows: list[tuple[str, dict[str, str | None]]] = []
            ended = 0
            while ended < number:
                text = next(lines, "! ended").rstrip("\n")
                assert not text.startswith("! "), f"{text} after {ended} of {number} rows"
                if text.startswith("@ "):
                    rows.append((text[2:], {}))
                elif text.startswith("# "):
                    _, name, _, value = text[2:].split("|")
                    rows[-1][1][name] = None if value == NULL else base64.b64decode(value).decode()
                ended += text.startswith("% ")
            return rows

        try:
            yield following
        finally:
            java.kill()


def told(server: Server, after: int) -> list[tuple[int, str, str, list[str | None] | None, list[str | None] | None]]:
    """Return the changes that the triggers have logged: number, table, operation, and both rows."""
    return [tuple(json.loads(line)) for line in server.sql(since(after)).splitlines()]


def test_random_rows_and_changes_of_whole_schemas_arrive_as_postgresql_wrote_them(
    server: Server, captured: tuple[Table, ...], class_path: str, tmp_path: Path
) -> None:
    assert {table.in_database: set(table.left_out) for table in captured if table.left_out} == LEFT_OUT
    labels = json.loads(server.sql(ENUMS))
    makers = {table.archive_name: Maker(SEED + number, labels) for number, table in enumerate(captured)}
    by_topic = {Names().topic(table): table for table in captured}
    server.sql(PLAIN + "".join(inserted(table, makers[table.archive_name]) for table in captured for _ in range(ROWS)))
    loaded = told(server, 0)
    with arriving(server, class_path, tmp_path, captured) as following:
        read = Counter((by_topic[topic].archive_name, row["__op"], row_of(by_topic[topic], row)) for topic, row in following(len(loaded)))
        tables_by_name = {table.archive_name: table for table in captured}
        assert read == Counter((name, "r", row_of(tables_by_name[name], new or [])) for _, name, _, _, new in loaded)
        order = [table for table in captured for _ in range(CHANGES)]
        makers[captured[0].archive_name].random.shuffle(order)
        server.sql(PLAIN + "".join(changed(table, makers[table.archive_name]) for table in order))
        wanted = [
            (name, *one) for _, name, op, old, new in told(server, loaded[-1][0]) for one in expected(tables_by_name[name], op, old, new)
        ]
        arrived = [(by_topic[topic].archive_name, row["__op"], row_of(by_topic[topic], row)) for topic, row in following(len(wanted))]
    assert len(wanted) > len(order) * 0.9
    assert arrived == wanted
