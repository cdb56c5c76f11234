"""Rule for admission configurations: none changes, stops or deletes the pipeline's pods, and no exception switches their guards off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy import kyverno_cel, kyverno_policies, other_controllers, refusing_policies
from policy.admission_scopes import DECIDING, caught, caught_by_gatekeeper, constrained, namespaces, of_kinds, of_pods
from policy.lists import listed
from policy.memory_rules import adds_container
from policy.rule import Rule, nothing
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_WEBHOOKS: Final = {"MutatingWebhookConfiguration": "mutating", "ValidatingWebhookConfiguration": "validating"}
_ADMISSION: Final = "admissionregistration.k8s.io"
# Webhooks that change a pod only where it asks for that by a label, an annotation or an object that other rules refuse.
_OPT_IN: Final = re.compile(
    r"([\w-]+\.){0,4}(vault\.hashicorp\.com|consul\.hashicorp\.com|linkerd\.io|istio\.io|dapr\.io|gatekeeper\.sh|vpa\.k8s\.io|kuma\.io"
    r"|azure-workload-identity\.io|(iam-for-pods|pod-identity-webhook)\.amazonaws\.com|datadoghq\.com|opentelemetry\.io|cert-manager\.io)"
)
# Mutations of Gatekeeper that change more than labels and annotations
_MUTATIONS: Final = {"Assign", "ModifySet", "AssignImage"}
_LOCATION: Final = re.compile(r"metadata\.(labels|annotations)\.\"?([^\"]+)\"?")
# Groups that the API server serves itself, with what the pipeline consists of
_SERVED: Final = {"", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io", "policy", "storage.k8s.io", _ADMISSION}
_EVERYBODY: Final = {"system:authenticated", "system:serviceaccounts", "system:unauthenticated"}
_LOOSE: Final = (
    "allowPrivilegedContainer",
    "allowHostDirVolumePlugin",
    "allowHostNetwork",
    "allowHostPID",
    "allowHostIPC",
    "allowHostPorts",
)


def _cure(record: Record) -> str:
    return f"leave it out by a namespaceSelector: kubernetes.io/metadata.name NotIn [{', '.join(namespaces(record))}]"


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    if not namespaces(record):
        return
    for resource in record.resources.values():
        if resource.is_kubernetes:
            yield from ((resource, problem) for problem in _of(resource, record))


def _of(resource: Declared, record: Record) -> Iterator[Problem]:
    kind = resource.kind.removesuffix("Patch").removesuffix("List")
    yield from other_controllers.marked(resource, record)
    yield from other_controllers.objects(resource, record)
    if resource.group == _ADMISSION:
        if kind in _WEBHOOKS:
            yield from _webhooks(resource, _WEBHOOKS[kind], record)
        elif kind == "MutatingAdmissionPolicy":
            yield from _policy(resource, record)
        elif kind == "ValidatingAdmissionPolicy":
            yield from refusing_policies.in_cel(resource, "ValidatingAdmissionPolicyBinding", record)
    elif resource.group in {"kyverno.io", "policies.kyverno.io"}:
        yield from kyverno_policies.problems(resource, record)
        yield from _in_cel(resource, kind, record) if resource.group == "policies.kyverno.io" else ()
    elif resource.group == "apiregistration.k8s.io" and kind == "APIService":
        yield from _api_service(resource)
    elif resource.group == "mutations.gatekeeper.sh":
        yield from _mutation(resource, record)
    elif resource.group == "security.openshift.io" and kind == "SecurityContextConstraints":
        yield from _constraints(resource, record)


def _api_service(resource: Declared) -> Iterator[Problem]:
    """Judge who serves a group of the API."""
    spec = resource.inputs.get("spec")
    group = spec.get("group") if isinstance(spec, Mapping) else spec
    served = spec.get("service") if isinstance(spec, Mapping) else None
    if isinstance(group, Unknown) or (served is not None and (group or "") in _SERVED):
        yield Problem(
            rule=f"sends every request about the group {group or 'core'!r} to a server of its own, secrets and pods included",
            cure="remove it: the API server itself serves this group",
        )


def _webhooks(resource: Declared, kind: str, record: Record) -> Iterator[Problem]:
    objects = resource.objects
    items = objects if isinstance(objects, (list, tuple)) else [objects]
    hooks = [hook for one in items for hook in (listed(one.get("webhooks")) if isinstance(one, Mapping) else [one])]
    for hook in hooks:
        if not isinstance(hook, Mapping):
            yield Problem(rule="a webhook is not known at preview, so what it catches is unknown", cure="set plain values")
            continue
        name, reached = str(hook.get("name")), caught(record, hook.get("namespaceSelector"), hook.get("objectSelector"))
        rules, client = hook.get("rules"), hook.get("clientConfig")
        changes = kind == "mutating" and of_pods(rules, deciding=True)
        stops = of_pods(rules, operations=("CREATE", "UPDATE", "DELETE"))
        outside = isinstance(client, Mapping) and client.get("url") is not None and of_pods(rules, deciding=True)
        if reached is None or not (changes or stops or outside):
            continue
        policy = hook.get("failurePolicy") or ("Ignore" if "/v1beta1:" in resource.type else "Fail")
        if changes and not (policy == "Ignore" and _OPT_IN.fullmatch(name)):
            yield Problem(
                about=f"webhook {name}",
                rule=f"changes objects of namespace {reached} in a way that no preview shows, so that no rule has judged what runs",
                cure=_cure(record),
            )
        elif stops and policy != "Ignore":
            yield Problem(
                about=f"webhook {name}",
                key="failurePolicy",
                value=str(policy),
                rule=f"no pod of namespace {reached} starts while its server is away",
                cure=f"set it to Ignore, or {_cure(record)}",
            )
        elif outside:
            yield Problem(
                about=f"webhook {name}",
                rule=f"shows objects of namespace {reached} to a server outside the cluster",
                cure=f"name a service of the cluster in clientConfig, or {_cure(record)}",
            )


def _policy(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge a mutating policy in CEL: by its own constraints, and by its bindings where all of them are declared here."""
    spec = resource.inputs.get("spec")
    own = spec.get("matchConstraints") if isinstance(spec, Mapping) else spec
    if spec is None or not constrained(own, record):
        return
    if resource.kind.startswith("Namespaced") and resource.namespace not in namespaces(record):
        return
    bindings = [one.inputs.get("spec") for one in record.of_kind("MutatingAdmissionPolicyBinding")]
    bound = [one for one in bindings if not isinstance(one, Mapping) or one.get("policyName") == resource.object_name]
    if bound and not any(constrained(one.get("matchResources") if isinstance(one, Mapping) else one, record) for one in bound):
        return
    yield Problem(
        rule=f"changes the pods of namespace {namespaces(record)[0]} in a way that no preview shows, so that no rule has judged what runs",
        cure=_cure(record),
    )


