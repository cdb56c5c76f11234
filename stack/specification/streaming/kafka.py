"""Kafka brokers: server files, command lines, and sizes that fit 682 MiB of memory and 3413 MiB of disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.capacity.jvm import FENCED_START
from stack.capacity.quantity import MIB
from stack.settings.names import BROKERS, KAFKA_CONTROLLER_PORT, KAFKA_EXTERNAL_PORT, KAFKA_INTERNAL_PORT
from stack.settings.types import NOTHING
from stack.specification.logs import LOG4J_FILE
from stack.specification.monitoring.jmx import NO_AGENT
from stack.specification.streaming.jvm import flags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.names import Names
    from stack.settings.streaming import KafkaSettings
    from stack.specification.monitoring.jmx import Agent
    from stack.specification.services import Address

UID = 1000
LIBS = "/opt/kafka/libs/*"
CONFIG = "/etc/kafka/server.properties"
LOG4J = f"/etc/kafka-logging/{LOG4J_FILE}"
DATA_VOLUME = "/var/lib/kafka"
LOG_DIRS = f"{DATA_VOLUME}/data"

# Segment size of every log. Retention deletes whole segments; with Kafka's 1 GiB, 24 partitions would be kept forever on these volumes.
SEGMENT_MIB = 16
# Retained size of the cluster's metadata log.
METADATA_MIB = 64
# Time for which Kafka keeps the positions of a group without members; its default is 7 days.
YEAR_MINUTES = 365 * 24 * 60
# Total partitions of Kafka's internal compacted topics: consumer offsets and transaction states.
INTERNAL_PARTITIONS = 12


def server_properties(names: Names, ordinal: int, outside: Address, extra: Mapping[str, str] = NOTHING) -> dict[str, str]:
    """Return ``server.properties`` of one broker.

    Args:
        names: Names of the pipeline.
        ordinal: Number of the broker, from 0; also its node id.
        outside: Address of this broker outside the cluster, which the broker advertises.
        extra: Further properties of the stack, which override all others.
    """
    controllers = ",".join(f"{number}@{names.broker(number)}:{KAFKA_CONTROLLER_PORT}" for number in range(BROKERS))
    return {
        "process.roles": "broker,controller",
        "node.id": str(ordinal),
        "controller.quorum.voters": controllers,
        "listeners": f"INTERNAL://:{KAFKA_INTERNAL_PORT},CONTROLLER://:{KAFKA_CONTROLLER_PORT},EXTERNAL://:{KAFKA_EXTERNAL_PORT}",
        "advertised.listeners": (f"INTERNAL://{names.broker(ordinal)}:{KAFKA_INTERNAL_PORT},EXTERNAL://{outside}"),
        "listener.security.protocol.map": "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": LOG_DIRS,
        # no undeclared topic may appear, and no lagging replica may become leader
        "auto.create.topics.enable": "false",
        "unclean.leader.election.enable": "false",
        "default.replication.factor": str(BROKERS),
        "min.insync.replicas": "2",
        "offsets.topic.num.partitions": str(INTERNAL_PARTITIONS // 2),
        "offsets.topic.replication.factor": str(BROKERS),
        "transaction.state.log.num.partitions": str(INTERNAL_PARTITIONS // 2),
        "transaction.state.log.replication.factor": str(BROKERS),
        "transaction.state.log.min.isr": "2",
        "share.coordinator.state.topic.replication.factor": str(BROKERS),
        "share.coordinator.state.topic.min.isr": "2",
        "group.initial.rebalance.delay.ms": "0",
        # a sink that is stopped for longer than this would read again, and archive again, every row that its topics still hold
        "offsets.retention.minutes": str(YEAR_MINUTES),
        # memory: the defaults of these ten keys alone would need a heap of several hundred MiB
        "num.network.threads": "2",
        "num.io.threads": "4",
        "num.replica.fetchers": "1",
        "background.threads": "4",
        "queued.max.requests": "100",
        "queued.max.request.bytes": str(32 * 1024 * 1024),
        "socket.request.max.bytes": str(16 * 1024 * 1024),
        "replica.fetch.response.max.bytes": str(4 * 1024 * 1024),
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        "log.cleaner.threads": "1",
        # disk: without small segments and frequent checks, a log can far exceed retention.bytes
        "log.segment.bytes": str(SEGMENT_MIB * MIB),
        "log.retention.check.interval.ms": "15000",
        "log.segment.delete.delay.ms": "5000",
        "log.index.size.max.bytes": str(1024 * 1024),
        "offsets.topic.segment.bytes": str(SEGMENT_MIB * MIB),
        "transaction.state.log.segment.bytes": str(SEGMENT_MIB * MIB),
        "metadata.log.segment.bytes": str(SEGMENT_MIB * MIB),
        "metadata.max.retention.bytes": str(METADATA_MIB * MIB),
        **extra,
    }


def broker_command(settings: KafkaSettings, bootstrap: str, agent: Agent = NO_AGENT) -> list[str]:
    """Return the command line of a broker: Kafka's own, begun by `FencedStart`, which asks the other brokers first.

    Args:
        settings: Sizes of one broker.
        bootstrap: Addresses of all brokers inside the cluster, comma separated.
        agent: Prometheus' agent in the broker.
    """
    return [
        "java",
        *flags(settings.jvm, first_tier_only=True),
        *agent.flags,
        f"-Dlog4j2.configurationFile={LOG4J}",
        "-cp",
        LIBS,
        FENCED_START,
        CONFIG,
        bootstrap,
    ]


def format_command() -> list[str]:
    """Return the command that formats an empty volume for this cluster; a formatted volume remains unchanged."""
    return [
        "java",
        "-Xmx96m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        f"-Dlog4j2.configurationFile={LOG4J}",
        "-cp",
        LIBS,
        "kafka.tools.StorageTool",
        "format",
        "--ignore-formatted",
        "--cluster-id=$(CLUSTER_ID)",
        f"--config={CONFIG}",
    ]


def cluster_id(random_base64: str) -> str:
    """Return Kafka's cluster id from 16 random bytes in base64: 22 characters of the URL alphabet, never starting with a hyphen."""
    return random_base64.rstrip("=").replace("+", "A").replace("/", "B")
