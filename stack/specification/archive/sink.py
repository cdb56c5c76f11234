"""Sink connector configuration for Parquet and Iceberg."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from stack.configs.classes import COMMIT_COUNTERS, SOUND_VALUES
from stack.configs.models import ConfluentS3Sink, IcebergSink
from stack.configs.topics import sink_group
from stack.settings.names import CONNECT_SECRETS, OBJECT_ROOT
from stack.settings.quality import QUARANTINE, QualitySettings, quarantine_name
from stack.settings.tables import PARTITION_COLUMNS
from stack.specification.archive import quality as judging
from stack.specification.streaming.connect import secret_reference
from stack.specification.streaming.converters import converter_settings
from stack.specification.streaming.external import client_security

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.archive import ArchiveSettings
    from stack.settings.names import Names
    from stack.settings.streaming import ExistingKafka
    from stack.settings.tables import Table
    from stack.specification.services import Address

_JAVA_PATTERNS = {"year": "yyyy", "month": "MM", "day": "dd", "hour": "HH"}
# Transforms of each sink, in their order; behind them stands the one that judges rows, where the stack has it.
PLACE_CHAIN = ("place", "sound")
HOUR_CHAIN = ("place", *PARTITION_COLUMNS[1:], *(f"{part}Text" for part in PARTITION_COLUMNS), "sound")
# Name of the Iceberg catalog; sink and program must use the same name, since a JDBC database can hold several catalogs.
CATALOG = "archive"

# Transform that makes a dead letter of a row with a value that the archive has no place for. Without types it looks only for those that
# no format has a place for: Parquet files hold times as text.
_SOUND = {"transforms.sound.type": SOUND_VALUES}


def _types(table: Table) -> str:
    """Return the types of a table's columns in the archive, as the transform reads them."""
    return " ".join(f"{column.name}={column.archive_type}" for column in table.columns)


# Counters of the commits to each table, in place of a line of the log for each.
COUNTED_COMMITS = {"iceberg.catalog.metrics-reporter-impl": COMMIT_COUNTERS}
_UNJUDGED = QualitySettings()

# Above every dead letter: 16 MiB of a record and the headers (stack/settings/streaming.py, stack/specification/streaming/topics.py).
_LARGEST_LETTER = 17 * 1024 * 1024


def _insert(alias: str, **fields: str) -> dict[str, str]:
    return {
        f"transforms.{alias}.type": "org.apache.kafka.connect.transforms.InsertField$Value",
        **{f"transforms.{alias}.{key.replace('_', '.')}": value for key, value in fields.items()},
        f"transforms.{alias}.replace.null.with.default": "false",
    }


class _Common(TypedDict):
    tasks_max: int
    topics: tuple[str, ...]
    errors_deadletterqueue_topic_name: str


def _common(names: Names, tables: Sequence[Table], settings: ArchiveSettings) -> _Common:
    """Return the keys of both formats: tasks, topics and dead-letter topic."""
    return {
        "tasks_max": settings.tasks,
        "topics": tuple(names.topic(table) for table in tables),
        "errors_deadletterqueue_topic_name": names.dead_letter_topic,
    }


def _clients(registry_url: str) -> dict[str, str]:
    """Return the client keys of both formats: converters, and consumers that read committed records only."""
    return {
        "consumer.override.isolation.level": "read_committed",
        "consumer.override.auto.offset.reset": "earliest",
        "consumer.override.max.poll.records": "500",
        "consumer.override.max.partition.fetch.bytes": str(1024 * 1024),
        # of the dead letters, whose topic decides: one holds a record as it came
        "producer.override.max.request.size": str(_LARGEST_LETTER),
        **converter_settings(registry_url),
    }


def parquet_config(
    names: Names, tables: Sequence[Table], settings: ArchiveSettings, registry_url: str, quality: QualitySettings = _UNJUDGED
) -> dict[str, str]:
    """Return the configuration of Confluent's S3 sink: plain Parquet, partitioned by commit time in the database.

    Objects have the prefix ``topics/<topic>/year=…/month=…/day=…/hour=…/``. The sink closes a file after ``flush_records`` rows, after the
    commit interval in record time, at the end of the hour, or by the wall clock after twice the interval, so that the last rows of a quiet
    table are not delayed forever. The clock makes file boundaries depend on time; (epoch, topic, partition, offset) in each row identifies
    a repeated row.
    """
    url = settings.pod_url
    connector = ConfluentS3Sink(
        **_common(names, tables, settings),
        s3_bucket_name=settings.bucket,
        s3_region=settings.region,
        topics_dir=OBJECT_ROOT,
        path_format="'year'=yyyy/'month'=MM/'day'=dd/'hour'=HH",
        timestamp_field="__source_ts_ms",
        flush_size=settings.flush_records,
        rotate_interval_ms=settings.interval_ms,
        rotate_schedule_interval_ms=2 * settings.interval_ms,
        store_url=url,
        s3_path_style_access_enabled=True if url else None,
        transforms=(*PLACE_CHAIN, *judging.chain(quality, tables)),
        families={
            **_clients(registry_url),
            **_place(names),
            **_SOUND,
            **judging.transform(names, tables, quality),
        },
    )
    return {**connector.rendered(), **settings.extra}


