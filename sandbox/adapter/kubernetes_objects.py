"""Kubernetes objects, by server-side apply, waited for as pulumi-kubernetes waits."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from sandbox.adapter.family import Change, Converged, automatic_name
from sandbox.kubernetes import Kube, KubeError

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from pipeline.recording.values import Json
    from providers.waiting import Display
    from sandbox.adapter.family import Wanted
    from sandbox.adapter.journal import Entry

_SKIP_AWAIT: Final = "pulumi.com/skipAwait"
_DEFAULT_TIMEOUT_S: Final = 600.0
# What the server and its controllers write; not part of what was asked for.
_NOISE: Final = frozenset({"resourceVersion", "managedFields", "generation"})
_REVISION: Final = "deployment.kubernetes.io/revision"


class KubernetesObjects:
    """Acts for every type of pulumi-kubernetes whose kind the cluster has."""

    def __init__(self, kube: Kube, cancelled: threading.Event) -> None:
        """Use this cluster, whatever kubeconfig the program's provider names: the sandbox has only one.

        `cancelled` ends the waits of deletions.
        """
        self._kube = kube
        self._cancelled = cancelled

    def identity(self, wanted: Wanted) -> str:
        """Name an object `Kind/namespace/name`."""
        kind, metadata = str(wanted.inputs["kind"]), wanted.inputs.get("metadata") or {}
        name = metadata.get("name")
        if name is None:
            name = automatic_name(wanted, digits=8).rpartition("/")[2]
        place = ""
        if self._kube.namespaced(kind):
            place = metadata.get("namespace") or wanted.provider.get("namespace") or "default"
        return f"{kind}/{place}/{name}"

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep nothing beyond the identity."""
        return {}

    def converge(self, wanted: Wanted, identity: str, step: Display) -> Converged:
        """Apply the manifest, recreate what cannot be changed in place, wait until it is ready."""
        kind, place, name = identity.split("/")
        manifest = _manifest(wanted.inputs, place, name)
        before = self._kube.read(kind, place, name)
        try:
            live = self._kube.apply(manifest)
        except KubeError as error:
            if not error.immutable:
                raise
            step.waiting("the old one to go: this change needs a new object")
            self._kube.delete(kind, place, name, step=step, cancelled=self._cancelled)
            live = self._kube.apply(manifest)
        annotations = live["metadata"].get("annotations") or {}
        if annotations.get(_SKIP_AWAIT) != "true":
            timeout_s = wanted.resource.timeout_s or _DEFAULT_TIMEOUT_S
            ready = self._kube.wait_ready(kind, place, name, timeout_s, step, wanted.cancelled)
        else:
            ready = live
        outputs = {**ready, "metadata": {key: value for key, value in ready["metadata"].items() if key != "managedFields"}}
        object_id = f"{place}/{name}" if place else name
        return Converged(id=object_id, outputs=outputs, change=_change(before, live))

    def holds_data(self, entry: Entry, provider: Mapping[str, Any]) -> bool:  # noqa: ARG002 of the protocol
        """Say no: data lies in volumes, which outlive their claims' names as the storage class says."""
        return False

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Display) -> None:  # noqa: ARG002 of the protocol
        """Delete the object and wait until it and its pods are gone."""
        kind, place, name = entry.identity.split("/")
        self._kube.delete(kind, place, name, step=step, cancelled=self._cancelled)


def _manifest(inputs: Mapping[str, Any], place: str, name: str) -> dict[str, Any]:
    """Make the object that is applied: named, placed, and Secrets with encoded data only.

    `stringData` cannot be taken back by server-side apply, so a removed key would stay for ever.
    """
    metadata = {**(inputs.get("metadata") or {}), "name": name, **({"namespace": place} if place else {})}
    manifest = {**_without_nothing(inputs), "metadata": _without_nothing(metadata)}
    texts = manifest.pop("stringData", None) if inputs["kind"] == "Secret" else None
    if texts:
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
        manifest["data"] = {**manifest.get("data", {}), **encoded}
    return manifest


def _without_nothing(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _without_nothing(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nothing(item) for item in value]
    return value


def _change(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> Change:
    if before is None or before["metadata"]["uid"] != after["metadata"]["uid"]:
        return Change.CREATED if before is None else Change.UPDATED
    return Change.UNCHANGED if _asked(before) == _asked(after) else Change.UPDATED


def _asked(live: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in live["metadata"].items() if key not in _NOISE}
    metadata["annotations"] = {k: v for k, v in (metadata.get("annotations") or {}).items() if k != _REVISION}
    return {**{key: value for key, value in live.items() if key != "status"}, "metadata": metadata}
