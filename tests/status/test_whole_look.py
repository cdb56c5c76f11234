"""A whole look: a real database, real tables, mock brokers, doubles of worker and registry; everything but the pods of a stack."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer
from pyiceberg.catalog import load_catalog

from pipeline.epoch.diagnosis import State as History
from pipeline.epoch.facts import Unanswered
from pipeline.status import screen
from pipeline.status.archive import Tables, TooManyFilesError
from pipeline.status.facts import Archived, Brokers, Database, DeadLetters, Waiting
from pipeline.status.levels import Level
from pipeline.status.looking import Looks
from pipeline.status.view import view
from pipeline.status.watched import Compared, Side
from stack.specification.lateness import Lateness
from tests.reading.test_data_files import SCHEMA, rows
from tests.status.conftest import USERS

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.description.stack import Description


class Catalog:
    """Archive of the tables in SQLite and a folder."""

    def __init__(self, folder: Path) -> None:
        """Create no table yet."""
        self._catalog = load_catalog("archive", type="sql", uri=f"sqlite:///{folder}/catalog.db", warehouse=f"file://{folder}/warehouse")
        self._catalog.create_namespace("archive")

    def create(self, name: str) -> Any:
        return self._catalog.create_table(f"archive.{name}", schema=SCHEMA)

    def table(self, name: str) -> Any:
        return self._catalog.load_table(f"archive.{name}")


def test_every_part_is_asked_and_judged(stack: Description, tmp_path: Path) -> None:
    archive = Catalog(tmp_path)
    for table in stack.tables:
        archive.create(table.archive_name)
    archive.table("users").append(rows((0, 0)))
    producer = Producer({"bootstrap.servers": stack.kafka()["bootstrap.servers"]})
    for age in (900, 600):
        producer.produce(USERS, b"x", b"key", partition=0, timestamp=int((time.time() - age) * 1000))
    assert producer.flush(10) == 0
    looks = Looks(stack)
    looks._tables = Tables(stack, archive)  # type: ignore[arg-type] # a test's

    found = looks.look()
    assert [part for part, answered in found.parts.items() if not answered] == []
    assert found.history.state is History.WHOLE
    assert isinstance(found.brokers, Brokers)
    assert (found.brokers.there, found.brokers.missing) == (3, ())
    assert isinstance(found.database, Database)
    assert found.database.server.slot is not None
    assert found.database.heartbeat_s is not None
    assert not isinstance(found.certificates, Unanswered)
    assert found.subjects == {f"{USERS}-value": 2}
    assert isinstance(found.dead_letters, DeadLetters)
    assert found.archive["public.users"] == Archived(
        epoch=1,
        rows=1,
        files=1,
        committed=archive.table("users").current_snapshot().timestamp_ms / 1000,
        position=5,
        changed=6,
        offsets={0: 0},
        columns={field.name: str(field.field_type) for field in archive.table("users").schema().fields},
    )
    waiting = found.waiting["public.users"]
    assert isinstance(waiting, Waiting)
    assert waiting.since == pytest.approx(time.time() - 600, abs=60), "the first row is archived, the second one is not"
    assert found.waiting["public.orders"] == Waiting(since=None)

    differing = {side for (_, side), differences in found.compared.found.items() if differences}
    assert differing == {Side.REGISTRY, Side.ARCHIVE}, "registry and archive are doubles, and the database is sound"
    assert any("level of the subject postgres.public.users-value is BACKWARD" in one.text for one in found.compared.all)
    assert len(found.compared.found) == 5 * len(stack.tables) + 1
    seen = view(replace(found, compared=Compared({})), Lateness.of(stack))
    assert seen.level is Level.LATE
    told = [one.text for one in seen.concerns]
    assert len(told) == 2, told
    assert told[0].startswith("nobody reads the replication slot")
    assert told[1].startswith("1 table(s) are late: a change of public.users waits for 10 minutes")
    assert "password" not in "\n".join(screen.lines(seen)) + json.dumps(seen.as_json())

    archive.table("users").append(rows((0, 1)))
    again = looks.look()
    assert again.waiting["public.users"] == Waiting(since=None), "a later look reads what is new"
    assert [part for part, answered in again.parts.items() if not answered] == []


def test_a_file_is_opened_once_and_a_table_of_too_many_is_a_reason(
    stack: Description, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Catalog(tmp_path)
    archive.create("users").append(rows((0, 3), (2, 8)))
    table = next(one for one in stack.tables if one.archive_name == "users")
    tables = Tables(stack, archive)  # type: ignore[arg-type] # a test's
    assert tables.look(table).offsets == {0: 3, 2: 8}
    monkeypatch.setattr("pyarrow.parquet.read_table", lambda *_, **__: pytest.fail("a known file was opened again"))
    assert tables.look(table).offsets == {0: 3, 2: 8}
    monkeypatch.setattr("pipeline.status.archive._MOST_READ", 0)
    with pytest.raises(TooManyFilesError, match="the newest 0 files"):
        tables.look(table)
