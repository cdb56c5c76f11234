"""The emulated AWS: its declaration and its record."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import stack_settings
from sandbox.cloud import account, workload
from sandbox.cloud.account import Cloud

if TYPE_CHECKING:
    from pathlib import Path

CLOUD = Cloud(access_key_id="AKIA0000000000000000", secret_access_key="a-secret")


def find(kind: str, name: str | None = None) -> Any:
    [found] = [item for item in workload.manifests() if item["kind"] == kind and name in {None, item["metadata"]["name"]}]
    return found


def container() -> Any:
    [only] = find("Deployment")["spec"]["template"]["spec"]["containers"]
    return only


def test_the_stack_file_names_the_same_service_and_ports() -> None:
    store = stack_settings.settings().archive.store
    assert store is not None
    assert (store.namespace, store.service, store.port) == (workload.NAMESPACE, workload.NAME, workload.PORT)
    assert store.host_endpoint == account.ENDPOINT
    [port] = find("Service")["spec"]["ports"]
    assert (port["port"], port["nodePort"]) == (store.port, workload.NODE_PORT)


def test_the_region_is_the_stacks() -> None:
    assert stack_settings.settings().archive.region == account.REGION


def test_the_namespace_admits_only_restricted_pods() -> None:
    assert find("Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_namespaces_budget_is_exactly_its_one_pod() -> None:
    memory = container()["resources"]
    assert memory["limits"]["memory"] == memory["requests"]["memory"]
    assert find("ResourceQuota")["spec"]["hard"] == {
        "limits.memory": memory["limits"]["memory"],
        "requests.memory": memory["limits"]["memory"],
    }
    assert find("LimitRange")["spec"]["limits"][0]["max"] == {"memory": memory["limits"]["memory"]}


def test_no_second_pod_appears_during_a_rollout() -> None:
    assert find("Deployment")["spec"]["strategy"] == {"type": "Recreate"}


def test_a_slow_answer_costs_readiness_but_not_the_archive() -> None:
    assert "readinessProbe" in container()
    assert "livenessProbe" not in container()


def test_nothing_leaves_the_pod() -> None:
    assert "Egress" in find("NetworkPolicy", "default-deny")["spec"]["policyTypes"]
    assert all("egress" not in item["spec"] for item in workload.manifests() if item["kind"] == "NetworkPolicy")


def test_only_connect_workers_readers_and_this_machine_come_in() -> None:
    stack = stack_settings.settings()
    [rule] = find("NetworkPolicy", "workers-and-machine")["spec"]["ingress"]
    workers, audit, exporter, *machine = rule["from"]
    assert workers["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": stack.names.namespace}
    assert workers["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "connect"
    assert audit["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": stack.audit_namespace}
    assert audit["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "audit"
    assert exporter["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": stack.monitoring_namespace}
    assert exporter["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "exporter"
    assert {block["ipBlock"]["cidr"] for block in machine} == {str(source) for source in stack.host.sources}
    assert rule["ports"] == [{"protocol": "TCP", "port": workload.PORT}]


def test_policies_and_service_select_the_pod() -> None:
    labels = find("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert find("Service")["spec"]["selector"] == labels
    assert find("NetworkPolicy", "workers-and-machine")["spec"]["podSelector"]["matchLabels"] == labels


def test_every_request_needs_a_key_from_the_start() -> None:
    assert {"name": "INITIAL_NO_AUTH_ACTION_COUNT", "value": "0"} in container()["env"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "state" / "cloud.json"
    monkeypatch.setattr(account, "_FILE", path)
    return path


def test_a_saved_record_is_read_back_and_private(file: Path) -> None:
    account.save(CLOUD)
    assert account.known() == CLOUD
    assert file.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in file.parent.iterdir()] == ["cloud.json"]


@pytest.mark.parametrize("text", [None, "", "{", "[]", json.dumps({"endpoint": "http://127.0.0.1:4566"})])
def test_an_incomplete_record_is_not_used(file: Path, text: str | None) -> None:
    file.parent.mkdir()
    if text is not None:
        file.write_text(text)
    assert account.known() is None


def test_the_secret_is_not_shown() -> None:
    assert "a-secret" not in repr(CLOUD)
