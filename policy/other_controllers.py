"""Labels, annotations and objects by which a controller copies, replaces or restores objects of the stack, unseen by a preview."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.admission_scopes import matches_namespace, namespaces
from policy.lists import items_of, listed
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Labels and annotations by which Kyverno, kube-janitor and kube-downscaler delete an object or stop its pods
_ENDING: Final = re.compile(
    r"cleanup\.kyverno\.io/ttl|janitor/(ttl|expires)|k8s-ttl-controller\.twin\.sh/ttl|downscaler/(uptime|downtime|force-downtime|downtime-replicas)"
)
# Those by which Reflector, Replicator and Kubed copy a Secret to other namespaces, or fill it from one
_COPYING: Final = re.compile(
    r"reflector\.v1\.k8s\.emberstack\.com/(reflection-(allowed|auto-enabled)|reflects)"
    r"|replicator\.v1\.mittwald\.de/(replicate-to(-matching)?|replicate-from|replication-allowed)|kubed\.appscode\.com/sync"
)
# Those by which Keel, Flux and OpenShift change the image of a workload
_UPDATING: Final = re.compile(r"keel\.sh/policy|fluxcd\.io/automated|image\.openshift\.io/triggers")
_OFF: Final = {"false", "never", "", "[]"}
_KINDS_OF_SECRETS: Final = {"Secret", "SecretPatch"}


def marked(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge labels and annotations of an object of the stack by which a controller deletes, copies or changes it."""
    metadata = resource.inputs.get("metadata")
    name = resource.object_name if resource.kind.startswith("Namespace") else resource.namespace
    if not isinstance(metadata, Mapping) or not record.limits.owns(name):
        return
    said = {
        str(key): value
        for place in ("labels", "annotations")
        if isinstance(found := metadata.get(place), Mapping)
        for key, value in found.items()
    }
    for key, value in said.items():
        if _ENDING.fullmatch(key):
            yield Problem(key=key, value="set", rule="a controller deletes the object, or stops its pods, by this key", cure="remove it")
        elif str(value).lower() in _OFF:
            continue
        elif _COPYING.fullmatch(key) and resource.kind in _KINDS_OF_SECRETS:
            yield Problem(
                key=key, value="set", rule="a controller copies the Secret between this namespace and others by this key", cure="remove it"
            )
        elif _UPDATING.fullmatch(key):
            yield Problem(
                key=key, value="set", rule="a controller changes the image by this key, after every rule has judged it", cure="remove it"
            )


def objects(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge objects by which an operator sends Secrets of the stack away, replaces them, or restores older objects over its own."""
    spec = resource.inputs.get("spec")
    if not isinstance(spec, Mapping):
        return
    kind = resource.kind.removesuffix("Patch")
    if resource.group == "external-secrets.io" and record.limits.owns(resource.namespace):
        yield from _sent_away(spec, resource, record) if kind == "PushSecret" else _replaced(spec, resource, record)
    elif (resource.group, kind) == ("velero.io", "Restore"):
        yield from _restored(spec, record)


def _secrets(record: Record, namespace: object) -> set[object]:
    return {one.object_name for one in record.of_kind("Secret") if one.namespace == namespace}


def _sent_away(spec: Mapping[str, Any], resource: Declared, record: Record) -> Iterator[Problem]:
    selector = spec.get("selector")
    secret = selector.get("secret") if isinstance(selector, Mapping) else selector
    name = secret.get("name") if isinstance(secret, Mapping) else None
    if (
        isinstance(secret, Unknown)
        or name in _secrets(record, resource.namespace)
        or (isinstance(secret, Mapping) and secret.get("selector"))
    ):
        yield Problem(
            key="spec.selector.secret",
            value=str(name or "by labels"),
            rule="sends a Secret of the stack to a store outside the cluster",
            cure="name a Secret of your own",
        )


def _replaced(spec: Mapping[str, Any], resource: Declared, record: Record) -> Iterator[Problem]:
    target = spec.get("target")
    name = (target.get("name") if isinstance(target, Mapping) else None) or resource.object_name
    if resource.kind.startswith("ExternalSecret") and name in _secrets(record, resource.namespace):
        yield Problem(
            key="spec.target.name",
            value=str(name),
            rule="fills a Secret that this program declares with other values",
            cure="name a Secret of your own",
        )


def _restored(spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    mapped = spec.get("namespaceMapping")
    targets = [*items_of(spec.get("includedNamespaces")), *(mapped.values() if isinstance(mapped, Mapping) else ())]
    left = any(matches_namespace(record, [one]) for one in listed(spec.get("excludedNamespaces")))
    if str(spec.get("existingResourcePolicy")).lower() == "update" and matches_namespace(record, targets) and not left:
        yield Problem(
            key="spec.existingResourcePolicy",
            value="update",
            rule=f"writes older objects over those of namespace {namespaces(record)[0]}, after every rule has judged them",
            cure="set it to none, or leave the namespace out",
        )
