"""Shapes of Kubernetes objects: where the API server takes a text, a list or an object, and refuses everything else.

Only what the rules read is described. Numbers and truth values are left to the API server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from stack.capacity.pods import POD_KINDS
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shape: ``str`` for a text, a list of one shape, an object by its keys (``*`` for any), None for anything.
Shape = Any

_TEXTS: Final = {"*": str}
_LISTED: Final = [str]
_SELECTOR: Final = {"matchLabels": _TEXTS, "matchExpressions": [{"key": str, "operator": str, "values": _LISTED}]}
_METADATA: Final = {"name": str, "namespace": str, "labels": _TEXTS, "annotations": _TEXTS}
_RESOURCES: Final[Shape] = {"limits": {}, "requests": {}}
_EXEC: Final = {"command": _LISTED}
_HANDLER: Final = {"exec": _EXEC, "httpGet": {"path": str, "host": str, "httpHeaders": [{"name": str, "value": str}]}, "tcpSocket": {}}
_CONTEXT: Final = {
    "capabilities": {"add": _LISTED, "drop": _LISTED},
    "seccompProfile": {"type": str},
    "appArmorProfile": {"type": str},
    "seLinuxOptions": _TEXTS,
    "windowsOptions": {},
    "sysctls": [{"name": str, "value": str}],
}
_REFERENCE: Final = {"name": str, "key": str}
_CONTAINER: Final = {
    "name": str,
    "image": str,
    "command": _LISTED,
    "args": _LISTED,
    "workingDir": str,
    "env": [{"name": str, "value": str, "valueFrom": {"secretKeyRef": _REFERENCE, "configMapKeyRef": _REFERENCE, "fieldRef": _TEXTS}}],
    "envFrom": [{"prefix": str, "configMapRef": _REFERENCE, "secretRef": _REFERENCE}],
    "ports": [{"name": str, "protocol": str}],
    "volumeMounts": [{"name": str, "mountPath": str, "subPath": str}],
    "resources": _RESOURCES,
    "securityContext": _CONTEXT,
    "restartPolicy": str,
    "livenessProbe": _HANDLER,
    "readinessProbe": _HANDLER,
    "startupProbe": _HANDLER,
    "lifecycle": {"postStart": _HANDLER, "preStop": _HANDLER},
}
_ITEMS: Final = [{"key": str, "path": str}]
_CLAIM: Final = {"metadata": _METADATA, "spec": {"accessModes": _LISTED, "storageClassName": str, "resources": _RESOURCES}}
_VOLUME: Final = {
    "name": str,
    "emptyDir": {"medium": str},
    "configMap": {"name": str, "items": _ITEMS},
    "secret": {"secretName": str, "items": _ITEMS},
    "hostPath": {"path": str},
    "persistentVolumeClaim": {"claimName": str},
    "projected": {"sources": [{"secret": {"name": str}, "configMap": {"name": str}, "serviceAccountToken": {"path": str}}]},
    "csi": {"driver": str, "volumeAttributes": _TEXTS},
    "ephemeral": {"volumeClaimTemplate": _CLAIM},
}
_POD: Final = {
    "containers": [_CONTAINER],
    "initContainers": [_CONTAINER],
    "volumes": [_VOLUME],
    "securityContext": _CONTEXT,
    "nodeSelector": _TEXTS,
    "resources": _RESOURCES,
    "overhead": {},
    "affinity": {},
    "tolerations": [{"key": str, "value": str}],
    "imagePullSecrets": [{"name": str}],
    "hostAliases": [{"ip": str, "hostnames": _LISTED}],
    "serviceAccountName": str,
    "priorityClassName": str,
    "runtimeClassName": str,
}
_TEMPLATE: Final = {"metadata": _METADATA, "spec": _POD}
_WORKLOAD: Final = {
    "selector": _SELECTOR,
    "template": _TEMPLATE,
    "strategy": {"type": str},
    "updateStrategy": {"type": str},
    "volumeClaimTemplates": [_CLAIM],
}
_PEER: Final = {"podSelector": _SELECTOR, "namespaceSelector": _SELECTOR, "ipBlock": {"cidr": str, "except": _LISTED}}
_PORTS: Final = [{"protocol": str}]
_SPECS: Final[Mapping[str, Shape]] = {
    **dict.fromkeys(POD_KINDS, _WORKLOAD),
    "ReplicationController": {"selector": _TEXTS, "template": _TEMPLATE},
    "Pod": _POD,
    "CronJob": {"schedule": str, "jobTemplate": {"spec": _WORKLOAD}},
    "PersistentVolumeClaim": _CLAIM["spec"],
    "Service": {"selector": _TEXTS, "ports": [{"name": str}], "type": str, "externalIPs": _LISTED, "loadBalancerSourceRanges": _LISTED},
    "NetworkPolicy": {
        "podSelector": _SELECTOR,
        "policyTypes": _LISTED,
        "ingress": [{"from": [_PEER], "ports": _PORTS}],
        "egress": [{"to": [_PEER], "ports": _PORTS}],
    },
    "ResourceQuota": {"hard": {}, "scopes": _LISTED},
    "LimitRange": {"limits": [{"type": str, "max": {}, "min": {}, "default": {}, "defaultRequest": {}}]},
    "PodDisruptionBudget": {"selector": _SELECTOR},
    "HorizontalPodAutoscaler": {"scaleTargetRef": {"kind": str, "name": str}},
    "Ingress": {"rules": [{"host": str, "http": {"paths": [{"path": str, "backend": {}}]}}]},
}
_ROLE: Final = {"rules": [dict.fromkeys(("apiGroups", "resources", "verbs", "resourceNames", "nonResourceURLs"), _LISTED)]}
_BINDING: Final = {"subjects": [{"kind": str, "name": str, "namespace": str}], "roleRef": {"kind": str, "name": str}}
# Kinds whose fields stand beside metadata
_BESIDE: Final[Mapping[str, Shape]] = {
    "ConfigMap": {"data": _TEXTS, "binaryData": _TEXTS},
    "Secret": {"data": _TEXTS, "stringData": _TEXTS, "type": str},
    "Role": _ROLE,
    "ClusterRole": _ROLE,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "StorageClass": {"provisioner": str, "parameters": _TEXTS},
}
_GROUPS: Final = {"", "core", "apps", "batch", "networking.k8s.io", "policy", "autoscaling", "rbac.authorization.k8s.io", "storage.k8s.io"}


def misfits(type_token: str, inputs: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield every field of a Kubernetes object that has another type than the API server takes.

    Args:
        type_token: Type of the resource, such as ``kubernetes:apps/v1:Deployment``.
        inputs: Its properties.

    Yields:
        Path of the field, the type that it has, and the one that it must have, in words; never a value.
    """
    package, _, rest = type_token.partition(":")
    group, kind = rest.rpartition(":")[0].rpartition("/")[0], type_token.rpartition(":")[2].removesuffix("Patch")
    if package != "kubernetes" or group not in _GROUPS or (kind not in _SPECS and kind not in _BESIDE):
        return
    shape = {"metadata": _METADATA, **_BESIDE.get(kind, {}), **({"spec": _SPECS[kind]} if kind in _SPECS else {})}
    yield from _within(inputs, shape, "")


def _within(value: object, shape: Shape, path: str) -> Iterator[tuple[str, str, str]]:
    if value is None or isinstance(value, Unknown) or shape is None:
        return
    wanted = "a text" if shape is str else "a list" if isinstance(shape, list) else "an object"
    named = _named(value)
    if named != wanted:
        yield path, named, wanted
    elif isinstance(shape, list) and isinstance(value, (list, tuple)):
        for at, item in enumerate(value):
            yield from _within(item, shape[0], f"{path}[{at}]")
    elif isinstance(shape, dict) and isinstance(value, Mapping):
        for key, item in value.items():
            inner = shape.get(str(key), shape.get("*"))
            if inner is not None:
                yield from _within(item, inner, f"{path}.{key}" if path else str(key))


def _named(value: object) -> str:
    """Return the type of a value in words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, (list, tuple)) else "an object"
