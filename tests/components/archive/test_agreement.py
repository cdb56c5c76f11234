"""The two ends of the archive: added columns and destinations in the connectors, against tables, bucket and rights."""

from __future__ import annotations

import json
import re

import pytest

from stack.configs.classes import ARCHIVED_NAMES, SOUND_VALUES, TRUNCATE_MARKS, UNWRAP
from stack.settings.tables import PARTITION_COLUMNS
from tests.declared import MAKES, Declared, where_made

NULL_SAFE = "replace.null.with.default"
# the image's own, which have no such key: tests/images shows that they keep NULL
OWN = (ARCHIVED_NAMES, SOUND_VALUES, TRUNCATE_MARKS)


@pytest.fixture(params=["sandbox", "glue", "guest"])
def tabled(request: pytest.FixtureRequest) -> Declared:
    """Return a stack whose archive has Iceberg tables."""
    return Declared.of(request.param)


def transforms(config: dict[str, str]) -> list[dict[str, str]]:
    """Return a connector's transforms in the order in which they run, their keys without prefix."""
    chain = config["transforms"].split(",")
    prefixes = [f"transforms.{alias}." for alias in chain]
    return [{key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)} for prefix in prefixes]


def added_by_source(config: dict[str, str]) -> set[str]:
    """Return the columns that Debezium's unwrap transform adds to a row."""
    (unwrap,) = (one for one in transforms(config) if one["type"] == UNWRAP)
    fields = {"__" + field.replace(".", "_") for field in unwrap["add.fields"].split(",")}
    return fields | ({"__deleted"} if unwrap["delete.tombstone.handling.mode"] == "rewrite" else set())


def added_by_sink(config: dict[str, str]) -> dict[str, str]:
    """Return the columns that the sink's transforms add to a row, each with its type after the last transform, and in the table.

    A static field is text, which the sink turns into a number where the column has one: that of the epoch.
    """
    types = {
        "topic.field": "string",
        "partition.field": "int",
        "offset.field": "long",
        "timestamp.field": "timestamp",
        "static.field": "int",
    }
    added: dict[str, str] = {}
    for step in transforms(config):
        if step["type"].endswith(".InsertField$Value"):
            assert int(step.get("static.value", "0")) >= 0
            added |= {step[key]: kind for key, kind in types.items() if key in step}
        elif step["type"] not in OWN:
            assert step["type"].endswith(".TimestampConverter$Value")
            assert added[step["field"]] == "timestamp", "converted before it is inserted"
            added[step["field"]] = step["target.type"]
    return added


def test_every_topic_is_routed_to_exactly_one_table(tabled: Declared) -> None:
    config = tabled.sink_config
    tables = config["iceberg.tables"].split(",")
    routes = {name: re.compile(config[f"iceberg.table.{name}.route-regex"]) for name in tables}
    names = tabled.settings.names
    wanted = {names.topic(table): [f"{names.archive_namespace}.{table.archive_name}"] for table in tabled.settings.source.tables}
    assert set(wanted) == set(config["topics"].split(","))
    for topic in tabled.topics:
        assert [name for name, route in routes.items() if route.search(topic)] == wanted.get(topic, []), topic


def test_the_routing_field_is_one_that_the_sink_inserts(tabled: Declared) -> None:
    (place,) = [step for step in transforms(tabled.sink_config) if "topic.field" in step]
    assert place["topic.field"] == tabled.sink_config["iceberg.tables.route-field"]


def test_the_sink_writes_to_tables_that_are_declared(tabled: Declared) -> None:
    assert sorted(tabled.sink_config["iceberg.tables"].split(",")) == sorted(tabled.iceberg_tables)
    assert tabled.sink_config["iceberg.tables.auto-create-enabled"] == "false"
    assert tabled.sink_config["iceberg.control.topic"] in tabled.topics


def test_sink_and_program_open_one_catalog(tabled: Declared) -> None:
    """A JDBC catalog database holds several catalogs by name; in the wrong one the tables do not exist."""
    provider, config = tabled.only("pulumi:providers:iceberg").inputs, tabled.sink_config
    assert config["iceberg.catalog"] == provider["catalogName"]
    assert config["iceberg.catalog.warehouse"] == provider["warehouse"]
    assert config["iceberg.catalog.client.region"] == provider["region"]
    kinds = {"org.apache.iceberg.jdbc.JdbcCatalog": "sql", "org.apache.iceberg.aws.glue.GlueCatalog": "glue"}
    assert kinds[config["iceberg.catalog.catalog-impl"]] == provider["catalogType"]


def test_table_columns_are_the_rows_columns_and_what_the_two_connectors_add(tabled: Declared) -> None:
    added = added_by_source(tabled.source_config) | set(added_by_sink(tabled.sink_config))
    for table in tabled.settings.source.tables:
        name = f"{tabled.settings.names.archive_namespace}.{table.archive_name}"
        declared = [column["name"] for column in tabled.iceberg_tables[name].inputs["columns"]]
        assert len(declared) == len(set(declared))
        assert set(declared) == {column.name for column in table.columns} | added


