"""Pods: whatever Pod Security would refuse is refused, tokens of the API server and memory beside the limits too; everyday pods pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from policy.declared import Declared, Limits
from tests import pod_security
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import container, extra, pod

GIB = 2**30
LIMITS = Limits(memory={"data-ingestion": 4 * GIB}, volumes={"data-ingestion": GIB}, nodes=1)
# changes to a security context, of the pod or of a container
CONTEXTS: tuple[dict[str, Any], ...] = (
    {"windowsOptions": {"hostProcess": True}},
    {"windowsOptions": {"hostProcess": False, "runAsUserName": "ContainerUser"}},
    {"seLinuxOptions": {"type": "spc_t"}},
    {"seLinuxOptions": {"type": "container_t"}},
    {"seLinuxOptions": {"level": "s0:c1,c2"}},
    {"seLinuxOptions": {"user": "system_u"}},
    {"seLinuxOptions": {"role": "system_r"}},
    {"appArmorProfile": {"type": "Unconfined"}},
    {"appArmorProfile": {"type": "RuntimeDefault"}},
    {"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}},
    {"seccompProfile": {"type": "Unconfined"}},
    {"runAsUser": 0},
    {"runAsUser": 1000},
)
SYSCTLS = ("net.core.somaxconn", "kernel.msgmax", "net.ipv4.tcp_syncookies", "net.ipv4.ip_unprivileged_port_start")
HANDLERS: tuple[dict[str, Any], ...] = (
    {"livenessProbe": {"httpGet": {"port": 80, "host": "169.254.169.254"}}},
    {"readinessProbe": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}},
    {"lifecycle": {"preStop": {"httpGet": {"port": 80, "host": "db"}}}},
    {"livenessProbe": {"httpGet": {"port": 80}}},
    {"lifecycle": {"preStop": {"exec": {"command": ["sleep", "5"]}}}},
)


def refused(*resources: Declared) -> set[str]:
    """Return the rules by which plan and pack refuse, in agreement and in every order of two."""
    plan = {violation.rule for violation in by_plan(resources, LIMITS)}
    for order in (resources, tuple(reversed(resources))):
        assert plan == {rule for rule, _message in by_pack(order, LIMITS)}
    return plan


def kinds(spec: dict[str, Any], metadata: Any = None) -> list[Declared]:
    """Return the pod as a Pod, and in a Deployment, a Job and a CronJob."""
    template = {"metadata": metadata or {}, "spec": spec}
    one = extra("Pod", "p", spec)
    one.inputs["metadata"].update(metadata or {})
    jobs = {"concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"template": template}}}
    return [
        one,
        extra("Deployment", "p", {"template": template}, "apps/v1"),
        extra("Job", "p", {"template": template}, "batch/v1"),
        extra("CronJob", "p", jobs, "batch/v1"),
    ]


def variants() -> list[dict[str, Any]]:
    """Return pods with one field changed, at each place where it may stand."""
    made = [pod(securityContext=context) for context in CONTEXTS]
    made += [pod(container(securityContext={**container()["securityContext"], **context})) for context in CONTEXTS]
    made += [pod(initContainers=[container(securityContext={**container()["securityContext"], **context})]) for context in CONTEXTS]
    made += [pod(securityContext={"sysctls": [{"name": name, "value": "1"}]}) for name in SYSCTLS]
    made += [pod(container(**handler)) for handler in HANDLERS]
    return made


@pytest.mark.full
def test_pods_are_refused_as_pod_security_refuses_them() -> None:
    verdicts = []
    for spec in variants():
        wide = bool(pod_security.violations(copy.deepcopy(spec)))
        verdicts.append(wide)
        for one in kinds(spec):
            assert refused(one) == ({"pod-restricted"} if wide else set()), (one.kind, spec)
    assert 15 < sum(verdicts) < len(verdicts) - 15  # both sides are tried


@pytest.mark.parametrize("value", ["unconfined", "runtime/default", "localhost/x"])
def test_apparmor_by_annotation(value: str) -> None:
    metadata = {"annotations": {"container.apparmor.security.beta.kubernetes.io/extra": value}}
    for one in kinds(pod(), metadata):
        assert refused(one) == ({"pod-restricted"} if value == "unconfined" else set())


READING: tuple[dict[str, Any], ...] = (
    {"volumes": [{"name": "t", "secret": {"secretName": "api"}}]},
    {"volumes": [{"name": "t", "projected": {"sources": [{"secret": {"name": "api"}}]}}]},
    {"containers": [container(envFrom=[{"secretRef": {"name": "api"}}], command=["tool"])]},
    {"containers": [container(env=[{"name": "T", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}])]},
)


@pytest.mark.parametrize("reading", READING)
def test_a_token_for_the_api_server_is_not_read_from_a_secret(reading: dict[str, Any]) -> None:
    def secret(kind: str, namespace: str = "data-ingestion") -> Declared:
        made = extra("Secret", "api", {}, namespace=namespace)
        made.inputs["type"] = kind  # type: ignore[index]
        return made

    for one in kinds({**pod(), **reading}):
        assert refused(one, secret("kubernetes.io/service-account-token")) == {"pod-restricted"}
        assert refused(one, secret("Opaque")) == set()
        assert refused(one, secret("kubernetes.io/service-account-token", "web")) == set()


@pytest.mark.parametrize(("name", "wide"), [("default-token-x7k2p", True), ("registry-token", False), ("api-token-prod1", False)])
def test_tokens_of_older_clusters_are_known_by_their_names(name: str, wide: bool) -> None:  # noqa: FBT001 - a column of the table
    volume = {"name": "t", "secret": {"secretName": name}}
    assert refused(extra("Pod", "p", pod(volumes=[volume]))) == ({"pod-restricted"} if wide else set())


BESIDE: dict[str, dict[str, Any]] = {
    "a limit of huge pages": pod(container(resources={"limits": {"memory": "64Mi", "hugepages-2Mi": "8Gi"}})),
    "a request of huge pages": pod(container(resources={"limits": {"memory": "64Mi"}, "requests": {"hugepages-1Gi": "1Gi"}})),
    "huge pages of an init container": pod(initContainers=[container(resources={"limits": {"memory": "64Mi", "hugepages-2Mi": "1Gi"}})]),
    "huge pages of the whole pod": pod(resources={"limits": {"memory": "1Gi", "hugepages-2Mi": "1Gi"}}),
    "a volume of huge pages": pod(volumes=[{"name": "h", "emptyDir": {"medium": "HugePages-2Mi"}}]),
    "a whole pod below its container": pod(container(memory="2Gi"), resources={"limits": {"memory": "2Mi"}}),
    "a whole pod below its init container": pod(initContainers=[container(memory="60Mi")], resources={"limits": {"memory": "32Mi"}}),
}


@pytest.mark.parametrize("way", BESIDE)
def test_memory_beside_the_limits_is_refused(way: str) -> None:
    for one in kinds(BESIDE[way]):
        assert "memory-limit" in refused(one)


def test_the_limits_of_containers_count_under_a_smaller_one_of_the_pod() -> None:
    """A server before Kubernetes 1.34 drops the pod's."""
    wide = pod(*(container(f"c{at}", memory="3Gi") for at in range(2)), resources={"limits": {"memory": "3Gi"}})
    assert refused(extra("Pod", "p", wide)) == {"memory-budget"}
    assert refused(extra("Pod", "p", pod(container(memory="1Gi"), overhead={"memory": "4Gi"}))) == {"memory-budget"}


