"""Data loss in volumes: claims that are deleted, left behind or looked up under another name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.review import kinds
from pipeline.review.inputs import at, closed, mapping, text, whole
from pipeline.review.loss import Loss
from pipeline.review.surroundings import claims_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.review.step import State, Step
    from pipeline.review.surroundings import Surroundings

_RELEASED: Final = (
    "the volumes stay, but released (reclaim policy Retain): new pods begin empty; to use the data, bind the volumes manually"
)
UNSEEN: Final = "unknown or secret in the preview, so the fate of the volumes cannot be judged"


@dataclass(frozen=True, slots=True)
class _Lookup:
    """How the pods of a StatefulSet find their claims: ``<template>-<set>-<ordinal>`` in the set's namespace.

    Attributes:
        namespace: Namespace of the set.
        name: Name of the set.
        templates: Names of the claim templates.
        first: First ordinal.
        count: Number of pods.
    """

    namespace: object
    name: object
    templates: tuple[object, ...]
    first: object
    count: object

    @classmethod
    def of(cls, state: State, around: Surroundings, *, new: bool) -> _Lookup:
        spec, templates = at(state.inputs, "spec"), at(state.inputs, "spec", "volumeClaimTemplates")
        return cls(
            namespace=around.namespace(state, new=new),
            name=at(state.inputs, "metadata", "name"),
            templates=(templates,) if closed(spec) and not isinstance(templates, list) else tuple(template_names(state)),
            first=_or(at(spec, "ordinals", "start"), 0),
            count=_or(at(spec, "replicas"), 1),
        )


def template_names(state: State) -> Iterator[object]:
    """Yield the names of a StatefulSet's claim templates."""
    yield from (at(claim, "metadata", "name") for claim in claims_of(kinds.SET, state.inputs))


def _or(value: object, default: int) -> object:
    number = whole(value)
    return default if value is None else value if number is None else number


