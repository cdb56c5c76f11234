"""Rights that Amazon EKS maps onto a cluster: access entries, their policies, and the ConfigMap ``aws-auth``."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from policy.guarded import guarded_namespaces, may_be_same
from stack.problem import Problem
from stack.unknown import UNKNOWN, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_ENTRIES = {"aws:eks/accessEntry:AccessEntry", "aws-native:eks:AccessEntry"}
_ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
# Policies that read no Secret and change no workload, and those that EKS gives its own nodes and controllers (EKS user guide, "Review
# access policy permissions").
_NARROW = {
    *("AmazonEKSViewPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSBlockStorageClusterPolicy", "AmazonEKSBlockStoragePolicy"),
    *("AmazonEKSClusterInsightsPolicy", "AmazonEKSComputeClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSHybridPolicy"),
    *("AmazonEKSLoadBalancingClusterPolicy", "AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingClusterPolicy"),
    "AmazonEKSNetworkingPolicy",
}
_MAP, _PLACE = "aws-auth", "kube-system"
_LISTS = {"mapRoles": "rolearn", "mapUsers": "userarn"}
# Groups of nodes, and of everybody who has logged in; the first need the name of a node.
_OF_NODES = {"eks:kube-proxy-windows", "system:bootstrappers", "system:node-proxier", "system:nodes"}
_FOR_ALL = {"system:authenticated"}
_NODE = "system:node:"
# Longest list that is read, in characters, and its parser.
_LONGEST = 65_536
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_NAMED = "bind a role of named things to a group of your own, or name the namespaces in accessScope"
_OWN_NAME = "set a name or group of your own, and bind a role of named things to it"


def is_map(resource: Declared) -> bool:
    """Return whether a resource is the ConfigMap that maps identities of AWS onto the cluster, or its patch."""
    by_name = resource.is_kubernetes and resource.kind in {"ConfigMap", "ConfigMapPatch"} and resource.object_name == _MAP
    return by_name and may_be_same(resource.namespace, _PLACE)


def mapped(resource: Declared, record: Record, *, near: bool) -> Iterator[Problem]:
    """Yield the rights that a resource of EKS gives beyond named namespaces.

    Args:
        resource: Any resource.
        record: All declared resources.
        near: Whether rights in the whole cluster and in the pipeline's own namespace are wanted, or those in other namespaces with
            guarded pods, which only the complete stack shows.
    """
    if resource.type == _ASSOCIATION:
        yield from _association(resource.inputs, record, near=near)
    if resource.type in _ENTRIES:
        yield from _entry(resource.inputs) if near else ()
        listed = resource.inputs.get("accessPolicies") or []
        for one in listed if isinstance(listed, (list, tuple)) else [listed]:
            yield from _association(one if isinstance(one, Mapping) else {"policyArn": one}, record, near=near)
    if near and is_map(resource):
        yield from _map(resource.inputs.get("data") or {})


def _association(said: Mapping[str, Any], record: Record, *, near: bool) -> Iterator[Problem]:
    arn, scope = said.get("policyArn"), said.get("accessScope")
    if isinstance(arn, Unknown):
        if near:
            yield Problem(key="policyArn", value="(unknown)", rule="is not known at preview", cure="set a plain ARN")
        return
    name = str(arn).rpartition("/")[2]
    where = _reached(scope, record, near=near)
    if name not in _NARROW and where:
        yield Problem(
            key="policyArn",
            value=repr(name),
            rule=f"gives rights on every object {where}, which may reach every Secret and run any pod",
            cure=_NAMED,
        )


def _reached(scope: object, record: Record, *, near: bool) -> str:
    """Return what a scope reaches of the cluster or of guarded pods, in words; empty if nothing, or if the other check reports it."""
    listed = scope.get("namespaces") if isinstance(scope, Mapping) and scope.get("type") == "namespace" else None
    if not isinstance(listed, (list, tuple)) or not listed:
        return "in the whole cluster" if near else ""
    patterns = [one for one in listed if isinstance(one, str)]
    if len(patterns) < len(listed):
        return "in a namespace that is not known at preview" if near else ""
    own = record.limits.own
    others = {one for one in guarded_namespaces(record) if isinstance(one, str)} - {own}
    found = [one for one in ([own] if near else sorted(others)) if one and any(fnmatch.fnmatchcase(one, pattern) for pattern in patterns)]
    return f"in the namespace {found[0]}" if found else ""


def _entry(said: Mapping[str, Any]) -> Iterator[Problem]:
    groups, principal = said.get("kubernetesGroups") or [], said.get("principalArn")
    for group in groups if isinstance(groups, (list, tuple)) else [groups]:
        yield from _group("kubernetesGroups", group)
    for key in ("userName", "username"):
        yield from _user(key, said.get(key))
    yield from _everybody("principalArn", principal)


def _group(key: str, group: object, *, of_nodes: bool = False) -> Iterator[Problem]:
    if not isinstance(group, str):
        yield Problem(key=key, value="(unknown)", rule="is no name that is known at preview", cure="set plain names")
    elif group.startswith(("system:", "eks:")) and group not in _FOR_ALL | (_OF_NODES if of_nodes else set()):
        rule = "has all rights in the cluster, past every role" if group == "system:masters" else "is a group of the control plane"
        yield Problem(key=key, value=repr(group), rule=rule, cure=_OWN_NAME)


def _user(key: str, name: object) -> Iterator[Problem]:
    if isinstance(name, str) and name.startswith("system:"):
        yield Problem(key=key, value=repr(name), rule="is a name of the control plane, whose rights it gets", cure=_OWN_NAME)


def _map(data: object) -> Iterator[Problem]:
    if not isinstance(data, Mapping):
        yield Problem(
            key="data", value="(unknown)", rule="is not known at preview, so nothing judges whom it lets in", cure="set plain values"
        )
        return
    for key, identity in _LISTS.items():
        items = _parsed(data.get(key))
        for item in items if items is not None else [None]:
            if not isinstance(item, Mapping):
                rule = "is not a list that a preview can read, so nothing judges whom it lets in"
                yield Problem(key=key, value="(unreadable)", rule=rule, cure="write it as plain YAML, with ARNs built from names")
                continue
            yield from _item(key, item, item.get(identity))
    accounts = _parsed(data.get("mapAccounts"))
    if accounts is None or accounts:
        shown = "(unknown)" if accounts is None else f"({len(accounts)} of them)"
        yield Problem(key="mapAccounts", value=shown, rule="lets every identity of an account in", cure="map roles")


def _item(key: str, item: Mapping[str, Any], arn: object) -> Iterator[Problem]:
    groups, name = item.get("groups") or [], item.get("username")
    listed = groups if isinstance(groups, (list, tuple)) else [groups]
    of_nodes = key == "mapRoles" and isinstance(name, str) and name.startswith(f"{_NODE}{{{{")
    for group in listed:
        yield from _group(f"{key}: groups", group, of_nodes=of_nodes)
    if not of_nodes:
        yield from _user(f"{key}: username", name)
    yield from _everybody(key, arn)


def _everybody(key: str, arn: object) -> Iterator[Problem]:
    if isinstance(arn, str) and ("*" in arn or arn.endswith(":root")):
        yield Problem(key=key, value=repr(arn), rule="names everybody of an account", cure="name a role or a user")


def _parsed(text: object) -> list[Any] | None:
    """Return a list of the ConfigMap, empty without one; None for what a preview cannot read."""
    if text is None or text == "":
        return []
    try:
        found = yaml.load(text, _LOADER) if isinstance(text, str) and len(text) <= _LONGEST else UNKNOWN  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return [] if found is None else found if isinstance(found, list) else None
