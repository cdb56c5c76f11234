"""Admission configurations that change, stop or delete the pipeline's pods are refused; those of the usual controllers are accepted."""

from __future__ import annotations

from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.everyday import everyday
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import NAMESPACE, extra

LIMITS = Limits(memory={NAMESPACE: 2**34, "web": 2**34}, volumes={NAMESPACE: 2**34, "web": 2**34}, own=NAMESPACE)
RULE = "admission-kept"
ADMISSION, KYVERNO = "admissionregistration.k8s.io/v1", "kyverno.io/v1"
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
EVERYTHING = {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*"], "operations": ["*"]}
NAME = "kubernetes.io/metadata.name"


def refused(*declared: Declared) -> bool:
    """Return whether plan and pack refuse objects by the rule."""
    told = [violation for violation in by_plan(declared, LIMITS) if violation.rule == RULE]
    assert not any("could not run" in violation.message for violation in told)
    assert bool(told) == (RULE in {rule for rule, _message in by_pack(declared, LIMITS)})
    return bool(told)


def webhook(kind: str, name: str = "hook.example.com", **hook: Any) -> Declared:
    """Return a webhook configuration of one webhook."""
    made = extra(kind, "hooks", {}, ADMISSION)
    made.inputs["webhooks"] = [{"name": name, "rules": [PODS], "clientConfig": {"service": {"name": "a", "namespace": "b"}}, **hook}]  # type: ignore[index]
    return made


def named(operator: str, *names: str) -> dict[str, Any]:
    """Return a selector of namespaces by their names."""
    return {"matchExpressions": [{"key": NAME, "operator": operator, "values": list(names)}]}


CATCHING: list[dict[str, Any]] = [
    {},
    {"namespaceSelector": {}},
    {"namespaceSelector": named("NotIn", "kube-system", "cert-manager")},
    {"namespaceSelector": named("In", NAMESPACE, "web")},
    {"namespaceSelector": {"matchLabels": {NAME: NAMESPACE}}},
    {"objectSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["injector"]}]}},
    {"objectSelector": {"matchLabels": {"app.kubernetes.io/part-of": "data-ingestion"}}},
    {"rules": [EVERYTHING]},
    {"rules": [{**PODS, "resources": ["deployments", "statefulsets"], "apiGroups": ["apps"]}]},
    {"rules": [{**PODS, "resources": ["*/*"]}]},
    {"rules": [{**PODS, "apiGroups": ["*"], "resources": ["pods/*"]}]},
    {"rules": UNKNOWN},
    {"namespaceSelector": UNKNOWN},
]
BESIDE: list[dict[str, Any]] = [
    {"namespaceSelector": named("NotIn", NAMESPACE)},
    {"namespaceSelector": named("In", "web")},
    {"namespaceSelector": {"matchLabels": {"istio-injection": "enabled"}}},
    {"objectSelector": {"matchLabels": {"sidecar.istio.io/inject": "true"}}},
    {"rules": [{**PODS, "operations": ["CONNECT"]}]},
    {"rules": [{**PODS, "apiGroups": ["networking.k8s.io"], "resources": ["ingresses"]}]},
    {"objectSelector": {"matchLabels": {"azure.workload.identity/use": "true"}}},
    {"rules": [{**PODS, "apiGroups": ["cert-manager.io"], "resources": ["*"]}]},
    {"rules": [{**PODS, "apiGroups": ["monitoring.coreos.com"], "resources": ["prometheusrules"]}]},
    {"rules": [{**PODS, "resources": ["namespaces"], "scope": "Cluster"}]},
    {"rules": [{**PODS, "resources": ["services"]}]},
]


@pytest.mark.parametrize("hook", CATCHING)
def test_a_webhook_that_catches_the_pods_is_refused(hook: dict[str, Any]) -> None:
    for policy in ({}, {"failurePolicy": "Fail"}, {"failurePolicy": "Ignore"}):
        assert refused(webhook("MutatingWebhookConfiguration", **{**hook, **policy}))
        is_strict = policy.get("failurePolicy") != "Ignore"
        assert refused(webhook("ValidatingWebhookConfiguration", **{**hook, **policy})) is is_strict
    outside = {**hook, "failurePolicy": "Ignore", "clientConfig": {"url": "https://example.com/review"}}
    assert refused(webhook("ValidatingWebhookConfiguration", **outside))


@pytest.mark.parametrize("hook", BESIDE)
def test_a_webhook_beside_the_pods_is_accepted(hook: dict[str, Any]) -> None:
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        assert not refused(webhook(kind, **hook))


@pytest.mark.parametrize(
    "name", ["vault.hashicorp.com", "linkerd-proxy-injector.linkerd.io", "sidecar-injector.dapr.io", "vpa.k8s.io", "mutation.gatekeeper.sh"]
)
def test_the_injectors_that_wait_for_an_annotation_are_accepted(name: str) -> None:
    assert not refused(webhook("MutatingWebhookConfiguration", name, failurePolicy="Ignore"))
    assert refused(webhook("MutatingWebhookConfiguration", name, failurePolicy="Fail"))
    assert refused(webhook("MutatingWebhookConfiguration", f"{name}.example.com", failurePolicy="Ignore"))


DECIDING = [
    ("", "secrets"),
    ("", "configmaps"),
    ("networking.k8s.io", "networkpolicies"),
    ("rbac.authorization.k8s.io", "rolebindings"),
    ("policy", "poddisruptionbudgets"),
]


@pytest.mark.parametrize(("group", "resource"), DECIDING)
def test_a_webhook_that_changes_or_shows_what_decides_is_refused(group: str, resource: str) -> None:
    rules = [{**PODS, "apiGroups": [group], "resources": [resource]}]
    assert refused(webhook("MutatingWebhookConfiguration", rules=rules))
    assert not refused(webhook("ValidatingWebhookConfiguration", rules=rules))
    assert not refused(webhook("MutatingWebhookConfiguration", rules=rules, namespaceSelector=named("NotIn", NAMESPACE)))
    outside = {"failurePolicy": "Ignore", "clientConfig": {"url": "https://example.com"}}
    assert refused(webhook("ValidatingWebhookConfiguration", rules=rules, **outside))


@pytest.mark.parametrize(("resource", "operation"), [("pods", "DELETE"), ("pods/binding", "CREATE"), ("pods/eviction", "CREATE")])
def test_a_webhook_that_stops_scheduling_or_deletion_is_refused(resource: str, operation: str) -> None:
    rules = [{**PODS, "resources": [resource], "operations": [operation]}]
    assert refused(webhook("ValidatingWebhookConfiguration", rules=rules))
    assert not refused(webhook("ValidatingWebhookConfiguration", rules=rules, failurePolicy="Ignore"))


def test_webhooks_in_a_list_or_a_patch_count() -> None:
    hooks = webhook("MutatingWebhookConfiguration").inputs["webhooks"]
    made = extra("MutatingWebhookConfigurationList", "l", {}, ADMISSION)
    made.inputs["items"] = [{"webhooks": hooks}]  # type: ignore[index]
    assert refused(made)
    assert refused(webhook("MutatingWebhookConfigurationPatch"))


@pytest.mark.parametrize("key", ["cleanup.kyverno.io/ttl", "janitor/ttl", "janitor/expires", "downscaler/downtime"])
def test_a_key_by_which_a_controller_deletes_or_stops_is_refused(key: str) -> None:
    for place in ("labels", "annotations"):
        for kind, name, told in (("ConfigMap", "a", True), ("NamespacePatch", NAMESPACE, True), ("NamespacePatch", "web", False)):
            made = extra(kind, name, {}, namespace=NAMESPACE)
            made.inputs["metadata"][place] = {key: "1h"}
            assert refused(made) is told
    made = extra("ConfigMap", "a", {}, namespace="web")
    made.inputs["metadata"]["labels"] = {key: "1h"}
    assert not refused(made)


@pytest.mark.parametrize(("group", "told"), [("apps", True), ("", True), ("rbac.authorization.k8s.io", True), ("metrics.k8s.io", False)])
def test_a_server_for_a_group_of_kubernetes_is_refused(group: str, told: bool) -> None:  # noqa: FBT001 - a parameter
    spec = {"group": group, "version": "v1", "service": {"name": "a", "namespace": "b"}}
    assert refused(policy("APIService", "apiregistration.k8s.io/v1", spec)) is told
    assert not refused(policy("APIService", "apiregistration.k8s.io/v1", {"group": group, "version": "v1"}))


def test_labels_of_a_declared_namespace_count() -> None:
    own = extra("Namespace", NAMESPACE, {})
    own.inputs["metadata"]["labels"] = {"istio-injection": "enabled", "pod-security.kubernetes.io/enforce": "restricted"}
    hook = webhook("MutatingWebhookConfiguration", namespaceSelector={"matchLabels": {"istio-injection": "enabled"}})
    assert refused(own, hook)
    assert not refused(hook)


def policy(kind: str, group: str, spec: Any, namespace: str = "web") -> Declared:
    """Return a policy of an engine."""
    return extra(kind, "rules", spec, group, namespace)


def mutating(**constraints: Any) -> Declared:
    """Return a policy in CEL that changes pods."""
    spec = {"matchConstraints": {"resourceRules": [PODS], **constraints}, "mutations": [{"patchType": "JSONPatch"}]}
    return policy("MutatingAdmissionPolicy", "admissionregistration.k8s.io/v1beta1", spec)


def binding(**resources: Any) -> Declared:
    """Return a binding of that policy."""
    spec = {"policyName": "rules", **({"matchResources": resources} if resources else {})}
    return policy("MutatingAdmissionPolicyBinding", "admissionregistration.k8s.io/v1beta1", spec)


def test_a_mutating_policy_counts_with_its_bindings() -> None:
    assert refused(mutating())
    assert refused(mutating(), binding())
    assert refused(binding(namespaceSelector=named("In", "web")), mutating(), binding(namespaceSelector=named("In", NAMESPACE)))
    assert not refused(mutating(), binding(namespaceSelector=named("In", "web")))
    assert not refused(mutating(namespaceSelector=named("NotIn", NAMESPACE)))
    assert not refused(mutating(excludeResourceRules=[PODS]))
    assert not refused(mutating(resourceRules=[{**PODS, "resources": ["services"]}]))


def test_constraints_of_openshift_for_everybody_are_refused() -> None:
    for groups, users, told in (
        (["system:authenticated"], [], True),
        ([f"system:serviceaccounts:{NAMESPACE}"], [], True),
        ([], [f"system:serviceaccount:{NAMESPACE}:default"], True),
        ([], ["system:serviceaccount:web:agent"], False),
        (["system:serviceaccounts:web"], [], False),
    ):
        for privileged in (True, False):
            made = extra("SecurityContextConstraints", "loose", {}, "security.openshift.io/v1", "web")
            made.inputs.update(allowPrivilegedContainer=privileged, groups=groups, users=users)  # type: ignore[attr-defined]
            assert refused(made) is (told and privileged)
        for loose in ({"volumes": ["*"]}, {"allowedCapabilities": ["*"]}):
            made = extra("SecurityContextConstraints", "loose", {}, "security.openshift.io/v1", "web")
            made.inputs.update(loose, groups=groups, users=users)  # type: ignore[attr-defined]
            assert refused(made) is told


def test_everyday_manifests_are_accepted_beside_the_stack() -> None:
    assert [title for one in everyday() if refused(one) for title in [one.title]] == []
