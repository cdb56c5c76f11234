"""Files of the stack's own brokers and workers: names, addresses and logins in them are what the settings render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policy import files
from policy.own_connectors import differing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.declared import Declared, Record
    from stack.configs.keys import Kind
    from stack.problem import Problem

# Keys whose value is judged by its meaning: another spelling of the same door is none.
_JUDGED: Final[Mapping[Kind, set[str]]] = {"worker": {"admin.listeners", "listeners"}}


def changed(resource: Declared, record: Record, kind: Kind, name: str, config: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the keys of an own server's file that differ from what the stack's settings render for it.

    Args:
        resource: Any ConfigMap.
        record: All resources declared so far.
        kind: Kind of the file: ``broker`` or ``worker``.
        name: Name of the file in the ConfigMap.
        config: Its properties.
    """
    stack = record.limits.specification
    if stack is None or resource.namespace != record.limits.own:
        return
    own = next((one.files[resource.object_name] for one in stack.workloads if resource.object_name in one.files), {})
    rendered = files.properties(own.get(name, ""))
    if rendered:
        kept, wanted = (_without(_JUDGED.get(kind, set()), given) for given in (config, rendered))
        yield from differing(kind, kept, wanted, "file")


def _without(keys: set[str], config: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in config.items() if key not in keys}
