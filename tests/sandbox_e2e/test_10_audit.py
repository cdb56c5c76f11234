"""The audit of the running pipeline: clean under load, with counts, and every planted fault is found by name, and nothing else.

Faults are planted in a copy of the table under another name, so that the archive itself stays as it is.
"""

from __future__ import annotations

import itertools
import secrets
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from confluent_kafka import Producer

from pipeline.audit import auditing
from pipeline.audit.options import Options
from pipeline.audit.report import Kind, Report, Verdict
from pipeline.reading.archive import Archive
from pipeline.reading.stack import running
from sandbox import cloud
from sandbox.equality import connect, wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.shop import TABLES as SHOP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from pipeline.reading.stack import RunningStack

pytestmark = pytest.mark.sandbox

PRODUCTS = "public.products"
TOPIC = "postgres.public.products"
LISTENED_S = 6.0
TURN_S = 0.1
"""Seconds between two turns of the load, so that the source, which is slower than `COPY`, goes along with it."""
CAUGHT_UP_S = 180.0
NAMED = tuple[str, Any, Any]


@pytest.fixture(scope="module")
def stack() -> RunningStack:
    """Return the sandbox as a running stack."""
    return running("sandbox")


class Load(threading.Thread):
    """All kinds of changes of the table, small and large, until it is stopped; the rows are deleted in the end."""

    def __init__(self, outputs: dict[str, Any], mark: str) -> None:
        """Change nothing yet."""
        super().__init__(daemon=True)
        self._outputs, self._mark, self.done = outputs, mark, threading.Event()

    def run(self) -> None:
        insert = "INSERT INTO products (name, description, price) VALUES (%s, %s, 1.10) RETURNING id"
        with connect(self._outputs) as database:
            for turn in itertools.count():
                if self.done.wait(TURN_S):
                    break
                name = f"{self._mark} {turn}"
                # stored outside the row, since it cannot be compressed
                first = database.execute(insert, [name, secrets.token_hex(4_000)]).fetchone()
                assert first is not None
                database.execute("UPDATE products SET price = price + 0.01, category = 'x' WHERE id = %s", [first["id"]])
                database.execute("UPDATE products SET id = 1000000000 + id WHERE id = %s", [first["id"]])
                with database.cursor() as cursor, cursor.copy("COPY products (name, price) FROM STDIN") as copy:
                    for number in range(40):
                        copy.write_row((name, f"{turn}.{number:02}"))
                with database.transaction(force_rollback=True):
                    database.execute(insert, [name, "rolled back"])
                with database.transaction():
                    database.execute("UPDATE products SET stock_quantity = 7 WHERE name = %s", [name])
                    database.execute("DELETE FROM products WHERE name = %s AND description IS NULL", [name])
            database.execute("DELETE FROM products WHERE starts_with(name, %s)", [self._mark])


def test_a_run_under_load_is_clean_and_says_so_with_counts(outputs: dict[str, Any], stack: RunningStack, mark: str) -> None:
    load = Load(outputs, mark)
    load.start()
    try:
        report = auditing.run(stack, ["products"], Options(seconds=LISTENED_S, patience_s=90))
    finally:
        load.done.set()
        load.join(60)
    assert not load.is_alive()
    assert report.verdict is Verdict.CLEAN, "\n".join(report.lines())
    assert report.parts == ("database", "kafka", "archive")
    (table,) = report.tables
    database, kafka, archived = (table.counts[part] for part in ("database", "kafka", "archive"))
    assert min(database[kind] for kind in ("inserted", "updated", "deleted", "transactions")) > 0
    assert kafka["rows"] > 0, "what the log had last may still be on its way"
    assert kafka["offsets"] == sum(kafka[kind] for kind in ("rows", "tombstones", "unreadable", "aborted", "control"))
    assert archived["rows"] >= kafka["rows"]
    assert kafka["control"] > 0, "the source writes transactions"


