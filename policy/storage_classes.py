"""Classes of the stack's volumes: what they do with the data of a claim that goes, where they put it, and which one is the default."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from policy.claims import claims_of
from policy.guarded import pods_of
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_DEFAULT: Final = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_KEEP: Final = "Retain"
_WAIT: Final = "WaitForFirstConsumer"
# Provisioners whose volumes are in one zone, or on one node
_IN_ONE_PLACE: Final = re.compile(
    r"ebs\.csi\.aws\.com|pd\.csi\.storage\.gke\.io|disk\.csi\.azure\.com|kubernetes\.io/(aws-ebs|gce-pd|azure-disk|no-provisioner)"
    r"|cinder\.csi\.openstack\.org|topolvm\.io|.*(local|host-?path).*",
    re.IGNORECASE,
)


def problems(record: Record) -> Iterator[tuple[Declared, Problem]]:
    """Yield the classes that the stack's claims take, by name or by default, with what they do to its data."""
    classes = record.of_kind("StorageClass", "StorageClassPatch")
    names = _claims(record) if classes else set()
    by_default = [one for one in classes if _is_default(one)]
    for resource in by_default[1:]:
        yield (
            resource,
            Problem(
                rule=f"is the default class beside {by_default[0].title}, so that a claim without a class takes whichever was created last",
                cure=f"set the annotation {_DEFAULT[0]} to false on one of them",
            ),
        )
    for resource in classes:
        if resource.object_name in names or (None in names and resource in by_default):
            yield from ((resource, problem) for problem in _of(resource, record))
    yield from _of_sets(record)


def _is_default(resource: Declared) -> bool:
    metadata = resource.inputs.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and any(
        isinstance(said := annotations.get(key), Unknown) or str(said).lower() == "true" for key in _DEFAULT
    )


def _of(resource: Declared, record: Record) -> Iterator[Problem]:
    policy, mode = resource.inputs.get("reclaimPolicy"), resource.inputs.get("volumeBindingMode")
    is_patch = resource.kind.endswith("Patch")
    if _keeps(record) and policy != _KEEP and not (is_patch and policy is None):
        yield Problem(
            key="reclaimPolicy",
            value=str(policy or "Delete"),
            rule="deletes the volume of a claim of the stack as soon as the claim is deleted, with a namespace or by hand",
            cure=f"set it to {_KEEP}",
        )
    if mode != _WAIT and not is_patch and _IN_ONE_PLACE.fullmatch(str(resource.inputs.get("provisioner"))):
        yield Problem(
            key="volumeBindingMode",
            value=str(mode or "Immediate"),
            rule="places a volume of the stack before its pod, on a node or in a zone where the pod may not be scheduled",
            cure=f"set it to {_WAIT}",
        )


def _keeps(record: Record) -> bool:
    """Return whether the settings of the stack keep its volumes."""
    stack = record.limits.specification
    return stack is not None and stack.foundation.reclaim_policy == _KEEP


def _of_sets(record: Record) -> Iterator[tuple[Declared, Problem]]:
    """Yield the StatefulSets of brokers and databases whose claims are deleted with a pod, or with the set."""
    for one in record.of_kind("StatefulSet"):
        spec = one.inputs.get("spec")
        said = spec.get("persistentVolumeClaimRetentionPolicy") if isinstance(spec, Mapping) else None
        if not isinstance(said, Mapping) or not isinstance(spec, Mapping) or not spec.get("volumeClaimTemplates") or pods_of(one) is None:
            continue
        for key, when in (("whenScaled", "a pod that is scaled away"), ("whenDeleted", "the StatefulSet")):
            if said.get(key, _KEEP) != _KEEP and (key == "whenScaled" or _kept(one, record)):
                yield (
                    one,
                    Problem(
                        key=f"spec.persistentVolumeClaimRetentionPolicy.{key}",
                        value=str(said[key]),
                        rule=f"deletes the volumes of its pods together with {when}",
                        cure=f"set it to {_KEEP}",
                    ),
                )


def _kept(one: Declared, record: Record) -> bool:
    return record.limits.owns(one.namespace) and _keeps(record)


def _claims(record: Record) -> set[str | None]:
    """Return the classes of the claims in the stack's namespaces; None for one that takes the default."""
    found: set[str | None] = set()
    for resource in record.of_kind("PersistentVolumeClaim", *POD_KINDS):
        if record.limits.owns(resource.namespace):
            names = (claim.get("storageClassName") for claim in claims_of(resource))
            found |= {name for name in names if name != "" and not isinstance(name, Unknown)}
    return found
