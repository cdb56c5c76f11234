"""Rows against rules under load, a worker killed while it sets them aside, foreign bytes and changed schemas: each row is somewhere, once.

The pipeline is a second one, whose topics and tables go with it: what is set aside here would be missing to the sandbox's own audits.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from confluent_kafka import Producer

from pipeline.description.running import described
from pipeline.dlq.topic import DeadLetterTopic
from pipeline.quality.exporter import LastScores
from pipeline.quality.looking import check
from pipeline.reading.stack import RunningStack
from pipeline.recording.stackfile import stack_config
from sandbox.faults import control_groups
from sandbox.paths import CHECKOUT
from stack.judgement.stack import parse_text
from stack.settings.quality import BROKEN_RULES
from tests.sandbox_e2e.existing_pipeline import NAMESPACE, STACK, Second, existing
from tests.sandbox_e2e.test_16_schema_changes import added, arrives, stop_and_go_on
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.quality.report import Report
    from sandbox.kubernetes import Kube

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

SCHEMA = """\
CREATE TABLE sales.shapes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'n',
  size integer NOT NULL DEFAULT 1);
INSERT INTO sales.shapes DEFAULT VALUES;
"""
TABLE, QUARANTINE = "sales_shapes", "sales_shapes_quarantine"
# A rule that the database does not know
RULES = {"name": {"pattern": "[^!]*"}, "size": {"max": 1000}}
LATE_S = 30
QUALITY = {"enabled": True, "lateAfterS": LATE_S, "windowMinutes": 45, "owners": {"sales.shapes": "shapes@example.com"}}
# Bad rows of four
EVERY = 4
PAUSE_S = 0.005
TIMEOUT_S = 300.0


@dataclass
class Written:
    """What was written to the table and its topic.

    Attributes:
        good: Keys of rows that break no rule.
        bad: Keys of the others.
        foreign: Records that are no row.
        repeated: Later changes of good rows.
    """

    good: set[int] = field(default_factory=set)
    bad: set[int] = field(default_factory=set)
    foreign: int = 0
    repeated: int = 0

    @property
    def changes(self) -> int:
        """Changes of rows of the table."""
        return len(self.good) + len(self.bad) + self.repeated


@pytest.fixture(scope="module")
def second(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Return a running pipeline with one table, which judges its rows."""
    with existing(kube, tmp_path_factory.mktemp("second"), SCHEMA) as made:
        made.let_in()
        done = made.list_tables()
        assert done.returncode == 0, done.stdout + done.stderr
        tables = yaml.safe_load(made.tables.read_text(encoding="utf-8"))
        made.tables.write_text(yaml.safe_dump(with_rules(tables)), encoding="utf-8")
        made.sections = {"data-ingestion:quality": QUALITY}
        made.write()
        made.make_ready()
        made.up()
        made.wait_until_equal(180)
        yield made


