"""Changes in a preview that decide the fate of other resources' data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipeline.review import kinds
from pipeline.review.inputs import at, mapping, mappings, text, whole
from policy.declared import namespace_of
from policy.files import properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline.review.step import State, Step

# Retention that a broker applies to a topic without one (org.apache.kafka.storage.internals.log.LogConfig)
_HOURS: Final = 168
_UNITS: Final = (("log.retention.ms", 1), ("log.retention.minutes", 60_000), ("log.retention.hours", 3_600_000))


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """A resource whose volumes are deleted with its namespace.

    Attributes:
        title: Kind and name.
        namespace: Namespace of the resource; None if the preview does not show it.
        classes: Storage classes of its volumes; None for the cluster's default.
    """

    title: str
    namespace: str | None
    classes: frozenset[str | None]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Changes in a preview that decide the fate of other resources' data.

    Attributes:
        leaving: Deleted or replaced namespaces; None for one whose name the preview does not show.
        claimants: All resources that have volumes now, unchanged ones too.
        reclaim: Storage class to its reclaim policy.
        without_positions: True if Connect's topic with the connectors' positions is deleted or replaced.
        buckets: Existing buckets that stay; None for one whose name the preview does not show.
        fresh_buckets: Buckets that the update creates.
        fresh_claims: Namespace and name of the volume claims that the update creates.
        retention: Limit that the brokers apply to a topic without one, by the topic's key; empty if the preview does not show their files.
        spaces: Default namespace of each Kubernetes provider, before and after the update.
    """

    leaving: frozenset[str | None] = frozenset()
    claimants: tuple[Claimant, ...] = ()
    reclaim: Mapping[str, str] = field(default_factory=dict)
    without_positions: bool = False
    buckets: frozenset[str | None] = frozenset()
    fresh_buckets: frozenset[str | None] = frozenset()
    fresh_claims: frozenset[tuple[object, object]] = frozenset()
    retention: Mapping[str, int] = field(default_factory=dict)
    spaces: Mapping[tuple[str, bool], object] = field(default_factory=dict)

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Surroundings:
        """Collect the surroundings from a preview."""
        steps = list(steps)
        spaces = {
            (step.urn, state is step.new): namespace_of(state.inputs)
            for step in steps
            if step.type.startswith("pulumi:providers:kubernetes")
            for state in (step.old, step.new)
            if state
        }
        only_spaces = cls(spaces=spaces)
        old = [(step, kinds.base(step.type), step.old) for step in steps if step.old]
        fresh = [(step, kinds.base(step.type), step.new) for step in steps if step.new and (step.old is None or step.fate == "replace")]
        leaving = {text(state.inputs, "metadata", "name") for step, kind, state in old if kind == kinds.NAMESPACE and step.goes}
        return cls(
            leaving=frozenset(leaving),
            claimants=tuple(only_spaces._claimants(old)),
            reclaim={
                str(text(state.inputs, "metadata", "name")): str(text(state.inputs, "reclaimPolicy") or "Delete")
                for _, kind, state in old
                if kind == kinds.STORAGE_CLASS
            },
            without_positions=any(step.title == f"Topic {kinds.POSITIONS}" and step.goes for step in steps),
            buckets=frozenset(text(state.inputs, "bucket") for step, kind, state in old if kind == kinds.BUCKET and not step.goes),
            fresh_buckets=frozenset(text(state.inputs, "bucket") for _, kind, state in fresh if kind == kinds.BUCKET),
            fresh_claims=frozenset(
                (only_spaces.namespace(state), text(state.inputs, "metadata", "name")) for _, kind, state in fresh if kind == kinds.CLAIM
            ),
            retention=_retention(step.new or step.old for step in steps if kinds.base(step.type) == kinds.CONFIG_MAP),
            spaces=spaces,
        )

    def _claimants(self, old: Iterable[tuple[Step, str, State]]) -> Iterable[Claimant]:
        for step, kind, state in old:
            claims = claims_of(kind, state.inputs)
            if claims:
                classes = frozenset(text(claim, "spec", "storageClassName") for claim in claims)
                namespace = self.namespace(state)
                yield Claimant(title=step.title, namespace=namespace if isinstance(namespace, str) else None, classes=classes)

    def namespace(self, state: State, *, new: bool = False) -> object:
        """Return the namespace of an object: its own, or the provider's default; None if the preview does not show it."""
        own = at(state.inputs, "metadata", "namespace")
        return own if own is not None else self.spaces.get((state.provider, new)) or self.spaces.get((state.provider, not new))

    def outlive(self, classes: Iterable[str | None]) -> bool:
        """Tell whether volumes of these classes outlive their claims."""
        return all(self.reclaim.get(str(storage_class)) == "Retain" for storage_class in classes)

    def leaves(self, namespace: object) -> bool:
        """Tell whether a namespace is deleted or replaced; an unknown name matches any."""
        known = isinstance(namespace, str)
        return (known and namespace in self.leaving) or None in self.leaving or (not known and bool(self.leaving))


def claims_of(kind: str, inputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the claims that a resource is or creates."""
    if kind == kinds.CLAIM:
        return [inputs]
    return mappings(inputs, "spec", "volumeClaimTemplates") if kind == kinds.SET else []


def _retention(states: Iterable[State | None]) -> dict[str, int]:
    """Return the strictest limits in the brokers' files."""
    limits: dict[str, int] = {}
    for state in states:
        for content in mapping(state.inputs if state else {}, "data").values():
            if isinstance(content, str) and "process.roles" in content:
                keys = properties(content)
                sizes = {"retention.ms": _milliseconds(keys), "retention.bytes": whole(keys.get("log.retention.bytes", "-1"))}
                for key, size in sizes.items():
                    limits[key] = min((one for one in (size, limits.get(key)) if one is not None and one >= 0), default=-1)
    return limits


def _milliseconds(keys: Mapping[str, str]) -> int | None:
    for key, unit in _UNITS:
        if key in keys:
            limit = whole(keys[key])
            return limit * unit if limit is not None and limit >= 0 else limit
    return _HOURS * 3_600_000
