"""Memory of a Java process, from its effective flags."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.capacity.jvm import DIRECT_MIB, METASPACE_MIB, PAGE_CACHE_FLOOR_MIB, memory
from stack.capacity.jvm_flags import FlagError, is_java
from stack.unknown import UNKNOWN

MIB = 2**20
GIB = 2**30


def java(*flags: str, env: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a container that runs Java."""
    made: dict[str, Any] = {"name": "c", "image": "i:1", "command": ["java", *flags, "-jar", "a.jar"], **more}
    if env:
        made["env"] = [{"name": name, "value": value} for name, value in env.items()]
    return made


HEAPS = [
    ("flag in MiB", java("-Xmx320m"), 320),
    ("flag in GiB", java("-Xmx2g"), 2048),
    ("flag in KiB", java("-Xmx524288K"), 512),
    ("flag in bytes", java("-Xmx536870912"), 512),
    ("long form", java("-XX:MaxHeapSize=256m"), 256),
    ("the last one counts", java("-Xmx256m", "-Xmx700m"), 700),
    ("no flag: a quarter of the limit", java(), 256),
    ("percentage", java("-XX:MaxRAMPercentage=75"), 768),
    ("percentage beside a number does nothing", java("-XX:MaxRAMPercentage=90", "-Xmx128m"), 128),
    ("JAVA_TOOL_OPTIONS", java(env={"JAVA_TOOL_OPTIONS": "-Xmx300m"}), 300),
    ("JDK_JAVA_OPTIONS", java(env={"JDK_JAVA_OPTIONS": "-Xms1g -Xmx300m"}), 300),
    ("the command line wins over JAVA_TOOL_OPTIONS", java("-Xmx100m", env={"JAVA_TOOL_OPTIONS": "-Xmx300m"}), 100),
    ("_JAVA_OPTIONS wins over the command line", java("-Xmx100m", env={"_JAVA_OPTIONS": "-Xmx300m"}), 300),
    ("args", {"name": "c", "command": ["java"], "args": ["-Xmx64m"]}, 64),
    ("a shell", {"name": "c", "command": ["/bin/sh", "-c", "exec java -Xmx96m -jar a.jar"]}, 96),
    ("quoted words", {"name": "c", "command": ["/bin/sh", "-c", "java '-Xmx96m' -Dx='a b'"]}, 96),
    ("Kafka's image by itself", {"name": "c", "image": "apache/kafka:4.3.1"}, 1024),
    ("Kafka's image with its variable", {"image": "apache/kafka:4.3.1", "env": [{"name": "KAFKA_HEAP_OPTS", "value": "-Xmx2g"}]}, 2048),
    ("Connect's image by itself", {"name": "c", "image": "confluentinc/cp-kafka-connect:8.1.0"}, 2048),
    ("a percentage is overridden by Connect's own start script", {
        "name": "c",
        "image": "confluentinc/cp-kafka-connect:8.1.0",
        "env": [{"name": "KAFKA_OPTS", "value": "-XX:MaxRAMPercentage=50"}],
    }, 2048),
    ("the registry's image by itself", {"name": "c", "image": "confluentinc/cp-schema-registry:8.1.0"}, 512),
    ("the registry's image by digest", {"name": "c", "image": f"confluentinc/cp-schema-registry@sha256:{'0' * 64}"}, 512),
]  # fmt: skip


@pytest.mark.parametrize(("container", "heap"), [case[1:] for case in HEAPS], ids=[case[0] for case in HEAPS])
def test_the_heap_is_what_the_process_would_get_in_a_gibibyte(container: dict[str, Any], heap: int) -> None:
    assert is_java(container)
    assert memory(container, GIB).heap == heap * MIB


def test_memory_without_a_flag_has_hotspots_own_default_or_what_is_assumed_of_most_programs() -> None:
    made = memory(java("-Xmx512m"), GIB)
    assert (made.direct, made.code_cache, made.metaspace) == (DIRECT_MIB * MIB, 240 * MIB, METASPACE_MIB * MIB)
    assert memory(java("-Xmx64m"), GIB).direct == 64 * MIB
    worker = {**java(), "command": ["java", "-Xmx512m", "org.apache.kafka.connect.cli.ConnectDistributed", "w.properties"]}
    assert memory(worker, GIB).direct == 512 * MIB
    assert memory(java("-Xmx512m", "-XX:TieredStopAtLevel=1"), GIB).code_cache == 48 * MIB
    bounded = memory(java("-Xmx512m", "-XX:MaxDirectMemorySize=64m", "-XX:ReservedCodeCacheSize=64m", "-XX:MaxMetaspaceSize=176m"), GIB)
    assert (bounded.direct, bounded.code_cache, bounded.metaspace, bounded.guessed) == (64 * MIB, 64 * MIB, 176 * MIB, ())


