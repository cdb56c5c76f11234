"""Configurations as the program renders them, for tests that change one thing in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.pair_rules import Expected
from stack.settings.archive import ArchiveSettings
from stack.settings.names import Names
from stack.settings.shop import TABLES
from stack.settings.source import SourceSettings
from stack.settings.streaming import RegistrySettings, TopicSettings
from stack.specification.archive import sink
from stack.specification.services import Address
from stack.specification.source.postgres import server_parameters
from stack.specification.source.sql import publication_tables
from stack.specification.streaming import connect, debezium, kafka, registry
from stack.specification.streaming.topics import change_topics

if TYPE_CHECKING:
    from stack.configs.keys import Kind

NAMES = Names()
REGISTRY = registry.api_url(NAMES, RegistrySettings(kind="apicurio"))
PUBLISHED = publication_tables(NAMES, TABLES)

S3 = sink.parquet_config(NAMES, TABLES, ArchiveSettings(bucket="archive"), REGISTRY)
_DATABASE = Address(host="database", port=5432)
SOURCE = debezium.source_config(NAMES, TABLES, _DATABASE, REGISTRY)
ICEBERG = sink.iceberg_config(NAMES, TABLES, ArchiveSettings(bucket="archive", format="iceberg", catalog="jdbc"), REGISTRY, _DATABASE)
WORKER = connect.worker_properties(NAMES)
BROKER = kafka.server_properties(NAMES, 0, Address(host="127.0.0.1", port=9092))
POSTGRES = server_parameters(SourceSettings())
TOPIC = change_topics(NAMES, TABLES, TopicSettings())[0].config

RENDERED: dict[Kind, dict[str, str]] = {
    "debezium": SOURCE,
    "s3": S3,
    "iceberg": ICEBERG,
    "worker": WORKER,
    "broker": BROKER,
    "topic": TOPIC,
    "postgresql": POSTGRES,
}


def expected(publication: list[str] = PUBLISHED, registry_url: str = REGISTRY) -> Expected:
    """Return the expectations that the rest of the program's own stack has of source and sink."""
    return Expected(
        tables=[table.qualified for table in TABLES],
        heartbeat_table=NAMES.heartbeat_table,
        publication=publication,
        names=debezium.expected_names(NAMES),
        registry_url=registry_url,
    )


def changed(config: dict[str, str], **changes: str | None) -> dict[str, str]:
    """Return a configuration with some keys set, or left out where the value is None."""
    merged = {**config, **changes}
    return {key: value for key, value in merged.items() if value is not None}
