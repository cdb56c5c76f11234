"""Names and ports that two systems must agree on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from settings.section import Section
from settings.types import DnsLabel, Port, QualifiedTable, SqlIdentifier

if TYPE_CHECKING:
    from settings.tables import Table

# The smallest number of brokers that keeps a majority of controllers and two in-sync replicas after the loss of one.
BROKERS = 3

POSTGRES_PORT = 5432
KAFKA_INTERNAL_PORT = 9092
KAFKA_CONTROLLER_PORT = 9093
KAFKA_EXTERNAL_PORT = 9094
REGISTRY_PORT = 8081
CONNECT_PORT = 8083

# Value of the label app.kubernetes.io/part-of on every object.
PART_OF = "data-ingestion"

# Mount folder of the Secrets in a Connect worker, and the only folder that its config provider may read.
CONNECT_SECRETS = "/etc/connect/secrets"


class PublishedPort(Section):
    """Ports of one published service."""

    node: Port
    """Port on every node of the cluster (NodePort)."""
    host: Port
    """Port on the machine that runs the program; the laptop's cluster maps it to ``node``."""


class Names(Section):
    """The names of one pipeline."""

    namespace: DnsLabel = "data-ingestion"
    """Kubernetes namespace."""
    database: SqlIdentifier = "ecommerce"
    """Captured PostgreSQL database."""
    topic_prefix: SqlIdentifier = "postgres"
    """First part of every change topic's name; also the logical name of the source."""
    slot: SqlIdentifier = "debezium_slot"
    """Replication slot; unique among the pipelines of one database server."""
    publication: SqlIdentifier = "dbz_publication"
    """Publication with the captured tables and the heartbeat table."""
    heartbeat_table: QualifiedTable = "public.dbz_heartbeat"
    """Table that Debezium writes to, so that the slot of a quiet database moves."""
    debezium_role: SqlIdentifier = "debezium"
    """Database role of Debezium."""

    owner_role: ClassVar[str] = "app_owner"
    app_role: ClassVar[str] = "app_rw"
    catalog_role: ClassVar[str] = "iceberg"
    catalog_database: ClassVar[str] = "iceberg_catalog"
    source_connector: ClassVar[str] = "postgres-cdc-connector"
    sink_connector: ClassVar[str] = "s3-sink-connector"
    connect_group: ClassVar[str] = "connect-cluster"
    dead_letter_topic: ClassVar[str] = "s3-sink-dlq"
    iceberg_control_topic: ClassVar[str] = "iceberg-control"
    archive_namespace: ClassVar[str] = "archive"

    def topic(self, table: Table) -> str:
        """Return the change topic of a table: ``postgres.public.users``."""
        return f"{self.topic_prefix}.{table.qualified}"

    @property
    def heartbeat_topic(self) -> str:
        """Debezium's heartbeat topic; ``topic.heartbeat.prefix`` is left at its default ``__debezium-heartbeat``."""
        return f"__debezium-heartbeat.{self.topic_prefix}"

    @property
    def signal_topic(self) -> str:
        """Topic by which Debezium is told to read rows again; its default name."""
        return f"{self.topic_prefix}-signal"

    @property
    def signal_group(self) -> str:
        """Consumer group by which Debezium remembers the signals that it has read."""
        return f"{self.source_connector}-signal"

    def object_prefix(self, table: Table) -> str:
        """Return the key prefix of a table's files in the bucket: ``topics/postgres.public.users``."""
        return f"{OBJECT_ROOT}/{self.topic(table)}"

    def route_regex(self, table: Table) -> str:
        """Return the expression that matches the topic of a table and no other."""
        return f"^{re.escape(self.topic(table))}$"

    def service(self, name: str) -> str:
        """Return the full DNS name of a Service of the pipeline inside the cluster."""
        return f"{name}.{self.namespace}.svc.cluster.local"

    def broker(self, ordinal: int) -> str:
        """Return the stable DNS name of one broker inside the cluster."""
        return f"kafka-{ordinal}.{self.service('kafka-headless')}"

    @property
    def bootstrap_servers(self) -> str:
        """Addresses of all brokers for clients inside the cluster, comma separated."""
        return ",".join(f"{self.broker(ordinal)}:{KAFKA_INTERNAL_PORT}" for ordinal in range(BROKERS))


# The only key prefix of the bucket that the sink may write to.
OBJECT_ROOT = "topics"

# AWS profile of the worker: named in its environment, defined in the SDK's files that the archive layer renders.
ARCHIVE_PROFILE = "archive"

# Mount folder of the worker's token for AWS, with a web identity.
AWS_TOKEN = "/var/run/secrets/aws"  # noqa: S105 - a folder
