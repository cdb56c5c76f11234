"""Credentials in the specification of a custom kind, and in attributes of volumes: whoever may read these objects reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.kinds import BUILT_IN_GROUPS
from stack.configs.credentials.annotations import shows
from stack.configs.credentials.values import is_object_name, looks_random
from stack.problem import Problem

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
# API groups in which a field of such an end has the name of another object: basicAuth.secret and oidc.clientSecret that of a Secret,
# action.pass that of an upstream, secretKey that of a key within a Secret.
_BY_NAME: Final = {
    "external-secrets.io": ("secretkey",),
    "k8s.nginx.org": ("secret", "pass"),
    "secrets-store.csi.x-k8s.io": ("secretkey",),
    "traefik.containo.us": ("secret",),
    "traefik.io": ("secret",),
}
# Parameters of an API group that only list which credentials a driver fetches
_LISTS: Final = {"secrets-store.csi.x-k8s.io": ("objects",)}
_NAME_OF_A_KEY: Final = re.compile(r"[\w.-]{1,253}", re.ASCII)
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
        spec = _without(resource.inputs.get("spec"), _LISTS.get(resource.group, ()))
        yield from _within(spec, "spec", _DEEPEST, naming=_BY_NAME.get(resource.group, ()))


def _without(spec: object, listing: tuple[str, ...]) -> object:
    """Return a specification without some of its parameters."""
    parameters = spec.get("parameters") if isinstance(spec, Mapping) and listing else None
    if not isinstance(spec, Mapping) or not isinstance(parameters, Mapping):
        return spec
    return {**spec, "parameters": {key: item for key, item in parameters.items() if key not in listing}}


def _within(value: object, path: str, depth: int, *, naming: tuple[str, ...] = ()) -> Iterator[Problem]:
    if isinstance(value, Mapping) and depth:
        pair = next((value[key] for key in _PAIR if isinstance(value.get(key), str)), None)
        for key, item in value.items():
            below = f"{path}.{key}"
            if isinstance(item, str):
                name = pair if key == "value" and pair else str(key)
                is_name = name.lower().endswith(naming) and _is_name(name, item)
                if not (is_name or name.lower().endswith(_REFERRING)) and shows(name, item):
                    yield Problem(path=below, rule=_RULE, cure=_CURE)
            else:
                yield from _within(item, below, depth - 1, naming=naming)
    elif isinstance(value, (list, tuple)) and depth:
        for at, item in enumerate(value):
            inner = {"": item} if isinstance(item, str) else item
            yield from _within(inner, f"{path}[{at}]", depth - 1, naming=naming)


def _is_name(field: str, value: str) -> bool:
    """Return whether a value is the name of an object, or of a key within one, in a field of names."""
    if field.lower().endswith("key"):
        return _NAME_OF_A_KEY.fullmatch(value) is not None and not looks_random(value)
    return is_object_name(value, certain=True)
