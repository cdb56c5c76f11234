"""Foundation layer of the pipeline.

A namespace that admits only restricted pods, holds the memory budget at run time, and allows no connection outside the data path. The
program does not create the cluster. Network policies are enforced by the cluster's network plug-in: without one, they change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s

from components.foundation.namespace import GuardFactory
from stack.settings.names import PART_OF

if TYPE_CHECKING:
    from stack.specification.foundation import Foundation


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
        namespace = (
            None if spec.existing_namespace else GuardFactory.created(self, name, spec.namespace, spec.namespace_labels, keep=spec.protect)
        )
        self._namespace: pulumi.Input[str] = namespace.metadata["name"] if namespace else spec.namespace
        factory = GuardFactory(parent=self, prefix=name, namespace=self._namespace)
        inside: list[Any] = [
            factory.quota(spec.quota),
            factory.limits(spec.limits),
            *self._storage_classes(),
            *factory.policies(spec.network_policies),
        ]
        settled = pulumi.Output.all(self._namespace, *(resource.metadata["name"] for resource in inside))
        self.resources = FoundationResources(
            namespace=settled.apply(lambda names: str(names[0])),
            protect=spec.protect,
            ends_with=namespace,
        )
        self.register_outputs({"namespace": self.resources.namespace})

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
