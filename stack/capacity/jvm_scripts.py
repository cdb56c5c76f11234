"""Start scripts of Kafka, Confluent and tools that build: which a container starts, the variables of each, and its heap without them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stack.capacity.commands import basename, image_name, in_order, programs, split

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Script:
    """A start script.

    Attributes:
        heap_mib: Maximum heap where no variable sets one (from the scripts of Kafka 4.3 and Confluent 8.1); 0 for a share of the memory.
        variables: Beginning of the names of the variables that it reads.
        is_tool: Whether it runs a command and ends, instead of serving.
        is_build: Whether it builds and runs a program, and takes flags for Java among its own words.
    """

    heap_mib: int
    variables: str = "KAFKA_"
    is_tool: bool = False
    is_build: bool = False


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
# Gradle's daemon takes 512 MiB by itself, sbt 1 GiB; Maven, Ant and Leiningen leave it to HotSpot.
_BUILDS = {
    **dict.fromkeys(("gradle", "gradlew"), Script(512, "GRADLE_", is_build=True)),
    "sbt": Script(1024, "SBT_", is_build=True),
    **dict.fromkeys(("mvn", "mvnw"), Script(0, "MAVEN_", is_build=True)),
    "ant": Script(0, "ANT_", is_build=True),
    "lein": Script(0, "LEIN_JVM_", is_build=True),
}
_JVM_ARGUMENTS = "-Dorg.gradle.jvmargs="
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
    if name in _SERVERS or name in _BUILDS:
        return _SERVERS.get(name) or _BUILDS[name]
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


def at_once(container: Mapping[str, Any]) -> int:
    """Return how many of the scripts that serve or build a container runs at the same time: all that a ``&`` leaves in the background."""
    running = 0
    for command in in_order(container):
        script = next((found for word in command if (found := named(word)) is not None and not found.is_tool), None)
        if script is not None:
            running += 1 if command[-1] == "&" or running else 0
    return running


def build_flags(container: Mapping[str, Any]) -> list[str]:
    """Return the flags for Java among the words of a tool that builds: behind -J, in Gradle's own property, and sbt's -mem in MiB."""
    found: list[str] = []
    for program in programs(container):
        if basename(program[0]).removesuffix(".sh") not in _BUILDS:
            continue
        for at, word in enumerate(program):
            if word.startswith("-J-"):
                found.append(word.removeprefix("-J"))
            elif word.startswith(_JVM_ARGUMENTS):
                found += split(word.removeprefix(_JVM_ARGUMENTS))
            elif word == "-mem" and at + 1 < len(program):
                found.append(f"-Xmx{program[at + 1]}m")
    return found


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
