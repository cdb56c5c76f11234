"""Dead letters are counted, shown without values, put back exactly once even by killed runs, refused where they cannot pass, dropped."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from confluent_kafka import Consumer, Producer, TopicPartition

from pipeline.dlq.avro import decoded
from sandbox.equality import wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.shop import TABLES
from tests.sandbox_e2e import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from pipeline.reading.archive import Archive

pytestmark = pytest.mark.sandbox

TOPIC = "postgres.public.orders"
SUBJECT = f"{TOPIC}-value"
SECRET = "10 Downing Street"
NUMBER, TRIES = 300, 5
TIMEOUT_S = 120.0
START = [sys.executable, "-m", "pipeline", "dlq"]


def dlq(*words: str) -> subprocess.CompletedProcess[str]:
    line = [*START, *words, "--stack", "sandbox"]
    return subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def counts() -> dict[str, int]:
    """Return how many dead letters of the topic are open, replayed and dropped."""
    groups = [group for group in json.loads(dlq("list", "--json").stdout)["groups"] if group["topic"] == TOPIC]
    return {state: sum(group["number"] for group in groups if group["state"] == state) for state in ("open", "replayed", "dropped")}


def positions() -> list[str]:
    groups = json.loads(dlq("list", "--json").stdout)["groups"]
    return [one for group in groups if group["topic"] == TOPIC and group["state"] == "open" for one in group["positions"]]


def wait_for_open(number: int) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while (found := counts()["open"]) < number:
        assert time.monotonic() < deadline, f"{found} of {number} records were set aside"


@pytest.fixture(autouse=True)
def none_left_open() -> Iterator[None]:
    """Drop what a failed test has left, so that the status of the sandbox is right again."""
    assert counts()["open"] == 0, "dead letters of an earlier run are open: look at them, then drop them"
    yield
    if counts()["open"]:
        dlq("drop", "--topic", TOPIC, "--yes", "--reason", "left by a test")


@pytest.fixture
def registry(outputs: dict[str, Any]) -> Callable[..., Any]:
    """Return what asks the registry, and fails unless it says yes."""

    def ask(method: str, path: str, body: object = None) -> Any:
        found = outputs["registry"]
        answer = requests.request(method, found["url"] + path, json=body, auth=(found["user"], found["password"]), timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def varint(number: int) -> bytes:
    """Return a positive long in Avro's encoding."""
    number, parts = number * 2, []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def deletion(outputs: dict[str, Any], database: psycopg.Connection[Any], schema: dict[str, Any], mark: str) -> Any:
    """Insert an order and delete it, and return the record of the deletion."""
    consumer = Consumer(
        {"bootstrap.servers": outputs["kafka"]["bootstrapServers"], "group.id": f"test-{mark}", "isolation.level": "read_committed"}
    )
    consumer.assign([TopicPartition(TOPIC, number, offset) for number, offset in records.ends(consumer, TOPIC).items()])
    insert = "INSERT INTO orders (user_id, total_amount, shipping_address) SELECT min(id), 1, %s FROM users RETURNING id"
    row = database.execute(insert, [f"{SECRET} {mark}"]).fetchone()
    assert row is not None
    database.execute("DELETE FROM orders WHERE id = %s", [row["id"]])
    deadline = time.monotonic() + TIMEOUT_S
    try:
        while time.monotonic() < deadline:
            message = consumer.poll(1.0)
            if message is None or message.error() is not None or mark.encode() not in message.value():
                continue
            if decoded(message.value(), schema)["__op"] == "d":
                return message
    finally:
        consumer.close()
    return pytest.fail("the deletion did not reach Kafka")


@pytest.fixture
def planted(
    outputs: dict[str, Any], database: psycopg.Connection[Any], registry: Callable[..., Any], mark: str
) -> Iterator[tuple[list[int], int]]:
    """Return positions in the log of rows that were set aside because their schema was not registered, which it is by now.

    Each repeats the deletion of a row at a later position, so that no view of the table changes; and the id of the row.
    """
    latest = registry("GET", f"/subjects/{SUBJECT}/versions/latest")
    schema = json.loads(latest["schema"])
    record = deletion(outputs, database, schema, mark)
    row = decoded(record.value(), schema)
    known = registry(
        "POST", f"/subjects/test-{mark}/versions", {"schema": json.dumps({"type": "enum", "name": "E", "symbols": [f"x{mark}"]})}
    )
    missing = known["id"] + 1
    first = row["__source_lsn"] + 1
    old = varint(row["__source_lsn"])
    assert record.value().count(old) == 1
    producer = Producer({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]})
    for lsn in range(first, first + NUMBER):
        value = b"\0" + missing.to_bytes(4, "big") + record.value()[5:].replace(old, varint(lsn))
        producer.produce(TOPIC, key=record.key(), value=value, partition=record.partition(), headers=record.headers())
    assert producer.flush(30) == 0
    wait_for_open(NUMBER)
    # another schema by a property of no meaning: a registry takes one with another doc for the same
    registered = registry("POST", f"/subjects/{SUBJECT}/versions", {"schema": json.dumps({**schema, "note": mark})})
    assert registered["id"] == missing, "the registry has given the next id to another schema: run the test again"
    yield list(range(first, first + NUMBER)), row["id"]
    registry("DELETE", f"/subjects/test-{mark}")