def test_columns_that_the_sink_adds_have_the_type_it_gives_them(tabled: Declared) -> None:
    for table in tabled.iceberg_tables.values():
        types = {column["name"]: column["type"] for column in table.inputs["columns"]}
        for name, kind in added_by_sink(tabled.sink_config).items():
            assert types[name] == kind


def test_the_last_transform_knows_the_columns_of_the_declared_tables(tabled: Declared) -> None:
    """It sets a row aside by these types: of others it would refuse sound rows, or leave a task to fail."""
    last, names = transforms(tabled.sink_config)[-1], tabled.settings.names
    assert last.pop("type") == SOUND_VALUES
    known = {key: dict(column.split("=", 1) for column in text.split()) for key, text in last.items()}
    assert set(known) == {f"types.{topic}" for topic in tabled.sink_config["topics"].split(",")}
    for table in tabled.settings.source.tables:
        declared = tabled.iceberg_tables[f"{names.archive_namespace}.{table.archive_name}"].inputs["columns"]
        types = {column["name"]: column["type"] for column in declared if column["name"] in {own.name for own in table.columns}}
        assert known[f"types.{names.topic(table)}"] == types


def test_plain_files_are_checked_only_for_what_no_file_holds() -> None:
    assert transforms(Declared.of("parquet").sink_config)[-1] == {"type": SOUND_VALUES}


def test_tables_are_partitioned_by_the_hour_that_the_sink_writes(tabled: Declared) -> None:
    converted = [step["field"] for step in transforms(tabled.sink_config) if "target.type" in step]
    for table in tabled.iceberg_tables.values():
        assert table.inputs["partitionBy"] == converted


def test_both_formats_lay_objects_out_by_the_same_hours() -> None:
    parquet, iceberg = Declared.of("parquet").sink_config, Declared.of("sandbox").sink_config
    patterns = {step["field"]: step["format"] for step in transforms(iceberg) if "format" in step}
    assert parquet["path.format"] == "/".join(f"'{part}'={pattern}" for part, pattern in patterns.items())
    assert parquet["timezone"] == "UTC"


def test_both_formats_add_the_same_place_to_a_row() -> None:
    parquet, iceberg = added_by_sink(Declared.of("parquet").sink_config), added_by_sink(Declared.of("sandbox").sink_config)
    assert parquet.items() <= iceberg.items()
    assert iceberg.keys() - parquet.keys() == set(PARTITION_COLUMNS)


def test_the_parquet_hour_is_taken_from_a_field_that_the_source_adds() -> None:
    assert Declared.of("parquet").sink_config["timestamp.field"] in added_by_source(Declared.of("parquet").source_config)


def test_no_transform_turns_null_into_a_default(declared: Declared) -> None:
    """Such a transform would write 0 or 1970 where the database has NULL, without any error."""
    for config in declared.connectors.values():
        assert {step.get(NULL_SAFE) for step in transforms(config) if step["type"] not in OWN} == {"false"}


@where_made("role")
def test_table_locations_are_below_the_one_prefix_that_the_worker_may_write(declared: Declared) -> None:
    policy = json.loads(declared.recording.get("archive-write").inputs["policy"])
    (write,) = [statement for statement in policy["Statement"] if "s3:PutObject" in statement["Action"]]
    root = write["Resource"].removeprefix("arn:aws:s3:::").removesuffix("*")
    locations = [row["location"] for row in declared.recording.outputs["tables"]]
    locations += [table.inputs["location"] for table in declared.iceberg_tables.values()]
    locations += [table.inputs["properties"]["write.data.path"] for table in declared.iceberg_tables.values()]
    if "topics.dir" in declared.sink_config:
        locations.append(f"s3://{declared.sink_config['s3.bucket.name']}/{declared.sink_config['topics.dir']}/any")
    for location in locations:
        assert location.removeprefix("s3://").startswith(root)
    assert len(set(locations)) >= len(declared.settings.source.tables), "two tables share a folder"


def test_the_bucket_has_one_name_everywhere(declared: Declared) -> None:
    bucket = declared.settings.archive.bucket
    assert [made.inputs["bucket"] for made in declared.recording.of_type("aws:s3/bucket:Bucket")] == [bucket] * MAKES["bucket"](
        declared.settings
    )
    assert declared.recording.outputs["archive"]["bucket"] == bucket
    config = declared.sink_config
    assert bucket == (config.get("s3.bucket.name") or config["iceberg.catalog.warehouse"].split("/")[2])


@where_made("role")
def test_the_store_is_addressed_alike_by_worker_and_program(declared: Declared) -> None:
    store = declared.settings.archive.store
    config = declared.sink_config
    inside = config.get("iceberg.catalog.s3.endpoint") or config.get("store.url")
    aws = declared.only("pulumi:providers:aws").inputs
    assert (inside, "endpoint_url" in declared.secret("connect-archive")["config"]) == ((store.url, True) if store else (None, False))
    assert ("endpoints" in aws) == (store is not None)
    if store is not None:
        assert {value for entry in json.loads(aws["endpoints"]) for value in entry.values()} == {store.host_endpoint}
