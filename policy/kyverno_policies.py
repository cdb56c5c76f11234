"""Policies of Kyverno that change, verify, generate, delete or except objects in the namespaces of the stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import yaml

from policy.admission_scopes import (
    DECIDING,
    POD_SOURCES,
    caught_by_kyverno,
    constrained,
    matches_namespace,
    namespaces,
    of_kinds,
)
from policy.lists import listed
from policy.memory_rules import adds_container
from policy.refusing_policies import of_kyverno
from stack.capacity import pods
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_ENFORCE: Final = "pod-security.kubernetes.io/enforce"
_SWITCHES: Final = {"mutateExistingOnPolicyUpdate"}
_DELETING: Final = {"DeletingPolicy", "NamespacedDeletingPolicy"}
_CLEANUP: Final = {"CleanupPolicy", "ClusterCleanupPolicy"}
# Rights and pods that a generated object gives, which no preview shows
GIVING: Final = {*POD_SOURCES, "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
# Anchors of Kyverno around a key: +(key), <(key), ^(key), =(key), X(key), (key)
_ANCHOR: Final = re.compile(r"[+<^=X]?\((.*)\)")
# Labels by which network policies and disruption budgets find the pipeline's pods
_SELECTED: Final = {"app.kubernetes.io/part-of", "app.kubernetes.io/component", "app.kubernetes.io/name", "app.kubernetes.io/instance"}
_OF_LABELS: Final = re.compile(r"(/spec/template)?/metadata/(labels|annotations)(/.*)?")


def _cure(record: Record) -> str:
    return f"leave {', '.join(namespaces(record))} out by exclude.any[].resources.namespaces"


def problems(policy: Declared, record: Record) -> Iterator[Problem]:
    """Yield what a policy or an exception of Kyverno does to objects of the stack that no preview shows."""
    spec = policy.inputs.get("spec")
    if spec is None:
        return
    if not isinstance(spec, Mapping):
        yield Problem(rule="its specification is not known at preview, so what it changes is unknown", cure="set plain values")
        return
    kind = policy.kind.removesuffix("Patch")
    if kind in _DELETING and constrained(spec.get("matchConstraints"), record):
        yield Problem(rule=f"deletes objects of namespace {namespaces(record)[0]} on a schedule", cure=_cure(record))
    elif kind == "PolicyException" and "policyRefs" in spec and not listed(spec.get("matchConditions")):
        yield Problem(rule="switches the policies of the cluster off for every object", cure="add matchConditions that name the objects")
    elif kind in _CLEANUP and caught_by_kyverno(record, policy, spec, DECIDING):
        yield Problem(rule=f"deletes objects of namespace {namespaces(record)[0]} on a schedule", cure=_cure(record))
    elif kind == "PolicyException":
        yield from _exception(policy, spec, record)
    elif kind in {"ClusterPolicy", "Policy"}:
        for rule in listed(spec.get("rules")):
            if isinstance(rule, Mapping):
                yield from _of_rule(policy, spec, rule, record)


def _of_rule(policy: Declared, spec: Mapping[str, Any], rule: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    about = f"rule {rule.get('name')}"
    where = f"namespace {namespaces(record)[0]}"
    mutate = rule.get("mutate")
    if mutate is not None and not _only_labels(mutate) and _mutates(record, policy, rule, mutate):
        yield Problem(about=about, rule=f"changes objects of {where} after every rule has judged them", cure=_cure(record))
    if rule.get("verifyImages") is not None and caught_by_kyverno(record, policy, rule, POD_SOURCES):
        image = _verified(spec, rule["verifyImages"], record)
        if image:
            yield Problem(
                about=about, rule=f"refuses pods of {where} whose image {image} has no signature that it knows", cure=_cure(record)
            )
    yield from of_kyverno(policy, spec, rule, record)
    generate = rule.get("generate")
    if generate is not None:
        yield from _generated(about, generate, record)


def _mutates(record: Record, policy: Declared, rule: Mapping[str, Any], mutate: object) -> bool:
    """Return whether a mutation concerns objects of the stack: its targets where it names some, else what it matches."""
    targets = listed(mutate.get("targets")) if isinstance(mutate, Mapping) else []
    if not targets:
        return caught_by_kyverno(record, policy, rule, DECIDING)
    return any(
        not isinstance(one, Mapping)
        or (of_kinds(one.get("kind"), DECIDING) and ("{{" in str(one.get("namespace")) or matches_namespace(record, one.get("namespace"))))
        for one in targets
    )


def _only_labels(mutate: object) -> bool:
    """Return whether a mutation sets labels and annotations only, none of which adds a container or hides pods from their policies."""
    if not isinstance(mutate, Mapping) or set(mutate) - {"patchStrategicMerge", "patchesJson6902", "targets", *_SWITCHES}:
        return False
    merge, patches = mutate.get("patchStrategicMerge"), mutate.get("patchesJson6902")
    keys: list[tuple[str, object]] = []
    if merge is not None:
        found = _label_keys(merge)
        if found is None:
            return False
        keys += found
    if patches is not None:
        try:
            read = yaml.safe_load(patches) if isinstance(patches, str) else patches
        except yaml.YAMLError:
            return False
        places = [str(one.get("path")) for one in listed(read) if isinstance(one, Mapping)]
        if not places or not all(_OF_LABELS.fullmatch(place) for place in places):
            return False
        keys += [(str(one["path"]).rpartition("/")[2].replace("~1", "/"), one.get("value")) for one in listed(read)]
    return not any(key in _SELECTED or adds_container(key) or (key == _ENFORCE and value != "restricted") for key, value in keys)


def _label_keys(merge: object) -> list[tuple[str, object]] | None:
    """Return the labels and annotations that a strategic merge sets; None where it changes anything else."""
    if not isinstance(merge, Mapping):
        return None
    keys: list[tuple[str, object]] = []
    for key, value in merge.items():
        name = _plain(key)
        if name == "metadata" and isinstance(value, Mapping):
            for place, labels in value.items():
                if _plain(place) not in {"labels", "annotations"} or not isinstance(labels, Mapping):
                    return None
                keys += [(_plain(label), said) for label, said in labels.items()]
        elif name in {"spec", "template"} and isinstance(value, Mapping):
            inner = _label_keys(value)
            if inner is None:
                return None
            keys += inner
        else:
            return None
    return keys


def _plain(key: object) -> str:
    found = _ANCHOR.fullmatch(str(key))
    return found[1] if found else str(key)


def _verified(spec: Mapping[str, Any], verify: object, record: Record) -> str | None:
    """Return an image of a declared workload that a verification concerns and may refuse."""
    if str(spec.get("validationFailureAction") or "Audit").lower() == "audit" and not _enforces(verify):
        return None
    blocks = [block for block in listed(verify) if isinstance(block, Mapping)]
    patterns = [str(one) for block in blocks for one in _references(block)]
    return refused_image(patterns, [str(one) for block in blocks for one in listed(block.get("skipImageReferences"))], images(record))


def images(record: Record) -> list[str]:
    """Return the images of the workloads that are declared in the stack's namespaces."""
    found = []
    for resource in record.of_kind(*pods.POD_KINDS):
        inside = pods.lenient_spec(resource.kind, resource.inputs) if resource.namespace in namespaces(record) else None
        for container in listed(inside.get("containers")) if inside else []:
            image = container.get("image") if isinstance(container, Mapping) else None
            if isinstance(image, str):
                found.append(image)
    return found


