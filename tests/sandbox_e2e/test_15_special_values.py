"""Rows with a value that the archive has no place for are dead letters that name the column; rows beside them arrive."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox import connectors
from sandbox.equality import wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.shop import TABLES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from pipeline.reading.archive import Archive

pytestmark = pytest.mark.sandbox

TIMEOUT_S = 120.0
TOPICS = ("postgres.public.users", "postgres.public.products")
# PostgreSQL's text, and microseconds since 1970
KEPT = {
    "0044-03-15 12:00:00.000001 BC": -63_517_780_799_999_999,
    "1500-03-01 00:00:00.000001": -14_826_671_999_999_999,
    "12026-01-01 00:00:00.000001": 317_336_745_600_000_001,
    "294246-12-31 23:59:59.999999": 9_223_371_244_799_999_999,
}
ENDLESS = ("infinity", "-infinity", "294276-12-31 23:59:59")
PART = "holds a value that the archive has no place for"


def dlq(*words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "pipeline", "dlq", *words, "--stack", "sandbox"]
    return subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)


def letters() -> dict[str, int]:
    """Return the open dead letters by cause."""
    groups = [group for group in json.loads(dlq("list", "--json").stdout)["groups"] if group["topic"] in TOPICS]
    return {group["cause"].partition(": ")[0]: group["number"] for group in groups if group["state"] == "open"}


@pytest.fixture(autouse=True)
def nothing_left(outputs: dict[str, Any], database: psycopg.Connection[dict[str, Any]]) -> Iterator[None]:
    """Take the rows away and drop what is open, also after a failure; a sink without the transform would be stuck for good."""
    connect = outputs["connect"]
    address = f"{connect['url']}/connectors/s3-sink-connector/config"
    config = requests.get(address, auth=(connect["user"], connect["password"]), timeout=10).json()
    assert config["transforms"].endswith(",sound"), "the sandbox is not of this tree: run 'make sandbox' first"
    assert not letters(), "dead letters of an earlier run are open: look at them, then drop them"
    yield
    database.execute("DELETE FROM users WHERE last_name = 'Special'")
    database.execute("DELETE FROM products WHERE category = 'special'")
    for topic in TOPICS:
        dlq("drop", "--topic", topic, "--yes", "--reason", "a test wrote it")


def insert(database: psycopg.Connection[dict[str, Any]], mark: str) -> None:
    """Write users of all those times, one without any, and a product whose price is no number."""
    with database.transaction():
        for number, moment in enumerate([*ENDLESS, *KEPT, "now"]):
            database.execute(
                "INSERT INTO users (email, first_name, last_name, created_at) "
                "VALUES (%s, %s, 'Special', %s::text::timestamp AT TIME ZONE 'UTC')",
                [f"{mark}-{number}", moment, moment],
            )
        database.execute("INSERT INTO products (name, price, category) VALUES (%s, 'NaN', 'special'), (%s, 7.10, 'special')", [mark, mark])


def test_rows_without_a_place_are_set_aside_and_named_and_the_others_arrive(
    outputs: dict[str, Any],
    archive: Archive,
    database: psycopg.Connection[dict[str, Any]],
    mark: str,
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    insert(database, mark)
    expected = {f"column created_at {PART}": len(ENDLESS), f"column price {PART}": 1}
    deadline = time.monotonic() + TIMEOUT_S
    query = "SELECT first_name AS text, epoch_us(created_at) AS moment FROM changes WHERE email LIKE ?"
    while True:
        users = {row["text"]: row["moment"] for row in archive.query("users", query, [f"{mark}-%"])}
        prices = [str(row["price"]) for row in archive.query("products", "SELECT price FROM changes WHERE name = ?", [mark])]
        if len(users) > len(KEPT) and prices and letters() == expected:
            break
        assert time.monotonic() < deadline, (users, prices, letters(), connectors.failures(outputs))
        time.sleep(1)
    users.pop("now")
    assert users == KEPT
    assert prices == ["7.10"], "no NULL stands for NaN"
    assert connectors.failures(outputs) == []
    assert command("status").returncode == 1

    for topic in TOPICS:
        refused = dlq("replay", "--topic", topic, "--yes")
        assert refused.returncode == 1
        assert "correct the row in the database" in " ".join(refused.stdout.split())
    database.execute("UPDATE users SET created_at = now() WHERE last_name = 'Special'")
    database.execute("UPDATE products SET price = 1 WHERE price = 'NaN'")
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert letters() == expected, "corrected rows are no letters"
    for topic in TOPICS:
        assert dlq("drop", "--topic", topic, "--yes", "--reason", "corrected in the database").returncode == 0
    assert command("status").returncode == 0
