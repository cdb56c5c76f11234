"""Children of the components that a provider makes: those of Kubernetes manifests are known offline, those of a chart are not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from pipeline.recording.functions import manifests
from stack.unknown import unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pipeline.recording.registration import Resource

_GROUPS: Final = ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:yaml/v2:ConfigFile")


def children(group: Resource, root: Path) -> tuple[Resource, ...] | None:
    """Return the objects that a group of manifests declares; None where only the engine knows them.

    Args:
        group: The component.
        root: Folder to which the paths of files are relative.

    Raises:
        ValueError: If a manifest or a file cannot be read.
    """
    if group.type not in _GROUPS or any(True for _ in unknown_paths(dict(group.inputs))):
        return None
    texts = [*_texts(group.inputs, root)]
    if None in texts:
        return None
    given = group.inputs.get("objs") or []
    objects = [*(given if isinstance(given, list) else [given]), *(item for text in texts for item in manifests(str(text)))]
    return tuple(_child(group, item) for item in objects if isinstance(item, dict))


def _texts(inputs: Mapping[str, Any], root: Path) -> Iterator[str | None]:
    """Yield each text of manifests; None for one behind a URL."""
    if isinstance(inputs.get("yaml"), str):
        yield inputs["yaml"]
    named = inputs.get("files") or inputs.get("file") or []
    for name in named if isinstance(named, list) else [named]:
        if "://" in str(name):
            yield None
            continue
        found = sorted(root.glob(str(name))) if any(mark in str(name) for mark in "*?[") else [root / str(name)]
        for path in found:
            try:
                yield path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                message = f"the manifest {name} cannot be read"
                raise ValueError(message) from None


def _child(group: Resource, item: Mapping[str, Any]) -> Resource:
    version, kind = str(item.get("apiVersion") or "v1"), str(item.get("kind") or "Unknown")
    token = f"kubernetes:{version if '/' in version else f'core/{version}'}:{kind}"
    found = item.get("metadata")
    metadata: Mapping[str, Any] = found if isinstance(found, dict) else {}
    place = "/".join(str(metadata[key]) for key in ("namespace", "name") if metadata.get(key))
    name = f"{group.inputs.get('resourcePrefix') or group.name}:{place}"
    urn = f"{group.urn.rpartition('::')[0]}${token}::{name}"
    return dataclasses.replace(
        group, urn=urn, type=token, name=name, parent=group.urn, custom=True, inputs=dict(item), secret_paths=frozenset()
    )