def refused_image(patterns: list[str], left: list[str], declared: list[str]) -> str | None:
    """Return the first image that a pattern of a verification names and none leaves out, without its digest."""
    for image in declared:
        forms = (image, image.partition("@")[0], f"docker.io/{image}", f"docker.io/library/{image}")
        if any(fnmatchcase(form, one) for one in patterns for form in forms) and not any(
            fnmatchcase(form, one) for one in left for form in forms
        ):
            return image.partition("@")[0]
    return None


def _references(block: Mapping[str, Any]) -> list[Any]:
    return [*listed(block.get("imageReferences")), *listed(block.get("image"))]


def _enforces(verify: object) -> bool:
    return any(isinstance(one, Mapping) and str(one.get("failureAction")).lower() == "enforce" for one in listed(verify))


def _generated(about: str, generate: object, record: Record) -> Iterator[Problem]:
    if not isinstance(generate, Mapping):
        yield Problem(about=about, rule="what it generates is not known at preview", cure="set plain values")
        return
    for inner in listed(generate.get("foreach")):
        yield from _generated(about, inner, record)
    namespace = str(generate.get("namespace") or "")
    near = "{{" in namespace or namespace in namespaces(record) or not namespace
    cloned = generate.get("cloneList")
    kinds = [str(generate.get("kind")), *(listed(cloned.get("kinds")) if isinstance(cloned, Mapping) else [])]
    if not near:
        return
    kind = next((name for one in kinds if (name := str(one).rpartition("/")[2]) in GIVING), kinds[0])
    if kind in GIVING:
        rule = f"generates a {kind}, whose pods or rights no preview shows, also in namespace {namespaces(record)[0]}"
        yield Problem(about=about, rule=rule, cure=f"declare it, or {_cure(record)}")
    elif kind == "NetworkPolicy" and _opens(generate.get("data")):
        rule = f"generates a NetworkPolicy that opens connections, also in namespace {namespaces(record)[0]}"
        yield Problem(about=about, rule=rule, cure=f"generate one that denies, or {_cure(record)}")
    elif (replaced := _replaced(kind, generate.get("name"), record)) is not None:
        rule = f"generates another {replaced.title}, which this program declares"
        yield Problem(about=about, rule=rule, cure=f"rename it, or {_cure(record)}")


def _replaced(kind: str, name: object, record: Record) -> Declared | None:
    """Return the declared object of the stack that a generated one would take the place of."""
    own = namespaces(record)
    return next((one for one in record.of_kind(kind) if one.object_name == name and one.namespace in own), None)


def _opens(data: object) -> bool:
    spec = data.get("spec") if isinstance(data, Mapping) else None
    if not isinstance(spec, Mapping):
        return data is not None
    return any(listed(spec.get(direction)) for direction in ("ingress", "egress"))


def _exception(policy: Declared, spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    """Judge an exception: it names a policy, rules without wildcards, and objects by name or namespaces of others."""
    names = [one for one in listed(spec.get("exceptions")) if isinstance(one, Mapping)]
    wild = [one for one in names if "*" in str(one.get("policyName")) or any("*" in str(rule) for rule in listed(one.get("ruleNames")))]
    if names and caught_by_kyverno(record, policy, spec, DECIDING) and (wild or not _names_objects(spec.get("match"))):
        said = "all of their rules" if wild else "every object"
        yield Problem(
            rule=f"switches the policies of the cluster off for {said} in namespace {namespaces(record)[0]}",
            cure="name the policy, its rules and the objects, each without *",
        )


def _names_objects(match: object) -> bool:
    """Return whether every block of a match names its objects."""
    blocks = [*listed(match.get("any")), *listed(match.get("all"))] if isinstance(match, Mapping) else []
    resources = [one.get("resources") for one in blocks or [match] if isinstance(one, Mapping)]
    return bool(resources) and all(
        isinstance(one, Mapping)
        and bool(names := [*listed(one.get("names")), *listed(one.get("name"))])
        and all(str(n) != "*" for n in names)
        for one in resources
    )
