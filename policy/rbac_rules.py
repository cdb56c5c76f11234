"""Rule for Kubernetes' own rights: roles that reach the pipeline give named things, to named subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.eks_access import mapped
from policy.guarded import is_guarded, selects
from policy.role_excess import aggregated, excess, looks_like_a_controller, selects_ruling
from policy.rule import Rule
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_GROUPS = {"rbac.authorization.k8s.io"}
_ROLES = {"Role", "ClusterRole"}
_BINDINGS = {"RoleBinding", "ClusterRoleBinding"}
# Roles of Kubernetes that contain what no role here may give.
_RULING = {
    "admin",
    "cluster-admin",
    "edit",
    "system:aggregate-to-admin",
    "system:aggregate-to-edit",
    "system:kube-controller-manager",
    "system:kubelet-api-admin",
    "system:node",
}
# Roles of Kubernetes that only its control plane, and nodes that join, may have.
_CONTROL = {"system:kube-scheduler", "system:node-bootstrapper", "system:persistent-volume-provisioner", "system:volume-scheduler"}
_CONTROL_PLANE = ("system:bootstrappers", "system:kube-", "system:node")
_RULING_PREFIX = "system:controller:"
# Roles of Kubernetes that are for everybody.
_FOR_ALL = {"system:basic-user", "system:discovery", "system:public-info-viewer", "system:service-account-issuer-discovery"}
_EVERYBODY = {"system:anonymous", "system:authenticated", "system:unauthenticated"}
_EVERY_ACCOUNT = "system:serviceaccounts"


def _exact(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge what reaches the stack's own namespaces, or all namespaces, whatever else is declared."""
    yield from mapped(resource, record, near=True)
    for kind, namespace, one in _objects(resource):
        if kind == "ClusterRoleBinding" or (kind != "ClusterRole" and record.limits.owns(namespace)):
            yield from _problems(kind, one)


