"""Empty items of lists in Kubernetes objects, read as the API server reads them: as an object, or a text, that says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lists of texts, for one that holds nothing else.
_OF_TEXTS = {"accessModes", "apiGroups", "args", "command", "finalizers", "policyTypes", "resourceNames", "resources", "verbs"}


def empty_items(value: object, path: str = "") -> Iterator[str]:
    """Yield the path of each empty item of a list, such as ``spec.containers[1]``."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if isinstance(item, (Mapping, list, tuple)):
                yield from empty_items(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            if item is None:
                yield f"{path}[{index}]"
            elif isinstance(item, (Mapping, list, tuple)):
                yield from empty_items(item, f"{path}[{index}]")


def filled(value: Any, key: str = "") -> Any:  # noqa: ANN401 - any JSON value
    """Return a copy in which each empty item of a list is what the API server makes of it: an empty ingress rule admits everybody."""
    if isinstance(value, Mapping):
        return {name: filled(item, str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        texts = key in _OF_TEXTS or any(isinstance(item, str) for item in value)
        return [("" if texts else {}) if item is None else filled(item) for item in value]
    return value
