"""Kubernetes objects of one component: service account, ConfigMaps, Secrets, Services, workload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s

from stack.specification import manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.specification.services import Published
    from stack.specification.workload import Workload


@dataclass(frozen=True, kw_only=True)
class ObjectFactory:
    """Factory for the Kubernetes objects of one component.

    Attributes:
        parent: Parent component of the objects.
        prefix: First part of their logical names.
        namespace: Their namespace.
        component: Value of their component label.
        protect: Whether resources with data may be neither deleted nor replaced.
    """

    parent: pulumi.ComponentResource
    prefix: str
    namespace: pulumi.Input[str]
    component: str
    protect: bool = False

    def options(self, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Return the options of a child; ``after`` lists dependencies without a data flow."""
        return pulumi.ResourceOptions(parent=self.parent, depends_on=list(after) or None)

    def metadata(self, name: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK that holds an output
        """Return name, namespace and labels of an object."""
        return {"name": name, "namespace": self.namespace, "labels": manifest.labels(self.component)}

    def account(self) -> k8s.core.v1.ServiceAccount:
        """Declare the component's service account, without a token in its pods."""
        return k8s.core.v1.ServiceAccount(
            f"{self.prefix}-{self.component}-account",
            metadata=self.metadata(self.component),
            automount_service_account_token=False,
            opts=self.options(),
        )

    def files(self, name: str, data: Mapping[str, pulumi.Input[str]]) -> k8s.core.v1.ConfigMap:
        """Declare a ConfigMap with files."""
        return k8s.core.v1.ConfigMap(f"{self.prefix}-{name}", metadata=self.metadata(name), data=dict(data), opts=self.options())

    def secret(self, name: str, data: Mapping[str, pulumi.Input[str]] | pulumi.Output[dict[str, str]]) -> k8s.core.v1.Secret:
        """Declare a Secret from plain strings."""
        values: Any = data if isinstance(data, pulumi.Output) else dict(data)
        return k8s.core.v1.Secret(f"{self.prefix}-{name}", metadata=self.metadata(name), string_data=values, opts=self.options())

    def headless(self, name: str, ports: Mapping[str, int], *, before_ready: bool = False) -> k8s.core.v1.Service:
        """Declare a headless Service, the DNS names of a StatefulSet's pods; with ``before_ready``, of unready pods too."""
        spec: manifest.Manifest = {
            "clusterIP": "None",
            "publishNotReadyAddresses": before_ready,
            "selector": manifest.labels(self.component),
            "ports": [{"name": key, "port": port} for key, port in ports.items()],
        }
        return k8s.core.v1.Service(f"{self.prefix}-{name}", metadata=self.metadata(name), spec=spec, opts=self.options())

    def published(self, published: Published, workload: pulumi.Resource, **selector: str) -> k8s.core.v1.Service:
        """Declare a published Service after its workload, since Pulumi waits for its endpoints.

        Args:
            published: Name, ports and address of the Service.
            workload: The workload that runs its pods.
            **selector: Further labels of the pods.
        """
        name, metadata = published.name, self.metadata(published.name)
        if published.annotations:
            metadata["annotations"] = published.annotations
        spec: manifest.Manifest = {**published.publishing, "selector": {**manifest.labels(self.component), **selector}}
        return k8s.core.v1.Service(f"{self.prefix}-{name}-service", metadata=metadata, spec=spec, opts=self.options(workload))

    def workload(self, workload: Workload, after: Sequence[pulumi.Resource]) -> k8s.apps.v1.StatefulSet | k8s.apps.v1.Deployment:
        """Declare a StatefulSet or a Deployment, and its PodDisruptionBudget if it has one.

        Args:
            workload: Specification of the workload.
            after: Objects that the pods mount by name or cannot start without.
        """
        name, metadata, options = f"{self.prefix}-{self.component}", self.metadata(self.component), self.options(*after)
        if workload.kind == "Deployment":
            resource: k8s.apps.v1.StatefulSet | k8s.apps.v1.Deployment = k8s.apps.v1.Deployment(
                name, metadata=metadata, spec=workload.spec, opts=options
            )
        else:
            options.protect = self.protect or None
            resource = k8s.apps.v1.StatefulSet(name, metadata=metadata, spec=workload.spec, opts=options)
        if workload.bounds_disruption:
            self._disruption_budget()
        return resource

    def _disruption_budget(self) -> k8s.policy.v1.PodDisruptionBudget:
        """Declare a PodDisruptionBudget: a node drain evicts one pod of this component at a time."""
        spec: manifest.Manifest = {"maxUnavailable": 1, "selector": {"matchLabels": manifest.labels(self.component)}}
        name = f"{self.prefix}-{self.component}-disruptions"
        return k8s.policy.v1.PodDisruptionBudget(name, metadata=self.metadata(self.component), spec=spec, opts=self.options())
