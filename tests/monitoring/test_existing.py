"""An existing Prometheus gets the same jobs, rules and labels as one of the stack's own, in objects and files that it reads."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from stack.specification.monitoring.existing import INHIBITIONS, RULES, SCRAPE, files
from stack.specification.monitoring.jobs import KUBELET, jobs
from stack.specification.monitoring.rules.files import alert_rules
from stack.specification.stack import Specification
from tests.debian_programs import program
from tests.declared import STACKS
from tests.monitoring.existing import KINDS, LABELS, NAMESPACE, declared_with, settings_with
from tests.monitoring.operator_schema import faults
from tests.monitoring.suite import cases_run, monitored, owned, run

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL = sorted(STACKS)
GROUP = "monitoring.coreos.com/v1"


def objects(stack: str, kind: str) -> dict[str, dict[str, Any]]:
    """Return the declared objects of a kind of the operator by name."""
    declared = declared_with(stack, "operator")
    return {name: dict(item) for name, item in declared.inside(kind, str(declared.settings.monitoring_namespace)).items()}


def written(stack: str, kind: str = "files") -> dict[str, Any]:
    """Return the files of a stack, parsed."""
    settings = settings_with(stack, kind)
    return {name: yaml.safe_load(text) for name, text in files(settings, Specification.of(settings).workloads).items()}


def relabelled(found: dict[str, str], rules: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the labels of a series after relabelling; the rules are in either spelling."""
    labels = dict(found)
    for rule in rules:
        sources = rule.get("sourceLabels", rule.get("source_labels", []))
        value, pattern = ";".join(labels.get(source, "") for source in sources), rule.get("regex", "(.*)")
        if rule.get("action") == "labeldrop":
            labels = {name: text for name, text in labels.items() if not re.fullmatch(pattern, name)}
        elif re.fullmatch(pattern, value):
            labels[rule.get("targetLabel", rule.get("target_label"))] = rule["replacement"]
    return labels


def by_objects(stack: str) -> dict[str, list[dict[str, str]]]:
    """Return the labels of the targets that the operator finds, by job; pods have the names that Kubernetes gives them."""
    found: dict[str, list[dict[str, str]]] = {}
    for name, monitor in objects(stack, "PodMonitor").items():
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        pods = ["kafka-0", "kafka-1", "kafka-2"] if name == "kafka" else [f"{name}-5c9d-xyz"]
        for pod in pods:
            own = {"namespace": "n", "container": "c", "pod": pod, "endpoint": "e", "job": f"n/{name}", "instance": "10.0.0.7:9404"}
            found.setdefault(name, []).append(relabelled(own, endpoint["relabelings"]))
    return found


def by_files(stack: str) -> dict[str, list[dict[str, str]]]:
    """Return the labels of the targets of the written jobs, without those of the kubelets."""
    found: dict[str, list[dict[str, str]]] = {}
    for job in written(stack)[SCRAPE]["scrape_configs"]:
        named = [{"instance": one["targets"][0], **one.get("labels", {})} for one in job.get("static_configs", [])]
        for own in named or [{"instance": "10.0.0.7:9404"}]:
            labels = relabelled({"job": job["job_name"], **own}, job["relabel_configs"])
            if labels["job"] != KUBELET:
                found.setdefault(labels["job"], []).append(labels)
    return found


@pytest.mark.full
@pytest.mark.parametrize("stack", ALL)
@pytest.mark.parametrize("kind", ["PodMonitor", "PrometheusRule"])
def test_the_operator_knows_every_field_of_every_object(stack: str, kind: str) -> None:
    found = objects(stack, kind)
    assert found
    for name, one in found.items():
        assert one["apiVersion"] == GROUP
        assert faults(kind, one) == [], name


@pytest.mark.full
def test_a_field_that_the_operator_does_not_know_is_found() -> None:
    monitor = copy.deepcopy(objects("dev", "PodMonitor")["kafka"])
    monitor["spec"]["podMetricsEndpoints"][0]["scrape_timeout"] = "10s"
    assert faults("PodMonitor", monitor)
    rule = copy.deepcopy(objects("dev", "PrometheusRule")["rules-kafka"])
    rule["spec"]["groups"][0]["rules"][0]["severity"] = "critical"
    assert faults("PrometheusRule", rule)


