"""Names and ports that two systems must agree on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from pydantic import PrivateAttr

from stack.settings.section import Section
from stack.settings.types import DnsLabel, Port, QualifiedTable, SqlIdentifier

if TYPE_CHECKING:
    from stack.settings.tables import Table

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

# Control topic of the Iceberg sink in the first epoch, and the start of those of further sinks.
CONTROL_TOPIC = "iceberg-control"

# Mount folder of the Secrets in a Connect worker, and the only folder that its config provider may read.
CONNECT_SECRETS = "/etc/connect/secrets"

# Mount folder of the Secrets in a pod that only reads the stack: a folder for each login.
READER_SECRETS = "/etc/stack/secrets"

# Mount folder of the stack's description in such a pod, and its file.
READER_CONFIG = "/etc/stack/description"
READER_FILE = "stack.json"

# Port of the exporter of the pipeline's figures.
EXPORTER_PORT = 9400


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

    _epoch: int = PrivateAttr(default=1)

    owner_role: ClassVar[str] = "app_owner"
    app_role: ClassVar[str] = "app_rw"
    catalog_role: ClassVar[str] = "iceberg"
    audit_role: ClassVar[str] = "audit"
    trail_role: ClassVar[str] = "trail"
    catalog_database: ClassVar[str] = "iceberg_catalog"
    sink_connector: ClassVar[str] = "s3-sink-connector"
    connect_group: ClassVar[str] = "connect-cluster"
    dead_letter_topic: ClassVar[str] = "s3-sink-dlq"
    archive_namespace: ClassVar[str] = "archive"

    def of_epoch(self, epoch: int) -> Names:
        """Return the names with those of an epoch: what it begins anew has another name than before, from the second epoch on."""
        names = self.model_copy()
        names._epoch = epoch  # noqa: SLF001 - of this class
        return names

    def _in_epoch(self, name: str, mark: str = "-") -> str:
        return name if self._epoch == 1 else f"{name}{mark}epoch{self._epoch}"

    @property
    def epoch(self) -> int:
        """Number of the present history (``streaming.epoch``)."""
        return self._epoch

    @property
    def current_slot(self) -> str:
        """Replication slot of the epoch: a new one begins with a snapshot, at a position that its own server has given."""
        return self._in_epoch(self.slot, "_")

    @property
    def former_slots(self) -> tuple[str, ...]:
        """Slots of all earlier epochs, which nothing reads any more."""
        return tuple(self.of_epoch(epoch).current_slot for epoch in range(1, self._epoch))

    @property
    def source_connector(self) -> str:
        """Source connector of the epoch; Connect stores a position under the connector's name, so a new name has none."""
        return self._in_epoch("postgres-cdc-connector")

    def sink(self, name: str = "") -> str:
        """Return the name of a sink connector, by the sink's name in ``archive.sinks``; without one, of the sink of all other tables."""
        return f"{self.sink_connector}-{name}" if name else self.sink_connector

    def control_topic(self, sink: str = "") -> str:
        """Return the control topic of an Iceberg sink in the epoch: each table stores its position in the topic under the topic's name."""
        return self._in_epoch(f"{CONTROL_TOPIC}-{sink}" if sink else CONTROL_TOPIC)

    def control_topics(self, sink: str = "") -> tuple[str, ...]:
        """Return an Iceberg sink's control topics of all epochs; the earlier ones stay, since a protected topic cannot be deleted."""
        return tuple(self.of_epoch(epoch).control_topic(sink) for epoch in range(1, self._epoch + 1))

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
        """Consumer group by which Debezium remembers the signals that it has read, in all epochs: a new group reads old signals again."""
        return self.signal_topic

    def object_prefix(self, table: Table) -> str:
        """Return the key prefix of a table's files in the bucket: ``topics/postgres.public.users``."""
        return f"{OBJECT_ROOT}/{self.topic(table)}"

    def quarantine_prefix(self, table: Table) -> str:
        """Return the key prefix of the files with a table's bad rows, beside those of the good ones and never below them."""
        return f"{self.object_prefix(table)}_quarantine"

    def route_regex(self, table: Table, suffix: str = "") -> str:
        """Return the expression that matches the topic of a table, with what may be behind it, and no other."""
        return f"^{re.escape(self.topic(table) + suffix)}$"

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
