"""Input of the rules: one declared resource, and all resources declared so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from policy.empty_items import empty_items, filled
from stack.capacity.quantity import whole_mib
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.specification.stack import Specification

Answer = TypeVar("Answer")


def namespace_of(provider: Mapping[str, Any]) -> str | Unknown | None:
    """Return a provider's default namespace, ``UNKNOWN`` when it is unknown, or None."""
    namespace = provider.get("namespace")
    return namespace if isinstance(namespace, (str, Unknown)) and namespace else None


@dataclass(frozen=True, kw_only=True, eq=False)
class Declared:
    """A resource as the program declares it.

    Attributes:
        urn: URN of the resource.
        type: Type token, such as ``kubernetes:apps/v1:Deployment``.
        name: Logical name.
        inputs: Properties; unknown values are ``unknown.UNKNOWN``. Secrets are in plain text: never print values.
        default_namespace: Default namespace of its provider, ``UNKNOWN`` when that is unknown, or None.
        ignored: Paths of the properties whose changes are ignored.
        empty: Paths of the empty items in lists of a Kubernetes object, whose inputs have what the API server makes of them.
    """

    urn: str
    type: str
    name: str
    inputs: Mapping[str, Any]
    default_namespace: str | Unknown | None = None
    ignored: tuple[str, ...] = ()
    empty: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        """Read empty items of lists as the API server does."""
        empty = tuple(empty_items(self.inputs)) if self.is_kubernetes else ()
        if empty:
            object.__setattr__(self, "inputs", filled(self.inputs))
            object.__setattr__(self, "empty", empty)

    @property
    def kind(self) -> str:
        """Last part of the type: ``Deployment``."""
        return self.type.rpartition(":")[2]

    @property
    def is_kubernetes(self) -> bool:
        """True for a Kubernetes object."""
        return self.type.startswith("kubernetes:")

    @property
    def group(self) -> str:
        """API group of a Kubernetes object: ``apps``; empty for any other resource."""
        parts = self.type.split(":")
        return parts[1].rpartition("/")[0] if self.is_kubernetes and len(parts) == 3 else ""  # noqa: PLR2004 - package, group, kind

    @property
    def namespace(self) -> str | Unknown:
        """Namespace of the object: its own, the provider's default, or ``default``."""
        metadata = self.inputs.get("metadata")
        own = metadata.get("namespace") if isinstance(metadata, Mapping) else metadata
        if isinstance(own, (str, Unknown)) and own:
            return own
        return "default" if self.default_namespace is None else self.default_namespace

    @property
    def objects(self) -> object:
        """Objects in the resource: the ones of a Kubernetes list, or the resource's own inputs."""
        return self.inputs.get("items") if self.kind.endswith("List") else [self.inputs]

    @property
    def object_name(self) -> str:
        """Name in Kubernetes, or the logical name where there is none."""
        metadata = self.inputs.get("metadata")
        name = (metadata.get("name") or metadata.get("generateName")) if isinstance(metadata, Mapping) else None
        return name if isinstance(name, str) else self.name

    @property
    def title(self) -> str:
        """Kind and name for messages: ``Deployment connect``."""
        return f"{self.kind} {self.object_name if self.is_kubernetes else self.name}"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Budgets and exceptions of a stack.

    Attributes:
        memory: Memory budget of each namespace in bytes.
        volumes: Disk budget of each namespace's volume claims in bytes.
        nodes: Number of nodes of the cluster, or None when unknown.
        exceptions: Rule, resource name and reason of each exception.
        problem: Reason why the stack's own budget could not be read, or an empty string.
        own: Namespace of the pipeline, whose budgets are the stack's settings.
        further: Further namespaces of the stack, each with the setting of its memory budget; empty where its own pods are the budget.
        node_ports: Ports of the nodes at which the pipeline is published.
        specification: What the stack's settings make the program declare, or None where they are not known.
    """

    memory: Mapping[str, int] = field(default_factory=dict)
    volumes: Mapping[str, int] = field(default_factory=dict)
    nodes: int | None = None
    exceptions: tuple[tuple[str, str, str], ...] = ()
    problem: str = ""
    own: str = ""
    further: Mapping[str, str] = field(default_factory=dict)
    node_ports: tuple[int, ...] = ()
    specification: Specification | None = None

    def raised(self, namespace: str, size: int, setting: str, table: str, further: Mapping[str, str] = MappingProxyType({})) -> str:
        """Render the cure that raises a namespace's budget.

        Args:
            namespace: Namespace of the budget.
            size: Required size, in bytes.
            setting: Key of the pipeline's budget.
            table: Place of all other budgets in the pack's configuration.
            further: Key of the budget of each further namespace; empty where the sizes of the pods are the budget.
        """
        needed, key = whole_mib(size), setting if namespace == self.own else further.get(namespace)
        if key == "":
            return "declare it in another namespace, since this budget is what the settings give to its own pods"
        return f"raise {key} to {needed}" if key else f"set {namespace} to {needed}Mi in {table}"

    def owns(self, namespace: object) -> bool:
        """Return whether a namespace is, or may be, the pipeline's or a further one of the stack."""
        return isinstance(namespace, Unknown) or (bool(self.own) and namespace in {self.own, *self.further})


class Record:
    """All resources declared so far, by URN, in order of declaration."""

    def __init__(self, limits: Limits) -> None:
        """Create an empty record."""
        self.limits = limits
        self.resources: dict[str, Declared] = {}
        self._by_type: dict[str, dict[str, Declared]] = {}
        self._answers: dict[object, Any] = {}

    def add(self, resource: Declared) -> None:
        """Add a resource; it replaces an earlier one with the same URN."""
        self.resources[resource.urn] = resource
        self._by_type.setdefault(resource.type, {})[resource.urn] = resource
        self._answers.clear()

    def once(self, question: object, answer: Callable[[], Answer]) -> Answer:
        """Return the answer to a question about all declared resources; it is cached until a further resource is added."""
        if question not in self._answers:
            self._answers[question] = answer()
        return self._answers[question]  # type: ignore[no-any-return]

    def of_kind(self, *kinds: str, namespace: str | Unknown | None = None) -> list[Declared]:
        """Return the Kubernetes objects of some kinds, in one namespace or in all."""
        return [
            resource
            for type_token, resources in self._by_type.items()
            if type_token.startswith("kubernetes:") and type_token.rpartition(":")[2] in kinds
            for resource in resources.values()
            if namespace in (None, resource.namespace)
        ]

    def of_type(self, type_token: str) -> list[Declared]:
        """Return the resources of a type."""
        return list(self._by_type.get(type_token, {}).values())

    def config_map(self, namespace: str, name: str) -> Mapping[str, Any] | None:
        """Return the files of a ConfigMap, or None when it is not declared (yet)."""
        found = self.once("ConfigMaps by name", self._config_maps).get((namespace, name))
        if found is None:
            return None
        data = found.inputs.get("data")
        return data if isinstance(data, Mapping) else {}

    def _config_maps(self) -> dict[tuple[str, str], Declared]:
        """Return the ConfigMaps whose namespace and name are known, the first of each."""
        known: dict[tuple[str, str], Declared] = {}
        for resource in self.of_kind("ConfigMap"):
            place = (resource.namespace, resource.object_name)
            if all(isinstance(part, str) for part in place):
                known.setdefault(place, resource)  # type: ignore[arg-type]
        return known
