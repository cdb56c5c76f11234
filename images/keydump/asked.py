"""The tables of keys, and the classes in the jars that declare them. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_CONNECT: Final = "org.apache.kafka.connect"
_DEBEZIUM: Final = "io.debezium"
_POSTGRES: Final = f"{_DEBEZIUM}.connector.postgresql"
_KAFKA: Final = f"{_CONNECT}.transforms"
_UNWRAP: Final = f"{_DEBEZIUM}.transforms.ExtractNewRecordState"
_AVRO: Final = "io.confluent.kafka.serializers"
_SINK: Final = "dataingestion.connect.GuardedIcebergSink"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A table of keys.

    Attributes:
        table: Name of the table's file.
        image: Image that contains the jars.
        artifacts: The jars that declare the keys, without their versions.
        members: ``class#member`` for each part of the table, see DumpKeys.java; with the prefix ``name=`` in a table of several
            configurations, each under its name.
        without: Keys that a class declares for related classes and that this one does not read.
        own: Classes of this project that declare keys; no lock file has them.
        beyond: Table whose keys this one does not repeat: of the class that the asked one extends; in the same image.
    """

    table: str
    image: str
    members: tuple[str, ...]
    artifacts: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()
    own: tuple[str, ...] = ()
    beyond: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """Arguments of DumpKeys: each member with the name of its group of keys."""
        return tuple(member if "=" in member else f"{self.table}={member}" for member in self.members)


_TRANSFORMS: Final = (
    "Cast",
    "DropHeaders",
    "ExtractField",
    "Filter",
    "Flatten",
    "HeaderFrom",
    "HoistField",
    "InsertField",
    "InsertHeader",
    "MaskField",
    "RegexRouter",
    "ReplaceField",
    "SetSchemaMetadata",
    "TimestampConverter",
    "TimestampRouter",
    "ValueToKey",
    "predicates.HasHeaderKey",
    "predicates.RecordIsTombstone",
    "predicates.TopicNameMatches",
)

TABLES: Final = (
    Asked(
        table="debezium-postgres",
        image="connect",
        artifacts=("debezium-connector-postgres",),
        # ALL_FIELDS lacks keys that the connector does read, such as offset.mismatch.strategy: the constants have them
        members=(
            f"{_POSTGRES}.PostgresConnectorConfig#ALL_FIELDS",
            f"{_POSTGRES}.PostgresConnector#config",
            f"{_POSTGRES}.PostgresConnectorConfig#*",
            f"{_DEBEZIUM}.relational.RelationalDatabaseConnectorConfig#*",
            f"{_DEBEZIUM}.config.CommonConnectorConfig#*",
            f"{_DEBEZIUM}.connector.base.DefaultQueueProvider#*",
            f"{_DEBEZIUM}.heartbeat.Heartbeat#*",
            f"{_DEBEZIUM}.heartbeat.DatabaseHeartbeatImpl#*",
            f"{_DEBEZIUM}.schema.AbstractTopicNamingStrategy#*",
            f"{_DEBEZIUM}.schema.AbstractRegexTopicNamingStrategy#*",
            f"{_DEBEZIUM}.pipeline.signal.channels.FileSignalChannel#*",
            f"{_DEBEZIUM}.pipeline.signal.channels.KafkaSignalChannel#*",
            f"{_DEBEZIUM}.pipeline.notification.channels.SinkNotificationChannel#*",
        ),
        # Connect's own definition of tasks.max has a least value
        without=frozenset({"database.include.list", "database.exclude.list", "include.schema.changes", "tasks.max"}),
    ),
    Asked(
        table="connect-source",
        image="connect",
        artifacts=("connect-runtime",),
        members=(f"{_CONNECT}.runtime.SourceConnectorConfig#configDef",),
    ),
    Asked(
        table="connect-sink",
        image="connect",
        artifacts=("connect-runtime",),
        members=(f"{_CONNECT}.runtime.SinkConnectorConfig#configDef",),
    ),
    Asked(
        table="connect-worker",
        image="connect",
        artifacts=("connect-runtime",),
        members=(
            f"{_CONNECT}.runtime.distributed.DistributedConfig#config",
            f"{_CONNECT}.connector.policy.AllowlistConnectorClientConfigOverridePolicy#CONFIG_DEF",
        ),
    ),
    Asked(
        table="iceberg-sink",
        image="connect",
        artifacts=("iceberg-kafka-connect",),
        members=("org.apache.iceberg.connect.IcebergSinkConfig#CONFIG_DEF",),
    ),
    Asked(
        table="guarded-sink",
        image="connect",
        own=(_SINK,),
        members=(f"{_SINK}#config",),
        beyond="iceberg-sink",
    ),
    Asked(
        table="avro-converter",
        image="connect",
        artifacts=("kafka-connect-avro-converter",),
        members=(
            "io.confluent.connect.avro.AvroDataConfig#baseConfigDef",
            f"{_AVRO}.KafkaAvroSerializerConfig#config",
            f"{_AVRO}.KafkaAvroDeserializerConfig#config",
        ),
    ),
    Asked(
        table="json-converter", image="connect", artifacts=("connect-json",), members=(f"{_CONNECT}.json.JsonConverterConfig#configDef",)
    ),
    Asked(
        table="transforms",
        image="connect",
        artifacts=("connect-transforms", "debezium-connector-postgres"),
        members=(
            *(f"{_KAFKA}.{name}={_KAFKA}.{name}#CONFIG_DEF" for name in _TRANSFORMS),
            f"{_UNWRAP}={_UNWRAP}ConfigDefinition#*",
            f"{_UNWRAP}={_UNWRAP}#config",
        ),
    ),
    Asked(table="kafka-broker", image="kafka", artifacts=("kafka_2.13",), members=("kafka.server.KafkaConfig#configDef",)),
    Asked(
        table="kafka-topic",
        image="kafka",
        artifacts=("kafka-storage",),
        members=("org.apache.kafka.storage.internals.log.LogConfig#configDefCopy",),
    ),
    Asked(
        table="kafka-producer",
        image="kafka",
        artifacts=("kafka-clients",),
        members=("org.apache.kafka.clients.producer.ProducerConfig#configDef",),
    ),
    Asked(
        table="kafka-consumer",
        image="kafka",
        artifacts=("kafka-clients",),
        members=("org.apache.kafka.clients.consumer.ConsumerConfig#configDef",),
    ),
    Asked(
        table="kafka-admin",
        image="kafka",
        artifacts=("kafka-clients",),
        members=("org.apache.kafka.clients.admin.AdminClientConfig#configDef",),
    ),
)
