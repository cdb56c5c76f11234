"""The life of a table in a real catalog: SQLite and a folder."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import LongType, StringType

from providers.iceberg.provider import operations
from providers.operations import Operations, ProviderError
from stack.configs.tokens import ICEBERG_TABLE
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

ORDERS: dict[str, Any] = {
    "namespace": "cdc",
    "name": "orders",
    "columns": [
        {"name": "id", "type": "int", "required": True},
        {"name": "total", "type": "decimal(10,2)", "required": False, "doc": "gross"},
        {"name": "at", "type": "timestamptz", "required": False},
        {"name": "year", "type": "string", "required": False},
    ],
    "partitionBy": ["year"],
    "properties": {"write.format.default": "parquet", "format-version": "2"},
    "deleteOnDestroy": False,
}


class Heard:
    """A reporter that records its notes."""

    def __init__(self) -> None:
        """Start without notes."""
        self.notes: list[str] = []

    def waiting(self, text: str, /) -> None:
        """Ignore the message."""

    def note(self, text: str, /) -> None:
        """Record the note."""
        self.notes.append(text)


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """Return the configuration of a separate catalog for each test."""
    return {
        "catalogType": "sql",
        "catalogName": "archive",
        "uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
    }


@pytest.fixture
def heard() -> Heard:
    """Return the reporter of the operations."""
    return Heard()


@pytest.fixture
def tables(config: dict[str, Any], heard: Heard) -> Operations:
    """Return the operations on tables of that catalog."""
    return operations(config, heard)[ICEBERG_TABLE]


@pytest.fixture
def catalog(config: dict[str, Any]) -> SqlCatalog:
    """Return the same catalog as its other users open it."""
    opened = load_catalog("archive", type="sql", uri=config["uri"], warehouse=config["warehouse"])
    assert isinstance(opened, SqlCatalog)
    return opened


def with_columns(*columns: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return ORDERS with these columns replacing those of the same name or added, and other inputs changed."""
    given = {column["name"]: column for column in columns}
    kept = [given.pop(column["name"], column) for column in ORDERS["columns"]]
    return {**ORDERS, "columns": [*kept, *given.values()], **changes}


def one_row() -> pa.Table:
    """Return a row of ORDERS in its first shape."""
    shape = pa.schema([pa.field("id", pa.int32(), nullable=False), pa.field("year", pa.string())])
    return pa.table({"id": pa.array([1], pa.int32()), "year": ["2026"]}, schema=shape)


def test_a_table_is_made_with_its_types_partitions_and_properties(tables: Operations, catalog: SqlCatalog) -> None:
    """Read by another user of the catalog."""
    state = tables.create(ORDERS)
    table = catalog.load_table("cdc.orders")
    assert state.id == "cdc.orders"
    assert state.outputs == {**ORDERS, "location": table.location(), "tableUuid": str(table.metadata.table_uuid)}
    assert [str(field.field_type) for field in table.schema().fields] == [
        "int",
        "decimal(10, 2)",
        "timestamptz",
        "string",
    ]
    assert [field.required for field in table.schema().fields] == [True, False, False, False]
    assert [(part.name, str(part.transform)) for part in table.spec().fields] == [("year", "identity")]
    assert table.metadata.format_version == 2
    assert table.properties["write.format.default"] == "parquet"


def test_the_catalog_has_the_shape_java_expects(tables: Operations, config: dict[str, Any]) -> None:
    """Otherwise JdbcCatalog at schema version V1 would alter the tables, which its role may not do."""
    tables.create(ORDERS)
    with sqlite3.connect(config["uri"].removeprefix("sqlite:///")) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(iceberg_tables)")]
    assert columns == [
        "catalog_name",
        "table_namespace",
        "table_name",
        "metadata_location",
        "previous_metadata_location",
        "iceberg_type",
    ]


def test_an_older_catalog_gains_the_column(config: dict[str, Any], catalog: SqlCatalog, tables: Operations) -> None:
    """Catalogs that pyiceberg created by itself lack it."""
    catalog.create_namespace("cdc")
    tables.create(ORDERS)
    with sqlite3.connect(config["uri"].removeprefix("sqlite:///")) as database:
        assert "iceberg_type" in [row[1] for row in database.execute("PRAGMA table_info(iceberg_tables)")]


