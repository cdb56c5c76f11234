"""A namespace with what guards it: Pod Security, memory quota, container limits and network policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import pulumi
import pulumi_kubernetes as k8s

from stack.settings.names import PART_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.specification.manifest import Manifest


class Fenced(Protocol):
    """Specification of parts with their own namespace, which the program creates."""

    @property
    def namespace(self) -> str:
        """Name of the namespace."""

    @property
    def labels(self) -> Mapping[str, str]:
        """Labels of the namespace."""

    @property
    def quota(self) -> Manifest:
        """Specification of the ResourceQuota."""

    @property
    def limits(self) -> Manifest:
        """Specification of the LimitRange."""

    @property
    def network_policies(self) -> Mapping[str, Manifest]:
        """Specification of each NetworkPolicy by name."""


@dataclass(frozen=True, kw_only=True)
class GuardFactory:
    """Factory for the guards of one namespace.

    Attributes:
        parent: Parent component of the objects.
        prefix: First part of their logical names.
        namespace: Their namespace.
    """

    parent: pulumi.ComponentResource
    prefix: str
    namespace: pulumi.Input[str]

    @staticmethod
    def created(
        parent: pulumi.ComponentResource, prefix: str, name: str, labels: Mapping[str, str], *, keep: bool
    ) -> k8s.core.v1.Namespace:
        """Declare a namespace; with ``keep``, it may be neither deleted nor replaced."""
        options = pulumi.ResourceOptions(parent=parent, protect=keep or None, retain_on_delete=keep or None)
        metadata: Any = {"name": name, "labels": dict(labels)}
        return k8s.core.v1.Namespace(f"{prefix}-namespace", metadata=metadata, opts=options)

    @classmethod
    def fenced(cls, parent: pulumi.ComponentResource, prefix: str, spec: Fenced) -> pulumi.Output[str]:
        """Declare a namespace with all its guards, and return its name, which is known once all of them are there."""
        namespace = cls.created(parent, prefix, spec.namespace, spec.labels, keep=False).metadata["name"]
        factory = cls(parent=parent, prefix=prefix, namespace=namespace)
        guards: list[Any] = [factory.quota(spec.quota), factory.limits(spec.limits), *factory.policies(spec.network_policies)]
        return pulumi.Output.all(namespace, *(guard.metadata["name"] for guard in guards)).apply(lambda names: str(names[0]))

    def quota(self, spec: Manifest) -> k8s.core.v1.ResourceQuota:
        """Declare the memory budget at run time."""
        return k8s.core.v1.ResourceQuota(
            f"{self.prefix}-memory-budget", metadata=self._metadata("memory-budget"), spec=spec, opts=self._child
        )

    def limits(self, spec: Manifest) -> k8s.core.v1.LimitRange:
        """Declare the memory of the largest container."""
        return k8s.core.v1.LimitRange(
            f"{self.prefix}-container-memory", metadata=self._metadata("container-memory"), spec=spec, opts=self._child
        )

    def policies(self, specs: Mapping[str, Manifest]) -> list[k8s.networking.v1.NetworkPolicy]:
        """Declare network policies by name."""
        return [
            k8s.networking.v1.NetworkPolicy(f"{self.prefix}-{name}", metadata=self._metadata(name), spec=spec, opts=self._child)
            for name, spec in specs.items()
        ]

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)

    def _metadata(self, name: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK that holds an output
        return {"name": name, "namespace": self.namespace, "labels": {"app.kubernetes.io/part-of": PART_OF}}