def _place(names: Names, **further: str) -> dict[str, str]:
    """Return the transform that adds the identity of a row: its epoch and its position in Kafka, whose offsets a rebuilt cluster repeats.

    Connect inserts the epoch as text, which the Iceberg sink writes into a column of numbers as a number.
    """
    return _insert(
        "place",
        topic_field="__topic",
        partition_field="__kafka_partition",
        offset_field="__kafka_offset",
        static_field="__epoch",
        static_value=str(names.epoch),
        **further,
    )


def _hour_partition(names: Names) -> dict[str, str]:
    """Return transforms that add the identity of a row, and its hour (time of the Kafka record, UTC) as zero-padded strings.

    Iceberg refuses year, month, day and hour transforms of one column, hence four separate columns.
    """
    built = _place(names, timestamp_field="year")
    for part in PARTITION_COLUMNS[1:]:
        built |= _insert(part, timestamp_field=part)
    for part in PARTITION_COLUMNS:
        alias = f"{part}Text"
        built |= {
            f"transforms.{alias}.type": "org.apache.kafka.connect.transforms.TimestampConverter$Value",
            f"transforms.{alias}.field": part,
            f"transforms.{alias}.target.type": "string",
            f"transforms.{alias}.format": _JAVA_PATTERNS[part],
            f"transforms.{alias}.replace.null.with.default": "false",
        }
    return built


def _catalog(names: Names, settings: ArchiveSettings, database: Address) -> dict[str, str]:
    files = {
        "iceberg.catalog.warehouse": f"s3://{settings.bucket}/{OBJECT_ROOT}",
        "iceberg.catalog.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        "iceberg.catalog.client.region": settings.region,
        # the image contains this client and not the default, Apache's
        "iceberg.catalog.http-client.type": "urlconnection",
    }
    if settings.pod_url is not None:
        files |= {"iceberg.catalog.s3.endpoint": settings.pod_url, "iceberg.catalog.s3.path-style-access": "true"}
    if settings.tables_in == "glue":
        return {**files, "iceberg.catalog.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog"}
    tls = f"sslmode=verify-full&sslrootcert={CONNECT_SECRETS}/catalog/ca.crt"
    return {
        **files,
        "iceberg.catalog.catalog-impl": "org.apache.iceberg.jdbc.JdbcCatalog",
        "iceberg.catalog.uri": f"jdbc:postgresql://{database}/{names.catalog_database}?{tls}",
        "iceberg.catalog.jdbc.user": secret_reference("catalog", "username"),
        "iceberg.catalog.jdbc.password": secret_reference("catalog", "password"),
        "iceberg.catalog.jdbc.schema-version": "V1",
        # a restart of the database closes pooled connections
        "iceberg.catalog.retryable_status_codes": "57P01,57P02,57P03",
    }


def table_name(names: Names, table: Table) -> str:
    """Return the name of a table in the archive: ``archive.users``."""
    return f"{names.archive_namespace}.{table.archive_name}"


def quarantine(names: Names, table: Table) -> str:
    """Return the name of the table with a table's bad rows: ``archive.users_quarantine``."""
    return f"{names.archive_namespace}.{quarantine_name(table.archive_name)}"


def iceberg_config(  # noqa: PLR0913 - all that a sink's configuration follows from
    names: Names,
    tables: Sequence[Table],
    settings: ArchiveSettings,
    registry_url: str,
    database: Address,
    kafka: ExistingKafka | None = None,
    quality: QualitySettings = _UNJUDGED,
    *,
    name: str = "",
) -> dict[str, str]:
    """Return the configuration of Apache Iceberg's sink: one table per topic, committed exactly once.

    With a quarantine, each judged table has a second one for its bad rows, which the same commits fill.

    The sink commits at every commit interval, with or without new rows.

    The group timeouts are short for the case of a killed worker: its dead coordinator would otherwise hold the group for 45 s.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        settings: Settings of the archive.
        registry_url: Confluent-compatible API of the registry as the worker reaches it.
        database: PostgreSQL as the worker reaches it, for a JDBC catalog.
        kafka: Existing Kafka cluster, for the login of the sink's own clients, or None.
        quality: Settings of data quality.
        name: Name of the sink in ``archive.sinks``. It goes on where the sink of all tables stopped, with the tables that it takes over.
    """
    routes = {
        **{table_name(names, table): names.route_regex(table) for table in tables},
        **{quarantine(names, table): names.route_regex(table, QUARANTINE) for table in judging.quarantined(quality, tables)},
    }
    group = {"session.timeout.ms": "8000", "heartbeat.interval.ms": "2000"}
    connector = IcebergSink(
        **_common(names, tables, settings),
        iceberg_catalog=CATALOG,
        iceberg_tables=tuple(routes),
        iceberg_tables_route_field="__topic",
        iceberg_control_topic=names.control_topic(name),
        guard_earlier_group=sink_group(names.sink()) if name else None,
        iceberg_control_commit_interval_ms=settings.interval_ms,
        transforms=(*HOUR_CHAIN, *judging.chain(quality, tables)),
        families={
            **{f"iceberg.table.{table}.route-regex": expression for table, expression in routes.items()},
            **_clients(registry_url),
            **_catalog(names, settings, database),
            **{f"iceberg.kafka.{key}": value for key, value in group.items()},
            **client_security(kafka, "iceberg.kafka."),
            **{f"consumer.override.{key}": value for key, value in group.items()},
            **_hour_partition(names),
            **_SOUND,
            **{f"transforms.sound.types.{names.topic(table)}": _types(table) for table in tables},
            **judging.transform(names, tables, quality),
        },
    )
    return {**connector.rendered(), **settings.extra}