def test_creating_it_again_commits_nothing(tables: Operations, catalog: SqlCatalog) -> None:
    """Converging twice must write no metadata."""
    first = tables.create(ORDERS)
    before = catalog.load_table("cdc.orders").metadata_location
    assert tables.create(ORDERS) == first
    assert catalog.load_table("cdc.orders").metadata_location == before


def test_many_tables_at_once_share_a_new_catalog(tables: Operations, catalog: SqlCatalog) -> None:
    """The engine creates independent resources in parallel."""
    threads = [threading.Thread(target=tables.create, args=({**ORDERS, "name": f"t{n}"},)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(catalog.list_tables("cdc")) == 4


def test_a_new_column_is_added_and_old_rows_stay_readable(tables: Operations, catalog: SqlCatalog) -> None:
    """Rows written before have no value for it; an int became a long; a doc and a property changed."""
    old = tables.create(ORDERS)
    catalog.load_table("cdc.orders").append(one_row())
    new = with_columns(
        {"name": "id", "type": "long", "required": False},
        {"name": "total", "type": "decimal(12,2)", "doc": "net"},
        {"name": "note", "type": "string", "doc": "free"},
        properties={"write.parquet.compression-codec": "zstd"},
    )
    assert tables.check(new, ORDERS) == []
    tables.update(old.id, old.outputs, new)
    table = catalog.load_table("cdc.orders")
    assert table.scan().to_arrow().select(["id", "year", "note"]).to_pylist() == [{"id": 1, "year": "2026", "note": None}]
    assert isinstance(table.schema().find_field("id").field_type, LongType)
    assert not table.schema().find_field("id").required
    assert table.schema().find_field("total").doc == "net"
    assert "write.format.default" not in table.properties
    assert table.properties["write.parquet.compression-codec"] == "zstd"


def test_a_new_epoch_is_recorded_once_with_its_time_and_the_last_snapshot_before_it(tables: Operations, catalog: SqlCatalog) -> None:
    before = tables.create(ORDERS)
    catalog.load_table("cdc.orders").append(one_row())
    last = catalog.load_table("cdc.orders").current_snapshot()
    assert last is not None
    wanted = {**ORDERS, "properties": {**ORDERS["properties"], "data-ingestion.epoch": "2"}}
    after = tables.update("cdc.orders", before.outputs, wanted)
    recorded = dict(catalog.load_table("cdc.orders").properties)
    assert recorded["data-ingestion.epoch"] == "2"
    assert recorded["data-ingestion.epoch.2.after-snapshot"] == str(last.snapshot_id)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(recorded["data-ingestion.epoch.2.declared-at"])) < timedelta(minutes=5)
    catalog.load_table("cdc.orders").append(one_row())
    tables.create(wanted)
    assert dict(catalog.load_table("cdc.orders").properties) == recorded
    read = tables.read("cdc.orders", wanted, after.outputs)
    assert read is not None
    assert tables.diff(read.outputs, wanted) == [], "the record is no drift"


def test_a_table_without_a_snapshot_records_only_the_time_of_a_new_epoch(tables: Operations, catalog: SqlCatalog) -> None:
    before = tables.create(ORDERS)
    tables.update("cdc.orders", before.outputs, {**ORDERS, "properties": {**ORDERS["properties"], "data-ingestion.epoch": "3"}})
    recorded = {key for key in catalog.load_table("cdc.orders").properties if key.startswith("data-ingestion.")}
    assert recorded == {"data-ingestion.epoch", "data-ingestion.epoch.3.declared-at"}


def test_columns_the_sink_added_are_neither_error_nor_drift(tables: Operations, catalog: SqlCatalog) -> None:
    """The sink follows ALTER TABLE at the source by itself and may widen a type."""
    old = tables.create(ORDERS)
    with catalog.load_table("cdc.orders").update_schema() as update:
        update.add_column("added_by_sink", StringType())
        update.update_column("id", field_type=LongType())
    live = tables.read(old.id, ORDERS)
    assert live is not None
    assert live.outputs == old.outputs
    assert tables.diff(live.outputs, ORDERS) == []
    assert tables.create(ORDERS) == old
    assert "added_by_sink" in catalog.load_table("cdc.orders").schema().column_names


def test_drift_is_detected(tables: Operations, catalog: SqlCatalog) -> None:
    """A dropped column, a doc, a property; then a deleted table."""
    old = tables.create(ORDERS)
    with catalog.load_table("cdc.orders").transaction() as transaction:
        transaction.remove_properties("write.format.default")
        with transaction.update_schema(allow_incompatible_changes=True) as update:
            update.delete_column("at")
            update.update_column("total", doc="other")
    live = tables.read(old.id, ORDERS)
    assert live is not None
    assert [change.path for change in tables.diff(live.outputs, ORDERS)] == [
        'properties["write.format.default"]',
        "columns[1].doc",
        "columns[2]",
    ]
    catalog.drop_table("cdc.orders")
    assert tables.read(old.id, ORDERS) is None


def test_reading_without_a_declaration_returns_every_input(tables: Operations) -> None:
    """An import starts from it."""
    tables.create(ORDERS)
    live = tables.read("cdc.orders")
    assert live is not None
    assert tables.check(live.outputs) == []
    assert tables.diff(live.outputs, ORDERS) == []


@pytest.mark.parametrize(
    ("new", "path", "says"),
    [
        (with_columns(columns=ORDERS["columns"][:-2] + ORDERS["columns"][-1:]), "columns", "the declaration lacks column at"),
        (
            with_columns({"name": "id", "type": "string", "required": True}),
            "columns[0].type",
            "int cannot become string",
        ),
        (with_columns({"name": "id", "type": "float", "required": True}), "columns[0].type", "int cannot become float"),
        (with_columns({"name": "total", "type": "decimal(8,2)"}), "columns[1].type", "cannot become decimal(8,2)"),
        (with_columns({"name": "total", "type": "decimal(12,3)"}), "columns[1].type", "cannot become decimal(12,3)"),
        (with_columns({"name": "at", "type": "timestamptz", "required": True}), "columns[2].required", "may be NULL"),
        (
            with_columns({"name": "extra", "type": "int", "required": True}),
            "columns[4].required",
            "is new and required",
        ),
        (with_columns(partitionBy=[]), "partitionBy", "cannot become []"),
        (with_columns(name="orders2"), "name", "'orders' cannot become 'orders2'"),
        (with_columns(location="file:///elsewhere"), "location", "cannot become"),
        (with_columns(properties={"format-version": "1"}), 'properties["format-version"]', "cannot go back"),
    ],
)
def test_changes_that_lose_data_are_refused_in_the_preview_and_in_the_update(
    tables: Operations, catalog: SqlCatalog, new: dict[str, Any], path: str, says: str
) -> None:
    """At its property, and before anything is changed."""
    old = tables.create({**ORDERS, "location": None})
    previous = {**ORDERS, "location": old.outputs["location"]}
    problems = tables.check(new, previous)
    assert [problem.path for problem in problems] == [path]
    assert says in problems[0].text
    before = catalog.load_table("cdc.orders").metadata_location
    with pytest.raises(ProviderError, match="cannot change to its declaration"):
        tables.update(old.id, old.outputs, new)
    assert catalog.load_table("cdc.orders").metadata_location == before


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"namespace": "a b"}, "namespace"),
        ({"name": "a.b"}, "name"),
        ({"columns": [], "partitionBy": []}, "columns"),
        ({"columns": [{"name": "a", "type": "text"}], "partitionBy": []}, "columns[0].type"),
        ({"columns": [{"name": "a", "type": "decimal(39,2)"}], "partitionBy": []}, "columns[0].type"),
        (
            {"columns": [{"name": "a", "type": "int"}, {"name": "A", "type": "int"}], "partitionBy": []},
            "columns[1].name",
        ),
        ({"columns": [{"name": "a", "type": "int", "nullable": True}], "partitionBy": []}, "columns[0].nullable"),
        ({"partitionBy": ["nowhere"]}, "partitionBy[0]"),
        ({"partitionBy": ["year", "year"]}, "partitionBy[1]"),
        ({"properties": {"a": 1}}, "properties.a"),
        ({"properties": {"format-version": "3"}}, 'properties["format-version"]'),
        ({"deleteOnDestroy": "yes"}, "deleteOnDestroy"),
    ],
)
def test_an_impossible_declaration_is_refused(tables: Operations, changes: dict[str, Any], path: str) -> None:
    """At its property."""
    assert [problem.path for problem in tables.check({**ORDERS, **changes})] == [path]