def archived(archive: Archive, row: int, lsns: list[int]) -> dict[int, int]:
    query = "SELECT __source_lsn AS lsn, count(*) AS number FROM changes WHERE id = ? AND __source_lsn BETWEEN ? AND ? GROUP BY 1"
    return {found["lsn"]: found["number"] for found in archive.query("orders", query, [row, lsns[0], lsns[-1]])}


def kill_as_it_writes(outputs: dict[str, Any]) -> None:
    """Start a replay, and kill it as its first records are in the topic, in its transaction or shortly after."""
    reader = Consumer(
        {"bootstrap.servers": outputs["kafka"]["bootstrapServers"], "group.id": "test", "isolation.level": "read_uncommitted"}
    )
    before = records.ends(reader, TOPIC)
    words = ["replay", "--topic", TOPIC, "--stack", "sandbox", "--yes"]
    with subprocess.Popen([*START, *words], cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        while run.poll() is None and records.ends(reader, TOPIC) == before:
            pass
        time.sleep(random.uniform(0.0, 0.02))  # noqa: S311 - a moment, not a secret
        run.kill()
    reader.close()


def test_rows_that_were_set_aside_are_shown_masked_and_put_back_exactly_once_by_runs_that_are_killed(
    outputs: dict[str, Any], archive: Archive, planted: tuple[list[int], int], command: Callable[..., Any]
) -> None:
    lsns, row = planted
    assert command("status").returncode == 1
    shown = dlq("show", positions()[0].partition("-")[0])
    assert SECRET not in shown.stdout
    assert "shipping_address = ***" in shown.stdout
    assert SECRET in dlq("show", positions()[0].partition("-")[0], "--values").stdout
    replayed = []
    for _ in range(TRIES):
        kill_as_it_writes(outputs)
        replayed.append(counts()["replayed"])
    done = dlq("replay", "--topic", TOPIC, "--yes")
    assert done.returncode == 0, done.stderr
    assert counts()["open"] == 0
    deadline = time.monotonic() + TIMEOUT_S
    while len(archived(archive, row, lsns)) < NUMBER and time.monotonic() < deadline:
        time.sleep(1)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archived(archive, row, lsns) == dict.fromkeys(lsns, 1), f"replayed after each killed run: {replayed}"
    assert counts()["open"] == 0, "a record that was put back came back"
    assert command("status").returncode == 0


@pytest.mark.long
def test_poison_is_refused_at_a_replay_and_counts_until_it_is_dropped(
    outputs: dict[str, Any], mark: str, command: Callable[..., Any]
) -> None:
    producer = Producer({"bootstrap.servers": outputs["kafka"]["bootstrapServers"]})
    before = counts()
    producer.produce(TOPIC, key=None, value=f"poison\x1b[2J {mark}".encode())
    assert producer.flush(30) == 0
    wait_for_open(1)
    assert command("status").returncode == 1
    assert dlq("list").returncode == 1
    refused = dlq("replay", "--topic", TOPIC, "--yes")
    assert refused.returncode == 1
    assert "its value holds bytes that are no Avro" in refused.stdout
    shown = dlq("show", *positions(), "--values").stdout
    assert "its bytes are no Avro" in shown
    assert mark in shown
    assert "\x1b" not in shown
    assert dlq("drop", "--topic", TOPIC, "--reason", "a test wrote it").returncode == 1, "nobody was asked"
    assert counts()["open"] == 1
    assert dlq("drop", "--topic", TOPIC, "--yes", "--reason", "a test wrote it").returncode == 0
    assert {state: number - before[state] for state, number in counts().items()} == {"open": 0, "replayed": 0, "dropped": 1}
    assert dlq("list").returncode == 0
    assert command("status").returncode == 0
