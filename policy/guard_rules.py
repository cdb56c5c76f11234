"""Rule for what guards a namespace: quota, limits, network policies, disruption budgets and Pod Security keep what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.guarded import is_guarded
from policy.own_guards import missing
from policy.rule import Rule
from problem import Problem
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Patches of guards, each with the groups of its kind.
_PATCHES = {
    "LimitRangePatch": {"", "core"},
    "NetworkPolicyPatch": {"networking.k8s.io", "extensions"},
    "PodDisruptionBudgetPatch": {"policy"},
    "ResourceQuotaPatch": {"", "core"},
}
_ENFORCE = "pod-security.kubernetes.io/enforce"
_STRICT = "restricted"


def _kept(resource: Declared, record: Record) -> Iterator[Problem]:
    if not resource.is_kubernetes:
        return
    if resource.group in _PATCHES.get(resource.kind, ()) and _is_watched(resource.namespace, record):
        if resource.inputs.get("spec") is not None or not isinstance(resource.inputs.get("metadata"), Mapping):
            kind = resource.kind.removesuffix("Patch")
            yield Problem(
                rule=f"changes a {kind} that guards the namespace, and how far it still guards is unknown",
                cure=f"declare the {kind} itself, completely",
            )
    elif resource.group in {"", "core"} and resource.kind in {"Namespace", "NamespacePatch"}:
        yield from _labels_kept(resource, record)


def _is_watched(namespace: str | Unknown, record: Record) -> bool:
    """Return whether a namespace has a budget, or holds guarded pods."""
    return isinstance(namespace, Unknown) or namespace in record.limits.memory or is_guarded(namespace, record)


def _labels_kept(resource: Declared, record: Record) -> Iterator[Problem]:
    """Check that a namespace with a budget does not admit what Pod Security would refuse there."""
    metadata = resource.inputs.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else metadata
    if not (isinstance(name, Unknown) or (name and _is_watched(str(name), record))):
        return
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else metadata
    enforced = labels.get(_ENFORCE) if isinstance(labels, Mapping) else labels
    cure = f"set the label {_ENFORCE} to {_STRICT}"
    if isinstance(enforced, Unknown) or (isinstance(labels, Mapping) and _ENFORCE in labels and enforced != _STRICT):
        yield Problem(rule=f"enforces Pod Security {enforced!r} where {_STRICT} is required", cure=cure)
    elif resource.kind == "Namespace" and name == record.limits.own and enforced is None:
        yield Problem(rule="enforces no Pod Security", cure=cure)


RULES = (
    Rule(
        name="guards-kept",
        says="Nothing removes or loosens the quota, limits, network policies, disruption budgets or Pod Security of a namespace.",
        check=_kept,
        at_end=missing,
        severity="critical",
    ),
)
