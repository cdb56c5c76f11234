"""The sink's configuration, except where it must agree with other parts."""

from __future__ import annotations

import re

import pytest

from stack.settings.archive import ArchiveSettings, InClusterStore
from stack.settings.names import Names
from stack.settings.shop import TABLES
from stack.specification.archive import sink, tables
from stack.specification.services import Address

STORE = InClusterStore(namespace="object-store", service="moto", port=5000, host_endpoint="http://127.0.0.1:4566")
NAMES = Names()


def config(**changes: object) -> dict[str, str]:
    """Return a sink's configuration in the settings' format."""
    settings = ArchiveSettings.model_validate({"bucket": "archive", "format": "iceberg", **changes})
    if settings.format == "iceberg":
        return sink.iceberg_config(NAMES, TABLES, settings, "http://registry", Address(host="database", port=5432))
    return sink.parquet_config(NAMES, TABLES, settings, "http://registry")


FORMATS = [{"format": "parquet"}, {"format": "iceberg", "catalog": "jdbc"}, {"format": "iceberg", "catalog": "glue"}]


@pytest.mark.parametrize("chosen", FORMATS)
def test_every_value_is_text(chosen: dict[str, str]) -> None:
    """The worker accepts nothing else; a JSON number fails only at run time."""
    for key, value in config(**chosen).items():
        assert isinstance(value, str), key


@pytest.mark.parametrize("chosen", FORMATS)
def test_a_transform_is_configured_if_and_only_if_it_is_in_the_chain(chosen: dict[str, str]) -> None:
    """One outside the chain is silently ignored."""
    built = config(**chosen)
    configured = {match[1] for key in built if (match := re.match(r"transforms\.(\w+)\.", key))}
    assert configured == set(built["transforms"].split(","))


@pytest.mark.parametrize("chosen", FORMATS)
def test_dead_letters_carry_their_origin_and_logs_show_no_rows(chosen: dict[str, str]) -> None:
    built = config(**chosen)
    assert built["errors.deadletterqueue.context.headers.enable"] == "true"
    assert built["errors.log.enable"] == "true"
    assert built["errors.log.include.messages"] == "false"


@pytest.mark.parametrize("interval", [1_000, 300_000, 3_600_000])
def test_the_last_rows_of_a_quiet_table_wait_at_most_twice_the_interval(interval: int) -> None:
    """By the wall clock: record time stands still while nothing is written."""
    parquet = config(format="parquet", commitIntervalMs=interval)
    assert interval <= int(parquet["rotate.schedule.interval.ms"]) <= 2 * interval
    assert parquet["rotate.interval.ms"] == str(interval)
    assert config(commitIntervalMs=interval)["iceberg.control.commit.interval-ms"] == str(interval)


def test_groups_of_the_sink_give_up_a_dead_member_within_ten_seconds() -> None:
    """By their configuration, of the coordinator and of the tasks. `tests/sandbox_e2e/test_3_repair.py` kills a sink and measures."""
    built = config()
    for prefix in ("iceberg.kafka", "consumer.override"):
        session, beat = int(built[f"{prefix}.session.timeout.ms"]), int(built[f"{prefix}.heartbeat.interval.ms"])
        assert 3 * beat <= session <= 10_000
    assert int(built["iceberg.control.commit.timeout-ms"]) > int(built["iceberg.kafka.session.timeout.ms"])


def test_a_new_group_starts_at_the_first_change() -> None:
    for chosen in FORMATS:
        assert config(**chosen)["consumer.override.auto.offset.reset"] == "earliest"


@pytest.mark.parametrize("catalog", ["jdbc", "glue"])
def test_the_store_is_named_only_where_it_is_not_aws(catalog: str) -> None:
    assert "iceberg.catalog.s3.endpoint" not in config(catalog=catalog)
    inside = config(catalog=catalog, store=STORE)
    assert inside["iceberg.catalog.s3.endpoint"] == STORE.url
    assert inside["iceberg.catalog.s3.path-style-access"] == "true"
    assert "store.url" not in config(format="parquet")
    assert config(format="parquet", store=STORE)["store.url"] == STORE.url


def test_the_catalogs_server_is_verified() -> None:
    uri = config(catalog="jdbc")["iceberg.catalog.uri"]
    assert "sslmode=verify-full" in uri
    assert "sslrootcert=" in uri
    assert "jdbc" not in str({key: value for key, value in config(catalog="glue").items() if key.startswith("iceberg.catalog")})


def test_added_columns_are_carried_through_but_tables_are_never_made() -> None:
    built = config()
    assert built["iceberg.tables.evolve-schema-enabled"] == "true"
    assert built["iceberg.tables.auto-create-enabled"] == "false"


def test_each_table_is_written_beside_its_own_metadata() -> None:
    settings = ArchiveSettings(bucket="archive", format="iceberg")
    paths = {tables.properties(NAMES, NAMES.object_prefix(table), settings)["write.data.path"] for table in TABLES}
    assert len(paths) == len(TABLES)


def test_old_metadata_files_do_not_pile_up() -> None:
    """Each commit writes one: 8,640 a day at ten seconds."""
    built = tables.properties(NAMES, NAMES.object_prefix(TABLES[0]), ArchiveSettings(bucket="archive"))
    assert built["write.metadata.delete-after-commit.enabled"] == "true"
    assert 1 <= int(built["write.metadata.previous-versions-max"]) <= 100


def test_the_age_of_snapshots_is_a_property_of_each_table() -> None:
    """Iceberg's own property, so that any other tool that removes snapshots keeps to it too."""
    built = tables.properties(NAMES, NAMES.object_prefix(TABLES[0]), ArchiveSettings(bucket="archive", snapshot_minutes=30))
    assert built["history.expire.max-snapshot-age-ms"] == "1800000"