def of_set(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of a deleted or replaced StatefulSet's claims."""
    assert step.old is not None  # noqa: S101 - guaranteed by the caller
    old = step.old.inputs
    if closed(at(old, "spec")) and not isinstance(at(old, "spec", "volumeClaimTemplates"), (list, type(None))):
        yield Loss("check", "volumes", f"its claims are {UNSEEN}")
        return
    claims = claims_of(kinds.SET, old)
    if not claims:
        return
    what, kept = _what(old), around.outlive(text(claim, "spec", "storageClassName") for claim in claims)
    namespace, retention = around.namespace(step.old), at(old, "spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted")
    gone_with = around.leaves(namespace)
    if gone_with or retention == "Delete":
        shown = f"the namespace {namespace or '(unknown)'} is deleted with its claims"
        cause = shown if gone_with else "its claims are deleted with it (whenDeleted: Delete)"
        yield Loss("check" if kept else "lost", what, f"{cause}; {_RELEASED}" if kept else cause)
    elif closed(retention):
        yield Loss("check", what, f"persistentVolumeClaimRetentionPolicy is {UNSEEN}")
    elif step.fate == "replace" and step.new:
        yield _taken_up(step, step.new, what, around)
    else:
        yield Loss("kept", what, "the claims stay until they are deleted manually; only a StatefulSet of the same name finds them again")


def _what(old: Mapping[str, Any]) -> str:
    replicas = _or(at(old, "spec", "replicas"), 1)
    return f"volumes {', '.join(f'{replicas} x {size(claim)}' for claim in claims_of(kinds.SET, old))}"


def _taken_up(step: Step, new: State, what: str, around: Surroundings) -> Loss:
    """Tell whether the pods of a new StatefulSet find the claims of the old one."""
    assert step.old is not None  # noqa: S101 - guaranteed by the caller
    before, after = _Lookup.of(step.old, around, new=False), _Lookup.of(new, around, new=True)
    moved = [part for part in ("namespace", "name") if getattr(before, part) != getattr(after, part)]
    parts = [(part, getattr(before, part), getattr(after, part)) for part in moved]
    for part, one, other in parts:
        if not isinstance(one, str) or not isinstance(other, str):
            return Loss("check", what, f"the {part} of the StatefulSet is {UNSEEN}: under another one the new pods begin empty")
    if parts:
        told = " and ".join(f"{part} {one} → {other}" for part, one, other in parts)
        return Loss("lost", what, f"claims are found by name and namespace ({told}): the new pods begin empty; the old claims stay unused")
    missing = [name for name in before.templates if name not in after.templates]
    if closed([*after.templates]) or any(not isinstance(name, str) for name in missing):
        return Loss("check", what, f"the names of the claim templates are {UNSEEN}: under other names the new pods begin empty")
    if missing:
        names = ", ".join(str(name) for name in missing)
        return Loss("lost", what, f"no claim template is called {names} any more: the new pods begin empty; the old claims stay unused")
    return _scaled(step, before, after, what, around) or Loss(
        "kept",
        what,
        "the new pods use the existing claims" + ("" if _templates(step.old) == _templates(new) else ", in their old size and class"),
    )


def _templates(state: State) -> object:
    return at(state.inputs, "spec", "volumeClaimTemplates")


def _scaled(step: Step, before: _Lookup, after: _Lookup, what: str, around: Surroundings) -> Loss | None:
    """Return the fate of the claims of ordinals that get no pod any more."""
    numbers = [whole(number) for number in (before.first, before.count, after.first, after.count)]
    if None in numbers:
        same = (before.first, before.count) == (after.first, after.count)
        return None if same else Loss("check", what, f"the number of replicas is {UNSEEN}: the claims of removed pods are left behind")
    first, count, new_first, new_count = (number or 0 for number in numbers)
    left = count - max(0, min(first + count, new_first + new_count) - max(first, new_first))
    if left <= 0:
        return None
    assert step.old is not None  # noqa: S101 - guaranteed by the caller
    policy = at((step.new or step.old).inputs, "spec", "persistentVolumeClaimRetentionPolicy", "whenScaled")
    told = f"{left} of {count} pods go (replicas {count} → {new_count})"
    if policy == "Delete":
        kept = around.outlive(text(claim, "spec", "storageClassName") for claim in claims_of(kinds.SET, step.old.inputs))
        cause = f"{told} and their claims are deleted with them (whenScaled: Delete)"
        return Loss("check" if kept else "lost", what, f"{cause}; {_RELEASED}" if kept else cause)
    if closed(policy):
        return Loss("check", what, f"{told}, and persistentVolumeClaimRetentionPolicy is {UNSEEN}")
    return Loss("check", what, f"{told}: their claims stay, but nothing serves this data; replicas elsewhere must exist first")


def of_set_change(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of a StatefulSet's claims when it changes in place."""
    if step.old is None or step.new is None:
        return
    if closed(at(step.new.inputs, "spec")) and not mapping(step.new.inputs, "spec"):
        yield Loss("check", "volumes", f"the new spec is {UNSEEN}")
        return
    claims = claims_of(kinds.SET, step.old.inputs)
    if not claims:
        return
    what = _what(step.old.inputs)
    fate = _taken_up(step, step.new, what, around)
    if fate.verdict != "kept":
        yield fate
    for key, event in (("whenDeleted", "the StatefulSet"), ("whenScaled", "a removed replica")):
        old, new = (at(state.inputs, "spec", "persistentVolumeClaimRetentionPolicy", key) for state in (step.old, step.new))
        if old != new and (new == "Delete" or closed(new)):
            told = f"{key} {old or 'Retain'} → {new}"
            yield Loss("check", what, f"{told}: from now on the claims are deleted with {event}")


def of_claim(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of a deleted or replaced claim's volume."""
    old = step.old.inputs if step.old else {}
    kept = around.outlive([text(old, "spec", "storageClassName")])
    yield Loss("check" if kept else "lost", f"volume {size(old)}", _RELEASED if kept else "the volume is deleted with its claim")


def of_namespace(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of everything in a deleted or replaced namespace."""
    name = text(step.old.inputs if step.old else {}, "metadata", "name")
    inside = [claimant for claimant in around.claimants if name is None or claimant.namespace in (name, None)]
    gone = [claimant.title for claimant in inside if not around.outlive(claimant.classes)]
    manual = "manually created Secrets and ConfigMaps are deleted"
    if gone:
        what = f"everything in it, with the volumes of {', '.join(gone)}"
        yield Loss("lost", what, f"the claims are deleted with the namespace; {manual}")
    else:
        cause = f"{_RELEASED}; {manual}" if inside else f"claims of others in it are deleted; {manual}"
        yield Loss("check", "everything in it", cause)


def of_volume_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the change of a PersistentVolume's reclaim policy."""
    old, new = (at(state.inputs, "spec", "persistentVolumeReclaimPolicy") for state in (step.old, step.new) if state)
    if new not in (old, "Retain"):
        yield Loss("check", "the volume", f"its reclaim policy {old} → {new}: from now on it is deleted with its claim")


def of_class_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the change of a StorageClass whose volumes outlived their claims."""
    old, new = (at(state.inputs, "reclaimPolicy") for state in (step.old, step.new) if state)
    if old == "Retain" and new != "Retain":
        told = "a value that the preview does not show" if closed(new) else new or "unset, which is Delete"
        yield Loss("check", "volumes", f"its reclaim policy Retain → {told}: volumes made from now on are deleted with their claims")


def size(claim: Mapping[str, Any]) -> str:
    """Return size and name of a claim."""
    return f"{_or_unknown(at(claim, 'spec', 'resources', 'requests', 'storage'))} ({_or_unknown(at(claim, 'metadata', 'name'))})"


def _or_unknown(value: object) -> object:
    return "?" if value is None else value