def test_unknown_inputs_are_not_checked(tables: Operations) -> None:
    """A preview may not know a location yet."""
    assert tables.check({**ORDERS, "location": UNKNOWN, "properties": UNKNOWN}, ORDERS) == []
    assert tables.check({**ORDERS, "columns": UNKNOWN}, ORDERS) == []


def test_a_table_outlives_its_declaration_by_default(tables: Operations, heard: Heard, catalog: SqlCatalog, tmp_path: Path) -> None:
    """Data is dropped only on purpose, and then with its files; dropping it twice succeeds."""
    state = tables.create(ORDERS)
    tables.delete(state.id, state.outputs)
    assert catalog.table_exists("cdc.orders")
    assert "stays in the catalog" in heard.notes[0]
    tables.delete(state.id, {**state.outputs, "deleteOnDestroy": True})
    assert not catalog.table_exists("cdc.orders")
    assert [path for path in (tmp_path / "warehouse").rglob("*") if path.is_file()] == []
    tables.delete(state.id, {**state.outputs, "deleteOnDestroy": True})


def test_a_lost_metadata_file_is_reported_as_such(tables: Operations, tmp_path: Path) -> None:
    """The object store has lost the file, the catalog still names it; a drop works nevertheless."""
    state = tables.create(ORDERS)
    for path in (tmp_path / "warehouse").rglob("*.metadata.json"):
        path.unlink()
    with pytest.raises(ProviderError, match="the object store has lost it"):
        tables.create(ORDERS)
    tables.delete(state.id, {**state.outputs, "deleteOnDestroy": True})
    assert tables.create(ORDERS).id == "cdc.orders"


