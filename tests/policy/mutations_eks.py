"""Access to a cluster of Amazon EKS that is wider than named namespaces; and everyday access beside it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import yaml

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.mutations_reach import resource
from tests.policy.workbench import extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
NATIVE = "aws-native:eks:AccessEntry"
ROLE = "arn:aws:iam::123456789012:role/developer"
WIDE = (
    "AmazonEKSClusterAdminPolicy",
    "AmazonEKSAdminPolicy",
    "AmazonEKSEditPolicy",
    "AmazonEKSAdminViewPolicy",
    "AmazonEKSSecretReaderPolicy",
)
REACHING: tuple[Any, ...] = (
    {"type": "cluster"},
    {"type": "namespace", "namespaces": ["web", "data-ingestion"]},
    {"type": "namespace", "namespaces": ["data-*"]},
    {"type": "namespace", "namespaces": ["*"]},
    {"type": "namespace", "namespaces": [UNKNOWN]},
    {"type": "namespace", "namespaces": []},
    {"type": UNKNOWN},
    UNKNOWN,
    None,
)
WRITERS: tuple[Any, ...] = (yaml.safe_dump, json.dumps)
BESIDE = ({"type": "namespace", "namespaces": ["web"]}, {"type": "namespace", "namespaces": ["web", "team-*"]})
NODES: dict[str, Any] = {
    "rolearn": ROLE,
    "username": "system:node:{{EC2PrivateDNSName}}",
    "groups": ["system:bootstrappers", "system:nodes"],
}


def policy(name: str, partition: str = "aws") -> str:
    """Return the ARN of an access policy."""
    return f"arn:{partition}:eks::aws:cluster-access-policy/{name}"


def entries(name: str, scope: Any, partition: str = "aws") -> Iterator[Declared]:
    """Yield a policy in a scope, by both providers."""
    said = {"policyArn": policy(name, partition), "accessScope": scope}
    yield resource(ASSOCIATION, clusterName="c", principalArn=ROLE, **said)
    yield resource(NATIVE, clusterName="c", principalArn=UNKNOWN, accessPolicies=[{"policyArn": policy("AmazonEKSViewPolicy")}, said])


def auth(*, kind: str = "ConfigMap", namespace: str = "kube-system", **data: Any) -> Declared:
    """Return the ConfigMap that maps identities."""
    made = extra(kind, "aws-auth", {}, namespace=namespace)
    return Declared(urn=made.urn, type=made.type, name=made.name, inputs={"metadata": made.inputs["metadata"], "data": data})


def wide() -> Iterator[Declared]:
    """Yield access to the whole cluster or to the pipeline's namespace."""
    for name, scope in itertools.product(WIDE, REACHING):
        yield from entries(name, scope)
    yield from entries("AmazonEKSClusterAdminPolicy", {"type": "cluster"}, "aws-us-gov")
    yield resource(ASSOCIATION, policyArn=UNKNOWN, accessScope={"type": "cluster"})
    for kind, name in itertools.product((ENTRY, NATIVE), ("system:masters", "system:kube-controller-manager", "system:nodes", UNKNOWN)):
        yield resource(kind, principalArn=ROLE, kubernetesGroups=["readers", name])
    yield resource(ENTRY, principalArn=ROLE, kubernetesGroups=UNKNOWN)
    yield resource(ENTRY, principalArn=ROLE, userName="system:admin")
    yield resource(NATIVE, principalArn=ROLE, username="system:kube-scheduler")
    yield resource(ENTRY, principalArn="arn:aws:iam::123456789012:root", kubernetesGroups=["readers"])
    yield resource(ENTRY, principalArn="arn:aws:iam::123456789012:role/*", kubernetesGroups=["readers"])
    admin = {"rolearn": ROLE, "username": "admin", "groups": ["system:masters"]}
    for write in WRITERS:
        yield auth(mapRoles=write([NODES, admin]))
        yield auth(mapUsers=write([{"userarn": "arn:aws:iam::123456789012:user/ann", "groups": ["system:masters"]}]))
    yield auth(mapRoles=yaml.safe_dump([{**NODES, "username": "ann"}]))
    yield auth(mapRoles=yaml.safe_dump([{"rolearn": ROLE, "username": "system:admin", "groups": ["readers"]}]))
    yield auth(mapRoles=yaml.safe_dump([{"rolearn": "arn:aws:iam::123456789012:role/*", "username": "a", "groups": ["readers"]}]))
    yield auth(mapAccounts=yaml.safe_dump(["123456789012"]))
    yield auth(mapRoles=UNKNOWN)
    yield auth(mapRoles="not: a list")
    yield auth(mapRoles="- [")
    yield auth(kind="ConfigMapPatch", mapRoles=yaml.safe_dump([admin]))


def everyday() -> Iterator[Declared]:
    """Yield access of readers, of teams in their own namespaces, and of nodes."""
    for name, scope in itertools.product(WIDE, BESIDE):
        yield from entries(name, scope)
    for name, scope in itertools.product(
        ("AmazonEKSViewPolicy", "AmazonEKSClusterInsightsPolicy", "AmazonEKSAutoNodePolicy"), REACHING[:2]
    ):
        yield from entries(name, scope)
    yield resource(ENTRY, clusterName="c", principalArn=UNKNOWN, kubernetesGroups=["readers", "team-web"])
    yield resource(ENTRY, clusterName="c", principalArn=UNKNOWN, type="EC2_LINUX")
    yield resource(NATIVE, clusterName="c", principalArn=ROLE, type="STANDARD", username="developer:{{SessionName}}")
    yield auth(mapRoles=yaml.safe_dump([NODES, {"rolearn": ROLE, "username": "developer", "groups": ["readers"]}]), mapUsers="")
    yield auth(mapRoles=json.dumps([{**NODES, "groups": [*NODES["groups"], "eks:kube-proxy-windows"]}]))
    yield auth(mapUsers="[]", mapAccounts="[]")
    yield auth(namespace="web", mapRoles="anything")


def access(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    for at, one in enumerate([*wide()][::3]):
        yield f"EKS: wide {at}", "rbac-exact", bench.with_more(one)
    for at, one in enumerate([*everyday()][::3]):
        yield f"EKS: everyday {at}", None, bench.with_more(one)
