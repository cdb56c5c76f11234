"""Kubernetes objects on the sandbox's real cluster: created, left alone, repaired, recreated, and failures with their reasons."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from images.references import REFERENCES
from pipeline.checks.progress import Progress
from sandbox.adapter import Adapter, ResourceError, Result
from sandbox.kubernetes import Kube, NotReadyError
from sandbox.paths import KUBECONFIG
from stack.capacity import workloads as budget
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.sandbox

NAMESPACE = "engine-test"
PAUSE = "localhost/data-ingestion/pause:1"
LABELS = {"app": "idle"}
SAFE = {
    "allowPrivilegeEscalation": False,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture
def kube() -> Kube:
    return Kube(KUBECONFIG)


@pytest.fixture
def place(kube: Kube) -> Iterator[str]:
    """Yield an empty namespace with restricted pods."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}})
    kube.wait_ready("Namespace", None, NAMESPACE)
    yield NAMESPACE
    kube.delete("Namespace", None, NAMESPACE)


def workload(kind: str = "StatefulSet", **container: Any) -> dict[str, Any]:
    """Return a workload of one idle pod."""
    runs = {"name": "idle", "image": PAUSE, "securityContext": SAFE, **container}
    spec: dict[str, Any] = {
        "replicas": 1,
        "selector": {"matchLabels": LABELS},
        "template": {
            "metadata": {"labels": LABELS},
            "spec": {"containers": [runs], "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 1},
        },
    }
    if kind == "StatefulSet":
        spec["serviceName"] = "idle"
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "idle", "namespace": NAMESPACE}, "spec": spec}


class Steps:
    """A reporter that records a wait's messages."""

    def __init__(self) -> None:
        """Start without messages."""
        self.said: list[str] = []

    def waiting(self, what: str) -> None:
        self.said.append(what)


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment"])
def test_a_workload_is_ready_when_its_pods_are(kube: Kube, place: str, kind: str) -> None:
    steps = Steps()
    kube.apply(workload(kind))
    live = kube.wait_ready(kind, place, "idle", 60, steps)
    assert live["status"]["readyReplicas"] == 1
    assert steps.said


def test_a_service_waits_for_an_endpoint_and_a_headless_one_does_not(kube: Kube, place: str) -> None:
    ports = [{"port": 80}]
    meta = {"namespace": place}
    kube.apply({"apiVersion": "v1", "kind": "Service", "metadata": {**meta, "name": "a"}, "spec": {"selector": LABELS, "ports": ports}})
    headless = {"selector": LABELS, "ports": ports, "clusterIP": "None"}
    kube.apply({"apiVersion": "v1", "kind": "Service", "metadata": {**meta, "name": "b"}, "spec": headless})
    kube.wait_ready("Service", place, "b", 1)
    with pytest.raises(NotReadyError, match="a ready pod behind the Service"):
        kube.wait_ready("Service", place, "a", 1)
    kube.apply(workload())
    kube.wait_ready("Service", place, "a", 60)


def test_a_rolling_deployment_holds_as_many_pods_as_the_budget_says(kube: Kube, place: str) -> None:
    """Terminating pods do not count against ``maxSurge``; these take longer to end than the new ones take to start."""
    manifest = workload("Deployment", image=REFERENCES["postgres"], command=["sleep", "600"])
    manifest["spec"]["replicas"] = 3
    manifest["spec"]["template"]["spec"] |= {"terminationGracePeriodSeconds": 20}
    manifest["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"memory": "16Mi"}}
    kube.apply(manifest)
    kube.wait_ready("Deployment", place, "idle", 60)
    manifest["spec"]["template"]["metadata"]["annotations"] = {"revision": "2"}
    kube.apply(manifest)
    peak, seen = budget.workload("Deployment", manifest).peak, []
    deadline = time.monotonic() + 18
    while time.monotonic() < deadline and 16 * MIB * max(seen[:-10], default=0) < peak:
        seen.append(len(kube.list("Pod", place)))
        time.sleep(0.2)
    assert 16 * MIB * max(seen) == peak


def test_a_missing_image_fails_at_once_with_its_name(kube: Kube, place: str) -> None:
    kube.apply(workload(image="localhost/data-ingestion/nothing:1", imagePullPolicy="Never"))
    with pytest.raises(NotReadyError, match=r"(?s)pod: idle-0.*ErrImageNeverPull.*nothing:1"):
        kube.wait_ready("StatefulSet", place, "idle", 60)


def test_a_crash_is_reported_with_its_exit_code(kube: Kube, place: str) -> None:
    kube.apply(workload(command=["/no/such/program"]))
    with pytest.raises(NotReadyError, match=r"(?s)RunContainerError|StartError|CrashLoopBackOff"):
        kube.wait_ready("StatefulSet", place, "idle", 90)


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment"])
def test_a_refused_pod_is_reported_in_the_words_of_the_quota(kube: Kube, place: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.kubernetes._REFUSAL_PATIENCE_S", 2.0)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small", "namespace": place}}
    kube.apply({**quota, "spec": {"hard": {"limits.memory": "16Mi"}}})
    time.sleep(1)
    kube.apply(workload(kind, resources={"limits": {"memory": "64Mi"}}))
    with pytest.raises(NotReadyError, match=r"exceeded quota: small"):
        kube.wait_ready(kind, place, "idle", 30)


