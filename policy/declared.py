"""What the rules look at: one declared resource, and everything declared so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from capacity.quantity import whole_mib
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

Answer = TypeVar("Answer")


def namespace_of(provider: Mapping[str, Any]) -> str | Unknown | None:
    """The namespace that a provider's properties give to objects without one, UNKNOWN when it is not known, or None."""
    found = provider.get("namespace")
    return found if isinstance(found, (str, Unknown)) and found else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared:
    """A resource as the program declares it.

    Attributes:
        urn: Its URN.
        type: Type token, such as ``kubernetes:apps/v1:Deployment``.
        name: Logical name.
        inputs: Its properties; what is not known yet is ``unknown.UNKNOWN``. Secrets are in clear: print no values.
        default_namespace: Namespace that its provider gives to objects without one, UNKNOWN when the provider's is, or None.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    default_namespace: str | Unknown | None = None

    @property
    def kind(self) -> str:
        """The last part of the type: ``Deployment``."""
        return self.type.rpartition(":")[2]

    @property
    def is_kubernetes(self) -> bool:
        """Whether it is a Kubernetes object."""
        return self.type.startswith("kubernetes:")

    @property
    def group(self) -> str:
        """The API group of a Kubernetes object: ``apps``; empty for anything else."""
        return self.type.split(":")[1].rpartition("/")[0] if self.is_kubernetes and self.type.count(":") == 2 else ""  # noqa: PLR2004

    @property
    def namespace(self) -> str | Unknown:
        """The namespace it goes to."""
        metadata = self.inputs.get("metadata")
        found = metadata.get("namespace") if isinstance(metadata, Mapping) else metadata
        if isinstance(found, (str, Unknown)) and found:
            return found
        return "default" if self.default_namespace is None else self.default_namespace

    @property
    def object_name(self) -> str:
        """The Kubernetes name, or the logical one where there is none."""
        metadata = self.inputs.get("metadata")
        found = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, Mapping) else None
        return found if isinstance(found, str) else self.name

    @property
    def title(self) -> str:
        """How messages call it: ``Deployment connect``."""
        return f"{self.kind} {self.object_name if self.is_kubernetes else self.name}"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a stack may use, and what is excepted.

    Attributes:
        memory: Memory budget of each namespace in bytes.
        volumes: Disk budget of each namespace's volume claims in bytes.
        nodes: Nodes of the cluster, or None when that is not known.
        exceptions: Rule, resource name and reason of everything that a stack allows itself.
        problem: Why the stack's own budget could not be read, or an empty string.
        own: Namespace whose budgets are the stack's settings.
    """

    memory: Mapping[str, int] = field(default_factory=dict)
    volumes: Mapping[str, int] = field(default_factory=dict)
    nodes: int | None = None
    exceptions: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""
    own: str = ""

    def raised(self, namespace: str, size: int, setting: str, table: str) -> str:
        """The cure of raising a budget to a size in bytes, where that namespace's budget stands.

        Args:
            namespace: Whose budget.
            size: What it has to hold, in bytes.
            setting: Key of the stack's own budget.
            table: Where the pack's configuration has those of the others.
        """
        needed = whole_mib(size)
        return f"raise {setting} to {needed}" if namespace == self.own else f"give {namespace} {needed}Mi in {table}"


class Record:
    """Everything declared so far, by URN, in order of declaration."""

    def __init__(self, limits: Limits) -> None:
        """Begin with nothing declared."""
        self.limits = limits
        self.resources: dict[str, Declared] = {}
        self._by_type: dict[str, dict[str, Declared]] = {}
        self._answers: dict[object, Any] = {}

    def add(self, resource: Declared) -> None:
        """Note a resource; one with the same URN takes its place."""
        self.resources[resource.urn] = resource
        self._by_type.setdefault(resource.type, {})[resource.urn] = resource
        self._answers.clear()

    def once(self, question: object, answer: Callable[[], Answer]) -> Answer:
        """The answer to a question about everything declared so far, worked out once until something more is declared."""
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]  # type: ignore[no-any-return]

    def of_kind(self, *kinds: str, namespace: str | Unknown | None = None) -> list[Declared]:
        """The Kubernetes objects of some kinds, of one namespace or of all."""
        return [
            resource
            for type_token, found in self._by_type.items()
            if type_token.startswith("kubernetes:") and type_token.rpartition(":")[2] in kinds
            for resource in found.values()
            if namespace in (None, resource.namespace)
        ]

    def of_type(self, type_token: str) -> list[Declared]:
        """The resources of a type."""
        return list(self._by_type.get(type_token, {}).values())

    def config_map(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """The files of a ConfigMap, or None when it has not been declared (yet)."""
        for resource in self.of_kind("ConfigMap", namespace=namespace):
            if resource.object_name == name:
                data = resource.inputs.get("data")
                return data if isinstance(data, Mapping) else {}
        return None
