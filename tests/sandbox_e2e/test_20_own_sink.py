"""A table goes to its own sink under load, each row archived once, and what holds up the other table's commits does not hold up its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.sandbox_e2e import existing_server as server
from tests.sandbox_e2e.alert_faults import beside, session_with
from tests.sandbox_e2e.existing_pipeline import Second, running, stack_file
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sandbox.kubernetes import Kube

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

SCHEMA = """\
CREATE TABLE sales.shared (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'n');
CREATE TABLE sales.apart (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'n');
INSERT INTO sales.shared DEFAULT VALUES;
INSERT INTO sales.apart DEFAULT VALUES;
"""
TABLES = ("shared", "apart")
TIMEOUT_S = 300.0


@pytest.fixture(scope="module")
def second(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Return a running pipeline with two tables and one sink."""
    with running(kube, tmp_path_factory.mktemp("second"), SCHEMA) as made:
        yield made


@contextmanager
def load(second: Second) -> Iterator[None]:
    """Write a row to each table all the time."""
    with second.connect() as database:

        def write() -> None:
            for table in TABLES:
                database.execute(f"INSERT INTO sales.{table} DEFAULT VALUES")

        with beside(write, every_s=0.02):
            yield


def held(table: str) -> AbstractContextManager[None]:
    """Return what holds the lock of one table in the catalog, for which the commits to it wait."""
    client = ["psql", "--host=/data", f"--port={server.PORT}", "--username=postgres", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    lock = f"SELECT 1 FROM iceberg_tables WHERE table_name = '{table}' FOR UPDATE"
    place = ["exec", "--namespace", server.NAMESPACE, server.POD, "--"]
    return session_with([*place, *client], "iceberg_catalog", lock, server.psql)


def number(second: Second, table: str) -> int:
    """Return how many rows of a table are archived."""
    return int(second.archive().query(f"sales_{table}", "SELECT count(*) AS number FROM changes")[0]["number"])


def newest(second: Second, table: str) -> int:
    """Return the number of the last row of a table."""
    with second.connect() as database:
        return int(database.execute(f"SELECT max(id) AS number FROM sales.{table}").fetchone()["number"])  # type: ignore[index]


def assert_each_once(second: Second) -> None:
    """See that every change of each table is archived once."""
    second.wait_until_equal(TIMEOUT_S)
    for table in TABLES:
        found = second.archive().query(f"sales_{table}", "SELECT id, count(*) AS number FROM changes GROUP BY 1 HAVING count(*) <> 1")
        assert found == [], table


def test_a_table_goes_to_its_own_sink_under_load(second: Second) -> None:
    archive = stack_file(second.tables)["config"]["data-ingestion:archive"]
    second.sections = {"data-ingestion:archive": archive | {"tasks": 2, "sinks": {"apart": ["sales.apart"]}}}
    second.write()
    with load(second):
        until("no rows of the load are archived", lambda: number(second, "apart") > 50, TIMEOUT_S)
        second.up()
        at = newest(second, "apart")
        until("the new sink archives nothing", lambda: number(second, "apart") > at, TIMEOUT_S)
    assert_each_once(second)


def test_what_holds_up_the_commits_to_another_table_holds_up_no_others(second: Second) -> None:
    with held("sales_shared"):
        with load(second):
            at = {table: newest(second, table) for table in TABLES}
            until("the table is held up, too", lambda: number(second, "apart") > at["apart"] + 500, TIMEOUT_S)
        assert number(second, "shared") <= at["shared"]
    assert_each_once(second)


def test_a_table_does_not_leave_its_sink(second: Second) -> None:
    second.sections = {}
    second.write()
    with pytest.raises(Exception, match="would archive again what this one has archived"):
        second.up()
