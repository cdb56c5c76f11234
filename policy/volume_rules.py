"""Rule for volumes and their classes: none opens a system folder of a node, or loses the pipeline's data with a node, a claim or a pod."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy import claim_copies, node_disks, storage_classes
from policy.claims import claims_of
from policy.lists import listed
from policy.node_disks import is_system
from policy.rule import Rule, nothing
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_KINDS: Final = ("PersistentVolume", "PersistentVolumePatch", "PersistentVolumeList")
# Attributes and drivers of CSI that name a folder or an export likewise
_CSI_NFS: Final = ("nfs.csi.k8s.io", "nfs.csi.ceph.com", "smb.csi.k8s.io")


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for resource in record.of_kind("StorageClass"):
        yield from ((resource, problem) for problem in (*_class(resource, record), *node_disks.of_class(resource)))
    for resource in record.of_kind("ConfigMap"):
        yield from ((resource, problem) for problem in node_disks.of_config(resource))
    yield from storage_classes.problems(record)
    yield from claim_copies.problems(record)
    for resource in record.of_kind(*_KINDS):
        for item in listed(resource.objects):
            spec = item.get("spec") if isinstance(item, Mapping) else item
            if isinstance(spec, Mapping):
                yield from ((resource, problem) for problem in _of(spec, record))
            elif spec is not None:
                yield resource, Problem(rule="its source is not known at preview", cure="set plain values")


def _class(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge a class whose volumes are folders of a file server."""
    parameters = resource.inputs.get("parameters")
    if resource.inputs.get("provisioner") in _CSI_NFS and isinstance(parameters, Mapping):
        server = parameters.get("server", str(parameters.get("source", "")).lstrip("/").partition("/")[0])
        yield from _over_network(server, is_own=resource.object_name in _classes(record))


def _of(spec: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    on_node = [(key, source) for key in ("hostPath", "local") if (source := spec.get(key)) is not None]
    for key, source in on_node:
        path = source.get("path") if isinstance(source, Mapping) else source
        if isinstance(path, Unknown) or is_system(str(path)):
            yield Problem(
                key=f"spec.{key}.path",
                value=str(path),
                rule="is a folder of the node's own system, which every pod with a claim may then read or change",
                cure="name a folder for data, such as one below /mnt or /srv",
            )
        if spec.get("nodeAffinity") is None and (key == "local" or _for_the_stack(spec, record)):
            yield Problem(
                key="spec.nodeAffinity",
                rule=f"a volume of kind {key} is on one node, and a pod that starts on another one finds it empty",
                cure="name the node in required terms for kubernetes.io/hostname",
            )
    yield from node_disks.flexible(spec)
    server = _network_server(spec)
    if server is not None:
        yield from _over_network(server, is_own=_for_the_stack(spec, record))


def _network_server(spec: Mapping[str, Any]) -> object:
    """Return the server of a volume of NFS or SMB; None for any other volume."""
    nfs, csi = spec.get("nfs"), spec.get("csi")
    if nfs is not None:
        return nfs.get("server", "") if isinstance(nfs, Mapping) else nfs
    if isinstance(csi, Mapping) and csi.get("driver") in _CSI_NFS:
        attributes = csi.get("volumeAttributes")
        source = attributes.get("server", attributes.get("source", "")) if isinstance(attributes, Mapping) else attributes
        return source.lstrip("/").partition("/")[0] if isinstance(source, str) else source
    return None


def _over_network(server: object, *, is_own: bool) -> Iterator[Problem]:
    try:
        is_public = ipaddress.ip_address(str(server)).is_global
    except ValueError:
        is_public = False
    if is_public:
        yield Problem(
            rule=f"its files travel in plain text to {server}, outside every private network", cure="name a server of your network"
        )
    elif is_own:
        yield Problem(
            rule="the pipeline's data would travel in plain text to a file server, whose locks neither Kafka nor PostgreSQL can rely on",
            cure="name a class of block storage in the claim, or give the volume a class of its own",
        )


def _for_the_stack(spec: Mapping[str, Any], record: Record) -> bool:
    """Return whether a volume is for a claim of the stack: by its reference, or by the class of a claim that it may serve."""
    reference = spec.get("claimRef")
    if reference is not None:
        namespace = reference.get("namespace") if isinstance(reference, Mapping) else reference
        return record.limits.owns(namespace)
    storage_class = spec.get("storageClassName") or ""
    return any(isinstance(one, Unknown) or isinstance(storage_class, Unknown) or one == storage_class for one in _classes(record))


def _classes(record: Record) -> list[object]:
    """Return the classes of the claims in the stack's namespaces; a claim without one has that of the cluster."""
    found: list[object] = []
    for resource in record.of_kind("PersistentVolumeClaim", *POD_KINDS):
        if record.limits.owns(resource.namespace):
            found += [one["storageClassName"] for one in claims_of(resource) if one.get("storageClassName") is not None]
    return found


RULES = (
    Rule(
        name="volume-source",
        says="No volume or class opens a system folder of a node, or keeps the pipeline's data where a node, claim or pod takes it along.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
