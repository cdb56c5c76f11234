"""Foundation layer of the pipeline.

A namespace that admits only restricted pods, holds the memory budget at run time, and allows no connection outside the data path. The
program does not create the cluster. Network policies are enforced by the cluster's network plug-in: without one, they change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s

from settings.names import PART_OF

if TYPE_CHECKING:
    from specification.foundation import Foundation


@dataclass(frozen=True, kw_only=True)
class FoundationResources:
    """Resources and values of the foundation that other layers use.

    Attributes:
        namespace: Name of the namespace, known once quota, policies and storage classes exist.
        protect: Whether resources with data may be neither deleted nor replaced.
        ends_with: The namespace resource: objects deleted with it need no separate deletion through servers that may be gone
            already. None if the namespace survives the stack.
    """

    namespace: pulumi.Output[str]
    protect: bool = False
    ends_with: pulumi.Resource | None = None


class FoundationComponent(pulumi.ComponentResource):
    """Namespace, quota, storage classes and network policies."""

    resources: FoundationResources

    def __init__(self, name: str, spec: Foundation, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare namespace, quota, limits, storage classes and network policies."""
        super().__init__("cdc:foundation:Foundation", name, None, opts)
        self._name, self._spec = name, spec
        self._child = pulumi.ResourceOptions(parent=self)
        namespace = None if spec.existing_namespace else self._namespace_resource()
        self._namespace: pulumi.Input[str] = namespace.metadata["name"] if namespace else spec.namespace
        inside: list[Any] = [self._quota(), self._limits(), *self._storage_classes(), *self._network_policies()]
        settled = pulumi.Output.all(self._namespace, *(resource.metadata["name"] for resource in inside))
        self.resources = FoundationResources(
            namespace=settled.apply(lambda names: str(names[0])),
            protect=spec.protect,
            ends_with=namespace,
        )
        self.register_outputs({"namespace": self.resources.namespace})

    def _namespace_resource(self) -> k8s.core.v1.Namespace:
        keep = self._spec.protect or None
        options = pulumi.ResourceOptions(parent=self, protect=keep, retain_on_delete=keep)
        metadata: Any = {"name": self._spec.namespace, "labels": self._spec.namespace_labels}
        return k8s.core.v1.Namespace(f"{self._name}-namespace", metadata=metadata, opts=options)

    def _metadata(self, name: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK that holds an output
        return {"name": name, "namespace": self._namespace, "labels": {"app.kubernetes.io/part-of": PART_OF}}

    def _quota(self) -> k8s.core.v1.ResourceQuota:
        metadata = self._metadata("memory-budget")
        return k8s.core.v1.ResourceQuota(f"{self._name}-memory-budget", metadata=metadata, spec=self._spec.quota, opts=self._child)

    def _limits(self) -> k8s.core.v1.LimitRange:
        metadata = self._metadata("container-memory")
        return k8s.core.v1.LimitRange(f"{self._name}-container-memory", metadata=metadata, spec=self._spec.limits, opts=self._child)

    def _storage_classes(self) -> list[k8s.storage.v1.StorageClass]:
        return [
            k8s.storage.v1.StorageClass(
                f"{self._name}-{name}",
                metadata={"name": name, "labels": {"app.kubernetes.io/part-of": PART_OF}},
                provisioner=self._spec.provisioner,
                reclaim_policy=self._spec.reclaim_policy,
                volume_binding_mode="WaitForFirstConsumer",
                opts=self._child,
            )
            for name in self._spec.storage_classes
        ]

    def _network_policies(self) -> list[k8s.networking.v1.NetworkPolicy]:
        return [
            k8s.networking.v1.NetworkPolicy(f"{self._name}-{name}", metadata=self._metadata(name), spec=spec, opts=self._child)
            for name, spec in self._spec.network_policies.items()
        ]
