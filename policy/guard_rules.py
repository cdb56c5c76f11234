"""Rule for what guards a namespace: quota, limits, network policies, disruption budgets and Pod Security keep what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.guarded import is_guarded
from policy.own_guards import missing
from policy.rule import Rule
from policy.starving import starved
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.unknown import Unknown

# Patches of guards, each with the groups of its kind.
_PATCHES = {
    "LimitRangePatch": {"", "core"},
    "NetworkPolicyPatch": {"networking.k8s.io", "extensions"},
    "PodDisruptionBudgetPatch": {"policy"},
    "ResourceQuotaPatch": {"", "core"},
}
_ENFORCE = "pod-security.kubernetes.io/enforce"
_STRICT, _BASELINE = "restricted", "baseline"
# Versions whose profile "restricted" lacked fields of later ones
_OLD = re.compile(r"v1\.(?:\d|1\d|2[0-4])")


def _kept(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge what depends on no other resource: the stack's own namespace, and those with a budget."""
    if _is_core(resource, "Namespace"):
        yield from _labels_kept(resource, record)
    elif _has_budget(resource.namespace, record):
        yield from _patched(resource)


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the guards that are missing, and what loosens those of further namespaces with guarded pods."""
    yield from missing(record)
    yield from ((one, problem) for one, problem in starved(record) if one is not None and _has_budget(one.namespace, record))
    for resource in record.of_kind("Namespace", "NamespacePatch", *_PATCHES):
        if _is_core(resource, "Namespace"):
            name = _name_of(resource)
            is_late = isinstance(name, str) and not record.limits.owns(name) and not any(_labels_kept(resource, record))
            found = _level_problems(resource, [_STRICT]) if is_late and is_guarded(name, record) else ()
        else:
            is_late = not _has_budget(resource.namespace, record) and is_guarded(resource.namespace, record)
            found = _patched(resource) if is_late else ()
        yield from ((resource, problem) for problem in found)


def _is_core(resource: Declared, kind: str) -> bool:
    return resource.is_kubernetes and resource.group in {"", "core"} and resource.kind.removesuffix("Patch") == kind


def _has_budget(namespace: str | Unknown, record: Record) -> bool:
    return namespace in record.limits.memory or record.limits.owns(namespace)


def _patched(resource: Declared) -> Iterator[Problem]:
    if not resource.is_kubernetes or resource.group not in _PATCHES.get(resource.kind, ()):
        return
    if resource.inputs.get("spec") is not None or not isinstance(resource.inputs.get("metadata"), Mapping):
        kind = resource.kind.removesuffix("Patch")
        yield Problem(
            rule=f"changes a {kind} that guards the namespace, and how far it still guards is unknown",
            cure=f"declare the {kind} itself, completely",
        )


def _name_of(namespace: Declared) -> object:
    metadata = namespace.inputs.get("metadata")
    return metadata.get("name") if isinstance(metadata, Mapping) else metadata


def _level(namespace: Declared) -> object:
    """Return the level of Pod Security that a namespace enforces, or None where no label says one."""
    return _label(namespace, _ENFORCE)


def _label(namespace: Declared, key: str) -> object:
    metadata = namespace.inputs.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else metadata
    if not isinstance(labels, Mapping):
        return labels
    return (labels[key] or "") if key in labels else None


def _labels_kept(resource: Declared, record: Record) -> Iterator[Problem]:
    """Check that a namespace does not admit what Pod Security would refuse there: ``baseline`` is enough where others run."""
    name = _name_of(resource)
    if record.limits.owns(name):
        yield from _level_problems(resource, [_STRICT])
    elif name in record.limits.memory:
        yield from _level_problems(resource, [_STRICT, _BASELINE])
    if resource.kind == "Namespace" and isinstance(name, str) and record.limits.owns(name) and _level(resource) is None:
        yield Problem(rule="enforces no Pod Security", cure=f"set the label {_ENFORCE} to {_STRICT}")


def _level_problems(resource: Declared, enough: list[str]) -> Iterator[Problem]:
    enforced = _level(resource)
    version = _OLD.fullmatch(str(_label(resource, f"{_ENFORCE}-version")))
    if version and enough == [_STRICT]:
        rule = f"enforces Pod Security as it was in {version[0]}, which checks less than today's"
        yield Problem(rule=rule, cure=f"set the label {_ENFORCE}-version to latest, or remove it")
    if enforced is not None and enforced not in enough:
        wanted = " or ".join(enough)
        yield Problem(rule=f"enforces Pod Security {enforced!r} where {wanted} is required", cure=f"set the label {_ENFORCE} to {wanted}")


RULES = (
    Rule(
        name="guards-kept",
        says="Nothing removes or loosens the quota, limits, network policies, disruption budgets or Pod Security of a namespace.",
        check=_kept,
        at_end=_at_end,
        severity="critical",
    ),
)