def with_rules(tables: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a table model with the rules of the test."""
    return [
        {**table, "columns": [{**one, "quality": RULES[one["name"]]} if one["name"] in RULES else one for one in table["columns"]]}
        for table in tables
    ]


@pytest.fixture(scope="module")
def written(second: Second) -> Written:
    """Return what was written so far: the row of the first snapshot."""
    with second.connect() as database:
        return Written(good={row["id"] for row in database.execute("SELECT id FROM sales.shapes").fetchall()})


def write(second: Second, written: Written, ended: threading.Event) -> None:
    """Write rows until the event is set, each in a transaction of its own; each fourth breaks one rule or two."""
    number = 0
    with second.connect() as database:
        while not ended.wait(PAUSE_S):
            number += 1
            bad = number % EVERY == 0
            values = ("bad!" if bad else "good", 1001 if bad and number % (2 * EVERY) == 0 else 5)
            row = database.execute("INSERT INTO sales.shapes (name, size) VALUES (%s, %s) RETURNING id", values).fetchone()
            assert row is not None
            (written.bad if bad else written.good).add(int(row["id"]))


def kill_worker(kube: Kube) -> None:
    """Kill every process of the worker's container at once, and wait for the next one."""

    def worker() -> dict[str, Any]:
        (found,) = [pod for pod in kube.list("Pod", NAMESPACE) if pod["metadata"]["name"].startswith("connect-")]
        return found

    before = control_groups.container_id(worker(), "connect")
    processes = control_groups.processes(control_groups.of_container(worker(), "connect"))
    assert processes
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    until("no worker after the kill", lambda: control_groups.container_id(worker(), "connect") not in {"", before}, TIMEOUT_S)


def archived(second: Second, table: str) -> dict[int, int]:
    """Return how often each row that was read or inserted is in a table of the archive, by its key."""
    question = "SELECT id, count(*) AS number FROM changes WHERE __op IN ('r', 'c') GROUP BY 1"
    return {row["id"]: row["number"] for row in second.archive().query(table, question)}


def test_a_worker_killed_while_it_sets_rows_aside_under_load_loses_and_doubles_none(second: Second, written: Written, kube: Kube) -> None:
    ended = threading.Event()
    writer = threading.Thread(target=write, args=(second, written, ended))
    writer.start()
    try:
        until("no row was set aside", lambda: archived(second, QUARANTINE), TIMEOUT_S)
        # between two commits of the sink, which has good and bad rows in open files then
        time.sleep(2)
        kill_worker(kube)
        time.sleep(20)
    finally:
        ended.set()
        writer.join()
    assert len(written.bad) > 100, "too few rows to prove something"
    wait_for_all(second, written)


def wait_for_all(second: Second, written: Written) -> None:
    """Wait until every row is in one of the two tables."""

    def there() -> bool:
        return written.good <= archived(second, TABLE).keys() and written.bad <= archived(second, QUARANTINE).keys()

    until("rows are missing", there, TIMEOUT_S)


def letters(second: Second) -> int:
    """Return the number of dead letters, of which nothing was done with any."""
    names = parse_text(stack_config(CHECKOUT, STACK).values).names
    return DeadLetterTopic({"bootstrap.servers": second.outputs["kafka"]["bootstrapServers"]}, names.dead_letter_topic).count().open


def test_foreign_bytes_are_dead_letters_and_the_rows_behind_them_arrive(second: Second, written: Written) -> None:
    producer = Producer({"bootstrap.servers": second.outputs["kafka"]["bootstrapServers"]})
    for value in (b"no avro", b"\0\0\0\x7f\xffof no schema"):
        producer.produce("shop.sales.shapes", key=None, value=value)
        written.foreign += 1
    assert producer.flush(30) == 0
    with second.connect() as database:
        written.good.add(added(database))
    until("no dead letters", lambda: letters(second) >= written.foreign, TIMEOUT_S)
    wait_for_all(second, written)


def test_after_a_compatible_change_of_the_schema_rows_are_judged_as_before(second: Second, written: Written) -> None:
    with second.connect() as database:
        database.execute("ALTER TABLE sales.shapes ADD COLUMN colour text")
        written.good.add(added(database))
        bad = database.execute("INSERT INTO sales.shapes (name, colour) VALUES ('red!', 'red') RETURNING id").fetchone()
        assert bad is not None
        written.bad.add(int(bad["id"]))
    wait_for_all(second, written)


def test_an_incompatible_change_stops_the_source_and_after_its_cure_rows_are_judged_as_before(second: Second, written: Written) -> None:
    written.good.add(stop_and_go_on(second, "ALTER TABLE sales.shapes ALTER COLUMN size TYPE bigint"))
    # the cure changes the first row, which is the good one of the snapshot, so that the new schema is registered
    written.repeated += 1
    with second.connect() as database:
        bad = database.execute("INSERT INTO sales.shapes (size) VALUES (2000) RETURNING id").fetchone()
        assert bad is not None
        written.bad.add(int(bad["id"]))
        key = added(database)
    assert arrives(second, key)
    written.good.add(key)
    wait_for_all(second, written)


def test_at_last_each_row_is_archived_or_quarantined_once_and_what_is_no_row_is_a_dead_letter(second: Second, written: Written) -> None:
    assert archived(second, TABLE) == dict.fromkeys(written.good, 1)
    assert archived(second, QUARANTINE) == dict.fromkeys(written.bad, 1)
    assert letters(second) == written.foreign
    broken = second.archive().query(QUARANTINE, f"SELECT DISTINCT {BROKEN_RULES} AS rules FROM changes")
    assert {row["rules"] for row in broken} == {"name.pattern", "name.pattern size.max", "size.max"}


def report(second: Second) -> Report:
    """Return what the check of the archive says of the last 45 minutes."""
    settings = parse_text(stack_config(CHECKOUT, STACK).values)
    stack = described(RunningStack(STACK, settings, {**second.outputs, **second.places()}))
    return check(stack, settings.quality, stack.tables)


def test_the_check_accounts_for_each_record_and_the_score_is_so_low_that_the_owner_is_told(second: Second, written: Written) -> None:
    # the window ends so long ago
    time.sleep(LATE_S + 5)
    found = report(second)
    (table,) = found.tables
    assert table.reasons == ()
    assert table.counts is not None
    assert (table.counts.missing, table.counts.rows - table.counts.distinct, table.counts.unmarked) == (0, 0, 0)
    assert table.counts.rows == written.changes
    assert table.counts.invalid == len(written.bad)
    assert table.owner == "shapes@example.com"
    shown = LastScores()
    shown.show(found)
    scores = {one.labels["table"]: one.value for family in shown.collect() if family.name == "data_quality_score" for one in family.samples}
    assert scores["sales.shapes"] <= pytest.approx(1 - len(written.bad) / written.changes)
    assert scores["sales.shapes"] < found.critical_percent / 100, "QualityVeryLow"
    assert found.exit_code == 1
