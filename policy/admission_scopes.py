"""Scopes of admission configurations: the stack's namespaces and guarded pods, by the selectors of webhooks, Kyverno and Gatekeeper."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from policy.guarded import guarded_namespaces, guarded_pods, may_be_same, selects
from policy.lists import listed
from stack.settings.names import PART_OF
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from policy.declared import Declared, Record

_NAME: Final = "kubernetes.io/metadata.name"
# Resources from which pods come, in the plural of the API and as kinds
_PODS: Final = "pods deployments statefulsets daemonsets replicasets replicationcontrollers jobs cronjobs".split()  # noqa: SIM905 - a list
# Those whose content decides what the pipeline does, or what guards it
_DECIDING: Final = (
    *_PODS,
    *("configmaps", "secrets", "networkpolicies", "resourcequotas", "limitranges", "poddisruptionbudgets", "serviceaccounts"),
    *("roles", "rolebindings", "persistentvolumeclaims"),
)
# Subresources without which no pod is scheduled, and no drain ends
_OF_A_POD: Final = ("pods/binding", "pods/eviction")
_GROUPS: Final = {"*", "", "apps", "batch", "networking.k8s.io", "policy", "rbac.authorization.k8s.io"}
POD_SOURCES: Final = {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob"}
# Kinds whose content decides what the pipeline does, or what guards it
DECIDING: Final = {
    *POD_SOURCES,
    *("ConfigMap", "Secret", "Service", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget", "ServiceAccount"),
    *("Role", "RoleBinding", "PersistentVolumeClaim", "Namespace"),
}
_WORDS_OF_KIND: Final = re.compile(r"[/.]")


def namespaces(record: Record) -> list[str]:
    """Return the namespaces of the stack and of all guarded pods whose names are known."""
    limits = record.limits
    found = [limits.own, *limits.further, *(name for name in guarded_namespaces(record) if isinstance(name, str))]
    return sorted({name for name in found if name})


def _labels(record: Record, namespace: str) -> Mapping[str, Any]:
    """Return the labels of a namespace: those that its declaration gives it, and its name."""
    own: Mapping[str, Any] = {}
    for one in record.of_kind("Namespace"):
        metadata = one.inputs.get("metadata")
        labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
        if one.object_name == namespace and isinstance(labels, Mapping):
            own = labels
    return {**own, _NAME: namespace}


def caught(record: Record, namespace_selector: object = None, object_selector: object = None) -> str | None:
    """Return a namespace of the stack whose pods two label selectors select, or may select; None where they leave all of them out."""
    return next(every_caught(record, namespace_selector, object_selector), None)


def every_caught(record: Record, namespace_selector: object = None, object_selector: object = None) -> Iterator[str]:
    """Yield the namespaces of the stack whose pods two label selectors select, or may select."""
    for namespace in namespaces(record):
        if selects(namespace_selector, _labels(record, namespace)) and _some_pods(record, namespace, object_selector):
            yield namespace


def _some_pods(record: Record, namespace: str, selector: object) -> bool:
    pods = [one for one in guarded_pods(record) if may_be_same(one.namespace, namespace)]
    # a namespace of the stack without such pods, as the audit's, has pods with the stack's label
    return any(selects(selector, labels) for labels in [one.labels for one in pods] or [{"app.kubernetes.io/part-of": PART_OF}])


def of_pods(rules: object, *, deciding: bool = False, operations: tuple[str, ...] = ("CREATE", "UPDATE")) -> bool:
    """Return whether the rules of a webhook or a policy concern pods, or what starts them.

    Args:
        rules: The rules.
        deciding: Whether other objects that decide what the pipeline does count too, such as ConfigMaps and network policies.
        operations: Operations that count.
    """
    if isinstance(rules, Unknown):
        return True
    plurals = _DECIDING if deciding else (*_PODS, *_OF_A_POD) if "DELETE" in operations else _PODS
    return any(_concerns(rule, plurals, {*operations, "*"}) for rule in listed(rules))


def _concerns(rule: object, plurals: Iterable[str], counted: set[str]) -> bool:
    if not isinstance(rule, Mapping):
        return True
    operations = {str(one).upper() for one in listed(rule.get("operations"))}
    groups = listed(rule.get("apiGroups"))
    resources = {str(one).lower() for one in listed(rule.get("resources"))}
    if str(rule.get("scope") or "*") == "Cluster" or (operations and not operations & counted):
        return False
    near = not groups or any(isinstance(one, Unknown) or one in _GROUPS for one in groups)
    return near and bool(resources & {"*", "*/*", *plurals, *(f"{one}/*" for one in plurals)})


def of_kinds(kinds: object, wanted: set[str]) -> bool:
    """Return whether a list of kinds as Kyverno and Gatekeeper have them (``v1/Pod``, ``*``, ``apps/*/Deployment``) names one of some."""
    names = listed(kinds)
    return not names or any(isinstance(one, Unknown) or _of_kind(str(one), wanted) for one in names)


def _of_kind(text: str, wanted: set[str]) -> bool:
    parts = [part for part in _WORDS_OF_KIND.split(text) if part]
    named = [part for part in parts if part[:1].isupper()] or parts[-1:] or ["*"]
    return any(fnmatchcase(one, named[0]) for one in wanted)


def matches_namespace(record: Record, patterns: object) -> bool:
    """Return whether a list of names with wildcards matches a namespace of the stack; an empty list matches all."""
    names = listed(patterns)
    return not names or any(isinstance(one, Unknown) or fnmatchcase(own, str(one)) for one in names for own in namespaces(record))


def left_out(record: Record, patterns: Iterable[object]) -> bool:
    """Return whether names with wildcards leave out every namespace of the stack."""
    names = [str(one) for one in patterns if not isinstance(one, Unknown)]
    return bool(names) and all(any(fnmatchcase(own, one) for one in names) for own in namespaces(record))


def caught_by_kyverno(record: Record, policy: Declared, rule: Mapping[str, Any], wanted: set[str]) -> bool:
    """Return whether a rule of Kyverno catches objects of some kinds in the stack's namespaces; its conditions are not followed."""
    if policy.kind in {"Policy", "CleanupPolicy"} and not any(may_be_same(policy.namespace, own) for own in namespaces(record)):
        return False
    match, exclude = rule.get("match"), rule.get("exclude")
    every = listed(match.get("all")) if isinstance(match, Mapping) else []
    some = listed(match.get("any")) if isinstance(match, Mapping) else []
    direct = [] if every or some else [match]
    named = all(_block(record, one, wanted) for one in every) and (
        not (some or direct) or any(_block(record, o, wanted) for o in some + direct)
    )
    return named and not any(_excludes(record, one) for one in _blocks(exclude))


def _blocks(said: object) -> Iterator[object]:
    if isinstance(said, Mapping):
        inner = [*listed(said.get("any")), *listed(said.get("all"))]
        yield from inner or [said]


def _block(record: Record, block: object, wanted: set[str]) -> bool:
    resources = block.get("resources") if isinstance(block, Mapping) else None
    if not isinstance(resources, Mapping):
        return True
    return (
        of_kinds(resources.get("kinds"), wanted)
        and matches_namespace(record, resources.get("namespaces"))
        and caught(record, resources.get("namespaceSelector"), resources.get("selector")) is not None
    )


def _excludes(record: Record, block: object) -> bool:
    """Return whether a block leaves out every pod of the stack's namespaces."""
    resources = block.get("resources") if isinstance(block, Mapping) else None
    if not isinstance(resources, Mapping) or any(resources.get(key) for key in ("names", "name", "selector", "annotations", "operations")):
        return False
    kinds = listed(resources.get("kinds"))
    by_name = left_out(record, listed(resources.get("namespaces")))
    chosen = resources.get("namespaceSelector")
    by_label = isinstance(chosen, Mapping) and all(selects(chosen, _labels(record, own)) for own in namespaces(record))
    return (by_name or by_label) and (not kinds or any(_of_kind(str(one), {"Pod"}) for one in kinds))


def caught_by_gatekeeper(record: Record, match: object) -> bool:
    """Return whether the match of a mutation of Gatekeeper catches pods in the stack's namespaces."""
    if not isinstance(match, Mapping):
        return match is None or isinstance(match, Unknown)
    kinds = [kind for one in listed(match.get("kinds")) if isinstance(one, Mapping) for kind in listed(one.get("kinds"))]
    return (
        str(match.get("scope") or "*") != "Cluster"
        and of_kinds(kinds, DECIDING)
        and matches_namespace(record, match.get("namespaces"))
        and not left_out(record, listed(match.get("excludedNamespaces")))
        and caught(record, match.get("namespaceSelector"), match.get("labelSelector")) is not None
    )


def constrained(said: object, record: Record) -> bool:
    """Return whether the match constraints of a policy in CEL catch deciding objects of the stack; without rules they catch all.

    Args:
        said: The constraints, of a policy or of its binding.
        record: All resources.
    """
    if not isinstance(said, Mapping):
        return True
    rules, every = said.get("resourceRules"), ("CREATE", "UPDATE", "DELETE")
    excluded = [one for one in listed(said.get("excludeResourceRules")) if isinstance(one, Mapping) and not one.get("resourceNames")]
    reached = caught(record, said.get("namespaceSelector"), said.get("objectSelector"))
    return not of_pods(excluded) and reached is not None and (rules is None or of_pods(rules, deciding=True, operations=every))
