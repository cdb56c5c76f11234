"""Changed keys of connectors, topics and the servers' property files, with old and new value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.files import properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline.review.step import Step

_FILES = (".properties", ".conf")
_CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


@dataclass(frozen=True, slots=True)
class Key:
    """A changed key.

    Attributes:
        where: Resource, or file of a resource.
        key: Name of the key.
        old: Value before the change; None for a new key.
        new: Value after the change; None for a removed key.
    """

    where: str
    key: str
    old: object
    new: object


def connector_keys(steps: Iterable[Step]) -> list[Key]:
    """Return the changed keys of updated and replaced connectors."""
    return [key for step in steps if step.type.endswith(":Connector") for key in _keys(step, "config")]


def setting_keys(steps: Iterable[Step]) -> list[Key]:
    """Return the changed keys of topics and of the property files in ConfigMaps."""
    keys: list[Key] = []
    for step in steps:
        if step.type.endswith(":Topic"):
            keys += [*_plain(step, "name", "partitions", "replicationFactor"), *_keys(step, "config")]
        elif step.type == _CONFIG_MAP:
            keys += _of_files(step)
    return keys


def _both(step: Step, part: str) -> tuple[object, object] | None:
    if step.fate not in ("update", "replace") or step.old is None or step.new is None:
        return None
    return step.old.inputs.get(part), step.new.inputs.get(part)


def _plain(step: Step, *parts: str) -> Iterator[Key]:
    for part in parts:
        both = _both(step, part)
        if both and both[0] != both[1]:
            yield Key(step.title, part, *both)


def _keys(step: Step, part: str) -> Iterator[Key]:
    both = _both(step, part)
    if both:
        yield from _differing(step.title, *both)


def _differing(where: str, old: object, new: object) -> Iterator[Key]:
    before, after = old if isinstance(old, Mapping) else {}, new if isinstance(new, Mapping) else {}
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield Key(where, key, before.get(key), after.get(key))


def _of_files(step: Step) -> Iterator[Key]:
    both = _both(step, "data")
    if both is None:
        return
    old, new = (files if isinstance(files, Mapping) else {} for files in both)
    for name in sorted(old.keys() & new.keys()):
        before, after = old[name], new[name]
        if name.endswith(_FILES) and isinstance(before, str) and isinstance(after, str) and before != after:
            yield from _differing(f"{step.title}, {name}", properties(before), properties(after))