def test_a_broken_pod_of_an_earlier_run_is_replaced(kube: Kube, place: str) -> None:
    """The controller never replaces a pod of a StatefulSet's broken revision by itself."""
    kube.apply(workload(image="localhost/data-ingestion/nothing:1", imagePullPolicy="Never"))
    with pytest.raises(NotReadyError):
        kube.wait_ready("StatefulSet", place, "idle", 60)
    time.sleep(3)
    kube.apply(workload())
    kube.wait_ready("StatefulSet", place, "idle", 60)


def test_a_terminating_object_is_waited_for(kube: Kube, place: str) -> None:
    kube.apply(workload())
    kube.wait_ready("StatefulSet", place, "idle", 60)
    kube.delete("StatefulSet", place, "idle", wait=False)
    kube.apply(workload())
    kube.wait_ready("StatefulSet", place, "idle", 60)
    assert kube.delete("StatefulSet", place, "idle")
    assert not kube.delete("StatefulSet", place, "idle")


class Run:
    """Programs on one journal, run as separate commands would."""

    def __init__(self, state_dir: Path, kube: Kube) -> None:
        """Store the journal away from the real sandbox's."""
        self.state_dir = state_dir
        self.kube = kube

    def up(self, program: Callable[[], Any]) -> Result:
        return Adapter(self.state_dir, self.kube).up(lambda: program() and None, "engine", "test", {}, Progress(quiet=True))

    def down(self) -> Result:
        return Adapter(self.state_dir, self.kube).down(Progress(quiet=True))


@pytest.fixture
def run(tmp_path: Path, kube: Kube) -> Iterator[Run]:
    run = Run(tmp_path, kube)
    yield run
    run.down()
    assert kube.read("Namespace", None, NAMESPACE) is None


def program(service_name: str = "idle", word: str = "one") -> None:
    """Declare a namespace with a workload, its Secret and its Service."""
    namespace = k8s.core.v1.Namespace("namespace", metadata={"name": NAMESPACE})
    inside = pulumi.ResourceOptions(deleted_with=namespace)
    meta = {"namespace": namespace.metadata.name}
    secret = k8s.core.v1.Secret(
        "secret", metadata={**meta, "name": "login"}, string_data={"password": pulumi.Output.secret(word), "user": "app"}, opts=inside
    )
    k8s.core.v1.ConfigMap("config", metadata=meta, data={"a": "1"}, opts=inside)
    described = workload()
    described["spec"]["serviceName"] = service_name
    k8s.apps.v1.StatefulSet(
        "workload",
        metadata={**meta, "name": "idle"},
        spec=described["spec"],
        opts=pulumi.ResourceOptions(depends_on=[secret], deleted_with=namespace),
    )
    service = k8s.core.v1.Service(
        "service", metadata={**meta, "name": "idle"}, spec={"selector": LABELS, "ports": [{"port": 80}]}, opts=inside
    )
    pulumi.export("address", service.spec.cluster_ip)
    pulumi.export("password", secret.string_data["password"])


def test_a_second_run_changes_nothing(run: Run) -> None:
    first = run.up(program)
    assert len(first.created) == 5
    assert first.outputs["address"].startswith("10.")
    second = run.up(program)
    assert (second.created, second.updated, second.deleted) == ((), (), ())
    assert second.outputs == first.outputs


def test_what_was_deleted_or_changed_by_hand_is_repaired(run: Run, kube: Kube) -> None:
    run.up(program)
    kube.delete("StatefulSet", NAMESPACE, "idle")
    kube.delete("Secret", NAMESPACE, "login")
    result = run.up(program)
    assert set(result.created) == {"StatefulSet workload", "Secret secret"}
    assert result.updated == ()


def test_a_changed_secret_is_an_update_and_a_removed_key_goes(run: Run, kube: Kube) -> None:
    run.up(program)
    assert run.up(lambda: program(word="two")).updated == ("Secret secret",)
    assert (kube.read("Secret", NAMESPACE, "login") or {})["data"]["password"] == "dHdv"


def test_an_immutable_field_recreates_the_object(run: Run) -> None:
    run.up(program)
    assert run.up(lambda: program(service_name="other")).updated == ("StatefulSet workload",)


def test_a_refusal_of_the_server_is_one_readable_block(run: Run) -> None:
    def wrong() -> None:
        k8s.core.v1.Service("service", metadata={"name": "a", "namespace": "default"}, spec={"ports": [{"port": 0}]})

    with pytest.raises(
        ResourceError, match=r"^Service service could not be created or changed\n  .*spec.ports\[0\].port: Invalid value: 0"
    ):
        run.up(wrong)
