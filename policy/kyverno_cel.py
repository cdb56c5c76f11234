"""Policies of Kyverno in CEL: what they generate, change later, or refuse by a signature, in the namespaces of the stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.admission_scopes import constrained, matches_namespace, namespaces
from policy.kyverno_policies import GIVING, images, refused_image
from policy.lists import listed
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_GENERATING: Final = {"GeneratingPolicy", "NamespacedGeneratingPolicy"}
_VERIFYING: Final = {"ImageValidatingPolicy", "NamespacedImageValidatingPolicy"}
# A kind in an object of CEL, in a template, or by the plural of the API in a function that reads what is cloned
_KIND: Final = re.compile(r"""(?m)["']kind["']\s*:\s*(?:dyn\(\s*)?["'](\w+)["']|^[ \t-]*kind:[ \t]*["']?(\w+)""")
_CLONED: Final = re.compile(r"""resource\.(?:List|Get|list|get)\(\s*["'][^"']*["']\s*,\s*["'](\w+)["']""")
_PLURALS: Final = {f"{kind.lower()}s": kind for kind in GIVING}
_NAME: Final = re.compile(r"""(?m)["']name["']\s*:\s*(?:dyn\(\s*)?["']([\w.-]+)["']|^[ \t]+name:[ \t]*["']?([\w.-]+)["']?[ \t]*$""")
# The namespace of what is generated: an argument of the call, or a field of a template
_APPLIED: Final = re.compile(r"""generator\.[Aa]pply\(\s*(?:["']([\w.-]*)["']\s*,)?""")
_IN_TEMPLATE: Final = re.compile(r"(?m)^[ \t]+namespace:[ \t]*(.*?)[ \t]*$")
_DIRECTION: Final = re.compile(r"""["'](?:in|e)gress["']\s*:\s*(?!(?:dyn\(\s*)?\[\s*\])|(?m:^[ \t]+(?:in|e)gress:(?![ \t]*\[[ \t]*\]))""")


def _cure(record: Record) -> str:
    return f"leave {', '.join(namespaces(record))} out by matchConstraints.namespaceSelector"


def problems(policy: Declared, spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    """Yield what a generating or a verifying policy in CEL does in the namespaces of the stack."""
    kind = policy.kind.removesuffix("Patch")
    if kind.startswith("Namespaced") and not matches_namespace(record, [policy.namespace]):
        return
    if kind in _GENERATING:
        yield from _generated(spec, record)
    elif kind in _VERIFYING:
        yield from _verified(spec, record)


def changes_later(spec: Mapping[str, Any], record: Record) -> bool:
    """Return whether a mutating policy changes objects of the stack that exist already: its targets, which may differ from its trigger."""
    targets = spec.get("targetMatchConstraints")
    evaluation = spec.get("evaluation")
    existing = evaluation.get("mutateExisting") if isinstance(evaluation, Mapping) else evaluation
    enabled = existing.get("enabled") if isinstance(existing, Mapping) else existing
    return targets is not None and enabled not in (None, False) and constrained(targets, record)


def _generated(spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    texts = [*_texts(spec.get("variables")), *_texts(spec.get("generate"))]
    if any(isinstance(one, Unknown) for one in texts):
        yield Problem(rule="what it generates is not known at preview", cure="set plain values")
        return
    text = "\n".join(map(str, texts))
    kinds = {first or second for first, second in _KIND.findall(text)} | {_PLURALS.get(plural, "") for plural in _CLONED.findall(text)}
    everywhere = kinds & {"ClusterRole", "ClusterRoleBinding"}
    if not everywhere and not _near(text, spec, record):
        return
    given = min(kinds & GIVING, default="")
    if given:
        rule = f"generates a {given}, whose pods or rights no preview shows, also in namespace {namespaces(record)[0]}"
        yield Problem(rule=rule, cure=f"declare it, or {_cure(record)}")
    elif "NetworkPolicy" in kinds and _DIRECTION.search(text):
        rule = f"generates a NetworkPolicy that opens connections, also in namespace {namespaces(record)[0]}"
        yield Problem(rule=rule, cure=f"generate one that denies, or {_cure(record)}")
    else:
        named = {first or second for first, second in _NAME.findall(text)}
        replaced = next((one for one in record.of_kind(*kinds) if one.object_name in named and one.namespace in namespaces(record)), None)
        if replaced is not None:
            yield Problem(rule=f"generates another {replaced.title}, which this program declares", cure=f"rename it, or {_cure(record)}")


def _near(text: str, spec: Mapping[str, Any], record: Record) -> bool:
    """Return whether a policy writes, or may write, into a namespace of the stack."""
    said = [one.strip("\"'") for one in _IN_TEMPLATE.findall(text)] + _APPLIED.findall(text)
    literal = [one for one in said if re.fullmatch(r"[\w.-]+", one)]
    if said and len(literal) == len(said):
        return matches_namespace(record, literal)
    constraints = spec.get("matchConstraints")
    selected = {key: value for key, value in constraints.items() if key == "namespaceSelector"} if isinstance(constraints, Mapping) else {}
    return constrained(selected, record)


def _texts(said: object) -> Iterator[object]:
    """Yield the expressions and templates of a list of variables or of what is generated."""
    for one in [said] if isinstance(said, Unknown) else listed(said):
        if isinstance(one, Mapping):
            template = one.get("template")
            yield from (part for part in (one.get("expression"), _value(template)) if part is not None)
        else:
            yield one


def _value(template: object) -> object:
    return template.get("value") if isinstance(template, Mapping) else template


def _verified(spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    actions = [str(one).lower() for one in listed(spec.get("validationActions") or ["Deny"])]
    patterns = [str(one["glob"]) for one in listed(spec.get("matchImageReferences")) if isinstance(one, Mapping) and one.get("glob")]
    if "deny" in actions and constrained(spec.get("matchConstraints"), record):
        image = refused_image(patterns, [], images(record))
        if image:
            yield Problem(
                rule=f"refuses pods of namespace {namespaces(record)[0]} whose image {image} has no signature that it knows",
                cure=_cure(record),
            )
