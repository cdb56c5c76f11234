"""Java that probes and hooks start counts beside the process of their container."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from policy.declared import Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import NAMESPACE, container, extra, pod

LIMITS = Limits(memory={NAMESPACE: 2**34}, volumes={NAMESPACE: 2**34})
BOUNDS = ["-XX:MaxMetaspaceSize=64m", "-XX:ReservedCodeCacheSize=64m", "-XX:MaxDirectMemorySize=64m", "-XX:+UseSerialGC"]
SERVER = ["java", "-Xmx400m", *BOUNDS, "-jar", "a.jar"]
PLACES: dict[str, Any] = {
    **{
        place: lambda run, place=place: {place: {"exec": {"command": run}}} for place in ("startupProbe", "readinessProbe", "livenessProbe")
    },
    **{place: lambda run, place=place: {"lifecycle": {place: {"exec": {"command": run}}}} for place in ("postStart", "preStop")},
}
LARGE = (
    ["java", "-Xmx512m", *BOUNDS, "-jar", "check.jar"],
    ["sh", "-c", "exec java -Xmx512m -jar check.jar"],
    ["/opt/kafka/bin/kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--list"],
    ["bash", "-c", "kafka-broker-api-versions --bootstrap-server localhost:9092 | grep -q id"],
    ["timeout", "5", "kafka-console-consumer.sh", "--topic", "x"],
)
SMALL = (
    ["sh", "-c", "curl -sf localhost:8083/ > /dev/null"],
    ["pgrep", "-f", "java"],
    ["sh", "-c", "echo java -Xmx9g"],
    [
        "java",
        "-Xmx16m",
        "-XX:MaxMetaspaceSize=16m",
        "-XX:ReservedCodeCacheSize=8m",
        "-XX:MaxDirectMemorySize=1m",
        "-XX:TieredStopAtLevel=1",
        "A",
    ],
)


def refused(**more: Any) -> bool:
    """Return whether plan and pack refuse a container by the rule for Java."""
    one = extra("Pod", "x", pod(container(**more)))
    plan = "java-fits" in {violation.rule for violation in by_plan([one], LIMITS)}
    assert plan == ("java-fits" in {rule for rule, _message in by_pack([one], LIMITS)})
    return plan


@pytest.mark.parametrize("place", PLACES)
def test_java_of_a_probe_or_hook_counts_beside_the_process(place: str) -> None:
    for run, memory in itertools.product(LARGE, ("800Mi", "960Mi")):
        assert not refused(command=SERVER, memory=memory)
        assert refused(command=SERVER, memory=memory, **PLACES[place](run)), run
        assert not refused(command=SERVER, memory="4Gi", **PLACES[place](run)), run
    for run in SMALL:
        assert not refused(command=SERVER, memory="960Mi", **PLACES[place](run)), run


@pytest.mark.parametrize("place", PLACES)
def test_java_of_a_probe_or_hook_counts_in_a_container_of_another_program(place: str) -> None:
    for run in LARGE:
        assert refused(memory="128Mi", **PLACES[place](run)), run
        assert not refused(memory="2Gi", **PLACES[place](run)), run


def test_probes_that_run_at_once_count_together_and_the_others_alone() -> None:
    run = {"exec": {"command": ["java", "-Xmx64m", *BOUNDS, "-jar", "check.jar"]}}
    assert not refused(command=SERVER, memory="1300Mi", startupProbe=run, readinessProbe=run, lifecycle={"postStart": run})
    assert refused(command=SERVER, memory="1300Mi", readinessProbe=run, livenessProbe=run)


def test_a_flag_of_a_probe_that_cannot_be_followed_is_refused() -> None:
    assert refused(memory="4Gi", livenessProbe={"exec": {"command": ["java", "@/etc/flags", "A"]}})


@pytest.mark.parametrize("name", ["OPENJ9_JAVA_OPTIONS", "IBM_JAVA_OPTIONS"])
def test_the_variables_of_openj9_set_the_heap(name: str) -> None:
    without = [word for word in SERVER if not word.startswith("-Xmx")]
    assert refused(command=without, memory="960Mi", env=[{"name": name, "value": "-Xmx8g"}])
    assert refused(image="ibm-semeru:21", command=None, memory="960Mi", env=[{"name": name, "value": "-Xmx8g"}])
    assert not refused(command=SERVER, memory="960Mi", env=[{"name": name, "value": "-Xmx8g"}])
