"""Policies of Kyverno and Gatekeeper that change, verify, generate, delete or except objects of the stack are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stack.unknown import UNKNOWN
from tests.policy.judging import by_plan
from tests.policy.test_admission import KYVERNO, LIMITS, PODS, policy, refused
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from policy.declared import Declared

GATEKEEPER = "mutations.gatekeeper.sh/v1"
ANY_POD = {"any": [{"resources": {"kinds": ["Pod"]}}]}
LABELS = {"patchStrategicMerge": {"metadata": {"labels": {"+(team)": "data"}}}}
IMAGE = {"patchStrategicMerge": {"spec": {"containers": [{"(name)": "*", "image": "evil.example.com/x"}]}}}
JSON_IMAGE = {"patchesJson6902": '- {op: replace, path: "/spec/containers/0/image", value: x}'}
JSON_LABEL = {"patchesJson6902": '- {op: add, path: "/metadata/labels/team", value: data}'}
NAMESPACES, OTHERS = ({"any": [{"resources": one}]} for one in ({"kinds": ["Namespace"]}, {"kinds": ["ConfigMap"], "namespaces": ["web"]}))
CLAIMS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["persistentvolumeclaims"], "operations": ["*"]}
ENFORCE = "pod-security.kubernetes.io/enforce"
VERIFY = [{"imageReferences": ["*"], "attestors": []}]


def kyverno(*rules: dict[str, Any], kind: str = "ClusterPolicy", namespace: str = "web", **spec: Any) -> Declared:
    """Return a policy of Kyverno."""
    return policy(kind, KYVERNO, {"rules": [{"name": "r", **rule} for rule in rules], **spec}, namespace)


@pytest.mark.parametrize(
    "made",
    [
        *(kyverno({"match": match, "mutate": IMAGE}) for match in (ANY_POD, {"resources": {"kinds": ["*"]}}, {"all": ANY_POD["any"]})),
        kyverno({"match": ANY_POD, "mutate": JSON_IMAGE}),
        kyverno({"match": ANY_POD, "mutate": {"foreach": [{"list": "request.object.spec.containers"}]}}),
        kyverno({"match": ANY_POD, "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"app.kubernetes.io/component": "x"}}}}}),
        kyverno({"match": ANY_POD, "mutate": {"patchStrategicMerge": {"metadata": {"annotations": {"sidecar.istio.io/inject": "true"}}}}}),
        kyverno({"match": {"any": [{"resources": {"kinds": ["v1/ConfigMap"], "namespaces": ["data-*"]}}]}, "mutate": IMAGE}),
        kyverno({"match": {"any": [{"resources": {"kinds": ["apps/v1/StatefulSet"]}}]}, "mutate": IMAGE}),
        kyverno({"match": ANY_POD, "mutate": IMAGE, "exclude": {"any": [{"resources": {"namespaces": ["web"]}}]}}),
        kyverno({"match": ANY_POD, "mutate": IMAGE}, kind="Policy", namespace=NAMESPACE),
        kyverno({"match": {"any": [{"resources": {"kinds": ["Namespace"]}}]}, "generate": {"kind": "RoleBinding", "namespace": "{{x}}"}}),
        kyverno({"match": ANY_POD, "generate": {"kind": "NetworkPolicy", "namespace": NAMESPACE, "data": {"spec": {"ingress": [{}]}}}}),
        policy("ClusterCleanupPolicy", "kyverno.io/v2", {"match": ANY_POD, "schedule": "* * * * *"}),
        policy("ClusterCleanupPolicy", "kyverno.io/v2", {"match": {"any": [{"resources": {"kinds": ["PersistentVolumeClaim"]}}]}}),
        policy("PolicyException", "kyverno.io/v2", {"exceptions": [{"policyName": "*", "ruleNames": ["*"]}], "match": ANY_POD}),
        policy("PolicyException", "kyverno.io/v2", {"exceptions": [{"policyName": "restricted", "ruleNames": ["*"]}], "match": ANY_POD}),
        policy("PolicyException", "kyverno.io/v2", {"exceptions": [{"policyName": "restricted", "ruleNames": ["r"]}], "match": ANY_POD}),
        policy("ClusterPolicy", KYVERNO, UNKNOWN),
        kyverno({"match": NAMESPACES, "mutate": {"patchStrategicMerge": {"metadata": {"labels": {"istio-injection": "enabled"}}}}}),
        kyverno({"match": NAMESPACES, "mutate": {"patchStrategicMerge": {"metadata": {"labels": {ENFORCE: "privileged"}}}}}),
        kyverno({"match": NAMESPACES, "generate": {"namespace": "{{x}}", "cloneList": {"kinds": ["v1/Secret", "rbac/v1/RoleBinding"]}}}),
        kyverno({"match": NAMESPACES, "generate": {"foreach": [{"kind": "RoleBinding", "namespace": "{{x}}"}]}}),
        kyverno({"match": OTHERS, "mutate": {**IMAGE, "targets": [{"kind": "StatefulSet", "namespace": NAMESPACE}]}}),
        policy("DeletingPolicy", "policies.kyverno.io/v1alpha1", {"schedule": "@daily", "matchConstraints": {"resourceRules": [CLAIMS]}}),
        policy("PolicyException", "policies.kyverno.io/v1alpha1", {"policyRefs": [{"name": "restricted"}]}),
        policy("MutatingPolicy", "policies.kyverno.io/v1alpha1", {"matchConstraints": {"resourceRules": [PODS]}, "mutations": [{}]}),
        policy("Assign", GATEKEEPER, {"applyTo": [{"kinds": ["Pod"]}], "location": "spec.containers[name:*].image", "match": {}}),
        policy("AssignImage", GATEKEEPER, {"applyTo": [{"kinds": ["Pod"]}], "location": "spec.containers[name:*].image", "parameters": {}}),
        policy("ModifySet", GATEKEEPER, {"applyTo": [{"kinds": ["Pod"]}], "location": "spec.containers[name:*].args"}),
        policy("AssignMetadata", GATEKEEPER, {"location": 'metadata.annotations."sidecar.istio.io/inject"', "match": {}}),
    ],
)
def test_a_policy_that_changes_deletes_or_excepts_is_refused(made: Declared) -> None:
    assert refused(made)


@pytest.mark.parametrize(
    "made",
    [
        kyverno({"match": ANY_POD, "validate": {"pattern": {"metadata": {"labels": {"team": "?*"}}}}}, validationFailureAction="Enforce"),
        kyverno({"match": ANY_POD, "mutate": LABELS}),
        kyverno({"match": NAMESPACES, "mutate": {"patchStrategicMerge": {"metadata": {"labels": {ENFORCE: "restricted", "team": "a"}}}}}),
        kyverno({"match": NAMESPACES, "generate": {"kind": "Secret", "namespace": "{{x}}", "clone": {"name": "regcred"}}}),
        kyverno({"match": ANY_POD, "mutate": {**IMAGE, "targets": [{"kind": "StatefulSet", "namespace": "web"}]}}),
        kyverno({"match": ANY_POD, "mutate": JSON_LABEL}),
        kyverno({"match": ANY_POD, "mutate": IMAGE, "exclude": {"any": [{"resources": {"namespaces": ["data-ingestion", "kube-*"]}}]}}),
        kyverno({"match": ANY_POD, "mutate": IMAGE, "exclude": {"resources": {"namespaces": ["data-*"]}}}),
        kyverno({"match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["web"]}}]}, "mutate": IMAGE}),
        kyverno({"match": {"any": [{"resources": {"kinds": ["Ingress"]}}]}, "mutate": IMAGE}),
        kyverno({"match": {"any": [{"resources": {"kinds": ["Pod"], "selector": {"matchLabels": {"app": "web"}}}}]}, "mutate": IMAGE}),
        kyverno({"match": ANY_POD, "mutate": IMAGE}, kind="Policy", namespace="web"),
        kyverno({"match": ANY_POD, "generate": {"kind": "NetworkPolicy", "namespace": "{{x}}", "data": {"spec": {"podSelector": {}}}}}),
        kyverno({"match": ANY_POD, "generate": {"kind": "ResourceQuota", "namespace": "{{x}}", "data": {"spec": {}}}}),
        kyverno({"match": ANY_POD, "verifyImages": [{"imageReferences": ["ghcr.io/kyverno/test*"]}]}, validationFailureAction="Enforce"),
        policy("ClusterCleanupPolicy", "kyverno.io/v2", {"match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["ci-*"]}}]}}),
        policy(
            "PolicyException",
            "kyverno.io/v2",
            {
                "exceptions": [{"policyName": "restricted", "ruleNames": ["host-namespaces"]}],
                "match": {"any": [{"resources": {"kinds": ["Pod"], "namespaces": ["delta"], "names": ["tool*"]}}]},
            },
        ),
        policy("Assign", GATEKEEPER, {"applyTo": [{"kinds": ["Pod"]}], "location": "spec.x", "match": {"namespaces": ["web"]}}),
        policy("Assign", GATEKEEPER, {"applyTo": [{"kinds": ["Pod"]}], "location": "spec.x", "match": {"excludedNamespaces": ["data-*"]}}),
        policy("AssignMetadata", GATEKEEPER, {"location": "metadata.labels.owner", "match": {"scope": "Namespaced"}}),
    ],
)
def test_an_everyday_policy_is_accepted(made: Declared) -> None:
    assert by_plan([made], LIMITS) == []
    assert not refused(made)


def test_a_verification_counts_where_it_concerns_an_image_of_the_stack() -> None:
    worker = extra("Pod", "worker", pod(container(image="localhost/connect:4")))
    assert refused(worker, kyverno({"match": ANY_POD, "verifyImages": VERIFY}, validationFailureAction="Enforce"))
    assert not refused(worker, kyverno({"match": ANY_POD, "verifyImages": VERIFY}, validationFailureAction="Audit"))
    ours = [{"imageReferences": ["ghcr.io/*"]}]
    assert not refused(worker, kyverno({"match": ANY_POD, "verifyImages": ours}, validationFailureAction="Enforce"))
