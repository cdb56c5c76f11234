"""Programs of a container told apart from their arguments, start scripts from each other, and flags from both."""

from __future__ import annotations

from typing import Any

import pytest

from stack.capacity import jvm_scripts
from stack.capacity.jvm import THREADS, memory
from stack.capacity.jvm_flags import FlagError, is_java
from stack.capacity.threads import of_broker, of_worker

MIB, GIB = 2**20, 2**30
HEAP = {"name": "KAFKA_HEAP_OPTS", "value": "-Xmx16m"}
JAVA = ["java", "-Xmx700m", "-jar", "a.jar"]
SCRIPT = "exec java -Xmx700m -jar a.jar"

# ways to start java -Xmx700m -jar a.jar
STARTS: dict[str, list[str]] = {
    "itself": JAVA,
    "exec": ["exec", *JAVA],
    "tini": ["tini", "--", *JAVA],
    "tini with options": ["/sbin/tini", "-s", "-p", "SIGTERM", "-g", "--", *JAVA],
    "dumb-init": ["dumb-init", "--rewrite", "15:3", "--", *JAVA],
    "env": ["env", "LANG=C", *JAVA],
    "env with options": ["/usr/bin/env", "-i", "-u", "X", "LANG=C", *JAVA],
    "gosu": ["gosu", "kafka", *JAVA],
    "gosu and tini": ["tini", "--", "gosu", "1000:1000", *JAVA],
    "nice": ["nice", "-n", "10", *JAVA],
    "timeout": ["timeout", "-k", "5", "3600", *JAVA],
    "runuser": ["runuser", "-u", "app", "--", *JAVA],
    "stdbuf": ["stdbuf", "-oL", *JAVA],
    "a shell": ["sh", "-c", SCRIPT],
    "a login shell": ["/bin/bash", "-lc", SCRIPT],
    "a strict shell": ["bash", "-euo", "pipefail", "-c", SCRIPT],
    "a shell with an option": ["bash", "-o", "pipefail", "-c", SCRIPT],
    "a shell behind tini": ["tini", "--", "sh", "-ec", SCRIPT],
    "a shell behind env": ["/usr/bin/env", "bash", "-c", SCRIPT],
    "lines": ["sh", "-c", f"set -e\n# why\ncp /a /b  # copy\n{SCRIPT}\n"],
    "a continued line": ["sh", "-c", "set -e\nexec java \\\n  -Xmx700m \\\n  -jar a.jar\n"],
    "an assignment": ["sh", "-c", "LANG=C exec java -Xmx700m -jar a.jar"],
    "after a wait": ["sh", "-c", "until nc -z kafka 9092; do sleep 1; done; exec java -Xmx700m -jar a.jar"],
    "a path": ["/opt/java/openjdk/bin/java", "-Xmx700m", "-cp", "/app/*", "com.example.Main", "-Xmx5m"],
}


@pytest.mark.parametrize(
    "last", [[], ["kafka-run-class"], ["kafka-server-start.sh"], ["/opt/kafka/bin/connect-distributed.sh"], ["ksql-server-start"]]
)
@pytest.mark.parametrize("start", STARTS)
def test_the_commands_own_flags_count_and_not_a_scripts_variables(start: str, last: list[str]) -> None:
    command = (
        [*STARTS[start], *last]
        if "-c" not in str(STARTS[start][:-1])
        else [*STARTS[start][:-1], f"{STARTS[start][-1].strip()} {' '.join(last)}"]
    )
    container: dict[str, Any] = {"name": "c", "image": "apache/kafka:4.3.1", "command": command, "env": [HEAP]}
    assert is_java(container)
    assert memory(container, GIB).heap == 700 * MIB


def test_a_java_without_flags_behind_a_front_program_is_known() -> None:
    for command in (["tini", "-g", "--", "sh", "-c", "exec java -jar a.jar"], ["bash", "-o", "pipefail", "-c", "java -jar a.jar"]):
        assert is_java({"name": "c", "image": "i", "command": command})


SERVERS = {
    "kafka-server-start": ("KAFKA_", 1024),
    "connect-distributed": ("KAFKA_", 2048),
    "connect-standalone": ("KAFKA_", 2048),
    "connect-mirror-maker": ("KAFKA_", 2048),
    "schema-registry-start": ("SCHEMA_REGISTRY_", 512),
    "kafka-rest-start": ("KAFKAREST_", 256),
    "ksql-server-start": ("KSQL_", 3072),
    "control-center-start": ("CONTROL_CENTER_", 6144),
    "zookeeper-server-start": ("KAFKA_", 512),
}
TOOLS = {
    "kafka-topics": 256,
    "kafka-configs": 256,
    "kafka-consumer-groups": 256,
    "kafka-storage": 256,
    "kafka-console-consumer": 512,
    "kafka-console-producer": 512,
    "kafka-producer-perf-test": 512,
    "kafka-consumer-perf-test": 512,
    "kafka-avro-console-consumer": 512,
    "kafka-verifiable-producer": 512,
    "kafka-streams-application-reset": 512,
    "zookeeper-shell": 256,
}


