"""Classification of resources that start pods, visibly or not, and the format of sizes in messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.custom_kinds import starts_none
from stack.capacity.pods import POD_KINDS
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from policy.declared import Declared

# Kubernetes' own API groups: among their kinds, only POD_KINDS start pods.
BUILT_IN_GROUPS = {
    "",
    "core",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "admissionregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "storagemigration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "certificates.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "node.k8s.io",
    "resource.k8s.io",
    "extensions",
}

# Components of the Kubernetes SDK: their children are declared, and judged, one by one.
_COMPONENTS = {"Chart", "ConfigFile", "ConfigGroup", "Directory"}


_COMPONENT_GROUPS = {"", "helm.sh", "yaml", "kustomize"}
_COUNTED = (*POD_KINDS, "HorizontalPodAutoscaler", "PersistentVolumeClaim", "ConfigMap")


def mib(size: int) -> str:
    """Format a size in MiB, with one decimal place unless it is whole."""
    whole, rest = divmod(size, MIB)
    return str(whole) if not rest else f"{size / MIB:.1f}"


def starts_pods(resource: Declared) -> bool:
    """Return whether a resource is of a built-in kind that starts pods."""
    return resource.is_kubernetes and resource.kind in POD_KINDS and resource.group in BUILT_IN_GROUPS


def hides_pods(resource: Declared) -> str | None:
    """Return the reason why the pods of a resource are invisible, or None."""
    if not resource.is_kubernetes:
        return None
    base = resource.kind.removesuffix("Patch").removesuffix("List")
    if base in _COUNTED and base != resource.kind:
        return f"is a {resource.kind}, so its changes cannot be added up: declare each {base} separately and completely"
    if resource.group == "helm.sh" and resource.kind == "Release":
        return "starts pods that are invisible at preview: declare its workloads, or render the chart with kubernetes.helm.sh/v4 Chart"
    if resource.group in BUILT_IN_GROUPS or (resource.group in _COMPONENT_GROUPS and resource.kind in _COMPONENTS):
        return None
    if starts_none(resource.group, resource.kind) or _only_recommends(resource):
        return None
    return (
        f"is of the API group {resource.group}, so the pods of its operator cannot be added up: declare them, or add an exception, also "
        f"for a {resource.kind} that starts none"
    )


def _only_recommends(resource: Declared) -> bool:
    """Return whether a resource is a VerticalPodAutoscaler that changes no pod."""
    spec = resource.inputs.get("spec")
    policy = spec.get("updatePolicy") if isinstance(spec, Mapping) else None
    mode = policy.get("updateMode") if isinstance(policy, Mapping) else None
    return (resource.group, resource.kind, mode) == ("autoscaling.k8s.io", "VerticalPodAutoscaler", "Off")
