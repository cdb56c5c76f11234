"""A namespace of the sandbox beside the pipeline's: a budget, a closed network, and one pod at a time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING, Final

from sandbox.addresses import NODE, PODS
from stack.specification.foundation import container_limits, memory_quota, restricted_labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.specification.manifest import Manifest

_POLICIES: Final = "networking.k8s.io/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SideNamespace:
    """A namespace with one workload.

    Attributes:
        namespace: Name of the namespace.
        name: Name of the workload, its account and its Service.
        memory_mib: Memory limit of the pod, and the namespace's budget.
    """

    namespace: str
    name: str
    memory_mib: int

    @property
    def labels(self) -> dict[str, str]:
        """Labels of every object and of the pod."""
        return {"app.kubernetes.io/part-of": "data-ingestion-sandbox", "app.kubernetes.io/component": self.namespace}

    def fence(self, policy: str, clients: Sequence[Manifest], ports: Sequence[int]) -> list[Manifest]:
        """Return the namespace and its guards, in the order in which they have to be applied.

        Args:
            policy: Name of the policy that lets clients in.
            clients: Peers that may connect, beside this machine; nothing may leave.
            ports: TCP ports of the pod.
        """
        # Requests through a node port arrive from the node's address or from that of the pods' bridge, the first of their range.
        machine = [{"ipBlock": {"cidr": f"{address}/32"}} for address in (NODE, next(ip_network(PODS).hosts()))]
        rule = {"from": [*clients, *machine], "ports": [{"protocol": "TCP", "port": port} for port in ports]}
        let_in = {"podSelector": {"matchLabels": self.labels}, "policyTypes": ["Ingress"], "ingress": [rule]}
        return [
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": self.namespace, "labels": {**restricted_labels(), **self.labels}},
            },
            self._object("v1", "ResourceQuota", "memory-budget", spec=memory_quota(self.memory_mib)),
            self._object("v1", "LimitRange", "container-memory", spec=container_limits(self.memory_mib)),
            self._object(_POLICIES, "NetworkPolicy", "default-deny", spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
            self._object(_POLICIES, "NetworkPolicy", policy, spec=let_in),
            self._object("v1", "ServiceAccount", self.name, automountServiceAccountToken=False),
        ]

    def deployment(self, pod: Manifest) -> Manifest:
        """Return the Deployment: its pod ends before the next one starts, since the budget has room for one."""
        spec = {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": self.labels},
            "template": {"metadata": {"labels": self.labels}, "spec": pod},
        }
        return self._object("apps/v1", "Deployment", self.name, spec=spec)

    def service(self, ports: Sequence[Mapping[str, Manifest]]) -> Manifest:
        """Return the Service, with the node ports that its ports name."""
        listed = [{"protocol": "TCP", **port} for port in ports]
        return self._object("v1", "Service", self.name, spec={"type": "NodePort", "selector": self.labels, "ports": listed})

    def _object(self, api_version: str, kind: str, name: str, **rest: Manifest) -> Manifest:
        metadata = {"name": name, "namespace": self.namespace, "labels": self.labels}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}