def _in_cel(resource: Declared, kind: str, record: Record) -> Iterator[Problem]:
    """Judge a policy of Kyverno in CEL."""
    spec = resource.inputs.get("spec")
    if kind in {"MutatingPolicy", "NamespacedMutatingPolicy"}:
        own = isinstance(spec, Mapping) and kind == "MutatingPolicy" and spec.get("targetMatchConstraints") is not None
        if own and kyverno_cel.changes_later(spec, record):  # type: ignore[arg-type]
            yield Problem(
                rule=f"changes objects that exist already in namespace {namespaces(record)[0]}, after every rule has judged them",
                cure=_cure(record),
            )
        else:
            yield from _policy(resource, record)
    elif kind in {"ValidatingPolicy", "NamespacedValidatingPolicy"}:
        yield from refusing_policies.in_cel(resource, "", record)
    elif isinstance(spec, Mapping):
        yield from kyverno_cel.problems(resource, spec, record)


def _mutation(resource: Declared, record: Record) -> Iterator[Problem]:
    spec = resource.inputs.get("spec")
    inner: Mapping[str, Any] = spec if isinstance(spec, Mapping) else {"location": spec}
    if inner.get("location") is None or not caught_by_gatekeeper(record, inner.get("match")):
        return
    targets = [kind for one in listed(inner.get("applyTo")) if isinstance(one, Mapping) for kind in listed(one.get("kinds"))]
    label = _LOCATION.fullmatch(str(inner.get("location")))
    harmless = label is not None and not adds_container(label[2])
    if (resource.kind.removesuffix("Patch") in _MUTATIONS and of_kinds(targets, DECIDING) and not label) or (label and not harmless):
        yield Problem(
            rule=f"changes objects of namespace {namespaces(record)[0]} after every rule has judged them",
            cure="leave the namespace out by match.excludedNamespaces",
        )


def _constraints(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge a SecurityContextConstraints of OpenShift, which lets accounts run what Pod Security restricted refuses."""
    loose = [key for key in _LOOSE if resource.inputs.get(key) not in (None, False)]
    loose += ["volumes of the node" for one in listed(resource.inputs.get("volumes")) if one in ("*", "hostPath")]
    loose += ["every capability" for one in listed(resource.inputs.get("allowedCapabilities")) if one in ("*", "ALL", "SYS_ADMIN")]
    groups = {str(one) for one in listed(resource.inputs.get("groups"))}
    users = [str(one) for one in listed(resource.inputs.get("users"))]
    own = {f"system:serviceaccounts:{name}" for name in namespaces(record)}
    accounts = tuple(f"system:serviceaccount:{name}:" for name in namespaces(record))
    to = sorted((groups & (_EVERYBODY | own)) | {one for one in users if one.startswith(accounts)})
    if loose and to:
        yield Problem(
            rule=f"lets {', '.join(to)} run pods with {', '.join(loose)}, also in the namespaces of the stack",
            cure="name the accounts of other namespaces only",
        )


RULES = (
    Rule(
        name="admission-kept",
        says="No webhook or admission policy changes, stops or deletes the pods of the pipeline, and none is excepted from its guards.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
