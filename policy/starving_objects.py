"""Quotas and ranges of limits that refuse what this program declares beside memory: claims of volumes, objects by number, and CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from policy.claims import claims_of
from policy.kinds import mib
from policy.lists import items_of
from policy.starving_cpu import RUNNING, by_cpu, by_memory, containers, cores, cpu, fewer, in_pods, is_within, replicas, size_of, throttled
from stack.capacity.pods import POD_KINDS
from stack.capacity.quantity import whole_mib
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Record

_STORAGE: Final = "requests.storage"
_CLAIMS: Final = ("persistentvolumeclaims", "count/persistentvolumeclaims")
_OF_CLASS: Final = ".storageclass.storage.k8s.io/"
# Kinds whose number a quota may bound, by the keys that do it
_NUMBERED: Final = {
    "ConfigMap": ("configmaps", "count/configmaps"),
    "CronJob": ("count/cronjobs.batch",),
    "Deployment": ("count/deployments.apps",),
    "NetworkPolicy": ("count/networkpolicies.networking.k8s.io",),
    "Secret": ("secrets", "count/secrets"),
    "Service": ("services", "count/services"),
    "ServiceAccount": ("count/serviceaccounts",),
    "StatefulSet": ("count/statefulsets.apps",),
}


@dataclass(frozen=True, slots=True)
class _Claim:
    """A claim of volumes: its owner for messages, its class, its size in bytes, and how many there are."""

    title: str
    storage_class: str
    size: int
    number: int


def by_quota(spec: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    """Yield what a quota refuses of the claims, objects and CPU that this program declares in its namespace."""
    hard, scoped = spec.get("hard"), bool(spec.get("scopes") or spec.get("scopeSelector"))
    if not isinstance(hard, Mapping):
        return
    if not scoped:
        yield from _by_storage(hard, namespace, record)
        for kind, keys in _NUMBERED.items():
            yield from _by_number(hard, keys, len(record.of_kind(kind, namespace=namespace)), kind, namespace)
    every = [one for one in record.of_kind(*RUNNING, namespace=namespace) if replicas(one)]
    workloads = [one for one in every if is_within(one, spec)]
    yield from by_cpu(hard, workloads, namespace, record)
    yield from by_memory(hard, workloads, namespace, record, scoped=scoped)
    if scoped:
        yield from _by_number(hard, ("pods",), sum(map(replicas, workloads)), "pod", namespace)


def _by_storage(hard: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    claims = _claims(record, namespace)
    if sum(one.size * one.number for one in claims) > record.limits.volumes.get(namespace, 0):
        return  # disk-volumes reports it
    for key, value in hard.items():
        name, _, rest = str(key).partition(_OF_CLASS)
        counted = [one for one in claims if one.storage_class == name] if rest else claims
        what, most = rest or name, size_of(value)
        if most is None or not counted:
            continue
        needed = sum(one.size * one.number for one in counted)
        if what == _STORAGE and most < needed:
            yield fewer(str(key), value, f"claims of volumes than this program declares in namespace {namespace}", f"{whole_mib(needed)}Mi")
        elif what in _CLAIMS:
            yield from _by_number({key: value}, (str(key),), sum(one.number for one in counted), "PersistentVolumeClaim", namespace)


def _by_number(hard: Mapping[str, Any], keys: tuple[str, ...], number: int, kind: str, namespace: str) -> Iterator[Problem]:
    for key in keys:
        most = size_of(hard.get(key))
        if most is not None and most < number:
            yield fewer(key, hard[key], f"objects of the kind {kind} than this program declares in namespace {namespace}", f"{number}")


def by_range(spec: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    """Yield what a range of limits refuses of the claims, and of containers whose limit is above their request."""
    for one in items_of(spec.get("limits")):
        if not isinstance(one, Mapping):
            continue
        if one.get("type") == "PersistentVolumeClaim":
            yield from _claims_in(one, namespace, record)
        elif one.get("type") == "Container":
            yield from _cpu_in(one, namespace, record)
            yield from throttled(one, namespace, record)
        elif one.get("type") == "Pod":
            yield from in_pods(one, namespace, record)


def _claims_in(one: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    most, least = (size_of(bound.get("storage")) if isinstance(bound := one.get(key), Mapping) else None for key in ("max", "min"))
    for claim in _claims(record, namespace):
        if (most is not None and claim.size > most) or (least is not None and claim.size < least):
            yield Problem(
                rule=f"its limits for a PersistentVolumeClaim refuse the claim of {claim.title}, which has {mib(claim.size)} MiB",
                cure=f"set its max and min so that {whole_mib(claim.size)}Mi lies between them",
            )
            return


def _cpu_in(one: Mapping[str, Any], namespace: str, record: Record) -> Iterator[Problem]:
    most, least = (cores(bound.get("cpu")) if isinstance(bound := one.get(key), Mapping) else None for key in ("max", "min"))
    for workload in record.of_kind(*RUNNING, namespace=namespace):
        for container in containers(workload):
            said = [size for part in ("requests", "limits") if (size := cpu(container, part)) is not None]
            bad = next((size for size in said if (most is not None and size > most) or (least is not None and size < least)), None)
            if bad is not None:
                yield Problem(
                    rule=f"its limits for a Container refuse {workload.title}, of which a container has {bad} CPUs",
                    cure=f"set its max and min so that cpu {bad} lies between them",
                )
                return


def _claims(record: Record, namespace: str) -> list[_Claim]:
    """Return the claims of a namespace whose size is known."""
    found = []
    for one in record.of_kind("PersistentVolumeClaim", *POD_KINDS, namespace=namespace):
        for claim in claims_of(one):
            resources = claim.get("resources")
            requests = resources.get("requests") if isinstance(resources, Mapping) else None
            size = size_of(requests.get("storage")) if isinstance(requests, Mapping) else None
            if size is not None:
                number = 1 if one.kind == "PersistentVolumeClaim" else replicas(one)
                found.append(_Claim(one.title, str(claim.get("storageClassName") or ""), size, number))
    return found
