"""Validating policies in CEL, and of Kyverno, that refuse every pod of the stack, whatever it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.admission_scopes import POD_SOURCES, caught_by_kyverno, constrained, every_caught, namespaces, of_pods
from policy.cel import OPEN, Open, value
from policy.lists import listed
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_EVERY: Final = ("CREATE", "UPDATE", "DELETE")
# A whole variable of Kyverno that is the namespace of the request
_IS_NAMESPACE: Final = re.compile(r"\{\{\s*request\.(?:namespace|object\.metadata\.namespace)\s*\}\}")
_SAME: Final = {"equals", "equal", "in", "anyin", "allin"}
_OTHER: Final = {"notequals", "notequal", "notin", "anynotin", "allnotin"}


def in_cel(policy: Declared, bindings: str, record: Record) -> Iterator[Problem]:
    """Yield the validation of a policy in CEL that is false for every pod of a namespace of the stack.

    Args:
        policy: A ValidatingAdmissionPolicy, or a ValidatingPolicy of Kyverno, which says itself what it does.
        bindings: Kind of the bindings of such policies; empty for Kyverno's.
        record: All declared resources.
    """
    spec = policy.inputs.get("spec")
    if not isinstance(spec, Mapping) or not (_is_bound(policy, bindings, record) if bindings else _denies(spec.get("validationActions"))):
        return
    if policy.kind.startswith("Namespaced") and policy.namespace not in namespaces(record):
        return
    said = spec.get("matchConstraints")
    constraints = said if isinstance(said, Mapping) else {}
    rules = constraints.get("resourceRules")
    if not constrained(said, record) or not (rules is None or of_pods(rules) or of_pods(_of_pods_alone(rules), operations=_EVERY)):
        return
    for namespace in every_caught(record, constraints.get("namespaceSelector"), constraints.get("objectSelector")):
        expression = _false(spec, namespace)
        if expression:
            yield Problem(
                key="spec.validations",
                value=expression,
                rule=f"is false for every pod of namespace {namespace}, so that none of them is changed, or starts again",
                cure=f"leave it out by a namespaceSelector: kubernetes.io/metadata.name NotIn [{', '.join(namespaces(record))}]",
            )
            return


def _of_pods_alone(rules: object) -> list[Any]:
    """Return the rules about pods themselves: a workload that cannot be deleted still runs."""
    pods = {"pods", "*"}
    return [
        one
        for one in listed(rules)
        if not isinstance(one, Mapping) or {str(o).partition("/")[0] for o in listed(one.get("resources"))} & pods
    ]


def _denies(actions: object) -> bool:
    return any(isinstance(one, Unknown) or str(one).lower() == "deny" for one in listed(actions or ["Deny"]))


def _is_bound(policy: Declared, kind: str, record: Record) -> bool:
    """Return whether a policy is, or may be, bound to refuse; without a declared binding another program may have one."""
    specs = [one.inputs.get("spec") for one in record.of_kind(kind)]
    bound = [one for one in specs if not isinstance(one, Mapping) or one.get("policyName") == policy.object_name]
    return not bound or any(
        not isinstance(one, Mapping) or (_denies(one.get("validationActions")) and constrained(one.get("matchResources"), record))
        for one in bound
    )


def _false(spec: Mapping[str, Any], namespace: str) -> str:
    """Return the expression that is false for all pods of a namespace; a condition that may not hold leaves pods out."""
    facts: dict[str, Any] = {
        "namespaceObject": {"metadata": {"name": namespace}},
        "object": {"metadata": {"namespace": namespace}},
        "request": {"namespace": namespace},
    }
    conditions = [value(_expression(one), facts) for one in listed(spec.get("matchConditions") or spec.get("conditions"))]
    if any(one is not True for one in conditions):
        return ""
    variables: dict[str, Any] = {}
    for one in listed(spec.get("variables")):
        if isinstance(one, Mapping):
            variables[str(one.get("name"))] = value(_expression(one), {**facts, "variables": variables})
    told = [_expression(one) for one in listed(spec.get("validations"))]
    return next((one for one in told if value(one, {**facts, "variables": variables}) is False), "")


def _expression(one: object) -> str:
    said = one.get("expression") if isinstance(one, Mapping) else None
    return said if isinstance(said, str) else "unknown"


def of_kyverno(policy: Declared, spec: Mapping[str, Any], rule: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    """Yield a rule of Kyverno that denies every pod of a namespace of the stack."""
    validate = rule.get("validate")
    if not isinstance(validate, Mapping) or rule.get("preconditions") or rule.get("celPreconditions"):
        return
    action = validate.get("failureAction") or spec.get("validationFailureAction") or "Audit"
    if str(action).lower() != "enforce" or not caught_by_kyverno(record, policy, rule, POD_SOURCES) or not _on_start(rule):
        return
    cel = validate.get("cel")
    for namespace in namespaces(record):
        in_cel_of = {"validations": cel.get("expressions"), "variables": cel.get("variables")} if isinstance(cel, Mapping) else {}
        if _is_denied(validate.get("deny"), namespace) or _false(in_cel_of, namespace):
            yield Problem(
                about=f"rule {rule.get('name')}",
                rule=f"denies every pod of namespace {namespace}, so that none of them is changed, or starts again",
                cure=f"leave {', '.join(namespaces(record))} out by exclude.any[].resources.namespaces",
            )
            return


def _on_start(rule: Mapping[str, Any]) -> bool:
    """Return whether a rule is asked when pods are made; one that names operations or subresources may be about others."""
    match = rule.get("match")
    blocks = [*listed(match.get("any")), *listed(match.get("all"))] or [match] if isinstance(match, Mapping) else []
    resources = [one["resources"] for one in blocks if isinstance(one, Mapping) and isinstance(one.get("resources"), Mapping)]
    return not resources or any(_makes_pods(one) for one in resources)


def _makes_pods(resources: Mapping[str, Any]) -> bool:
    operations, kinds = listed(resources.get("operations")), listed(resources.get("kinds"))
    below = bool(kinds) and all(str(one).rpartition("/")[2][:1].islower() for one in kinds)
    return not below and (not operations or bool({"CREATE", "UPDATE"} & {str(one).upper() for one in operations}))


def _is_denied(deny: object, namespace: str) -> bool:
    """Return whether a denial holds for every request: without conditions, or by conditions about constants and the namespace."""
    if not isinstance(deny, Mapping):
        return False
    said = deny.get("conditions")
    every = listed(said.get("all")) if isinstance(said, Mapping) else listed(said)
    some = listed(said.get("any")) if isinstance(said, Mapping) else []
    return all(_holds(one, namespace) is True for one in every) and (not some or any(_holds(one, namespace) is True for one in some))


def _holds(condition: object, namespace: str) -> bool | Open:
    if not isinstance(condition, Mapping):
        return OPEN
    keys, values = (_plain(condition.get(part), namespace) for part in ("key", "value"))
    if keys is None or values is None:
        return OPEN
    word = str(condition.get("operator")).lower()
    found = all(one in values for one in keys)
    return found if word in _SAME else not found if word in _OTHER else OPEN


def _plain(said: object, namespace: str) -> list[Any] | None:
    """Return the constants of a condition; None where a variable stands among them that only a request tells."""
    told = [_IS_NAMESPACE.sub(namespace, one) if isinstance(one, str) else one for one in listed(said)]
    return None if any(isinstance(one, (Mapping, Unknown)) or "{{" in str(one) for one in told) else told