@pytest.mark.parametrize("stack", ALL)
def test_the_prometheus_chooses_each_object_by_its_labels_in_one_namespace(stack: str) -> None:
    """The namespace decides what a Prometheus with ``enforcedNamespaceLabel`` puts on the series and into the rules."""
    for kind in ("PodMonitor", "PrometheusRule"):
        inside = objects(stack, kind)
        assert len(inside) == len([item for item in declared_with(stack, "operator").recording.resources if item.type.endswith(f":{kind}")])
        assert all(LABELS.items() <= one["metadata"]["labels"].items() for one in inside.values())


@pytest.mark.parametrize("stack", ALL)
def test_each_monitor_selects_pods_with_the_port_that_it_names(stack: str) -> None:
    declared = declared_with(stack, "operator")
    namespaces = {declared.settings.names.namespace, declared.settings.monitoring_namespace}
    for name, monitor in objects(stack, "PodMonitor").items():
        (where,) = monitor["spec"]["namespaceSelector"]["matchNames"]
        assert where in namespaces
        selected = monitor["spec"]["selector"]["matchLabels"].items()
        pods = [
            item["spec"]["template"]
            for kind in ("Deployment", "StatefulSet")
            for item in declared.inside(kind, where).values()
            if selected <= item["spec"]["template"]["metadata"]["labels"].items()
        ]
        (pod,) = pods
        (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
        assert endpoint["port"] in {port["name"] for port in pod["spec"]["containers"][0]["ports"]}, name


@pytest.mark.parametrize("stack", ALL)
def test_each_job_of_the_stack_is_asked_in_either_way_with_the_same_labels(stack: str) -> None:
    of_objects, of_files = by_objects(stack), by_files(stack)
    assert of_objects == of_files
    assert set(of_files) == set(jobs(settings_with(stack, "files"))) - {KUBELET}
    assert {labels["stack"] for found in of_files.values() for labels in found} == {settings_with(stack, "files").names.namespace}
    assert all(set(labels) <= {"job", "stack", "instance", "pod"} for found in of_files.values() for labels in found)


@pytest.mark.full
@pytest.mark.parametrize("stack", ALL)
def test_the_rules_are_those_of_the_files_and_about_what_the_stack_has(stack: str) -> None:
    declared = {group["name"]: group for one in objects(stack, "PrometheusRule").values() for group in one["spec"]["groups"]}
    in_files = {group["name"]: group for name, text in written(stack).items() if name.startswith(f"{RULES}/") for group in text["groups"]}
    assert declared == in_files
    settings = settings_with(stack, "files")
    own = {rule.alert for rule in alert_rules(monitored(stack))} - {rule.alert for rule in alert_rules(settings)}
    assert own == {"NotificationsFail", "AlertsDropped", "RuleEvaluationFails", "ConfigurationRefused"}
    for rule in (rule for group in in_files.values() for rule in group["rules"]):
        assert rule["labels"]["stack"] == settings.names.namespace
    assert all(name.startswith(f"{settings.names.namespace}-") for name in in_files)


@pytest.mark.full
def test_prometheus_finds_no_fault_in_any_written_file(tmp_path: Path) -> None:
    for stack in ALL:
        settings, folder = settings_with(stack, "files"), tmp_path / stack
        (folder / RULES).mkdir(parents=True)
        for name, text in files(settings, Specification.of(settings).workloads).items():
            # promtool looks for the token of a pod, which is not on this machine
            shown = re.sub(r"credentials_file: .*", f"credentials_file: {Path(__file__)}", text)
            (folder / name).write_text(shown, encoding="utf-8")
        config = {"scrape_config_files": [SCRAPE], "rule_files": [f"{RULES}/*.yml"], "scrape_configs": [{"job_name": "kafka"}]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        checked = run([program("promtool"), "check", "config", str(folder / "prometheus.yml")])
        assert checked.returncode == 0, checked.stdout + checked.stderr
        rules = sorted(map(str, (folder / RULES).glob("*.yml")))
        checked = run([program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *rules])
        assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.full
def test_alerts_fire_when_they_should_and_only_then_among_the_figures_of_others(tmp_path: Path) -> None:
    done = cases_run("glue", tmp_path, owned(settings_with("glue", "files")))
    assert done.returncode == 0, "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())


def test_a_fault_of_another_stack_is_none_of_this_one(tmp_path: Path) -> None:
    settings = settings_with("sandbox", "files")
    for name, text in files(settings, Specification.of(settings).workloads).items():
        (tmp_path / Path(name).name).write_text(text, encoding="utf-8")
    alerts = ("SlotLost", "TargetDown", "OutOfMemoryKilled")
    foreign = {
        "pipeline_slot_lost": "1x10",
        'up{job="kafka",instance="a"}': "0x10",
        'container_oom_events_total{namespace="b",pod="c"}': "0+1x10",
    }
    content = {
        "rule_files": ["database.yml", "monitoring.yml", "containers.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": values} for series, values in foreign.items()],
                "alert_rule_test": [{"eval_time": "9m", "alertname": alert, "exp_alerts": []} for alert in alerts],
            }
        ],
    }
    (tmp_path / "suite.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    done = run([program("promtool"), "test", "rules", str(tmp_path / "suite.yml")])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_alertmanager_takes_the_written_inhibitions_about_the_stacks_alerts_alone(kind: str, tmp_path: Path) -> None:
    rules = written("dev", kind)[INHIBITIONS]["inhibit_rules"]
    assert rules
    for rule in rules:
        for side in ("source_matchers", "target_matchers"):
            assert 'stack="data-ingestion"' in rule[side]
    config = {"route": {"receiver": "all"}, "receivers": [{"name": "all"}], "inhibit_rules": rules}
    (tmp_path / "alertmanager.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    checked = run([program("amtool"), "check-config", str(tmp_path / "alertmanager.yml")])
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_with_the_operator_only_the_inhibitions_are_written() -> None:
    assert set(written("dev", "operator")) == {INHIBITIONS}


@pytest.mark.parametrize("stack", ALL)
@pytest.mark.parametrize("kind", KINDS)
def test_the_existing_prometheus_may_reach_every_target_and_nothing_else(stack: str, kind: str) -> None:
    declared = declared_with(stack, kind)
    settings = declared.settings
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "prometheus"}},
    }
    opened = set()
    for where in (settings.names.namespace, str(settings.monitoring_namespace)):
        for policy in declared.inside("NetworkPolicy", where).values():
            for rule in policy["spec"].get("ingress", []):
                if NAMESPACE in str(rule):
                    assert rule["from"] == [peer]
                    (port,) = rule["ports"]
                    opened.add((policy["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"], port["port"]))
            assert NAMESPACE not in str(policy["spec"].get("egress", []))
    asked = {job for job in jobs(settings) if job != KUBELET}
    ports = {"kafka": 9404, "connect": 9404, "pipeline": 9400, "postgres": 9187}
    components = {"pipeline": "exporter", "postgres": "postgres-exporter"}
    wanted = {(components.get(job, job), ports[job]) for job in asked if job != "registry"}
    registry = 9000 if settings.streaming.registry.kind == "apicurio" else 9404
    assert opened == wanted | ({("schema-registry", registry)} if "registry" in asked else set())


@pytest.mark.parametrize("kind", KINDS)
def test_neither_prometheus_nor_alertmanager_is_declared_and_their_memory_is_free(kind: str) -> None:
    declared = declared_with("dev", kind)
    where = str(declared.settings.monitoring_namespace)
    assert set(declared.inside("Deployment", where)) == {"exporter", "postgres-exporter"}
    quota = declared.inside("ResourceQuota", where)["memory-budget"]["spec"]["hard"]["limits.memory"]
    assert quota == f"{declared.settings.monitoring_mib}Mi" == "224Mi"
    assert not [item for item in declared.recording.resources if item.type.rpartition(":")[2].startswith("ClusterRole")]
    assert "prometheus" not in declared.recording.outputs["lookInside"]
    assert bool(declared.inside("PodMonitor", where)) == (kind == "operator")
    assert ("connect-metrics" in declared.objects("Service")) == (kind == "files")
