"""Outputs of Kubernetes objects that the provider or the cluster adds to the declared ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from pipeline.recording.registration import Resource

_METADATA: Final = ("name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp")
_SERVICE: Final = ("clusterIP", "clusterIPs")


def named(resource: Resource) -> dict[str, Any]:
    """Return the metadata of an object with a name, which is unknown where the provider makes it up, and what the cluster adds."""
    declared = resource.inputs.get("metadata")
    if not isinstance(declared, dict | None):
        return {}
    outputs: dict[str, Any] = {"metadata": {**dict.fromkeys(_METADATA, UNKNOWN), **(declared or {})}}
    spec = resource.inputs.get("spec")
    if resource.type.endswith(":Service") and isinstance(spec, dict):
        outputs["spec"] = {**dict.fromkeys(_SERVICE, UNKNOWN), **spec}
    return outputs


def looked_up(kind: str, identity: str) -> dict[str, Any]:
    """Return what the identity of an existing resource tells: namespace and name of a Kubernetes object."""
    if kind == "pulumi:pulumi:StackReference":
        return {"name": identity, "outputs": UNKNOWN, "secretOutputNames": UNKNOWN}
    if not kind.startswith("kubernetes:") or not identity:
        return {}
    namespace, slash, name = identity.rpartition("/")
    metadata = {**dict.fromkeys(_METADATA, UNKNOWN), "name": name, **({"namespace": namespace} if slash else {})}
    return {"metadata": metadata}
