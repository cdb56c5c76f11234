"""The Kubernetes kinds the sandbox deals with, and where the API keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote


class UnknownKindError(LookupError):
    """A kind that is not in the table below."""


@dataclass(frozen=True)
class Kind:
    """A kind's API group and version, its plural in URLs, and whether its objects live in a namespace."""

    api_version: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None, name: str = "") -> str:
        """Give the URL path of one object, or of the collection without a name."""
        root = "/api/" if "/" not in self.api_version else "/apis/"
        place = f"/namespaces/{quote(namespace)}" if self.namespaced and namespace else ""
        return f"{root}{self.api_version}{place}/{self.plural}" + (f"/{quote(name)}" if name else "")


_RBAC: Final = "rbac.authorization.k8s.io/v1"

KINDS: Final[dict[str, Kind]] = {
    "ClusterRole": Kind(_RBAC, "clusterroles", namespaced=False),
    "ClusterRoleBinding": Kind(_RBAC, "clusterrolebindings", namespaced=False),
    "ConfigMap": Kind("v1", "configmaps"),
    "Deployment": Kind("apps/v1", "deployments"),
    "EndpointSlice": Kind("discovery.k8s.io/v1", "endpointslices"),
    "Event": Kind("v1", "events"),
    "LimitRange": Kind("v1", "limitranges"),
    "Namespace": Kind("v1", "namespaces", namespaced=False),
    "NetworkPolicy": Kind("networking.k8s.io/v1", "networkpolicies"),
    "Node": Kind("v1", "nodes", namespaced=False),
    "PersistentVolume": Kind("v1", "persistentvolumes", namespaced=False),
    "PersistentVolumeClaim": Kind("v1", "persistentvolumeclaims"),
    "Pod": Kind("v1", "pods"),
    "PodDisruptionBudget": Kind("policy/v1", "poddisruptionbudgets"),
    "ReplicaSet": Kind("apps/v1", "replicasets"),
    "ResourceQuota": Kind("v1", "resourcequotas"),
    "Role": Kind(_RBAC, "roles"),
    "RoleBinding": Kind(_RBAC, "rolebindings"),
    "Secret": Kind("v1", "secrets"),
    "Service": Kind("v1", "services"),
    "ServiceAccount": Kind("v1", "serviceaccounts"),
    "StatefulSet": Kind("apps/v1", "statefulsets"),
    "StorageClass": Kind("storage.k8s.io/v1", "storageclasses", namespaced=False),
}


def kind_of(kind: str) -> Kind:
    """Look a kind up. Raises UnknownKindError with the known ones."""
    try:
        return KINDS[kind]
    except KeyError:
        message = f"the sandbox does not know the kind {kind}; it knows {', '.join(sorted(KINDS))}"
        raise UnknownKindError(message) from None
