"""The monitoring: restricted pods within a budget of their own, that reach what Prometheus asks and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from stack.capacity.workloads import workload
from stack.specification.monitoring.jobs import jobs
from tests import pod_security
from tests.declared import STACKS, Declared, variant, watched

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPONENT = "app.kubernetes.io/component"


@pytest.fixture(scope="module", params=sorted(STACKS))
def monitored(request: pytest.FixtureRequest) -> Declared:
    """Return each kind of stack with monitoring, that of the laptop with its kubelets."""
    more = {"kubelets": ["172.18.0.0/16"]} if request.param == "dev" else {}
    file, overrides = watched(request.param, **more)
    return variant(file, **overrides)


def namespace(declared: Declared) -> str:
    """Return the monitoring's namespace."""
    return str(declared.settings.monitoring_namespace)


def pods(declared: Declared) -> dict[str, Any]:
    """Return the pods of the monitoring by workload."""
    return {name: item["spec"]["template"]["spec"] for name, item in declared.inside("Deployment", namespace(declared)).items()}


def test_every_pod_is_restricted_and_only_one_that_asks_kubelets_has_a_token(monitored: Declared) -> None:
    for name, spec in pods(monitored).items():
        assert pod_security.violations(spec) == []
        assert spec["automountServiceAccountToken"] is False
        tokens = [volume for volume in spec["volumes"] if "serviceAccountToken" in str(volume) and "sts.amazonaws.com" not in str(volume)]
        assert bool(tokens) == (name == "prometheus" and bool(monitored.settings.monitoring.kubelets))


def test_a_block_that_prometheus_writes_fits_the_volume_beside_what_it_keeps(monitored: Declared) -> None:
    """It allocates a whole segment for each, and the kubelet ends a pod whose volume is full."""
    spec = pods(monitored)["prometheus"]
    sizes = dict(re.findall(r"--storage\.tsdb\.([a-z.-]+size)=(\d+)MB", " ".join(spec["containers"][0]["command"])))
    kept, segment = int(sizes["retention.size"]), int(sizes["max-block-chunk-segment-size"])
    (volume,) = [item["emptyDir"]["sizeLimit"] for item in spec["volumes"] if item["name"] == "data"]
    # the other half of the rest is the log of the newest three hours
    assert segment <= (int(volume.removesuffix("Mi")) - kept) / 2


def test_without_ranges_of_kubelets_it_has_no_right_in_the_cluster(monitored: Declared) -> None:
    rights = [item for item in monitored.recording.resources if item.type.rpartition(":")[2].startswith("ClusterRole")]
    assert bool(rights) == bool(monitored.settings.monitoring.kubelets)
    verbs = {
        (resource, verb)
        for item in rights
        for rule in item.inputs.get("rules", [])
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert verbs <= {("nodes", "get"), ("nodes", "list"), ("nodes", "watch"), ("nodes/metrics", "get")}


def test_its_memory_is_a_budget_of_its_own_and_the_pipelines_stays(monitored: Declared) -> None:
    settings, where = monitored.settings, namespace(monitored)
    deployments = monitored.inside("Deployment", where)
    limit = f"{settings.monitoring_mib}Mi"
    assert sum(workload("Deployment", item).peak for item in deployments.values()) <= settings.monitoring_mib * 2**20
    assert monitored.inside("ResourceQuota", where)["memory-budget"]["spec"]["hard"] == {"limits.memory": limit, "requests.memory": limit}
    own = monitored.inside("ResourceQuota", settings.names.namespace)["memory-budget"]["spec"]["hard"]["limits.memory"]
    assert own == f"{settings.budget.memory_mib}Mi"


def test_prometheus_asks_every_part_of_the_stack(monitored: Declared) -> None:
    files = monitored.inside("ConfigMap", namespace(monitored))["prometheus-config"]["data"]
    written = yaml.safe_load(files["prometheus.yml"])
    named = {"kubelet" if one["job_name"].startswith("kubelet") else one["job_name"] for one in written["scrape_configs"]}
    assert named == set(jobs(monitored.settings))
    assert {file.rpartition("/")[2] for file in written["rule_files"]} == set(files) - {"prometheus.yml"}
    for text in files.values():
        assert yaml.safe_load(text)


def connections(declared: Declared, where: str, direction: str) -> Iterator[tuple[str, str, int]]:
    """Yield source, target and port of every connection that policies of a namespace allow to or from another namespace."""
    side = {"ingress": "from", "egress": "to"}[direction]
    for policy in declared.inside("NetworkPolicy", where).values():
        own = (policy["spec"]["podSelector"] or {}).get("matchLabels", {}).get(COMPONENT)
        for rule in policy["spec"].get(direction, []):
            for peer in rule[side]:
                if "namespaceSelector" in peer and "podSelector" in peer and own:
                    other = peer["podSelector"]["matchLabels"].get(COMPONENT)
                    for port in rule["ports"]:
                        yield (own, other, port["port"]) if direction == "egress" else (other, own, port["port"])


def test_each_connection_into_the_pipeline_is_open_at_both_ends_and_at_a_port_that_listens(monitored: Declared) -> None:
    parts = set(pods(monitored))
    out = {one for one in connections(monitored, namespace(monitored), "egress") if one[0] in parts and one[1]}
    inside = {one for one in connections(monitored, monitored.settings.names.namespace, "ingress") if one[0] in parts}
    assert out == inside != set()
    for _, target, port in out:
        listening = {item["containerPort"] for item in monitored.pods[target]["spec"]["containers"][0]["ports"]}
        assert port in listening, (target, port)


def test_a_stack_without_monitoring_has_no_trace_of_it() -> None:
    plain = Declared.of("dev")
    assert [item.name for item in plain.recording.resources if "monitoring" in item.name] == []
    assert "javaagent" not in str([pod["spec"] for pod in plain.pods.values()])
    assert "9404" not in str(plain.objects("NetworkPolicy"))
