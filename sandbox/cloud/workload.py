"""The emulated AWS as Kubernetes objects: a namespace with a budget of its own, outside that of the pipeline."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from sandbox.addresses import NODE, PODS
from settings.names import Names
from specification import manifest

if TYPE_CHECKING:
    from specification.manifest import Manifest

NAMESPACE: Final = "object-store"
NAME: Final = "moto"
PORT: Final = 5000
NODE_PORT: Final = 4566
"""Port on 127.0.0.1 of this machine; the stack file's ``archive.store`` says the same."""

IMAGE: Final = "localhost/data-ingestion/object-store:5.2.5-1"

MEMORY_MIB: Final = 512
"""Measured 2026-11-21 with the environment below: 80 MiB idle, 114 with 3,000 objects of 8 KB, 171 with 50 of 2 MB on top. An upload
in parts takes four times its size while it is completed: 412 for one of 100 MB. Running out of it would cost the archive."""

_OBJECTS: Final = "/objects"
_OBJECTS_MIB: Final = 4096
_UID: Final = 1000
_SMALLEST_MIB: Final = 16

ENVIRONMENT: Final = {
    # No request is carried out without a key, from the first one on; the bootstrap lifts that for a few requests.
    "INITIAL_NO_AUTH_ACTION_COUNT": "0",
    # Objects over 64 KiB go to files: moto would keep up to 5 MiB of each in memory (261 MiB instead of 167 for 50 of 2 MB).
    "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": "65536",
    # One heap arena for each thread that serves a request would never be given back.
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
}
"""Environment of moto, in the pod and in the tests."""

_LABELS: Final = {"app.kubernetes.io/part-of": "data-ingestion-sandbox", "app.kubernetes.io/component": NAMESPACE}


def manifests() -> list[Manifest]:
    """Every object, in the order in which they have to be applied."""
    return [_namespace(), _quota(), _limits(), *_policies(), _account(), _deployment(), _service()]


def _object(api_version: str, kind: str, name: str, **rest: Manifest) -> Manifest:
    metadata = {"name": name, "namespace": NAMESPACE, "labels": _LABELS}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _namespace() -> Manifest:
    labels = _LABELS | {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def _quota() -> Manifest:
    memory = f"{MEMORY_MIB}Mi"
    return _object("v1", "ResourceQuota", "memory-budget", spec={"hard": {"limits.memory": memory, "requests.memory": memory}})


def _limits() -> Manifest:
    bounds = {"type": "Container", "max": {"memory": f"{MEMORY_MIB}Mi"}, "min": {"memory": f"{_SMALLEST_MIB}Mi"}}
    return _object("v1", "LimitRange", "container-memory", spec={"limits": [bounds]})


def _policies() -> list[Manifest]:
    """Nothing in and nothing out, but for requests from the Connect workers and from this machine."""
    api = "networking.k8s.io/v1"
    workers = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": Names().namespace}},
        "podSelector": {"matchLabels": manifest.labels("connect")},
    }
    # Requests through the node port arrive from the node's address or from that of the pods' bridge, the first of their range.
    machine = [{"ipBlock": {"cidr": f"{address}/32"}} for address in (NODE, next(ip_network(PODS).hosts()))]
    deny = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    allow = {
        "podSelector": {"matchLabels": _LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [workers, *machine], "ports": [{"protocol": "TCP", "port": PORT}]}],
    }
    return [
        _object(api, "NetworkPolicy", "default-deny", spec=deny),
        _object(api, "NetworkPolicy", "workers-and-machine", spec=allow),
    ]


def _account() -> Manifest:
    return _object("v1", "ServiceAccount", NAME, automountServiceAccountToken=False)


def _deployment() -> Manifest:
    # No liveness probe: a restart would cost the archive, which a slow answer does not.
    container = manifest.container(
        name=NAME,
        image=IMAGE,
        command=["python3", "-m", "moto.server", "-H", "0.0.0.0", "-p", str(PORT)],  # noqa: S104 - inside the pod's own network
        memory_mib=MEMORY_MIB,
        cpu_millicores=50,
        env={**ENVIRONMENT, "TMPDIR": _OBJECTS},
        ports={"aws": PORT},
        mounts=[manifest.mount("objects", _OBJECTS, read_only=False)],
        probes={"readinessProbe": manifest.http_probe("/moto-api/", "aws", period_s=2, failures=5)},
    )
    objects = {"name": "objects", "emptyDir": {"sizeLimit": f"{_OBJECTS_MIB}Mi"}}
    spec = manifest.pod(service_account=NAME, uid=_UID, containers=[container], volumes=[objects], grace_s=5)
    return _object(
        "apps/v1",
        "Deployment",
        NAME,
        spec={
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": _LABELS},
            "template": {"metadata": {"labels": _LABELS}, "spec": spec},
        },
    )


def _service() -> Manifest:
    port = {"name": "aws", "protocol": "TCP", "port": PORT, "targetPort": "aws", "nodePort": NODE_PORT}
    return _object("v1", "Service", NAME, spec={"type": "NodePort", "selector": _LABELS, "ports": [port]})
