"""Start scripts of Kafka and Confluent: which a container starts, the variables that each reads, and its heap without them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from capacity.commands import basename, image_name, programs

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Script:
    """A start script.

    Attributes:
        heap_mib: Maximum heap where no variable sets one (from the scripts of Kafka 4.3 and Confluent 8.1).
        variables: Beginning of the names of the variables that it reads.
        is_tool: Whether it runs a command and ends, instead of serving.
    """

    heap_mib: int
    variables: str = "KAFKA_"
    is_tool: bool = False


_REGISTRY, _REST, _KSQL, _CENTRE = "SCHEMA_REGISTRY_", "KAFKAREST_", "KSQL_", "CONTROL_CENTER_"
_SERVERS = {
    "kafka-server-start": Script(1024),
    "connect-distributed": Script(2048),
    "connect-standalone": Script(2048),
    "connect-mirror-maker": Script(2048),
    "zookeeper-server-start": Script(512),
    "schema-registry-start": Script(512, _REGISTRY),
    "kafka-rest-start": Script(256, _REST),
    "ksql-server-start": Script(3072, _KSQL),
    "control-center-start": Script(6144, _CENTRE),
    "kafka-run-class": Script(256),
    "schema-registry-run-class": Script(512, _REGISTRY),
    "kafka-rest-run-class": Script(256, _REST),
    "ksql-run-class": Script(3072, _KSQL),
}
_WITH_512 = re.compile(
    r"kafka-(console-(share-)?(consumer|producer)|(producer|consumer|share-consumer)-perf-test"
    r"|verifiable-(share-)?(consumer|producer)|streams-application-reset)"
)
_TOOLS = re.compile(
    r"kafka-(acls|broker-api-versions|client-metrics|cluster|configs|consumer-groups|delegation-tokens|delete-records|dump-log|e2e-latency"
    r"|features|get-offsets|groups|jmx|leader-election|log-dirs|metadata-quorum|metadata-shell|mirror-maker|reassign-partitions"
    r"|replica-verification|share-groups|storage|streams-groups|topics|transactions)"
    r"|trogdor|zookeeper-shell|zookeeper-security-migration"
)
_OF_REGISTRY = re.compile(r"kafka-(avro|json-schema|protobuf)-console-(consumer|producer)")
_IMAGE_SCRIPTS = {
    "cp-kafka": "kafka-server-start",
    "cp-server": "kafka-server-start",
    "confluent-local": "kafka-server-start",
    "cp-kafka-connect": "connect-distributed",
    "cp-kafka-connect-base": "connect-distributed",
    "cp-server-connect": "connect-distributed",
    "cp-server-connect-base": "connect-distributed",
    "cp-schema-registry": "schema-registry-start",
    "cp-kafka-rest": "kafka-rest-start",
    "cp-ksqldb-server": "ksql-server-start",
    "ksqldb-server": "ksql-server-start",
    "cp-enterprise-control-center": "control-center-start",
    "cp-zookeeper": "zookeeper-server-start",
    "apache/kafka": "kafka-server-start",
    "bitnami/kafka": "kafka-server-start",
    "debezium/kafka": "kafka-server-start",
    "debezium/connect": "connect-distributed",
}


def named(word: str) -> Script | None:
    """Return the script of this name or path, or None."""
    name = basename(word).removesuffix(".sh")
    if name in _SERVERS:
        return _SERVERS[name]
    if _OF_REGISTRY.fullmatch(name):
        return Script(512, _REGISTRY, is_tool=True)
    if _WITH_512.fullmatch(name):
        return Script(512, is_tool=True)
    if name == "connect-plugin-path":
        return Script(2048, is_tool=True)
    return Script(256, is_tool=True) if _TOOLS.fullmatch(name) else None


def of_commands(container: Mapping[str, Any]) -> Script | None:
    """Return the script with the largest heap among the programs that a container starts; an argument of a program is none."""
    scripts = [script for program in programs(container) if (script := named(program[0])) is not None]
    # --help, --version and the steps before a server take no more than the server itself
    return max(scripts, key=lambda script: (not script.is_tool, script.heap_mib), default=None)


def images_of(*scripts: str) -> set[str]:
    """Return the known images that start one of these scripts by themselves, by name or by owner and name."""
    return {image for image, script in _IMAGE_SCRIPTS.items() if script in scripts}


def of_image(container: Mapping[str, Any]) -> Script | None:
    """Return the script that a known image starts by itself, or None."""
    owner, name = image_name(container)
    if container.get("command") and "/etc/confluent/docker/run" not in str(container["command"]):
        return None
    script = _IMAGE_SCRIPTS.get(name) or _IMAGE_SCRIPTS.get(f"{owner}/{name}")
    return _SERVERS[script] if script else None