@pytest.fixture
def copy(outputs: dict[str, Any], stack: RunningStack, archive: Archive, mark: str) -> Iterator[Table]:
    """Return a copy of the archived table, in a folder of its own, that the administrator of the emulated AWS may write.

    Changes of the test before may still be on their way, and what comes after the copy would be missing there too. The last of them takes
    away every row of the load, so that none is on its way once database and archive are equal.
    """
    known = cloud.known()
    assert known is not None
    keys = {"accessKeyId": known.access_key_id, "secretAccessKey": known.secret_access_key}
    catalog: Catalog = Archive({**outputs, "reader": {**outputs["reader"], **keys}})._catalog
    wait_until_equal(outputs, archive, SHOP, CAUGHT_UP_S)
    report = auditing.run(stack, ["products"], Options(patience_s=90))
    assert report.verdict is Verdict.CLEAN, "\n".join(report.lines())
    original = catalog.load_table("archive.products")
    name, folder = f"archive.products_{mark}", f"s3://{outputs['archive']['bucket']}/audit-test/{mark}"
    made = catalog.create_table(name, original.schema(), location=folder)
    # the newest rows are enough for every fault; Kafka has all others, so they are copied too
    made.append(original.scan().to_arrow())
    yield made
    catalog.drop_table(name)
    store = _store(outputs)
    listed = store.list_objects_v2(Bucket=outputs["archive"]["bucket"], Prefix=f"audit-test/{mark}").get("Contents", [])
    for item in listed:
        store.delete_object(Bucket=outputs["archive"]["bucket"], Key=item["Key"])


def _store(outputs: dict[str, Any]) -> Any:
    known = cloud.known()
    assert known is not None
    keys = {"aws_access_key_id": known.access_key_id, "aws_secret_access_key": known.secret_access_key}
    return boto3.client("s3", endpoint_url=outputs["reader"]["endpoint"], region_name=outputs["reader"]["region"], **keys)


def _audited(stack: RunningStack, table: Table, **options: Any) -> Report:
    how = {"patience_s": 10.0, "settle_s": 0.0, **options}
    return auditing.run(stack, [PRODUCTS], Options(archived_as={PRODUCTS: table.name()[-1]}, **how))


def _named(report: Report) -> Counter[NAMED]:
    return Counter((finding.kind.value, finding.partition, finding.offset or finding.file) for finding in report.findings)


def _place(row: dict[str, Any]) -> tuple[int, int]:
    return row["__kafka_partition"], row["__kafka_offset"]


def _where(row: dict[str, Any]) -> str:
    return f"__kafka_partition = {row['__kafka_partition']} AND __kafka_offset = {row['__kafka_offset']}"


def _rows_of(table: Table, file: str) -> list[tuple[int, int]]:
    with table.io.new_input(file).open() as opened:
        read = pq.read_table(pa.BufferReader(opened.read()), columns=["__kafka_partition", "__kafka_offset"])
    return [_place(row) for row in read.to_pylist()]


def test_each_planted_fault_is_found_by_name_and_nothing_else_is(outputs: dict[str, Any], stack: RunningStack, copy: Table) -> None:
    rows = [row for row in copy.scan().to_arrow().to_pylist() if row["__kafka_offset"] > 0]
    missing, altered, twice = rows[:3]
    for row in (missing, altered):
        copy.delete(_where(row))
    schema = copy.schema().as_arrow()
    copy.append(pa.Table.from_pylist([{**altered, "price": altered["price"] + 1}], schema=schema))
    copy.append(pa.Table.from_pylist([twice], schema=schema))
    # the file of one row is named twice now, so that its row is there three times: in the first file too
    file = next(task.file.file_path for task in copy.scan().plan_files() if _rows_of(copy, task.file.file_path) == [_place(twice)])
    copy.add_files([file], check_duplicate_files=False)
    bucket, key = outputs["archive"]["bucket"], f"{copy.location().split('/', 3)[3]}/data/orphan.parquet"
    _store(outputs).put_object(Bucket=bucket, Key=key, Body=b"a file of a commit that never came")
    report = _audited(stack, copy)
    assert report.verdict is Verdict.FAULTS
    planted = [
        ("missing", *_place(missing)),
        ("altered", *_place(altered)),
        ("twice", *_place(twice)),
        ("orphan file", None, f"s3://{bucket}/{key}"),
    ]
    assert _named(report) == Counter(planted), "\n".join(report.lines())
    assert report.tables[0].found == {"missing": 1, "altered": 1, "twice": 2, "orphan file": 1}
    assert {finding.columns for finding in report.findings if finding.kind is Kind.ALTERED} == {("price",)}


