"""Java that loops, xargs, other users and build tools start counts like any other."""

from __future__ import annotations

import pytest

from policy.declared import Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import NAMESPACE, container, extra, pod

LIMITS = Limits(memory={NAMESPACE: 2**35}, volumes={NAMESPACE: 2**34})
BOUNDS = "-XX:MaxMetaspaceSize=64m -XX:ReservedCodeCacheSize=64m -XX:MaxDirectMemorySize=64m -XX:+UseSerialGC"
SMALL = f"java -Xmx128m {BOUNDS} -jar a.jar"


def rules(memory: str = "1Gi", **more: object) -> set[str]:
    """Return the rules by which plan and pack refuse a container."""
    one = extra("Pod", "x", pod(container(memory=memory, **more)))
    told = {violation.rule for violation in by_plan([one], LIMITS)}
    assert told == {rule for rule, _message in by_pack([one], LIMITS)}
    return told


LARGE = (
    "while true; do java -Xmx8g -jar a.jar; sleep 1; done",
    "until java -Xmx8g -jar a.jar; do sleep 1; done",
    "while ! java -Xmx8g -jar a.jar; do sleep 1; done",
    "if java -Xmx8g -jar a.jar; then echo done; fi",
    "for i in 1 2 3; do java -Xmx8g -jar $i.jar; done",
    "ls jobs | xargs -n 1 java -Xmx8g -jar",
    "ls jobs | xargs -I {} java -Xmx8g -jar {}",
    "su app -c 'java -Xmx8g -jar a.jar'",
    "su -s /bin/sh app -c 'java -Xmx8g -jar a.jar'",
    "bash -c 'java -Xmx8g -jar a.jar'",
    "exec bash -c 'while true; do java -Xmx8g -jar a.jar; done'",
    "flock /tmp/lock java -Xmx8g -jar a.jar",
    "chrt 10 java -Xmx8g -jar a.jar",
    "strace -o /tmp/a java -Xmx8g -jar a.jar",
    "gradle run -Dorg.gradle.jvmargs=-Xmx8g",
    "GRADLE_OPTS=-Xmx8g ./gradlew bootRun",
    "./gradlew bootRun '-Dorg.gradle.jvmargs=-Xmx8g -XX:MaxMetaspaceSize=64m'",
    "sbt -J-Xmx8g run",
    "sbt -mem 8192 run",
    "SBT_OPTS=-Xmx8g sbt run",
    "MAVEN_OPTS=-Xmx8g mvn spring-boot:run",
    "lein -J-Xmx8g run",
    "env -S 'java -Xmx8g' -jar a.jar",
    "busybox sh -c 'java -Xmx8g -jar a.jar'",
)
REPEATED = (
    f"for i in 1 2 3 4 5 6 7 8; do {SMALL} & done; wait",
    f"while read line; do {SMALL} & done < jobs",
    f"ls jobs | xargs -P 8 -n 1 {SMALL}",
    f"ls jobs | xargs -P0 {SMALL}",
    f"ls jobs | xargs --max-procs=8 {SMALL}",
    "mvn -q a:b & mvn -q c:d",
    "kafka-server-start.sh a.properties & connect-distributed.sh b.properties",
    f"kafka-server-start.sh a.properties & {SMALL}",
    f"parallel -j 8 {SMALL} ::: a b c",
)
FITTING = (
    f"while true; do {SMALL}; sleep 60; done",
    f"until {SMALL}; do sleep 1; done",
    f"for i in 1 2 3; do {SMALL}; done",
    f"ls jobs | xargs -n 1 {SMALL}",
    f"ls jobs | xargs -P 1 {SMALL}",
    f"su app -c '{SMALL}'",
    f"{SMALL} & wait",
    "for i in 1 2 3; do sleep $i & done; wait",
    "sleep 5 & exec java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -jar a.jar",
    "ls | xargs -P 4 gzip",
    "echo while java -Xmx8g runs",
    "while true; do curl -s http://java:8080; done",
)


@pytest.mark.parametrize("script", LARGE)
def test_java_counts_however_a_script_starts_it(script: str) -> None:
    assert "java-fits" in rules(command=["sh", "-c", script])
    assert "java-fits" not in rules(command=["sh", "-c", script], memory="24Gi")


@pytest.mark.parametrize("script", REPEATED)
def test_java_that_is_started_several_times_at_once_is_refused(script: str) -> None:
    assert "java-fits" in rules(command=["bash", "-c", script], memory="24Gi")


@pytest.mark.parametrize(
    ("image", "name"), [("atlassian/jira-software:9.12.14", "JVM_MAXIMUM_MEMORY"), ("itzg/minecraft-server:2024.10.2", "MEMORY")]
)
def test_variables_of_images_that_size_the_heap_count(image: str, name: str) -> None:
    for value, told in (("8192m", True), ("8G", True), ("96m", False)):
        assert ("java-fits" in rules(image=image, command=None, env=[{"name": name, "value": value}])) is told
    assert rules(image="localhost/tool:1", command=None, env=[{"name": "MEMORY", "value": "8G"}]) == set()


@pytest.mark.parametrize("script", FITTING)
def test_java_that_fits_is_accepted_however_a_script_starts_it(script: str) -> None:
    assert rules(command=["sh", "-c", script]) == set()


def test_a_build_tool_takes_its_own_heap_where_nothing_sets_one() -> None:
    for command in (["./gradlew", "run"], ["sbt", "run"]):
        assert "java-fits" in rules(command=command, memory="512Mi")
        assert rules(command=command, memory="4Gi") == set()
    assert rules(command=["mvn", "-q", "exec:java"], memory="2Gi") == set()
    assert rules(command=["sbt", "-J-Xmx256m", "run"], memory="1Gi") == set()


@pytest.mark.parametrize(
    ("command", "more"),
    [
        (["spark-submit", "--driver-memory", "8g", "job.py"], {}),
        (["/opt/spark/bin/spark-submit", "--conf", "spark.driver.memory=8g", "job.py"], {}),
        (["taskmanager.sh", "start-foreground", "-D", "taskmanager.memory.process.size=8g"], {}),
        (["/docker-entrypoint.sh", "jobmanager", "-Djobmanager.memory.process.size=8g"], {}),
        (
            ["/docker-entrypoint.sh", "taskmanager"],
            {"env": [{"name": "FLINK_PROPERTIES", "value": "jobmanager.memory.process.size: 900m\ntaskmanager.memory.process.size: 8g"}]},
        ),
    ],
)
def test_memory_of_spark_and_flink_counts(command: list[str], more: dict[str, object]) -> None:
    assert "server-fits" in rules(command=command, **more)
    assert rules(command=command, memory="16Gi", **more) == set()


def test_flink_counts_what_its_own_role_takes() -> None:
    env = [{"name": "FLINK_PROPERTIES", "value": "jobmanager.memory.process.size: 900m\ntaskmanager.memory.process.size: 8g"}]
    assert rules(command=["/docker-entrypoint.sh", "jobmanager"], env=env) == set()
    assert "server-fits" in rules(image="flink:1.20.0", command=None, args=["taskmanager"], env=env)
