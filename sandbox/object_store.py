"""The emulated AWS as Kubernetes objects: moto in a namespace, budget and network of its own. Pure."""

from __future__ import annotations

from typing import Any, Final

NAMESPACE: Final = "object-store"
NAME: Final = "moto"
PORT: Final = 5000
NODE_PORT: Final = 4566
IMAGE: Final = "localhost/data-ingestion/object-store:5.2.5-1"

MEMORY: Final = "512Mi"
"""Idle it takes 54 MiB; the rest is for objects of up to `_IN_MEMORY_BYTES` and for what moto knows about each object."""

_IN_MEMORY_BYTES: Final = 65536  # larger objects go to files below /tmp, so that data does not count as memory
_DISK: Final = "4Gi"
_PIPELINE: Final = "data-ingestion"
_HOST: Final = ("10.245.0.1/32", "10.244.0.1/32")  # as pods see connections from this machine, through a node port or directly
_LABELS: Final = {"app.kubernetes.io/part-of": NAMESPACE, "app.kubernetes.io/component": NAME}

Manifest = dict[str, Any]


def manifests() -> list[Manifest]:
    """Everything to apply, in order."""
    return [_namespace(), _quota(), *_network_policies(), _service_account(), _service(), _deployment()]


def _namespace() -> Manifest:
    levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {**_LABELS, **levels}}}


def _quota() -> Manifest:
    hard = {"limits.memory": MEMORY, "requests.memory": MEMORY, "pods": "1"}
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": _metadata("budget"), "spec": {"hard": hard}}


def _network_policies() -> list[Manifest]:
    connect = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": _PIPELINE}},
        "podSelector": {"matchLabels": {"app.kubernetes.io/component": "connect"}},
    }
    sources = [connect, *({"ipBlock": {"cidr": cidr}} for cidr in _HOST)]
    admitted = {
        "podSelector": {"matchLabels": _LABELS},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": sources, "ports": [{"protocol": "TCP", "port": PORT}]}],
    }
    return [
        _network_policy("deny-all", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        _network_policy("connect-and-host", admitted),
    ]


def _network_policy(name: str, spec: Manifest) -> Manifest:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": _metadata(name), "spec": spec}


def _service_account() -> Manifest:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata(NAME), "automountServiceAccountToken": False}


def _service() -> Manifest:
    port = {"name": "http", "protocol": "TCP", "port": PORT, "targetPort": PORT, "nodePort": NODE_PORT}
    spec = {"type": "NodePort", "selector": _LABELS, "ports": [port]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(NAME), "spec": spec}


def _deployment() -> Manifest:
    probe = {"httpGet": {"path": "/moto-api/", "port": PORT}, "periodSeconds": 2, "timeoutSeconds": 5}
    container = {
        "name": NAME,
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-m", "moto.server", "-H", "0.0.0.0", "-p", str(PORT)],  # noqa: S104 - inside its pod
        "env": [
            {"name": "INITIAL_NO_AUTH_ACTION_COUNT", "value": "0"},  # every call is signed and checked against IAM from the start
            {"name": "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", "value": str(_IN_MEMORY_BYTES)},
        ],
        "workingDir": "/tmp",  # noqa: S108 - the pod's own volume
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": {"requests": {"memory": MEMORY, "cpu": "50m"}, "limits": {"memory": MEMORY}},
        "readinessProbe": probe,
        "livenessProbe": {**probe, "periodSeconds": 20, "failureThreshold": 6},  # a restart loses every object: only when really dead
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own volume
    }
    pod = {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 5,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [{"name": "tmp", "emptyDir": {"sizeLimit": _DISK}}],
    }
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _LABELS},
        "template": {"metadata": {"labels": _LABELS}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": _metadata(NAME), "spec": spec}


def _metadata(name: str) -> Manifest:
    return {"name": name, "namespace": NAMESPACE, "labels": _LABELS}