def test_offline_changed_offsets_are_found_as_a_broken_order(stack: RunningStack, copy: Table) -> None:
    by_key: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for row in copy.scan().to_arrow().to_pylist():
        by_key.setdefault((row["id"], row["__kafka_partition"]), []).append(row)
    changes = next(found for found in by_key.values() if len({row["__source_lsn"] for row in found}) > 1 and min(map(_place, found))[1] > 0)
    first, last = (choose(changes, key=lambda row: row["__kafka_offset"]) for choose in (min, max))
    for row in (first, last):
        copy.delete(_where(row))
    swapped = [{**first, "__kafka_offset": last["__kafka_offset"]}, {**last, "__kafka_offset": first["__kafka_offset"]}]
    copy.append(pa.Table.from_pylist(swapped, schema=copy.schema().as_arrow()))
    report = _audited(stack, copy, offline=True)
    faults = [finding for finding in report.findings if finding.kind.is_fault]
    assert report.parts == ("archive",)
    assert {finding.kind for finding in faults} == {Kind.DISORDERED}, "\n".join(report.lines())
    assert _place(last)[1] in {finding.offset for finding in faults}
    assert {finding.key["id"] for finding in faults} == {str(first["id"])}


def test_folders_of_plain_files_are_accounted_for_without_a_table_that_names_them(stack: RunningStack) -> None:
    """The sink of the format parquet cannot be had here; its folders have the same addresses, so that the table's files stand in."""
    settings = stack.settings.model_copy(update={"archive": stack.settings.archive.model_copy(update={"format": "parquet"})})
    by_table = auditing.run(stack, [PRODUCTS], Options(patience_s=90, settle_s=0))
    report = auditing.run(replace(stack, settings=settings), [PRODUCTS], Options(seconds=LISTENED_S, patience_s=90))
    (table,) = report.tables
    assert (report.undecided, table.undecided, report.parts) == ((), (), ("database", "kafka", "archive"))
    # a file that a killed worker has left behind repeats rows for whoever does not read by the table
    left_behind = by_table.tables[0].found.get("orphan file", 0)
    assert set(table.found) <= ({"twice"} if left_behind else set()), "\n".join(report.lines())
    assert table.counts["archive"]["rows"] >= by_table.tables[0].counts["archive"]["rows"] > 0


def test_a_poison_record_is_set_aside_and_not_missing(outputs: dict[str, Any], stack: RunningStack, mark: str) -> None:
    producer = Producer({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]})
    before = auditing.run(stack, ["products"], Options(patience_s=90)).tables[0].counts["kafka"]
    producer.produce(TOPIC, key=b"not avro", value=f"poison {mark}".encode())
    assert producer.flush(30) == 0
    report = auditing.run(stack, ["products"], Options(patience_s=90))
    assert report.verdict is Verdict.CLEAN, "\n".join(report.lines())
    after = report.tables[0].counts["kafka"]
    assert (after["unreadable"], after["set aside"]) == (before["unreadable"] + 1, before["set aside"] + 1)
    words = ["drop", "--topic", TOPIC, "--stack", "sandbox", "--yes", "--reason", "a test wrote it"]
    done = subprocess.run([sys.executable, "-m", "pipeline", "dlq", *words], cwd=CHECKOUT, timeout=60, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