def test_a_commit_that_loses_the_race_against_the_sink_is_retried(
    tables: Operations, catalog: SqlCatalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sink commits every few seconds."""
    old = tables.create(ORDERS)
    commit, raced = SqlCatalog.commit_table, []

    def late(self: SqlCatalog, *arguments: Any) -> Any:
        if not raced:
            raced.append(1)
            catalog.load_table("cdc.orders").append(one_row())
        return commit(self, *arguments)

    monkeypatch.setattr(SqlCatalog, "commit_table", late)
    tables.update(old.id, old.outputs, with_columns({"name": "note", "type": "string"}))
    table = catalog.load_table("cdc.orders")
    assert "note" in table.schema().column_names
    assert table.scan().to_arrow().num_rows == 1


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"catalogType": "rest"}, "catalogType"),
        ({"catalogName": ""}, "catalogName"),
        ({"warehouse": None}, "warehouse"),
        ({"uri": None}, "uri"),
        ({"uri": "postgresql://u:p@h/d"}, "uri"),
        ({"catalogType": "glue"}, "region"),
        ({"accessKeyId": "A"}, "secretAccessKey"),
    ],
)
def test_a_config_that_cannot_work_is_refused(config: dict[str, Any], changes: dict[str, Any], path: str) -> None:
    """At its key, before anything is opened."""
    with pytest.raises(ProviderError, match=f"iceberg: {path} "):
        operations({**config, **changes})


def test_an_unreachable_database_is_reported_without_its_password(tmp_path: Path) -> None:
    """The message names the cause."""
    config = {
        "catalogType": "sql", "catalogName": "a", "uri": "jdbc:postgresql://127.0.0.1:9/d", "username": "u", "password": "hunter2",
        "warehouse": f"file://{tmp_path}",
    }  # fmt: skip
    tables = operations(config)[ICEBERG_TABLE]
    tables.catalogs.seconds = 0.1  # type: ignore[attr-defined]
    with pytest.raises(ProviderError, match="nothing answers there") as caught:
        tables.create(ORDERS)
    assert "hunter2" not in str(caught.value)
