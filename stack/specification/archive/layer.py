"""Specification of the archive layer: bucket, the worker's AWS identity, Iceberg tables and the sink connector."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.names import OBJECT_ROOT
from stack.settings.quality import BROKEN_RULES, quarantine_name
from stack.settings.sinks import by_table
from stack.settings.tables import PARTITION_COLUMNS, archive_columns
from stack.specification.archive import iam, sink, tables
from stack.specification.archive import quality as judging
from stack.specification.archive.identity import PodIdentity
from stack.specification.archive.sinks import SinkSpec, specified

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.archive import ArchiveSettings
    from stack.settings.model import Settings
    from stack.settings.names import Names
    from stack.specification.archive.iam import Document
    from stack.specification.source.layer import Source
    from stack.specification.streaming.parts import ConnectorSpec, Kafka


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket that the program creates.

    Attributes:
        name: Name of the bucket.
        force_destroy: Whether ``pulumi destroy`` deletes its objects.
        tls_only: Policy that denies plain HTTP, or None for a store inside the cluster, which speaks only HTTP.
        kms_key_arn: Key that encrypts the objects, or None for S3's own key.
        expire_noncurrent_days: Days after which old object versions are removed.
        access_log: Bucket to which S3 writes each request, or None.
    """

    name: str
    force_destroy: bool
    tls_only: Document | None
    kms_key_arn: str | None
    expire_noncurrent_days: int
    access_log: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The Iceberg catalog as the program uses it.

    Attributes:
        type: ``sql`` or ``glue``.
        name: Name of the catalog.
        warehouse: Root of the tables.
        region: AWS region.
        endpoint: Object store as the program reaches it, or None for AWS.
        uri: Database of the JDBC catalog as the program reaches it, or None.
        user: Database role of the JDBC catalog, or None.
        is_in_source: Whether the catalog is in a database that the program creates, and is deleted with it.
    """

    type: str
    name: str
    warehouse: str
    region: str
    endpoint: str | None
    uri: str | None
    user: str | None
    is_in_source: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IcebergTable:
    """An Iceberg table.

    Attributes:
        namespace: Namespace in the catalog.
        name: Name in the namespace.
        columns: Name and Iceberg type of each column.
        partition_by: Names of the partition columns.
        location: URL of the table's files.
        properties: Table properties.
        delete_on_destroy: Whether ``pulumi destroy`` deletes it.
    """

    namespace: str
    name: str
    columns: tuple[tuple[str, str], ...]
    partition_by: tuple[str, ...]
    location: str
    properties: Mapping[str, str]
    delete_on_destroy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """Specification of the archive layer.

    Attributes:
        bucket_name: Name of the bucket.
        bucket: The bucket that the program creates, or None for an existing one.
        writer: The worker's AWS identity, or None without AWS.
        catalog: The Iceberg catalog, or None with plain Parquet files.
        tables: The Iceberg tables.
        sinks: The sinks; the first one has every table without a sink of its own.
    """

    bucket_name: str
    bucket: Bucket | None
    writer: PodIdentity | None
    catalog: Catalog | None
    tables: tuple[IcebergTable, ...]
    sinks: tuple[SinkSpec, ...]

    @property
    def connectors(self) -> tuple[ConnectorSpec, ...]:
        """Connectors of all sinks."""
        return tuple(one.connector for one in self.sinks)


def archive(settings: Settings, source: Source, kafka: Kafka, registry_url: str) -> Archive:
    """Return the specification of the archive layer."""
    section, names = settings.archive, settings.names
    return Archive(
        bucket_name=section.bucket,
        bucket=None if section.existing_bucket else _bucket(section),
        writer=None if section.endpoint is not None else _writer(settings),
        catalog=_catalog(section, names, source) if section.format == "iceberg" else None,
        tables=_tables(settings) if section.format == "iceberg" else (),
        sinks=tuple(specified(settings, one, source, kafka, registry_url) for one in settings.sinks),
    )


def _bucket(section: ArchiveSettings) -> Bucket:
    return Bucket(
        name=section.bucket,
        force_destroy=section.destroy_with_stack,
        tls_only=iam.tls_only(section.bucket) if section.store is None else None,
        kms_key_arn=section.kms_key_arn,
        expire_noncurrent_days=section.expire_noncurrent_days,
        access_log=section.access_log_bucket,
    )


def _writer(settings: Settings) -> PodIdentity:
    section, names, by = settings.archive, settings.names, settings.archive.web_identity
    role = f"{section.bucket}-writer"
    rights = {"write": iam.write_archive(section.bucket, reads=section.format == "iceberg")}
    if section.format == "iceberg" and section.tables_in == "glue":
        rights["catalog"] = iam.use_catalog(section.region, names.archive_namespace)
    if section.kms_key_arn is not None:
        rights["key"] = iam.use_key(section.kms_key_arn, section.region)
    return PodIdentity(
        component="connect",
        user=None if by else f"{section.bucket}-connect",
        role=role,
        rights=rights,
        assume=None if by else iam.assume_only(role),
        trust_pods=iam.trust_pods(by.provider_arn, by.audience, names.namespace, "connect") if by else None,
        secret=settings.rotation.archive_secret,
        # a trigger added later replaces nothing, hence a word from the start
        rotation=settings.rotation.archive or "-",
        region=section.region,
        sts_endpoint=section.pod_url,
    )


def _catalog(section: ArchiveSettings, names: Names, source: Source) -> Catalog:
    is_jdbc, created = section.tables_in == "jdbc", source.created is not None
    # libpq verifies an existing server with the authority in the program's environment
    verified = "" if created else "?sslmode=verify-full"
    return Catalog(
        type="sql" if is_jdbc else "glue",
        name=sink.CATALOG,
        warehouse=f"s3://{section.bucket}/{OBJECT_ROOT}",
        region=section.region,
        endpoint=section.host_url,
        uri=f"postgresql://{source.outside}/{names.catalog_database}{verified}" if is_jdbc else None,
        user=names.catalog_role if is_jdbc else None,
        is_in_source=is_jdbc and created,
    )


def _tables(settings: Settings) -> tuple[IcebergTable, ...]:
    """Return the tables of all rows, or of the good ones, and the quarantine of those that have one."""
    names, quality, captured = settings.names, settings.quality, settings.source.tables
    sinks = by_table(settings.sinks)
    marks = {table.qualified: (BROKEN_RULES,) for table in judging.judged(captured)} if quality.marks else {}
    return (
        *(
            _table(
                settings,
                table.archive_name,
                names.object_prefix(table),
                archive_columns(table, *marks.get(table.qualified, ())),
                sinks[table.qualified].name,
            )
            for table in captured
        ),
        *(
            _table(
                settings,
                quarantine_name(table.archive_name),
                names.quarantine_prefix(table),
                archive_columns(table, BROKEN_RULES),
                sinks[table.qualified].name,
            )
            for table in judging.quarantined(quality, captured)
        ),
    )


def _table(settings: Settings, name: str, prefix: str, columns: Sequence[tuple[str, str]], sink_name: str) -> IcebergTable:
    section, names = settings.archive, settings.names
    return IcebergTable(
        namespace=names.archive_namespace,
        name=name,
        columns=tuple(columns),
        partition_by=PARTITION_COLUMNS,
        location=f"s3://{section.bucket}/{prefix}",
        properties=tables.properties(names, prefix, section, settings.streaming.seams, sink_name),
        delete_on_destroy=section.destroy_with_stack,
    )