INJECTING = {
    "sidecar.istio.io/inject": "true",
    "linkerd.io/inject": "enabled",
    "vault.hashicorp.com/agent-inject": "true",
    "dapr.io/enabled": "true",
    "instrumentation.opentelemetry.io/inject-java": "true",
    "sidecar.opentelemetry.io/inject": "my-collector",
    "consul.hashicorp.com/connect-inject": "true",
    "kuma.io/sidecar-injection": "enabled",
    "appmesh.k8s.aws/sidecarInjectorWebhook": "enabled",
    "secrets.k8s.aws/sidecarInjectorWebhook": "enabled",
    "operator.1password.io/inject": "app",
    "injector.tailscale.com/inject": "true",
    "k8s.example.com/agent-inject": "enabled",
    "gke-gcsfuse/volumes": "true",
    "admission.datadoghq.com/enabled": "true",
    "injector.tumblr.com/request": "fluentd",
}


@pytest.mark.parametrize("key", INJECTING)
@pytest.mark.parametrize("place", ["annotations", "labels"])
def test_an_injected_container_is_refused(key: str, place: str) -> None:
    for one in kinds(pod(), {place: {key: INJECTING[key]}}):
        assert refused(one) == {"memory-limit"}
    for one in kinds(pod(), {place: {key: "false", "prometheus.io/scrape": "true"}}):
        assert refused(one) == set()


@pytest.mark.parametrize(
    "annotations",
    [
        {"cert-manager.io/inject-ca-from": "web/ca"},
        {"vault.hashicorp.com/agent-inject-secret-db": "database/creds/app"},
        {"example.com/injected-at": "2026-01-31"},
        {"ambient.istio.io/redirection": "enabled"},
        {"azure.workload.identity/use": "true"},
    ],
)
def test_an_annotation_that_adds_no_container_is_accepted(annotations: dict[str, str]) -> None:
    for one in kinds(pod(), {"annotations": annotations}):
        assert refused(one) == set()


@pytest.mark.parametrize("size", ["0", 0, "0Mi", None])
def test_a_volume_in_memory_with_the_size_nothing_has_none(size: Any) -> None:
    volume = {"name": "m", "emptyDir": {"medium": "Memory", **({} if size is None else {"sizeLimit": size})}}
    for one in kinds(pod(volumes=[volume])):
        assert refused(one) == {"memory-limit"}


EVERYDAY: dict[str, dict[str, Any]] = {
    "a whole pod above its containers": pod(container(memory="64Mi"), resources={"limits": {"memory": "128Mi"}}),
    "no huge pages": pod(container(resources={"limits": {"memory": "64Mi", "hugepages-2Mi": "0"}})),
    "overhead": pod(overhead={"memory": "120Mi"}),
    "a volume in memory": pod(volumes=[{"name": "m", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}]),
}


@pytest.mark.parametrize("way", EVERYDAY)
def test_everyday_memory_is_accepted(way: str) -> None:
    for one in kinds(EVERYDAY[way]):
        assert refused(one) == set()


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({}, False),
        ({"podReplacementPolicy": "Failed"}, True),
        ({"backoffLimit": 0}, True),
        ({"podReplacementPolicy": "TerminatingOrFailed"}, False),
    ],
)
def test_a_job_that_fits_once_may_not_overlap_with_itself(more: dict[str, Any], fits: bool) -> None:  # noqa: FBT001 - a column of the table
    job = {"template": {"spec": pod(container(memory="3Gi"))}, **more}
    cron = {"concurrencyPolicy": "Forbid", "jobTemplate": {"spec": job}}
    expected = set() if fits else {"memory-peak"}
    assert refused(extra("Job", "j", job, "batch/v1")) == expected
    assert refused(extra("CronJob", "j", cron, "batch/v1")) == expected