@pytest.mark.parametrize("end", ["", ".sh"])
@pytest.mark.parametrize("name", SERVERS)
def test_each_script_reads_its_own_variables(name: str, end: str) -> None:
    begin, heap = SERVERS[name]
    made: dict[str, Any] = {"name": "c", "image": "i", "command": [f"/opt/bin/{name}{end}", "x.properties"]}
    assert is_java(made)
    assert memory(made, GIB).heap == heap * MIB
    assert memory({**made, "env": [{"name": "OTHER_HEAP_OPTS", "value": "-Xmx8m"}]}, GIB).heap == heap * MIB
    assert memory({**made, "env": [{"name": f"{begin}HEAP_OPTS", "value": ""}]}, GIB).heap == heap * MIB
    assert memory({**made, "env": [{"name": f"{begin}HEAP_OPTS", "value": "-Xms4g"}]}, GIB).heap == 4096 * MIB


@pytest.mark.parametrize("name", TOOLS)
def test_a_command_line_tool_is_java_and_fits_a_small_container(name: str) -> None:
    made: dict[str, Any] = {"name": "c", "image": "i", "command": [f"{name}.sh", "--bootstrap-server", "kafka:9092"]}
    assert is_java(made)
    assert memory(made, GIB).heap == TOOLS[name] * MIB
    assert memory(made, GIB).needed <= (TOOLS[name] + 256) * MIB


def test_a_tool_before_a_server_counts_as_the_server() -> None:
    script = "kafka-storage.sh format -t x -c server.properties\nexec kafka-server-start.sh server.properties"
    assert memory({"name": "c", "image": "i", "command": ["bash", "-c", script]}, GIB).heap == GIB


def test_flags_of_the_machine_do_nothing_beside_a_fixed_heap() -> None:
    for flag in ("-XX:MaxRAMFraction=1", "-XX:-UseContainerSupport"):
        assert memory({"name": "c", "command": ["java", flag, *JAVA[1:]]}, GIB).heap == 700 * MIB
        with pytest.raises(FlagError):
            memory({"name": "c", "command": ["java", flag, "-jar", "a.jar"]}, GIB)


@pytest.mark.parametrize(
    "container",
    [
        {"image": "apache/kafka-native:4.3.1"},
        {"command": ["sh", "-c", "nc -z kafka 9092 && echo kafka-topics"]},
        {"command": ["cat", "/opt/kafka/bin/kafka-server-start.sh"]},
        {"command": ["python", "-m", "app", "java"]},
        {"command": ["kafka-exporter", "--kafka.server=kafka:9092"]},
        {"command": ["sh", "/scripts/java.sh"]},
    ],
)
def test_what_is_not_java_is_not_taken_for_it(container: dict[str, Any]) -> None:
    assert not is_java({"name": "c", "image": "i", **container})


def test_arguments_are_no_scripts() -> None:
    assert jvm_scripts.of_commands({"command": ["java", "-jar", "a.jar", "kafka-server-start"]}) is None


@pytest.mark.parametrize(
    ("properties", "added"),
    [
        ({}, 0),
        ({"num.io.threads": "8", "num.network.threads": "2"}, 0),
        ({"num.io.threads": "2000"}, 1992),
        ({"num.network.threads": "103", "listeners": "A://:1,B://:2,C://:3"}, 300),
        ({"num.replica.fetchers": "51"}, 100),
        ({"background.threads": "510"}, 500),
        ({"num.recovery.threads.per.data.dir": "102", "log.dirs": "/a,/b"}, 200),
        ({"log.cleaner.threads": "101"}, 100),
        ({"group.coordinator.threads": "104"}, 100),
        ({"remote.log.reader.threads": "1000"}, 0),
        ({"remote.log.reader.threads": "1010", "remote.log.storage.system.enable": "true"}, 1000),
        ({"num.io.threads": "many"}, 0),
    ],
)
def test_threads_that_a_broker_adds(properties: dict[str, str], added: int) -> None:
    assert sum(of_broker(properties).values()) == added


def test_threads_cost_their_stacks() -> None:
    made: dict[str, Any] = {"name": "c", "command": JAVA}
    assert memory(made, GIB, threads=2000).stacks == memory(made, GIB).stacks * (THREADS + 2000) // THREADS
    assert of_worker([{"tasks.max": "1"}, {"tasks.max": 3}]) == 0
    assert of_worker([{"tasks.max": "1"}, {"tasks.max": "103"}]) == 300
