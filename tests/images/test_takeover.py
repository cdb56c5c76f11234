"""A table that gets a sink of its own under load is archived once: its sink goes on where the first one stopped, and may not before."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from tests.declared import _settings
from tests.images.source_task import PASSWORD
from tests.images.whole_worker import KEYS, asked, configurations, running, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stack.settings.model import Settings
    from tests.existing_database.server import Server
    from tests.images.java_process import Java

pytestmark = pytest.mark.sandbox

COLUMNS = [{"name": "id", "type": "integer"}, {"name": "note", "type": "text", "nullable": True}]
TABLES = ("users", "orders")
FIRST, OWN = "s3-sink-connector", "s3-sink-connector-own"
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE public.users (id int PRIMARY KEY, note text);
CREATE TABLE public.orders (id int PRIMARY KEY, note text);
ALTER TABLE public.users REPLICA IDENTITY FULL;
ALTER TABLE public.orders REPLICA IDENTITY FULL;
GRANT SELECT ON public.users, public.orders TO capture;
CREATE PUBLICATION publication FOR TABLE public.users, public.orders;
"""
PIECE = 20


def settings_of_worker(**sinks: list[str]) -> Settings:
    """Return the settings of a stack with two tables, and with sinks of their own."""
    tables = [{"name": name, "columns": COLUMNS} for name in TABLES]
    given = _settings("sandbox", {"source": {"tables": tables}})
    archive = given.archive.model_copy(update={"sinks": {name: tuple(listed) for name, listed in sinks.items()}, "tasks": 2})
    return given.model_copy(update={"archive": archive})


class Pipeline:
    """A running pipeline of two tables.

    Attributes:
        java: The worker's process.
        written: How many rows each table has got.
    """

    def __init__(self, java: Java, rest: str, server: Server, store: str) -> None:
        """Take what runs."""
        self.java, self._rest, self._server, self._store = java, rest, server, store
        self.written = 0
        login = f"postgresql+psycopg2://capture:{PASSWORD}@localhost:{server.port}/catalog?sslmode=require"
        keys = {"s3.endpoint": store, "s3.region": KEYS["AWS_REGION"], "s3.access-key-id": "a", "s3.secret-access-key": "b"}
        self._catalog = SqlCatalog("archive", uri=login, init_catalog_tables="false", **keys)

    def put(self, settings: Settings, *names: str) -> None:
        """Declare connectors of a stack, in this order."""
        found = configurations(settings, self._server, self._store)
        for name in names:
            answer = asked("PUT", f"{self._rest}/connectors/{name}/config", found[name])
            assert isinstance(answer, dict), answer

    def state(self, connector: str) -> list[str]:
        """Return the state of each task, with its reason."""
        answer = asked("GET", f"{self._rest}/connectors/{connector}/status")
        return [f"{task['state']} {task.get('trace', '')}" for task in answer["tasks"]] if isinstance(answer, dict) else []

    def restart(self, connector: str) -> None:
        """Restart the tasks that have failed, as the worker's pod does."""
        asked("POST", f"{self._rest}/connectors/{connector}/restart?includeTasks=true&onlyFailed=true")

    def write(self) -> None:
        """Write some rows to both tables."""
        first, last = self.written + 1, self.written + PIECE
        self._server.sql("".join(f"INSERT INTO {table} SELECT n, 'a' FROM generate_series({first}, {last}) n;" for table in TABLES))
        self.written = last

    def archived(self, table: str) -> Counter[int]:
        """Return how often each row is in the archive."""
        return Counter(self._catalog.load_table(f"archive.{table}").scan(selected_fields=("id",)).to_arrow()["id"].to_pylist())

    def holds(self, table: str) -> bool:
        """Tell whether the archive has every row of a table."""
        try:
            return len(self.archived(table)) >= self.written
        # the first commit creates the table
        except Exception:  # noqa: BLE001 - of catalog and store, each with its own
            return False


@pytest.fixture(scope="module")
def pipeline(staged: Path, staged_brokers: Path, object_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Run a pipeline, both of whose tables have rows in the archive by one sink."""
    settings = settings_of_worker(own=["public.orders"])
    with running((staged, staged_brokers), tmp_path_factory, settings, SETUP, object_store) as (server, java, rest):
        made = Pipeline(java, rest, server, object_store)
        made.write()
        made.put(settings_of_worker(), settings.names.source_connector, FIRST)
        until(lambda: all(made.holds(table) for table in TABLES), java)
        yield made


@pytest.fixture
def load(pipeline: Pipeline) -> Iterator[Callable[[], None]]:
    """Write rows beside the test, until it calls what is given."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(0.2):
            pipeline.write()

    writer = threading.Thread(target=run)
    writer.start()

    def end() -> None:
        ended.set()
        writer.join()

    yield end
    end()


def assert_each_once(pipeline: Pipeline) -> None:
    """See that each table has every row that was written, once."""
    for table in TABLES:
        assert pipeline.archived(table) == Counter(range(1, pipeline.written + 1)), table


def test_a_sink_that_comes_before_the_table_was_given_up_reads_nothing_and_says_why(pipeline: Pipeline, load: Callable[[], None]) -> None:
    """By hand; 'up' updates the first sink before it declares the second."""
    pipeline.put(settings_of_worker(own=["public.orders"]), OWN)
    until(lambda: any(state.startswith("FAILED") for state in pipeline.state(OWN)), pipeline.java, 240)
    (told,) = {state.splitlines()[0].split(": ", 1)[1] for state in pipeline.state(OWN) if state.startswith("FAILED")}
    assert told.startswith("The group connect-s3-sink-connector still reads postgres.public.orders, which this sink takes over")
    load()
    until(lambda: pipeline.holds("orders"), pipeline.java)
    assert set(pipeline.archived("orders").values()) == {1}


def test_a_table_goes_to_its_own_sink_under_load_and_each_row_is_archived_once(pipeline: Pipeline, load: Callable[[], None]) -> None:
    before = pipeline.written
    pipeline.put(settings_of_worker(own=["public.orders"]), FIRST, OWN)
    until(lambda: pipeline.written > before + 5 * PIECE, pipeline.java)
    pipeline.restart(OWN)
    until(lambda: pipeline.state(OWN) and all(state.startswith("RUNNING") for state in pipeline.state(OWN)), pipeline.java)
    until(lambda: pipeline.written > before + 40 * PIECE, pipeline.java)
    load()
    until(lambda: all(pipeline.holds(table) for table in TABLES), pipeline.java)
    assert_each_once(pipeline)


def test_after_a_restart_it_goes_on_by_its_own_positions(pipeline: Pipeline) -> None:
    own = settings_of_worker(own=["public.orders"])
    pipeline.write()
    until(lambda: pipeline.holds("orders"), pipeline.java)
    pipeline.put(own.model_copy(update={"archive": own.archive.model_copy(update={"tasks": 1})}), OWN)
    pipeline.write()
    until(lambda: all(pipeline.holds(table) for table in TABLES), pipeline.java)
    assert_each_once(pipeline)
