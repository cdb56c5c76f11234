"""Overhead of runtimes: memory of each pod that a RuntimeClass adds when the pod is admitted (Concepts, "Pod Overhead")."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.kinds import starts_pods
from stack.capacity import pods
from stack.capacity.pods import POD_KINDS
from stack.capacity.quantity import parse_bytes
from stack.unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_KINDS = {"RuntimeClass", "RuntimeClassPatch", "RuntimeClassList"}


def added(record: Record, workload: Declared) -> int:
    """Return the memory in bytes that its RuntimeClass adds to each pod of a workload, beyond the overhead that the pod says itself.

    A class of an unknown name counts as the one with the largest overhead.
    """
    spec = pods.lenient_spec(workload.kind, workload.inputs)
    name = spec.get("runtimeClassName") if spec else None
    if spec is None or name is None:
        return 0
    known = record.once("overheads", lambda: dict(_overheads(record)))
    size = max(known.values(), default=0) if isinstance(name, Unknown) else known.get(str(name), 0)
    said = spec.get("overhead")
    own = said.get("memory") if isinstance(said, Mapping) else None
    return max(size - (parse_bytes(own) if isinstance(own, (str, int, float)) else 0), 0)


def _overheads(record: Record) -> Iterator[tuple[str, int]]:
    for resource in record.of_kind(*_KINDS):
        for name, memory in of_classes(resource):
            with contextlib.suppress(ValueError):
                yield name, parse_bytes(memory) if isinstance(memory, (str, int, float)) else 0


def of_classes(resource: Declared) -> Iterator[tuple[str, object]]:
    """Yield name and memory of each RuntimeClass in a resource that has an overhead, unknown where it is unknown."""
    if not resource.is_kubernetes or resource.kind not in _KINDS:
        return
    items = resource.objects
    for item in items if isinstance(items, (list, tuple)) else [{"overhead": items}]:
        one = item if isinstance(item, Mapping) else {"overhead": item}
        overhead = one.get("overhead")
        unknown = next(iter(unknown_paths(overhead)), None)
        fixed = overhead.get("podFixed") if isinstance(overhead, Mapping) else None
        memory = fixed.get("memory") if isinstance(fixed, Mapping) else None
        metadata = one.get("metadata")
        name = metadata.get("name") if isinstance(metadata, Mapping) else None
        if memory is not None or unknown is not None:
            yield str(name or resource.object_name), memory if memory is not None else overhead


def namespaces(record: Record, runtime_class: Declared) -> list[str]:
    """Return the namespaces with pods that name a RuntimeClass in a resource, or whose class is unknown."""
    names = {name for name, _memory in of_classes(runtime_class)}
    found: dict[str, None] = {}
    for workload in record.of_kind(*POD_KINDS) if names else ():
        spec = pods.lenient_spec(workload.kind, workload.inputs) if starts_pods(workload) else None
        name = spec.get("runtimeClassName") if spec else None
        if isinstance(workload.namespace, str) and (isinstance(name, Unknown) or name in names):
            found[workload.namespace] = None
    return list(found)
