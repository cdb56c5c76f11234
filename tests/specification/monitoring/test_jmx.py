"""Prometheus' agent in the pods: declared with the monitoring alone, counted, and no part of a pod without it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipeline.plan.violations import declared as resources_of
from policy.limits import of_stack
from stack.capacity.jvm import AGENT_THREADS, STACK_TOUCHED_KIB, memory
from stack.capacity.pods import limit
from stack.capacity.quantity import MIB
from stack.configs.allowed import declared_problems, further_problems
from stack.judgement.fit import fit_problems
from stack.specification.monitoring import jmx
from stack.specification.stack import Specification
from tests.declared import STACKS, _settings, main_container, unwatched, variant, watched
from tests.policy.judging import by_plan

if TYPE_CHECKING:
    from stack.specification.workload import Workload

PROCESSES = ("kafka", "connect", "registry")
FLAG = f"-javaagent:{jmx.AGENT}={jmx.PORT}:/etc/metrics/{jmx.FILE}"


def rendered(stack: str, *, monitored: bool, **more: Any) -> Specification:
    """Return the specification of one of STACKS with or without monitoring."""
    file, overrides = watched(stack) if monitored else unwatched(stack)
    return Specification.of(_settings(file, {**overrides, **more}))


def java_of(specification: Specification) -> dict[str, Workload]:
    """Return the workloads that run Java, by component."""
    return {one.component: one for one in specification.workloads if one.process["command"][0] == "java"}


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_without_monitoring_nothing_of_a_pod_knows_the_agent(stack: str) -> None:
    off, on = rendered(stack, monitored=False), rendered(stack, monitored=True)
    for component, workload in java_of(off).items():
        assert "javaagent" not in str(workload.spec)
        assert jmx.PORT_NAME not in str(workload.pod)
        assert all(jmx.FILE not in files for files in workload.files.values()), component
    assert "monitoring" not in str(off.foundation.network_policies)
    assert off.archive.connectors[0].config.items() <= on.archive.connectors[0].config.items()
    assert off.streaming.source_connector.config.items() <= on.streaming.source_connector.config.items()


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_with_monitoring_each_process_has_flag_file_and_port(stack: str) -> None:
    specification = rendered(stack, monitored=True)
    for component, workload in java_of(specification).items():
        process = workload.process
        if component == "schema-registry" and specification.settings.streaming.registry.kind == "apicurio":
            assert "javaagent" not in str(workload.pod), "Apicurio gives its own metrics"
            continue
        words = process["command"]
        assert words.count(FLAG) == 1
        assert words.index(FLAG) < words.index("-cp"), "behind the main class it would be an argument of the program"
        assert {"name": jmx.PORT_NAME, "containerPort": jmx.PORT, "protocol": "TCP"} in process["ports"]
        (mounted,) = [mount for mount in process["volumeMounts"] if mount["mountPath"] == FLAG.rpartition(":")[2]]
        (volume,) = [volume for volume in workload.pod["volumes"] if volume["name"] == mounted["name"]]
        assert mounted["subPath"] in workload.files[volume["configMap"]["name"]]


def test_the_container_that_formats_a_volume_has_no_agent() -> None:
    """Both containers would ask for the same port, and the first ends before anybody asks."""
    created = rendered("dev", monitored=True).streaming.kafka.created
    assert created
    (formats,) = created.workload.pod["initContainers"]
    assert "javaagent" not in str(formats)
    assert "ports" not in formats


def test_no_container_but_the_process_itself_has_the_agent() -> None:
    connect = rendered("dev", monitored=True).streaming.connect.workload
    assert ["javaagent" in str(container) for container in connect.pod["containers"]] == [True, False]


def test_a_changed_file_rolls_the_pods(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: workload.spec["template"]["metadata"] for name, workload in java_of(rendered("dev", monitored=True)).items()}
    text = jmx.file_text
    monkeypatch.setattr(jmx, "file_text", lambda process: f"{text(process)}# changed\n")
    after = {name: workload.spec["template"]["metadata"] for name, workload in java_of(rendered("dev", monitored=True)).items()}
    assert before.keys() == after.keys()
    assert all(before[name] != after[name] for name in before)


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_the_agent_fits_every_stack_that_fits_without_it(stack: str) -> None:
    off, on = rendered(stack, monitored=False), rendered(stack, monitored=True)
    assert on.memory_mib == off.memory_mib, "no pod grows"
    assert fit_problems(off) == fit_problems(on) == ([], [])


@pytest.mark.parametrize("stack", ["dev", "sandbox", "prod", "guest"])
def test_the_policy_pack_accepts_the_agent(stack: str) -> None:
    file, overrides = watched(stack)
    declared = variant(file, **overrides)
    assert FLAG in main_container(declared.pods["connect"])["command"]
    assert by_plan(resources_of(declared.recording.resources), of_stack(declared.settings)) == []


def test_the_model_counts_the_agents_threads() -> None:
    off, on = java_of(rendered("dev", monitored=False))["kafka"].process, java_of(rendered("dev", monitored=True))["kafka"].process
    added = memory(on, limit(on)).needed - memory(off, limit(off)).needed
    assert added == AGENT_THREADS * STACK_TOUCHED_KIB * 1024 < MIB


def test_a_stack_may_set_its_own_reporter_no_more_than_any_other_class() -> None:
    on = rendered("sandbox", monitored=True).archive.connectors[0].config
    assert declared_problems("iceberg", on) == []
    other = {"iceberg.catalog.metrics-reporter-impl": "org.example.Reporter"}
    (found,) = further_problems("iceberg", other, {**on, **other})
    assert "alerts are made of what it counts" in found.rule


def test_a_further_key_wins_over_the_counters_by_table() -> None:
    key = "internal.advanced.metrics.enable"
    assert rendered("dev", monitored=True).streaming.source_connector.config[key] == "true"
    source = {"debezium": {"extra": {key: "false"}}}
    assert rendered("dev", monitored=True, source=source).streaming.source_connector.config[key] == "false"


@pytest.mark.parametrize("process", PROCESSES)
def test_each_file_is_narrow_and_every_pattern_is_an_expression(process: Any) -> None:
    written = yaml.safe_load(jmx.file_text(process))
    assert written["lowercaseOutputName"] is True
    assert not [name for name in written["includeObjectNames"] if re.match(r"^[^:]*:\*$|^\*", name)], (
        "a whole domain has thousands of beans"
    )
    for rule in written["rules"]:
        groups = re.compile(rule["pattern"]).groups
        named = {int(number) for text in (rule["name"], *rule.get("labels", {}).values()) for number in re.findall(r"\$(\d)", text)}
        assert named <= set(range(1, groups + 1)), rule
        assert rule["name"].endswith("_total") == (rule.get("type") == "COUNTER"), rule


CONSUMER = "kafka.consumer<type=consumer-fetch-manager-metrics, client-id=connector-consumer-a-b-2"
ATTRIBUTES = {
    "kafka.connect<type=source-task-metrics, connector=c, task=0><>source-record-write-total: 5.0": (
        "kafka_connect_source-task_source-record-write_total",
        "COUNTER",
    ),
    "kafka.connect<type=connect-worker-metrics><>task-startup-attempts-total: 4.0": (
        "kafka_connect_worker_task-startup-attempts_total",
        "COUNTER",
    ),
    "kafka.connect<type=connect-worker-rebalance-metrics><>completed-rebalances-total: 4.0": (
        "kafka_connect_worker-rebalance_completed-rebalances_total",
        "COUNTER",
    ),
    "kafka.connect<type=connect-worker-metrics, connector=c><>connector-total-task-count: 3": (
        "kafka_connect_worker_connector-total-task-count",
        None,
    ),
    "kafka.connect<type=connector-task-metrics, connector=c, task=0><>status: running": ("kafka_connect_connector_task_status", None),
    "kafka.connect<type=task-error-metrics, connector=c, task=0><>total-records-skipped: 0.0": (
        "kafka_connect_task-error_total-records-skipped",
        None,
    ),
    'kafka.connect<type=plugins, connector=c, task=0, transformation=q, rule="a:b", table=users><>rows-invalid-total: 1': (
        "quality_rows_invalid_total",
        "COUNTER",
    ),
    f"{CONSUMER}, topic=p.public.users, partition=0><>records-lag: 1": (
        "kafka_consumer_fetch_manager_records-lag",
        None,
    ),
    f"{CONSUMER}, topic=p_public_users, partition=0><>records-lag: 1": None,
    "dataingestion.connect<type=iceberg-commits, table=archive.users><>Attempts: 1": ("iceberg_commit_attempts_total", "COUNTER"),
}


@pytest.mark.parametrize("attribute", sorted(ATTRIBUTES))
def test_the_first_rule_that_fits_gives_the_metric_and_the_agent_keeps_its_name(attribute: str) -> None:
    """The agent takes ``_total`` off the name of a metric that is no counter, so that an alert on it would never fire."""
    for rule in yaml.safe_load(jmx.file_text("connect"))["rules"]:
        found = re.fullmatch(f".*(?:{rule['pattern']}).*", attribute)
        if found:
            name = re.sub(r"\$(\d)", lambda group: found[int(group[1])] or "", rule["name"])  # noqa: B023 - called at once
            assert (name, rule.get("type")) == ATTRIBUTES[attribute]
            return
    assert ATTRIBUTES[attribute] is None