@pytest.mark.parametrize(
    ("flag", "value"),
    [("-Xmx", "512mb"), ("-Xmx", "0"), ("-Xmx", ""), ("-XX:MaxDirectMemorySize=", "many"), ("-XX:MaxRAMPercentage=", "x")],
)
def test_a_flag_that_java_refuses_is_an_error(flag: str, value: str) -> None:
    with pytest.raises(FlagError, match="is not"):
        memory(java(f"{flag}{value}"), GIB)


@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"])
def test_flags_that_are_not_known_at_preview_are_an_error(name: str) -> None:
    with pytest.raises(FlagError, match=f"{name} is not known at preview"):
        memory(java("-Xmx64m", env={name: UNKNOWN}), GIB)
    elsewhere = {**java("-Xmx64m"), "env": [{"name": name, "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}]}
    with pytest.raises(FlagError, match=f"{name} is not known at preview"):
        memory(elsewhere, GIB)


@pytest.mark.parametrize("name", ["KAFKA_HEAP_OPTS", "KAFKA_OPTS", "KAFKA_JVM_PERFORMANCE_OPTS"])
def test_a_start_scripts_variables_must_be_known_too(name: str) -> None:
    broker = {"name": "c", "image": "apache/kafka:4.3.1", "env": [{"name": name, "value": UNKNOWN}]}
    with pytest.raises(FlagError, match=f"{name} is not known at preview"):
        memory(broker, GIB)
    assert memory(java("-Xmx64m", env={name: UNKNOWN}), GIB).heap == 64 * MIB


FOLLOWED = [
    ("the last of all spellings", java("-Xmx256m", "-XX:MaxHeapSize=700m"), 700),
    ("an old spelling", java("-mx700m"), 700),
    ("what stands after the jar is the program's", {"command": ["java", "-Xmx700m", "-jar", "a.jar", "-Xmx64m"]}, 700),
    ("what stands after the main class is the program's", {"command": ["java", "-Xmx700m", "-cp", "x", "a.Main", "-Xmx64m"]}, 700),
    ("a variable of Kubernetes", java("$(HEAP)", env={"HEAP": "-Xmx700m"}), 700),
    ("a part of a word", java("-Xmx$(MB)m", env={"MB": "700"}), 700),
    ("a variable of a shell", {
        "command": ["sh", "-c", "exec java $OPTS -jar x"], "env": [{"name": "OPTS", "value": "-Xss1m -Xmx700m"}],
    }, 700),
    ("a path through a variable", {"command": ["sh", "-c", 'exec "$JAVA_HOME/bin/java" -Xmx700m -jar x']}, 700),
    ("a script's last variable", {"image": "apache/kafka:4", "env": [
        {"name": "KAFKA_OPTS", "value": "-Xmx700m"}, {"name": "KAFKA_HEAP_OPTS", "value": "-Xmx256m"},
    ]}, 700),
    ("the script before the image", {"image": "apache/kafka:4", "command": ["connect-distributed.sh", "w.properties"]}, 2048),
    ("variables that nobody reads", java(env={"JAVA_OPTS": "-Xmx700m"}), 256),
    ("arguments of an entry point", {"image": "some/app:1", "args": ["-Xmx700m"]}, 700),
    ("variables of an entry point", {"image": "some/app:1", "env": [{"name": "ES_JAVA_OPTS", "value": "-Xmx700m"}]}, 700),
    ("a small share of a small limit", java("-XX:MaxRAMPercentage=10"), 126),
    ("a quarter of MaxRAM", java("-XX:MaxRAM=64g"), 16 * 1024),
    ("a share of MaxRAM", java("-XX:MaxRAM=600m", "-XX:MaxRAMPercentage=50"), 300),
    ("half of a small MaxRAM", java("-XX:MaxRAM=200m"), 100),
    ("the last MaxRAM", java("-XX:MaxRAM=64g", env={"_JAVA_OPTIONS": "-XX:MaxRAM=2g"}), 512),
]  # fmt: skip


@pytest.mark.parametrize(("container", "heap"), [case[1:] for case in FOLLOWED], ids=[case[0] for case in FOLLOWED])
def test_flags_are_followed_through_variables_scripts_and_programs(container: dict[str, Any], heap: int) -> None:
    assert is_java({"name": "c", **container})
    assert memory({"name": "c", **container}, GIB).heap == heap * MIB


NOT_FOLLOWED = [
    java("@/opt/flags"),
    java("-XX:VMOptionsFile=/opt/flags"),
    java("-XX:Flags=/opt/flags"),
    java("-XX:MaxRAM=many"),
    java("-XX:MaxRAMFraction=1"),
    java("-XX:+AggressiveHeap"),
    java("-XX:-UseContainerSupport"),
    java("$(ELSEWHERE)"),
    java(env={"JDK_JAVA_OPTIONS": "@/opt/flags"}),
    java("-Xmx64m", envFrom=[{"configMapRef": {"name": "flags"}}]),
    {"name": "c", "command": ["sh", "-c", "java -Xmx256m $EXTRA -jar x"]},
    {"name": "c", "command": ["sh", "-c", "java -Xmx8m -jar a & java -Xmx8m -jar b"]},
]


@pytest.mark.parametrize("container", NOT_FOLLOWED)
def test_flags_that_cannot_be_followed_are_an_error_and_no_default(container: dict[str, Any]) -> None:
    assert is_java(container)
    with pytest.raises(FlagError):
        memory(container, GIB)


def test_a_flag_that_is_refused_shows_no_value() -> None:
    with pytest.raises(FlagError) as caught:
        memory(java("-Xmx512m,-Dpassword=hunter2"), GIB)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "container",
    [
        {"name": "c", "image": "connect:1", "command": ["/bin/sh", "-c", "curl http://127.0.0.1:8083/connectors"]},
        {"name": "c", "image": "postgres:17"},
        {"name": "c", "image": "javascript:1", "command": ["node", "java.js"]},
        {"name": "c", "command": ["grep", "-r", "java", "/x"]},
        {"name": "c", "command": ["sh", "-c", "echo no java here"]},
        {"name": "c", "image": "danielqsj/kafka-exporter:1.8"},
        {"name": "c", "image": "kafka.example.com/nginx:1"},
        {"name": "c", "image": "team/kafka-consumer-py:1"},
    ],
)
def test_containers_without_java_are_not_taken_for_java(container: dict[str, Any]) -> None:
    assert not is_java(container)


def test_only_brokers_keep_a_floor_for_the_page_cache() -> None:
    assert memory(java("-Xmx64m"), GIB).page_cache == 0
    broker = {"name": "c", "command": ["java", "-Xmx64m", "-cp", "x", "kafka.Kafka", "server.properties"]}
    assert memory(broker, GIB).page_cache == PAGE_CACHE_FLOOR_MIB * MIB


@pytest.mark.full
@given(heap=st.integers(1, 4096), more=st.integers(1, 512), limit=st.integers(64, 8192))
def test_more_heap_never_needs_less(heap: int, more: int, limit: int) -> None:
    small, large = (memory(java(f"-Xmx{size}m"), limit * MIB) for size in (heap, heap + more))
    assert large.needed - small.needed >= more * MIB
    assert small.needed == sum(small.parts().values())


@given(st.sampled_from(["-XX:+UseSerialGC", "-XX:+UseG1GC", "-XX:+UseZGC"]), st.integers(64, 2048))
def test_the_collector_follows_the_flag_and_not_the_machine(collector: str, heap: int) -> None:
    sizes = {memory(java(f"-Xmx{heap}m", collector), limit * MIB).collector for limit in (512, 4096)}
    assert len(sizes) == 1
    chosen = [memory(java(f"-Xmx{heap}m"), limit * MIB).collector for limit in (512, 4096)]
    assert chosen[0] < chosen[1]


@pytest.mark.parametrize(("heap", "limit"), [("256m", GIB), ("768m", GIB * 3 // 2), ("1g", 2 * GIB), ("3g", 4 * GIB)])
def test_a_plain_java_fits_the_limit_that_people_choose_for_its_heap(heap: str, limit: int) -> None:
    assert memory(java(f"-Xmx{heap}"), limit).needed <= limit


@pytest.mark.parametrize(
    ("flag", "least"),
    [
        ("-XX:StringTableSize=16777216", 120),
        ("-XX:StringTableSize=8m", 60),
        ("-XX:ParallelGCThreads=2000", 200),
        ("-XX:ConcGCThreads=2000", 200),
        ("-XX:CICompilerCount=2000", 200),
    ],
)
def test_a_flag_that_sets_a_number_of_entries_or_threads_takes_memory(flag: str, least: int) -> None:
    bare = memory(java("-Xmx256m"), GIB)
    assert memory(java("-Xmx256m", flag), GIB).needed >= bare.needed + least * MIB
    assert memory(java("-Xmx256m", "-XX:StringTableSize=60013", "-XX:ParallelGCThreads=4"), GIB).needed == bare.needed


# Images of Java programs, each with a variable of its own for the heap, and the heap in MiB.
VARIABLES = [
    ("solr:9.7", "SOLR_HEAP", "8g", 8192),
    ("apache/spark:3.5.3", "SPARK_DRIVER_MEMORY", "4g", 4096),
    ("apache/spark:3.5.3", "SPARK_EXECUTOR_MEMORY", "4096", 4096),
    ("apache/spark:3.5.3", "SPARK_DAEMON_MEMORY", "2G", 2048),
    ("apache/hadoop:3", "HADOOP_HEAPSIZE", "3000", 3000),
    ("apache/hadoop:3", "HADOOP_HEAPSIZE_MAX", "3g", 3072),
    ("apache/hadoop:3", "YARN_RESOURCEMANAGER_HEAPSIZE", "3000", 3000),
    ("hbase:2", "HBASE_HEAPSIZE", "4G", 4096),
    ("cassandra:5", "MAX_HEAP_SIZE", "4G", 4096),
    ("bitnami/cassandra:5", "MAX_HEAP_SIZE", "4096M", 4096),
    ("zookeeper:3.9", "ZK_SERVER_HEAP", "2000", 2000),
    ("bitnami/zookeeper:3.9", "ZOO_HEAP_SIZE", "2048", 2048),
    ("bitnami/elasticsearch:8", "ELASTICSEARCH_HEAP_SIZE", "4096m", 4096),
    ("neo4j:5", "NEO4J_server_memory_heap_max__size", "4G", 4096),
]


@pytest.mark.parametrize(("image", "name", "value", "mib"), VARIABLES)
def test_a_heap_in_a_variable_of_the_image_counts(image: str, name: str, value: str, mib: int) -> None:
    container = {"name": "x", "image": image, "env": [{"name": name, "value": value}]}
    assert is_java(container)
    assert memory(container, GIB).heap == mib * MIB


@pytest.mark.parametrize("value", [UNKNOWN, "half", "1.5g", "-1"])
def test_a_heap_in_a_variable_that_cannot_be_read_is_an_error(value: Any) -> None:
    container = {"name": "x", "image": "solr:9.7", "env": [{"name": "SOLR_HEAP", "value": value}]}
    assert is_java(container)
    with pytest.raises(FlagError):
        memory(container, GIB)


def test_flags_behind_j_count_and_the_names_of_other_programs_do_not() -> None:
    assert memory({"name": "x", "image": "jruby:9", "command": ["jruby", "-J-Xmx8g", "app.rb"]}, GIB).heap == 8 * GIB
    for image, name, value in (("node:22", "MAX_HEAP_SIZE", "4G"), ("redis:7", "HEAP", "4g"), ("python:3", "SPARK_HOME", "/opt/spark")):
        assert not is_java({"name": "x", "image": image, "env": [{"name": name, "value": value}]})


SET_BY_COMMANDS = (
    ["sh", "-c", "NAME=VALUE java -jar a.jar"],
    ["sh", "-c", "NAME=VALUE exec java -jar a.jar"],
    ["sh", "-c", "export NAME=VALUE; java -jar a.jar"],
    ["sh", "-ec", "export NAME=VALUE TZ=UTC\nexec java -jar a.jar"],
    ["bash", "-lc", "declare -x NAME=VALUE && java -jar a.jar"],
    ["sh", "-c", "X=1; NAME=VALUE; export NAME; java -jar a.jar"],
    ["sh", "-c", "TZ=UTC env NAME=VALUE java -jar a.jar"],
    ["env", "TZ=UTC", "NAME=VALUE", "java", "-jar", "a.jar"],
    ["env", "-u", "X", "NAME=VALUE", "java", "-jar", "a.jar"],
    ["sh", "-c", 'NAME="VALUE" nohup java -jar a.jar'],
)


@pytest.mark.parametrize("command", SET_BY_COMMANDS)
@pytest.mark.parametrize("name", ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"])
def test_a_variable_that_a_command_sets_counts(command: list[str], name: str) -> None:
    told = [word.replace("NAME", name).replace("VALUE", "-Xmx300m") for word in command]
    assert memory({"name": "c", "command": told}, GIB).heap == 300 * MIB


def test_a_variable_set_by_a_command_extends_or_replaces_the_containers() -> None:
    env = [{"name": "JAVA_TOOL_OPTIONS", "value": "-Xmx300m"}]
    for script, expected in (
        ("JAVA_TOOL_OPTIONS=-Xmx100m java -jar a.jar", 100),
        ('JAVA_TOOL_OPTIONS="$JAVA_TOOL_OPTIONS -Xss1m" java -jar a.jar', 300),
        ('export JAVA_TOOL_OPTIONS+=" -Xmx200m"; java -jar a.jar', 200),
        ("java -jar a.jar JAVA_TOOL_OPTIONS=-Xmx100m", 300),
        ("echo JAVA_TOOL_OPTIONS=-Xmx100m; java -jar a.jar", 300),
        ("eval 'java -Xmx250m -jar a.jar'", 250),
    ):
        assert memory({"name": "c", "command": ["sh", "-c", script], "env": env}, GIB).heap == expected * MIB
