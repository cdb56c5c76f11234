"""What `python -m pipeline ddl` says of a statement comes true on a pipeline that runs, and its steps help as they are printed."""

from __future__ import annotations

import json
import os
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox import connectors
from tests.sandbox_e2e.existing_pipeline import Second, operate, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from sandbox.kubernetes import Kube

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

SCHEMA = """\
CREATE TYPE sales.mood AS ENUM ('fine');
CREATE TABLE sales.shapes (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'n',
  size integer NOT NULL DEFAULT 1, weight real DEFAULT 1.5, code varchar(20) DEFAULT 'c', amount numeric(10,2) NOT NULL DEFAULT 1.25,
  note text DEFAULT 'x', mood sales.mood DEFAULT 'fine', due date);
INSERT INTO sales.shapes DEFAULT VALUES;
"""
FOLLOWS = (
    "ALTER TABLE sales.shapes ADD COLUMN colour text",
    "ALTER TABLE sales.shapes ADD COLUMN pieces integer NOT NULL DEFAULT 7",
    "ALTER TABLE sales.shapes ALTER COLUMN size SET DEFAULT 2",
    "ALTER TABLE sales.shapes ALTER COLUMN size DROP DEFAULT, ALTER COLUMN size SET DEFAULT 3",
    "ALTER TABLE sales.shapes ALTER COLUMN code TYPE text",
    "ALTER TABLE sales.shapes ALTER COLUMN amount TYPE numeric(8,2)",
    "ALTER TYPE sales.mood ADD VALUE 'awful'",
    "ALTER TABLE sales.shapes ADD CHECK (size > 0)",
    "ALTER TABLE sales.shapes DROP COLUMN note",
    "CREATE INDEX ON sales.shapes (size)",
)
# New rows arrive; the rows of before are to be read again
NEEDS = {"ALTER TABLE sales.shapes ADD COLUMN pieces integer NOT NULL DEFAULT 7": "steps"}
STOPS = (
    "ALTER TABLE sales.shapes ALTER COLUMN size TYPE bigint",
    "ALTER TABLE sales.shapes ALTER COLUMN weight TYPE double precision",
)
SECONDS = 90.0


@pytest.fixture(scope="module")
def second(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Return a running pipeline with one table."""
    with running(kube, tmp_path_factory.mktemp("second"), SCHEMA) as made:
        yield made


def told(statement: str) -> dict[str, Any]:
    """Return what the command says of a statement."""
    done = operate("ddl", "--json", statement, environment={})
    judged: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == judged["exitCode"], done.stderr
    return judged


def added(database: psycopg.Connection[dict[str, Any]]) -> int:
    """Write a row and return its key."""
    row = database.execute("INSERT INTO sales.shapes DEFAULT VALUES RETURNING id").fetchone()
    assert row is not None
    return int(row["id"])


def arrives(second: Second, key: int) -> bool:
    """Wait for a row in the archive; it does not come where a connector fails."""
    archive, began = second.archive(), time.monotonic()
    while not archive.query("sales_shapes", "SELECT id FROM changes WHERE id = ?", [key]):
        if time.monotonic() - began > SECONDS or connectors.failures(second.outputs):
            return False
        time.sleep(1)
    return True


def latest(second: Second) -> int:
    """Return the newest version of the table's schema in the registry."""
    registry = second.outputs["registry"]
    address = f"{registry['url']}/subjects/shop.sales.shapes-value/versions/latest"
    answer = requests.get(address, auth=(registry.get("user", "operator"), registry.get("password", "")), timeout=10)
    answer.raise_for_status()
    return int(answer.json()["version"])


def follow(step: str, second: Second, database: psycopg.Connection[dict[str, Any]]) -> None:
    """Do one step as it is printed, if it is a request or SQL; the model is changed before the next `up`, which these tests do not make."""
    registry = second.outputs["registry"]
    if step.startswith("curl "):
        login = f"--user {registry.get('user', 'operator')}:{registry.get('password', '')}"
        line = ["bash", "-c", step.partition(" # ")[0].replace("--user operator", login)]
        done = subprocess.run(line, env={**os.environ, "REGISTRY": registry["url"]}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (step, done.stderr)
    elif (statement := step.partition(" -- ")[0].strip()).endswith(";") and statement.split()[0].isupper():
        database.execute(statement)


@pytest.mark.parametrize("statement", FOLLOWS)
def test_what_follows_by_itself_does(second: Second, statement: str) -> None:
    outcomes = {verdict["outcome"] for one in told(statement)["statements"] for verdict in one["verdicts"]}
    with second.connect() as database:
        database.execute(statement)
        key = added(database)
    assert arrives(second, key), (outcomes, connectors.failures(second.outputs))
    assert outcomes <= {"follows", "unconcerned", NEEDS.get(statement, "follows")}


@pytest.mark.parametrize("statement", STOPS)
def test_what_is_told_to_stop_the_source_does_and_the_steps_let_it_go_on_without_loss(second: Second, statement: str) -> None:
    stop_and_go_on(second, statement)


def stop_and_go_on(second: Second, statement: str) -> int:
    """Run a statement that stops the source, then the steps of its cure, and return the key of the row in between, which arrives."""
    (judged,) = told(statement)["statements"]
    (verdict,) = judged["verdicts"]
    assert verdict["outcome"] == "stops", verdict
    before = latest(second)
    with second.connect() as database:
        database.execute(statement)
        key = added(database)
        assert not arrives(second, key)
        assert connectors.failures(second.outputs)
        for step in verdict["steps"]:
            if "--request DELETE" in step:  # the step before says: until it shows the new schema
                began = time.monotonic()
                while latest(second) == before:
                    assert time.monotonic() - began < SECONDS, connectors.failures(second.outputs)
                    time.sleep(1)
            if statement not in step:
                follow(step, second, database)
    assert arrives(second, key)
    return key


def test_at_last_every_row_is_there_once(second: Second) -> None:
    with second.connect() as database:
        (row,) = database.execute("SELECT count(*) AS rows, max(id) AS last FROM sales.shapes").fetchall()
    (found,) = second.archive().query("sales_shapes", "SELECT count(DISTINCT id) AS rows, max(id) AS last FROM changes")
    assert found == row
    assert second.archive().duplicates("sales_shapes", ("id",)) == 0
