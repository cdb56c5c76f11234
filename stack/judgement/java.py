"""Rules for the smallest memory areas with which a Java process of the pipeline starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.jvm import Jvm
    from stack.settings.model import Settings

# Loaded classes as measured (docs/memory.md: Connect 94 MiB, the registry 84); the other areas are far below what was measured, where a
# process ends at its start. HotSpot itself refuses a code cache below its InitialCodeCacheSize of 2496 KiB.
# No process of the pipeline starts with a smaller heap.
SMALLEST_HEAP_MIB = 64
_LEAST = {
    "kafka": {"heapMib": SMALLEST_HEAP_MIB, "metaspaceMib": 40, "codeCacheMib": 3, "directMib": 4},
    "registry": {"heapMib": SMALLEST_HEAP_MIB, "metaspaceMib": 84, "codeCacheMib": 3, "directMib": 4},
    "connect": {"heapMib": SMALLEST_HEAP_MIB, "metaspaceMib": 94, "codeCacheMib": 3, "directMib": 4},
}


def java_problems(settings: Settings) -> Iterator[Problem]:
    """Yield each memory area that is too small for its process to start."""
    streaming = settings.streaming
    parts: dict[str, Jvm | None] = {
        "kafka": streaming.kafka.jvm if streaming.kafka.is_managed else None,
        "registry": streaming.registry.jvm if streaming.registry.is_managed else None,
        "connect": streaming.connect.jvm,
    }
    for part, jvm in parts.items():
        given = {} if jvm is None else jvm.model_dump(by_alias=True)
        for key, least in _LEAST[part].items():
            if given.get(key, least) < least:
                path = f"streaming.{part}.jvm.{key}"
                yield Problem(
                    path=path,
                    rule=f"is {given[key]}, and the process does not start with less than {least}",
                    cure=f"set it to {least} or more",
                )