def _exact_at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Judge what depends on other resources: namespaces in which guarded pods are declared, and where a ClusterRole is bound."""
    for resource in record.resources.values():
        yield from ((resource, problem) for problem in mapped(resource, record, near=False))
    objects = [(resource, *one) for resource in record.resources.values() for one in _objects(resource)]
    elsewhere, bound = _bound_elsewhere(objects, record), _bound(objects)
    selectors = [selector for _resource, _kind, _namespace, one in objects for selector in aggregated(one.get("aggregationRule"))]
    for resource, kind, namespace, one in objects:
        if kind == "ClusterRole":
            reaches = _name_of(one, resource) not in elsewhere or _is_aggregated(one, selectors)
        else:
            reaches = kind != "ClusterRoleBinding" and not record.limits.owns(namespace) and is_guarded(namespace, record)
        if reaches:
            subjects, role_rules = bound.get(_name_of(one, resource), []), one.get("rules")
            to_accounts = all(_is_controller(subject, record) for subject in subjects) if subjects else looks_like_a_controller(role_rules)
            of_controller = kind == "ClusterRole" and to_accounts and not _is_aggregated(one, selectors)
            yield from ((resource, problem) for problem in _problems(kind, one, of_controller=of_controller))


def _objects(resource: Declared) -> Iterator[tuple[str, str | Unknown, Mapping[str, Any]]]:
    """Yield kind, namespace and content of each role and binding in a resource: the object, its patch, or each one of a list."""
    if not resource.is_kubernetes or resource.group not in _GROUPS:
        return
    kind = resource.kind.removesuffix("Patch").removesuffix("List")
    if kind not in _ROLES | _BINDINGS:
        return
    items = resource.objects
    for item in items if isinstance(items, (list, tuple)) else [{"rules": items, "subjects": items}]:
        one = item if isinstance(item, Mapping) else {"rules": item, "subjects": item}
        metadata = one.get("metadata")
        own = metadata.get("namespace") if isinstance(metadata, Mapping) else metadata
        yield kind, own if isinstance(own, (str, Unknown)) and own else resource.namespace, one


def _name_of(one: Mapping[str, Any], resource: Declared) -> str:
    metadata = one.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) else resource.object_name


def _bound_elsewhere(objects: list[tuple[Declared, str, str | Unknown, Mapping[str, Any]]], record: Record) -> set[str]:
    """Return the ClusterRoles that are bound in this program, and only in namespaces without guarded pods."""
    near, far = set[str](), set[str]()
    for _resource, kind, namespace, one in objects:
        reference = one.get("roleRef")
        if kind in _BINDINGS and isinstance(reference, Mapping) and reference.get("kind") == "ClusterRole":
            reaches = kind == "ClusterRoleBinding" or record.limits.owns(namespace) or is_guarded(namespace, record)
            (near if reaches else far).add(str(reference.get("name")))
    return far - near


def _bound(objects: list[tuple[Declared, str, str | Unknown, Mapping[str, Any]]]) -> dict[object, list[object]]:
    """Return the subjects that this program gives each ClusterRole to."""
    found = dict[object, list[object]]()
    for _resource, kind, _namespace, one in objects:
        reference = one.get("roleRef")
        if kind in _BINDINGS and isinstance(reference, Mapping) and reference.get("kind") == "ClusterRole":
            found.setdefault(str(reference.get("name")), []).extend(_subjects(one))
    return found


def _subjects(binding: Mapping[str, Any]) -> list[object]:
    listed = binding.get("subjects") or []
    return list(listed) if isinstance(listed, (list, tuple)) else [listed]


def _is_controller(subject: object, record: Record) -> bool:
    """Return whether a subject is the account of a controller: a named service account in a namespace without guarded pods."""
    if not isinstance(subject, Mapping) or subject.get("kind") != "ServiceAccount":
        return False
    name, namespace = subject.get("name"), subject.get("namespace")
    named = isinstance(name, str) and isinstance(namespace, str) and name not in {"", "default"} and bool(namespace)
    return named and not record.limits.owns(namespace) and not is_guarded(namespace, record)


def _is_aggregated(one: Mapping[str, Any], selectors: list[object]) -> bool:
    """Return whether another role gathers the rights of this one: a role of Kubernetes, or a declared one that selects its labels."""
    metadata = one.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else metadata
    if not isinstance(labels, Mapping):
        return isinstance(labels, Unknown)
    # Kubernetes and operators name the labels of their gathering roles so
    by_name = any("/aggregate-to-" in str(key) and str(value) != "false" for key, value in labels.items())
    return by_name or any(selects(selector, labels) for selector in selectors)


def _problems(kind: str, one: Mapping[str, Any], *, of_controller: bool = False) -> Iterator[Problem]:
    if kind in _BINDINGS:
        yield from _binding(one)
        return
    rules = one.get("rules") or []
    for rule in rules if isinstance(rules, (list, tuple)) else [rules]:
        found = excess(rule, of_controller=of_controller)
        if found:
            yield Problem(rule=found[0], cure=found[1])
    yield from (Problem(rule=rule, cure=cure) for rule, cure in selects_ruling(one.get("aggregationRule")))


def _binding(one: Mapping[str, Any]) -> Iterator[Problem]:
    reference = one.get("roleRef")
    name = reference.get("name") if isinstance(reference, Mapping) else reference
    kind = reference.get("kind") if isinstance(reference, Mapping) else None
    if isinstance(name, Unknown):
        yield Problem(rule="binds a role that is not known at preview", cure="set a plain name")
    elif kind != "Role" and name is not None and (str(name) in _RULING or str(name).startswith(_RULING_PREFIX)):
        yield Problem(rule=f"binds {name}, which reaches every Secret and runs any pod", cure="declare a role with the required rights")
    subjects = _subjects(one)
    if kind != "Role" and name in _CONTROL and not all(_is_control_plane(subject) for subject in subjects):
        yield Problem(rule=f"binds {name}, a role of the control plane", cure="declare a role with the required rights")
    for subject in subjects:
        said = _everybody(subject)
        if said and not (kind == "ClusterRole" and name in _FOR_ALL):
            yield Problem(rule=f"gives its role to {said}", cure="name the service account, user or group")


def _is_control_plane(subject: object) -> bool:
    if not isinstance(subject, Mapping):
        return False
    name = subject.get("name")
    if subject.get("kind") == "ServiceAccount":
        return subject.get("namespace") == "kube-system"
    return isinstance(name, str) and name.startswith(_CONTROL_PLANE)


def _everybody(subject: object) -> str | None:
    """Return whom a subject names if that is not a named one."""
    if not isinstance(subject, Mapping):
        return "subjects that are not known at preview"
    name, kind = subject.get("name"), subject.get("kind")
    if kind == "ServiceAccount":
        return None
    if isinstance(name, Unknown):
        return "a subject that is not known at preview"
    text = str(name)
    return text if text in _EVERYBODY or text == _EVERY_ACCOUNT or text.startswith(f"{_EVERY_ACCOUNT}:") else None


RULES = (
    Rule(
        name="rbac-exact",
        says="Roles of Kubernetes that reach the pipeline give named things, and bindings name their subjects.",
        check=_exact,
        at_end=_exact_at_end,
        severity="critical",
    ),
)
