"""Copies of the claims in which brokers and databases keep their data: clones, snapshots, and other pods that mount a claim."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from policy.claims import claims_of
from policy.guarded import may_be_same, pods_of
from policy.kinds import starts_pods
from policy.lists import items_of
from policy.nested import at
from stack.capacity import pods
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.unknown import Unknown

_CLAIM: Final = "PersistentVolumeClaim"
_SNAPSHOT: Final = "VolumeSnapshot"
_CURE: Final = "leave it out: what belongs to a broker or a database is read from it, not from its files"


class _Kept(NamedTuple):
    """Claims of one workload: their namespace, the pattern of their names, and the workload itself."""

    namespace: str | Unknown
    names: re.Pattern[str]
    workload: Declared


def problems(record: Record) -> Iterator[tuple[Declared, Problem]]:
    """Yield what gives others the files of brokers and databases."""
    kept = list(_kept(record))
    if not kept:
        return
    snapshots = {
        (one.namespace, one.object_name): owner
        for one in record.of_kind(_SNAPSHOT)
        if (owner := _owner(kept, one.namespace, at(one.inputs, "spec", "source", "persistentVolumeClaimName"))) is not None
    }
    for one in record.of_kind(_CLAIM, *POD_KINDS):
        for claim in (*claims_of(one), *_ephemeral(one)):
            owner = next((found for source in _sources(claim) if (found := _copied(source, one, kept, snapshots)) is not None), None)
            if owner is not None and one is not owner.workload and not (one.kind == _CLAIM and _is_own(owner, one)):
                yield one, Problem(rule=f"begins with a copy of the files of {owner.workload.title}", cure=_CURE)
        for name in _mounted(one):
            owner = _owner(kept, one.namespace, name)
            if owner is not None and one is not owner.workload:
                yield one, Problem(rule=f"mounts the claim {name}, with the files of {owner.workload.title}", cure=_CURE)
    yield from _granted(record, kept)


def _kept(record: Record) -> Iterator[_Kept]:
    for one in record.of_kind("StatefulSet"):
        spec = one.inputs.get("spec")
        templates = items_of(spec.get("volumeClaimTemplates")) if isinstance(spec, Mapping) and pods_of(one) is not None else []
        names = [name for template in templates if isinstance(name := at(template, "metadata", "name"), str)]
        if names:
            either = "|".join(map(re.escape, names))
            yield _Kept(one.namespace, re.compile(rf"(?:{either})-{re.escape(one.object_name)}-\d+"), one)


def _owner(kept: list[_Kept], namespace: object, name: object) -> _Kept | None:
    """Return whose claim a name in a namespace is."""
    return next(
        (one for one in kept if isinstance(name, str) and may_be_same(one.namespace, namespace) and one.names.fullmatch(name)), None
    )


def _is_own(owner: _Kept, claim: Declared) -> bool:
    """Return whether a claim is one that the workload itself takes up, as after a loss of its disk."""
    return may_be_same(owner.namespace, claim.namespace) and owner.names.fullmatch(claim.object_name) is not None


def _sources(claim: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from (source for key in ("dataSource", "dataSourceRef") if isinstance(source := claim.get(key), Mapping))


def _copied(source: Mapping[str, Any], by: Declared, kept: list[_Kept], snapshots: Mapping[tuple[Any, str], _Kept]) -> _Kept | None:
    """Return whose files a claim begins with. A name that only a deployment tells is one of this program's objects, such as a snapshot."""
    kind, name, namespace = source.get("kind"), source.get("name"), source.get("namespace") or by.namespace
    if kind == _CLAIM:
        return _owner(kept, namespace, name)
    if kind != _SNAPSHOT:
        return None
    return next(
        (owner for (place, own), owner in snapshots.items() if may_be_same(place, namespace) and may_be_same(own, name)),
        None,
    )


def _pod(resource: Declared) -> Mapping[str, Any]:
    return (pods.lenient_spec(resource.kind, resource.inputs) if starts_pods(resource) else None) or {}


def _ephemeral(resource: Declared) -> Iterator[Mapping[str, Any]]:
    for volume in items_of(_pod(resource).get("volumes")):
        spec = at(volume, "ephemeral", "volumeClaimTemplate", "spec")
        if isinstance(spec, Mapping):
            yield spec


def _mounted(resource: Declared) -> Iterator[str]:
    for volume in items_of(_pod(resource).get("volumes")):
        name = at(volume, "persistentVolumeClaim", "claimName")
        if isinstance(name, str):
            yield name


def _granted(record: Record, kept: list[_Kept]) -> Iterator[tuple[Declared, Problem]]:
    """Yield what lets claims of other namespaces begin with a copy from a namespace with such claims."""
    for one in record.of_kind("ReferenceGrant"):
        kinds = {at(target, "kind") for target in items_of(at(one.inputs, "spec", "to"))} & {_CLAIM, _SNAPSHOT}
        others = [place for source in items_of(at(one.inputs, "spec", "from")) if (place := at(source, "namespace")) != one.namespace]
        if kinds and others and any(may_be_same(owner.namespace, one.namespace) for owner in kept):
            yield (
                one,
                Problem(
                    rule=f"lets claims of namespace {others[0]} begin with a copy of a {min(map(str, kinds))} of namespace {one.namespace}",
                    cure="remove it",
                ),
            )
