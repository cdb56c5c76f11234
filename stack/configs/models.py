"""Typed models of the connectors' configurations: unknown keys are refused, and values have the types that the connector reads."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from stack.configs.keys import Kind  # noqa: TC001 - pydantic reads the annotations
from stack.configs.spelling import spelling_problems

# Type of a value before it is rendered as text.
Value = bool | int | str | tuple[str, ...]


def _dotted(name: str) -> str:
    return name.replace("_", ".")


class Configuration(BaseModel):
    """A connector's configuration.

    Attributes:
        families: Keys with a prefix, in full: converters, transforms, client overrides and keys with a table's name in them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=_dotted, validate_by_name=True)

    kind: ClassVar[Kind]

    families: dict[str, str] = Field(default={})

    @model_validator(mode="after")
    def _known(self) -> Configuration:
        problems = spelling_problems(self.kind, self.rendered())
        if problems:
            raise ValueError("\n".join(map(str, problems)))
        return self

    def rendered(self) -> dict[str, str]:
        """Render the configuration for the worker: all values as text, without those that are None."""
        own = self.model_dump(by_alias=True, exclude={"families"}, exclude_none=True)
        return {**{key: written(value) for key, value in own.items()}, **self.families}


def written(value: Value) -> str:
    """Render a value as the worker reads it."""
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


class DebeziumPostgres(Configuration):
    """Debezium's PostgreSQL connector. ``configs.source_rules`` gives the reasons for the narrow types."""

    kind: ClassVar[Kind] = "debezium"

    connector_class: Literal["dataingestion.connect.GuardedPostgresConnector"] = "dataingestion.connect.GuardedPostgresConnector"
    tasks_max: Literal[1] = 1
    database_hostname: str
    database_port: int
    database_user: str
    database_password: str
    database_dbname: str
    database_initial_statements: str | None = None
    database_sslmode: Literal["verify-full", "verify-ca"] = "verify-full"
    database_sslrootcert: str
    topic_prefix: str
    table_include_list: tuple[str, ...]
    column_exclude_list: tuple[str, ...] | None = None
    message_key_columns: str | None = None
    plugin_name: Literal["pgoutput"] = "pgoutput"
    slot_name: str
    publication_name: str
    publication_autocreate_mode: Literal["disabled"] = "disabled"
    snapshot_mode: Literal["initial", "no_data"]
    exactly_once_support: Literal["required"] = "required"
    transaction_boundary: Literal["poll"] = "poll"
    poll_interval_ms: int
    max_queue_size_in_bytes: int
    heartbeat_interval_ms: int
    heartbeat_action_query: str
    provide_transaction_metadata: bool = False
    read_only: Literal[True]
    signal_enabled_channels: tuple[Literal["kafka"]]
    signal_kafka_topic: str
    signal_kafka_bootstrap_servers: str
    decimal_handling_mode: Literal["precise"] = "precise"
    time_precision_mode: Literal["connect"] = "connect"
    event_converting_failure_handling_mode: Literal["fail"] = "fail"
    # by default Debezium leaves out TRUNCATE
    skipped_operations: tuple[Literal["none"]] = ("none",)
    # a message has no topic, and the source would wait for one without end
    message_prefix_exclude_list: tuple[Literal[".*"]] = (".*",)
    converters: tuple[Literal["exact"]] = ("exact",)
    tombstones_on_delete: bool = False
    errors_tolerance: Literal["none"] = "none"
    errors_log_enable: bool = True
    errors_log_include_messages: bool = False
    errors_retry_timeout: int = 300_000
    errors_retry_delay_max_ms: int = 60_000
    transforms: tuple[str, ...]


class Sink(Configuration):
    """Settings common to all sinks: topics, dead letters, tasks."""

    tasks_max: int
    topics: tuple[str, ...]
    errors_tolerance: Literal["all", "none"] = "all"
    errors_log_enable: bool = True
    errors_log_include_messages: bool = False
    # without end: what is retried is sound, and after the last try it would be a dead letter
    errors_retry_timeout: int = -1
    errors_retry_delay_max_ms: int = 10_000
    errors_deadletterqueue_topic_name: str
    errors_deadletterqueue_topic_replication_factor: int = 3
    errors_deadletterqueue_context_headers_enable: bool = True
    transforms: tuple[str, ...]


class ConfluentS3Sink(Sink):
    """Confluent's S3 sink, which writes Parquet files by the hour."""

    kind: ClassVar[Kind] = "s3"

    connector_class: Literal["io.confluent.connect.s3.S3SinkConnector"] = "io.confluent.connect.s3.S3SinkConnector"
    storage_class: str = "io.confluent.connect.s3.storage.S3Storage"
    format_class: str = "io.confluent.connect.s3.format.parquet.ParquetFormat"
    parquet_codec: Literal["snappy", "gzip", "zstd", "none"] = "snappy"
    s3_bucket_name: str
    s3_region: str
    s3_part_size: int = Field(default=5 * 1024 * 1024, ge=5 * 1024 * 1024)
    s3_elastic_buffer_enable: bool = True
    s3_part_retries: int = 5
    s3_retry_backoff_ms: int = 2000
    s3_ssea_name: Literal["AES256", "aws:kms"] = "AES256"
    topics_dir: str
    partitioner_class: str = "io.confluent.connect.storage.partitioner.TimeBasedPartitioner"
    partition_duration_ms: int = 3_600_000
    path_format: str
    locale: str = "en-US"
    timezone: str = "UTC"
    timestamp_extractor: Literal["RecordField", "Record", "Wallclock"] = "RecordField"
    timestamp_field: str
    flush_size: int
    rotate_interval_ms: int
    rotate_schedule_interval_ms: int
    schema_compatibility: Literal["NONE"] = "NONE"
    behavior_on_null_values: Literal["ignore"] = "ignore"
    report_null_values_to_dlq: bool = False
    store_url: str | None = None
    s3_path_style_access_enabled: bool | None = None


class IcebergSink(Sink):
    """Apache Iceberg's sink, with one table for each topic."""

    kind: ClassVar[Kind] = "iceberg"

    connector_class: Literal["dataingestion.connect.GuardedIcebergSink"] = "dataingestion.connect.GuardedIcebergSink"
    iceberg_catalog: str
    iceberg_tables: tuple[str, ...]
    iceberg_tables_route_field: str = Field(alias="iceberg.tables.route-field")
    iceberg_tables_auto_create_enabled: bool = Field(default=False, alias="iceberg.tables.auto-create-enabled")
    iceberg_tables_evolve_schema_enabled: bool = Field(default=True, alias="iceberg.tables.evolve-schema-enabled")
    iceberg_control_topic: str
    guard_earlier_group: str | None = None
    iceberg_control_commit_interval_ms: int = Field(alias="iceberg.control.commit.interval-ms")
    iceberg_control_commit_timeout_ms: int = Field(default=15_000, alias="iceberg.control.commit.timeout-ms")
