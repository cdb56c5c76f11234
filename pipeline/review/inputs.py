"""Access to the properties of a resource, each of which may be missing, unknown, secret or of another type than expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pipeline.review.secrecy import is_open

# Spellings of a truth value in a text, as the providers parse them (Go, strconv.ParseBool)
_TRUTHS: Final = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("", "0", "f", "F", "false", "FALSE", "False"), False),
}


def at(value: object, *path: str) -> Any:  # noqa: ANN401 - any JSON value, Unknown or Hidden
    """Return the value at a path; the unknown or secret value on the way, where there is one, and None for a missing one."""
    for key in path:
        if not is_open(value):
            return value
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def text(value: object, *path: str) -> str | None:
    """Return the text at a path, or None."""
    found = at(value, *path)
    return found if isinstance(found, str) else None


def mapping(value: object, *path: str) -> Mapping[str, Any]:
    """Return the object at a path, or an empty one."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else {}


def mappings(value: object, *path: str) -> list[Mapping[str, Any]]:
    """Return the objects of the list at a path."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def truth(value: object) -> bool | None:
    """Return a truth value as a provider reads it; None for one that cannot be judged."""
    if value is None or isinstance(value, (bool, int, float)):
        return bool(value)
    return _TRUTHS.get(value) if isinstance(value, str) else None


def whole(value: object) -> int | None:
    """Return a whole number, also one that is written as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    try:
        return int(value) if isinstance(value, (int, str)) and "_" not in str(value) else None
    except ValueError:
        return None


def lowered(before: float | None, after: float | None) -> bool:
    """Tell whether a limit deletes more than before; a missing or negative one deletes nothing."""
    return after is not None and after >= 0 and (before is None or before < 0 or after < before)


def closed(value: object) -> bool:
    """Tell whether a value is unknown or secret, or contains such a value."""
    if isinstance(value, Mapping):
        return any(closed(item) for item in value.values())
    if isinstance(value, list):
        return any(closed(item) for item in value)
    return not is_open(value)


def texts(value: object) -> Iterator[str]:
    """Yield every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def pod_of(inputs: object) -> object:
    """Return the specification of the pods that an object starts, or of the pod that it is."""
    spec = at(inputs, "spec", "jobTemplate", "spec") or at(inputs, "spec")
    return at(spec, "template", "spec") or at(inputs, "spec")


def process(container: object) -> Mapping[str, Any]:
    """Return image, command and arguments of a container, as far as they are shown and of their types."""
    words = {
        key: [word for word in found if isinstance(word, str)]
        for key in ("command", "args")
        if isinstance(found := at(container, key), list)
    }
    return {"image": text(container, "image") or "", **words}
