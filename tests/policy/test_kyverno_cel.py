"""Policies of Kyverno in CEL that generate, change or refuse objects of the stack are refused; everyday ones are accepted."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from stack.unknown import UNKNOWN
from tests.policy.test_admission import PODS, named, policy, refused
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared

GROUP = "policies.kyverno.io/v1"
NEW = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["namespaces"], "operations": ["CREATE"]}
DENY = '"podSelector": dyn({}), "policyTypes": dyn(["Ingress", "Egress"])'
OPEN = '"podSelector": dyn({}), "ingress": dyn([{}])'


def in_cel(kind: str, name: str = "extra", spec: str = "", space: str = "object.metadata.name") -> dict[str, Any]:
    """Return what generates an object of a kind by an expression."""
    made = f'[{{"kind": dyn("{kind}"), "apiVersion": dyn("v1"), "metadata": dyn({{"name": "{name}"}}), "spec": dyn({{{spec}}})}}]'
    return {
        "variables": [{"name": "where", "expression": "object.metadata.name"}, {"name": "what", "expression": made}],
        "generate": [{"expression": f"generator.Apply({space}, variables.what)"}],
    }


def in_template(kind: str, name: str = "extra", spec: str = "podSelector: {}", space: str = "(( object.metadata.name ))") -> dict[str, Any]:
    """Return what generates an object of a kind by a template."""
    text = f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n  namespace: {space}\nspec:\n  {spec}\n"
    return {"generate": [{"template": {"interpolate": "cel", "value": text}}]}


def cloning(plural: str) -> dict[str, Any]:
    """Return what clones objects of another namespace."""
    return {
        "variables": [{"name": "sources", "expression": f'resource.List("v1", "{plural}", "default")'}],
        "generate": [{"expression": "generator.apply(object.metadata.name, [variables.sources])"}],
    }


def generating(said: dict[str, Any], kind: str = "GeneratingPolicy", namespace: str = "web", **constraints: Any) -> Declared:
    """Return a policy that generates."""
    return policy(kind, GROUP, {"matchConstraints": {"resourceRules": [NEW], **constraints}, **said}, namespace)


def harmful() -> list[Declared]:
    """Return policies that give pods, rights and connections, or take the place of a declared object."""
    rights = ("RoleBinding", "Role", "ClusterRoleBinding", "Deployment", "Pod", "CronJob")
    own = f'"{NAMESPACE}"'
    return [
        *(generating(write(kind)) for write, kind in itertools.product((in_cel, in_template), rights)),
        *(generating(cloning(plural)) for plural in ("rolebindings", "roles", "deployments", "cronjobs")),
        generating(in_cel("NetworkPolicy", spec=OPEN)),
        generating(in_template("NetworkPolicy", spec="ingress:\n    - {}")),
        generating(in_cel("RoleBinding", space=own)),
        generating(in_template("RoleBinding", space=NAMESPACE)),
        generating(in_cel("ClusterRoleBinding", space='""')),
        generating(in_cel("RoleBinding"), "NamespacedGeneratingPolicy", NAMESPACE),
        generating(in_cel("ConfigMap", "connect-config")),
        generating(in_template("ConfigMap", "connect-config")),
        generating(in_cel("RoleBinding"), namespaceSelector=named("In", NAMESPACE, "web")),
        generating({"variables": UNKNOWN, "generate": [{"expression": "x"}]}),
    ]


def everyday() -> list[Declared]:
    """Return policies that give what namespaces usually get, or leave the stack's out."""
    return [
        generating(in_cel("ConfigMap", "zk-kafka-address")),
        generating(in_template("ConfigMap", "defaults")),
        generating(in_cel("NetworkPolicy", spec=DENY)),
        generating(in_template("NetworkPolicy", spec="policyTypes: [Ingress]")),
        generating(in_template("NetworkPolicy", spec="ingress: []")),
        generating(cloning("secrets")),
        generating(cloning("configmaps")),
        generating(in_cel("RoleBinding", space='"web"')),
        generating(in_template("RoleBinding", space="web")),
        generating(in_cel("RoleBinding"), "NamespacedGeneratingPolicy", "web"),
        generating(in_cel("RoleBinding"), namespaceSelector=named("NotIn", NAMESPACE)),
        generating(in_cel("RoleBinding"), namespaceSelector={"matchLabels": {"team": "web"}}),
        policy("GeneratingPolicy", GROUP, {}),
    ]


def test_what_is_generated_is_judged_by_its_kind_its_name_and_its_place(tally: Callable[[str, str, int, int], None]) -> None:
    own = extra("ConfigMap", "connect-config", {})
    assert [one.inputs["spec"] for one in harmful() if not refused(own, one)] == []
    assert [one.inputs["spec"] for one in everyday() if refused(own, one)] == []
    tally("policies in CEL", "harmful", len(harmful()), 0)
    tally("policies in CEL", "harmless", len(everyday()), 0)


@pytest.mark.parametrize(
    ("target", "enabled", "told"),
    [
        ({"resourceRules": [PODS]}, True, True),
        ({"resourceRules": [{**PODS, "resources": ["configmaps"]}]}, True, True),
        ({"namespaceSelector": named("In", NAMESPACE)}, True, True),
        ({"expression": "resource.List('v1', 'pods', '')"}, True, True),
        (UNKNOWN, True, True),
        ({"resourceRules": [PODS]}, UNKNOWN, True),
        ({"resourceRules": [PODS]}, False, False),
        ({"resourceRules": [PODS], "namespaceSelector": named("NotIn", NAMESPACE)}, True, False),
        ({"resourceRules": [{**PODS, "resources": ["services"]}]}, True, False),
    ],
)
def test_a_mutation_of_what_exists_counts_by_its_targets(target: Any, enabled: Any, told: bool) -> None:  # noqa: FBT001 - a parameter
    spec = {
        "matchConstraints": {"resourceRules": [NEW]},
        "targetMatchConstraints": target,
        "evaluation": {"mutateExisting": {"enabled": enabled}},
        "mutations": [{"patchType": "ApplyConfiguration"}],
    }
    assert refused(policy("MutatingPolicy", GROUP, spec)) is told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"matchImageReferences": [{"glob": "*"}]}, True),
        ({"matchImageReferences": [{"glob": "ghcr.io/*"}, {"glob": "localhost/*"}], "validationActions": ["Deny"]}, True),
        ({"matchImageReferences": [{"glob": "ghcr.io/*"}]}, False),
        ({"matchImageReferences": [{"glob": "*"}], "validationActions": ["Audit", "Warn"]}, False),
    ],
)
def test_a_verification_of_images_counts_as_the_older_one_does(said: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a parameter
    own = extra("Pod", "own", pod(container(image="localhost/tool:1")))
    for constraints, reached in (({}, True), ({"namespaceSelector": named("NotIn", NAMESPACE)}, False)):
        spec = {"matchConstraints": {"resourceRules": [PODS], **constraints}, **said}
        assert refused(own, policy("ImageValidatingPolicy", GROUP, spec)) is (told and reached)


def test_an_older_policy_does_not_take_the_place_of_a_declared_object() -> None:
    own = extra("ConfigMap", "connect-config", {})
    for name, told in (("connect-config", True), ("defaults", False)):
        generate = {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "namespace": NAMESPACE, "data": {"data": {"a": "b"}}}
        rule = {"name": "r", "match": {"any": [{"resources": {"kinds": ["Namespace"]}}]}, "generate": generate}
        assert refused(own, policy("ClusterPolicy", "kyverno.io/v1", {"rules": [rule]})) is told
