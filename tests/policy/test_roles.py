"""Roles and bindings of Kubernetes: more than named things is refused where it reaches the pipeline, and nowhere else."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.cluster_roles import PASSING, REFUSED, controllers, given_to_people
from tests.policy.judging import by_pack, by_plan
from tests.policy.mutations_roles import EVERYBODY, EXACT, RULING, SUBJECTS, WIDE, binding, role, rule
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable

LIMITS = Limits(own="data-ingestion", memory={"data-ingestion": 2**32, "stream": 2**32})
BROKER = extra(
    "StatefulSet",
    "it",
    {"template": {"spec": pod(container(command=["kafka-server-start", "c.properties"]))}},
    "apps/v1",
    "stream",
)


def refused(*resources: Declared) -> bool:
    """Return whether plan and pack refuse rights, in agreement and in every order."""
    plan = "rbac-exact" in {violation.rule for violation in by_plan(resources, LIMITS)}
    for order in itertools.permutations(resources):
        assert plan == ("rbac-exact" in {name for name, _message in by_pack(order, LIMITS)}), [one.title for one in order]
    return plan


def test_wide_roles_are_refused_and_everyday_ones_are_not(tally: Callable[[str, str, int, int], None]) -> None:
    kinds = [f"{scope}{form}" for scope in ("Role", "ClusterRole") for form in ("", "Patch", "List")]
    assert [(kind, one) for kind in kinds for one in WIDE if not refused(role(kind, EXACT[0], one))] == []
    assert [(kind, one) for kind in kinds for one in EXACT if refused(role(kind, one))] == []
    assert not refused(role("Role", *WIDE, namespace="web"))
    assert refused(role("Role", WIDE[0], namespace=UNKNOWN))
    tally("roles", "harmful", len(kinds) * len(WIDE), 0)
    tally("roles", "harmless", len(kinds) * len(EXACT), 0)


def test_bindings_name_their_subjects_and_no_ruling_role(tally: Callable[[str, str, int, int], None]) -> None:
    kinds = [f"{scope}{form}" for scope in ("RoleBinding", "ClusterRoleBinding") for form in ("", "Patch", "List")]
    for kind in kinds:
        assert [one for one in RULING if not refused(binding(kind, one, SUBJECTS[0]))] == []
        assert [one for one in EVERYBODY if not refused(binding(kind, "view", SUBJECTS[0], one))] == []
        assert not refused(binding(kind, "view", *SUBJECTS))
        assert not refused(binding(kind, "system:auth-delegator", SUBJECTS[0]))
        assert not refused(binding(kind, "system:service-account-issuer-discovery", ("Group", "system:unauthenticated")))
    for one in (*RULING[:-1], "view"):
        assert not refused(binding("RoleBinding", one, *EVERYBODY, *SUBJECTS, namespace="web"))
    tally("bindings", "harmful", len(kinds) * (len(RULING) + len(EVERYBODY)), 0)
    tally("bindings", "harmless", 3 * len(kinds) + len(RULING), 0)


@pytest.mark.parametrize("namespace", ["stream", "web"])
def test_rights_count_where_guarded_pods_run(namespace: str) -> None:
    reaches = namespace == "stream"
    assert refused(BROKER, role("Role", WIDE[0], namespace=namespace)) == reaches
    assert refused(BROKER, binding("RoleBinding", "edit", SUBJECTS[0], namespace=namespace)) == reaches
    assert not refused(BROKER, role("Role", *EXACT, namespace=namespace), binding("RoleBinding", "view", *SUBJECTS, namespace=namespace))


def test_a_cluster_role_that_is_bound_only_elsewhere_is_free() -> None:
    wide = role("ClusterRole", WIDE[0], name="operator")
    assert refused(wide)
    assert not refused(wide, binding("RoleBinding", "operator", SUBJECTS[0], namespace="web"))
    assert refused(wide, binding("RoleBinding", "operator", SUBJECTS[0]))
    assert refused(wide, binding("ClusterRoleBinding", "operator", SUBJECTS[0]))
    assert refused(wide, BROKER, binding("RoleBinding", "operator", SUBJECTS[0], namespace="stream"))


@pytest.mark.parametrize(
    ("labels", "gathered"),
    [
        ({"rbac.authorization.k8s.io/aggregate-to-view": "true"}, True),
        ({"rbac.example.com/aggregate-to-monitoring": "true"}, True),
        ({"team": "data"}, True),
        (UNKNOWN, True),
        ({"team": UNKNOWN}, True),
        ({"team": "web", "app.kubernetes.io/name": "operator"}, False),
        ({}, False),
    ],
)
def test_a_role_that_another_gathers_is_bound_wherever_that_one_is(labels: Any, gathered: bool) -> None:  # noqa: FBT001 - a column
    wide = role("ClusterRole", WIDE[0], name="operator")
    wide.inputs["metadata"]["labels"] = labels
    gathering = role("ClusterRole", name="data", aggregationRule={"clusterRoleSelectors": [{"matchLabels": {"team": "data"}}]})
    elsewhere = binding("RoleBinding", "operator", SUBJECTS[0], namespace="web")
    assert refused(wide, elsewhere, gathering) == gathered


CONTROL = ("system:kube-scheduler", "system:persistent-volume-provisioner", "system:node-bootstrapper")


@pytest.mark.parametrize("name", [*CONTROL, "system:volume-scheduler"])
def test_roles_of_the_control_plane_are_for_the_control_plane(name: str) -> None:
    for kind in ("RoleBinding", "ClusterRoleBinding"):
        assert [one for one in SUBJECTS if not refused(binding(kind, name, one))] == []
        assert not refused(binding(kind, name, ("User", "system:kube-scheduler")))
        assert not refused(binding(kind, name, ("Group", "system:bootstrappers:kubeadm:default-node-token")))


@pytest.mark.parametrize(
    ("selector", "wide"),
    [
        ({}, True),
        ({"matchLabels": {"rbac.authorization.k8s.io/aggregate-to-admin": "true"}}, True),
        ({"matchLabels": {"kubernetes.io/bootstrapping": "rbac-defaults"}}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, True),
        (UNKNOWN, True),
        ({"matchLabels": {"rbac.example.com/aggregate-to-monitoring": "true"}}, False),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["data"]}]}, False),
    ],
)
def test_an_aggregated_role_gathers_roles_of_its_own(selector: Any, wide: bool) -> None:  # noqa: FBT001 - a column
    assert refused(role("ClusterRole", aggregationRule={"clusterRoleSelectors": [selector]})) == wide


def test_roles_of_widely_used_controllers_pass_unless_they_give_everything(tally: Callable[[str, str, int, int], None]) -> None:
    assert [name for name, resources in controllers(PASSING) if refused(*resources)] == []
    assert [name for name, resources in controllers(REFUSED) if not refused(*resources)] == []
    tally("roles of controllers", "harmful", len(REFUSED), 0)
    tally("roles of controllers", "harmless", len(PASSING), 0)


@pytest.mark.parametrize("name", ["external-provisioner", "external-attacher", "cluster-autoscaler", "kured", "karpenter"])
def test_rights_of_a_controller_are_for_the_account_of_a_controller(name: str) -> None:
    for subject in (("Group", "data-team"), ("User", "jane@example.com"), ("ServiceAccount", "default"), ("ServiceAccount", UNKNOWN)):
        assert refused(*given_to_people(name, subject)), subject
    assert refused(*given_to_people(name, ("ServiceAccount", "tool"), "data-ingestion"))
    assert refused(BROKER, *given_to_people(name, ("ServiceAccount", "tool"), "stream"))
    assert not refused(*given_to_people(name, ("ServiceAccount", name), "kube-system"))
    wide, _bound = given_to_people(name, ("Group", "data-team"))
    wide.inputs["metadata"]["labels"] = {"rbac.authorization.k8s.io/aggregate-to-edit": "true"}
    assert refused(wide)


def test_every_right_by_name_is_accepted() -> None:
    kinds = {
        "": "services configmaps secrets pods endpoints serviceaccounts nodes persistentvolumes persistentvolumeclaims namespaces",
        "apps": "deployments statefulsets daemonsets",
        "batch": "jobs cronjobs",
        "rbac.authorization.k8s.io": "rolebindings clusterrolebindings",
        "networking.k8s.io": "ingresses networkpolicies",
        "policy": "poddisruptionbudgets",
        "admissionregistration.k8s.io": "mutatingwebhookconfigurations validatingwebhookconfigurations",
    }
    for group, names in kinds.items():
        for verbs in (["*"], ["get", "list", "watch", "update", "patch", "delete"], ["get"]):
            for kind in ("Role", "ClusterRole"):
                assert not refused(role(kind, rule([group], names.split(), verbs, "shop", "shop-web"))), (group, verbs)
                assert [one for one in names.split() if refused(role(kind, rule([group], [one], verbs, "shop")))] == []


def test_what_is_unknown_is_refused() -> None:
    unknown = role("Role")
    for key, value in (("rules", UNKNOWN), ("rules", [UNKNOWN]), ("subjects", UNKNOWN), ("roleRef", UNKNOWN)):
        kind = "Role" if key == "rules" else "RoleBinding"
        made = role(kind, namespace="data-ingestion")
        assert refused(Declared(urn=made.urn, type=made.type, name=made.name, inputs={**made.inputs, key: value}))
    assert not refused(unknown)


def test_the_message_names_verbs_and_cure() -> None:
    (violation,) = by_plan([role("Role", rule([""], ["secrets"], ["list"]))], LIMITS)
    assert violation.message == (
        "Role reader: may reach every Secret (list on secrets); name the objects in resourceNames, "
        "or bind the role in the namespaces that need it"
    )
