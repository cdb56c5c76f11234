"""Credentials in the specification of a custom kind, and in attributes of volumes: whoever may read these objects reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from configs.credentials.annotations import shows
from policy.kinds import BUILT_IN_GROUPS
from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

_RULE: Final = "contains a credential, and this kind of object is not secret"
_CURE: Final = "move it to a Secret, and name that in the field for a reference"
# Kinds that hold what is encrypted, or made up elsewhere.
_SEALED: Final = {"SealedSecret", "SopsSecret", "Password", "PushSecret"}
# Built-in kinds with attributes for a driver, each with their place.
_ATTRIBUTES: Final = {"PersistentVolume": ("spec", "csi", "volumeAttributes"), "StorageClass": ("parameters",)}
# Ends of fields that name where a credential is.
_REFERRING: Final = (
    "ref",
    "refs",
    "name",
    "names",
    "namespace",
    "from",
    "path",
    "property",
    "selector",
    "header",
    "headers",
    "alias",
    "kind",
)
_DEEPEST: Final = 30
_PAIR: Final = ("name", "key")


def problems(resource: Declared) -> Iterator[Problem]:
    """Yield the credentials in an object of Kubernetes that is neither a workload nor a ConfigMap nor a Secret."""
    if not resource.is_kubernetes:
        return
    if resource.kind in _ATTRIBUTES:
        value: Any = resource.inputs
        for step in _ATTRIBUTES[resource.kind]:
            value = value.get(step) if isinstance(value, Mapping) else None
        yield from _within(value, ".".join(_ATTRIBUTES[resource.kind]), _DEEPEST)
    elif resource.group not in BUILT_IN_GROUPS and resource.kind.removesuffix("Patch") not in _SEALED:
        yield from _within(resource.inputs.get("spec"), "spec", _DEEPEST)


def _within(value: object, path: str, depth: int) -> Iterator[Problem]:
    if isinstance(value, Mapping) and depth:
        pair = next((value[key] for key in _PAIR if isinstance(value.get(key), str)), None)
        for key, item in value.items():
            below = f"{path}.{key}"
            if isinstance(item, str):
                name = pair if key == "value" and pair else str(key)
                if not name.lower().endswith(_REFERRING) and shows(name, item):
                    yield Problem(path=below, rule=_RULE, cure=_CURE)
            else:
                yield from _within(item, below, depth - 1)
    elif isinstance(value, (list, tuple)) and depth:
        for at, item in enumerate(value):
            yield from _within({"": item} if isinstance(item, str) else item, f"{path}[{at}]", depth - 1)
