"""Resources and outputs of a recorded program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.recording.registration import Resource


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Resources and outputs of a program.

    Attributes:
        project: Name of the project.
        stack: Name of the stack.
        resources: Declared resources in order of their URN.
        outputs: Plain outputs of the stack; unknowns are ``UNKNOWN``.
        secret_outputs: Names of the secret outputs.
        unjudged: What the program uses and only the real engine knows.
    """

    project: str
    stack: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]
    secret_outputs: frozenset[str]
    unjudged: tuple[str, ...] = ()

    def of_type(self, type_token: str) -> tuple[Resource, ...]:
        """Return the resources of one type."""
        return tuple(resource for resource in self.resources if resource.type == type_token)

    def get(self, name: str, type_token: str | None = None) -> Resource:
        """Return the only resource of a logical name.

        Raises:
            LookupError: If there are none or several.
        """
        named = [item for item in self.resources if item.name == name and type_token in (None, item.type)]
        if len(named) != 1:
            message = f"{len(named)} resources have the name {name}: {[item.type for item in named]}"
            raise LookupError(message)
        return named[0]

    def parent(self, resource: Resource) -> Resource | None:
        """Return the parent component of a resource, or None at the top."""
        return next((other for other in self.resources if other.urn == resource.parent), None)

    def children(self, urn: str) -> tuple[Resource, ...]:
        """Return the resources with the parent ``urn``."""
        return tuple(resource for resource in self.resources if resource.parent == urn)

    def upstream(self, urn: str) -> frozenset[str]:
        """Return the URNs of all resources that must exist before ``urn``: dependencies, provider, and the dependencies of its parents."""
        by_urn = {resource.urn: resource for resource in self.resources}
        ancestors: set[str] = set()
        queue = [urn]
        while queue:
            resource = by_urn.get(queue.pop())
            if resource is None:
                continue
            edges = {*resource.dependencies, resource.provider, resource.parent} & by_urn.keys()
            queue.extend(edges - ancestors)
            ancestors |= edges
        return frozenset(ancestors)
