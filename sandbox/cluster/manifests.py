"""The objects that make a bare API server a usable cluster: the name server, the default storage class, the rights of our controllers."""

from __future__ import annotations

import hashlib

from sandbox import addresses

PROVISIONER = "sandbox.data-ingestion/local"
"""Provisioner that storage classes name; must agree with ``node/volumes``."""

NAME_SERVER = ("kube-system", "coredns")
"""Namespace and name of the name server's deployment."""

_DNS_NAMESPACE, _DNS_NAME = NAME_SERVER
_DNS_PORT = 53  # the container's port too: policies allow the port behind the service, and in every cluster that is 53
_LABELS = {"k8s-app": "kube-dns"}  # what policies that let pods ask for names select, in every cluster


def all_objects(node_image: str) -> list[dict[str, object]]:
    """Return every object, in the order in which they are applied.

    Args:
        node_image: Image with the node's program, from which the name server runs.
    """
    return [
        _class("standard"),
        *_rights(
            "volume-provisioner",
            [
                _rule("", ["persistentvolumes"], ["get", "list", "watch", "create", "delete", "patch", "update"]),
                _rule("", ["persistentvolumeclaims"], ["get", "list", "watch", "update", "patch"]),
                _rule("", ["nodes"], ["get", "list", "watch"]),
                _rule("", ["events"], ["create", "update", "patch"]),
                _rule("storage.k8s.io", ["storageclasses"], ["get", "list", "watch"]),
            ],
        ),
        *_rights(
            "network-policies",
            [
                _rule("", ["pods", "namespaces"], ["get", "list", "watch"]),
                _rule("networking.k8s.io", ["networkpolicies"], ["get", "list", "watch"]),
            ],
        ),
        *_name_server(node_image),
    ]


def corefile() -> str:
    """Return the name server's configuration: the cluster's names from the API server, every other name does not exist.

    Two blocks, since within one the second answer would come first, whatever the order of its lines.
    """
    reverse = f"{addresses.SERVICES} {addresses.PODS}"
    return f"""\
{addresses.DOMAIN}:{_DNS_PORT} in-addr.arpa:{_DNS_PORT} {{
    errors
    health :8080
    ready :8181
    kubernetes {addresses.DOMAIN} {reverse} {{
        ttl 5
    }}
    cache 5
}}
.:{_DNS_PORT} {{
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _class(name: str) -> dict[str, object]:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, object]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def _rights(name: str, rules: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return a cluster role and its binding to the user of that name, which the certificate carries."""
    title = f"sandbox:{name}"
    api = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": f"{api}/v1", "kind": "ClusterRole", "metadata": {"name": title}, "rules": rules},
        {
            "apiVersion": f"{api}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": title},
            "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": title},
            "subjects": [{"apiGroup": api, "kind": "User", "name": title}],
        },
    ]


def _name_server(image: str) -> list[dict[str, object]]:
    role, binding = _rights(
        _DNS_NAME,
        [
            _rule("", ["services", "pods", "namespaces"], ["list", "watch"]),
            _rule("discovery.k8s.io", ["endpointslices"], ["list", "watch"]),
        ],
    )
    account = {"kind": "ServiceAccount", "name": _DNS_NAME, "namespace": _DNS_NAMESPACE}
    named = {"name": _DNS_NAME, "namespace": _DNS_NAMESPACE, "labels": _LABELS}
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": "dns"},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": "dns-tcp"},
    ]
    return [
        role,
        {**binding, "subjects": [account]},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": named},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": {"Corefile": corefile()}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named, "spec": _deployment(image)},
        {
            "apiVersion": "v1",
            "kind": "Service",
            # The well-known name of the service in every cluster, whatever serves it.
            "metadata": {**named, "name": "kube-dns"},
            "spec": {"selector": _LABELS, "clusterIP": addresses.DNS, "ports": ports},
        },
    ]


def _deployment(image: str) -> dict[str, object]:
    container = {
        "name": _DNS_NAME,
        "image": image,
        "imagePullPolicy": "Never",
        "args": ["coredns", "-conf", "/etc/coredns/Corefile"],
        "env": [{"name": "GOGC", "value": "50"}],
        "ports": [
            {"name": "dns", "containerPort": _DNS_PORT, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": _DNS_PORT, "protocol": "TCP"},
        ],
        "resources": {"requests": {"cpu": "20m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1, "failureThreshold": 3},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "periodSeconds": 10, "failureThreshold": 5},
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    return {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": _LABELS},
        "template": {
            # A changed file makes a new pod.
            "metadata": {"labels": _LABELS, "annotations": {"sandbox/corefile": hashlib.sha256(corefile().encode()).hexdigest()[:16]}},
            "spec": {
                "serviceAccountName": _DNS_NAME,
                "enableServiceLinks": False,
                "priorityClassName": "system-cluster-critical",
                "dnsPolicy": "Default",
                "terminationGracePeriodSeconds": 2,
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                    "runAsGroup": 1000,
                    "seccompProfile": {"type": "RuntimeDefault"},
                    "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": str(_DNS_PORT)}],
                },
                "containers": [container],
                "volumes": [{"name": "config", "configMap": {"name": _DNS_NAME}}],
            },
        },
    }
