"""What a Java process may take, read from the command line and the environment that its container really has.

Parts and defaults are those of HotSpot (JDK 21, `java -XX:+PrintFlagsFinal` and "Native Memory Tracking"); the sizes of the parts that no
flag bounds were measured on this project's own processes (docs/memory.md).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from components.known import Unknown
from components.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FLAG_VARIABLES = (
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "SCHEMA_REGISTRY_JVM_PERFORMANCE_OPTS",
    "KAFKA_OPTS",
    "SCHEMA_REGISTRY_OPTS",
    "CONNECT_OPTS",
    "JAVA_OPTS",
    "HEAP_OPTS",
    "KAFKA_HEAP_OPTS",
    "SCHEMA_REGISTRY_HEAP_OPTS",
)
_LAST_VARIABLE = "_JAVA_OPTIONS"
"""What the JVM itself reads after the command line, so that it wins over it (java(1), JDK 21)."""

_START_SCRIPTS = {
    "schema-registry": 512,
    "kafka-connect": 2048,
    "debezium/connect": 2048,
    "kafka": 1024,
}
"""Heap in MiB that the start scripts of known images ask for when nobody sets one: kafka-server-start, connect-distributed and
schema-registry-start (facts from their sources); the first name found in the image decides."""

_SCRIPTS = ("kafka-server-start", "connect-distributed", "connect-standalone", "schema-registry-start", "/etc/confluent/docker/run")

_BROKER = ("kafka.Kafka", "kafka-server-start")

PAGE_CACHE_FLOOR_MIB = 64
"""What a broker's limit must leave to the page cache: consumers that keep up are served from it, and four active 16 MiB segments fit."""
METASPACE_MIB = 192
"""Counted when `-XX:MaxMetaspaceSize` is absent, since HotSpot then sets no bound: twice the most that was measured (Connect, 94 MiB)."""
THREADS = 100
"""Threads of a process, above the most that was measured (broker 92, Connect 90, registry 43)."""
STACK_TOUCHED_KIB = 112
"""Of each thread's stack, what is really touched (measured: 100 to 108); the rest is only reserved."""
NATIVE_MIB = 45
"""Symbols (17 to 31 measured), the private pages of the class data archive (13), and internal structures."""
COMPILER_MIB = {False: 65, True: 12}
"""Arenas of the compilers and the C library's overhead together, at their peak; by whether only the first tier compiles."""


class FlagError(ValueError):
    """A flag whose value the JVM would not take either."""


@dataclass(frozen=True, slots=True)
class Java:
    """A Java process's memory, each part at its most, in bytes.

    Attributes:
        heap: Objects.
        direct: Buffers outside the heap.
        metaspace: Loaded classes.
        code_cache: Compiled code.
        stacks: What threads touch of their stacks.
        collector: The collector's own structures.
        native: Everything else in the process.
        page_cache: What must be left for file pages, for brokers.
        by_percentage: Whether the heap follows from the container's limit and not from `-Xmx`.
        guessed: Parts that no flag bounds, in the JVM's words.
    """

    heap: int
    direct: int
    metaspace: int
    code_cache: int
    stacks: int
    collector: int
    native: int
    page_cache: int
    by_percentage: bool
    guessed: tuple[str, ...]

    @property
    def off_heap(self) -> int:
        """Everything but the heap and the page cache."""
        return self.direct + self.metaspace + self.code_cache + self.stacks + self.collector + self.native

    @property
    def needed(self) -> int:
        """What the container's limit must hold."""
        return self.heap + self.off_heap + self.page_cache

    def parts(self) -> dict[str, int]:
        """The parts by name, in bytes, without those that are nothing."""
        return {field.name.replace("_", " "): value for field in fields(self) if type(value := getattr(self, field.name)) is int and value}


def _size(text: str, flag: str) -> int:
    match = re.fullmatch(r"(\d+)([kKmMgGtT]?)", text)
    if not match or int(match[1]) == 0:
        message = f"{flag}{text} is not a size that Java reads; write for example {flag}512m"
        raise FlagError(message)
    scale: int = 1024 ** " kmgt".index(match[2].lower() or " ")
    return int(match[1]) * scale


def _words(container: Mapping[str, Any]) -> list[str]:
    """The flags that reach the JVM, in the order in which it reads them."""
    variables = {entry.get("name"): entry.get("value") for entry in container.get("env") or []}
    for name in (*_FLAG_VARIABLES, _LAST_VARIABLE):
        if isinstance(variables.get(name), Unknown):
            message = f"{name} is not known at preview, and Java's memory follows from it; give a plain value"
            raise FlagError(message)
    command = [str(word) for place in ("command", "args") for word in container.get(place) or []]
    expanded = [word for text in command for word in (_shell_words(text) if " " in text else [text])]
    before = [word for name in _FLAG_VARIABLES for word in _shell_words(str(variables.get(name) or ""))]
    return [*before, *expanded, *_shell_words(str(variables.get(_LAST_VARIABLE) or ""))]


def _shell_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _start_script_heap(container: Mapping[str, Any]) -> int | None:
    """The heap in bytes that an image's own start script asks for, or None when the command passes the script by."""
    command = " ".join(str(word) for word in container.get("command") or [])
    if command and not any(script in command for script in _SCRIPTS):
        return None
    image = str(container.get("image", "")).partition("@")[0]
    return next((mib * MIB for name, mib in _START_SCRIPTS.items() if name in image), None)


def is_java(container: Mapping[str, Any]) -> bool:
    """Whether a container runs Java: by its command, by flags in its environment, or as a known image with its own start script."""
    words = [str(word) for place in ("command", "args") for word in container.get(place) or []]
    if any(re.search(r"(^|[\s/;&])java(\s|$)", word) for word in words):
        return True
    if {entry.get("name") for entry in container.get("env") or []} & {*_FLAG_VARIABLES, _LAST_VARIABLE}:
        return True
    return _start_script_heap(container) is not None


def _last(words: list[str], prefix: str) -> str | None:
    found = [word.removeprefix(prefix) for word in words if word.startswith(prefix)]
    return found[-1] if found else None


def _heap(words: list[str], container: Mapping[str, Any], limit: int) -> tuple[int, bool]:
    """The largest heap in bytes, and whether it follows from the limit."""
    short = _last(words, "-Xmx")
    explicit = _last(words, "-XX:MaxHeapSize=") if short is None else short
    if explicit is not None:
        return _size(explicit, "-Xmx"), False
    percentage = _last(words, "-XX:MaxRAMPercentage=")
    script = _start_script_heap(container)
    told = any(str(entry.get("name")).endswith("HEAP_OPTS") for entry in container.get("env") or [])
    if script is not None and not told and not any(word.startswith("-Xm") for word in words):
        return script, False  # a percentage does nothing beside the script's own -Xmx
    try:
        share = float(percentage) if percentage is not None else 25.0
    except ValueError:
        message = f"-XX:MaxRAMPercentage={percentage} is not a number"
        raise FlagError(message) from None
    return int(limit * share / 100), True


def _collector(words: list[str], heap: int, limit: int) -> int:
    """The collector's own structures, in bytes.

    Serial's and Parallel's card and offset tables took 0.33 % of the heap, G1's bitmaps, remembered sets and regions 37 MiB and 2.2 %
    on two cores (both measured); 12 % is counted for the concurrent collectors. HotSpot chooses G1 by itself on a machine of two cores
    and 1792 MiB, else Serial.
    """
    if "-XX:+UseSerialGC" in words or "-XX:+UseParallelGC" in words:
        return heap // 200 + MIB
    if "-XX:+UseZGC" in words or "-XX:+UseShenandoahGC" in words:
        return heap * 12 // 100
    chosen = "-XX:+UseG1GC" in words or limit >= 1792 * MIB
    return 37 * MIB + heap * 22 // 1000 if chosen else heap // 200 + MIB


def memory(container: Mapping[str, Any], limit: int) -> Java:
    """What the Java process of a container may take.

    Args:
        container: The container in Kubernetes' own spelling; see `is_java`.
        limit: Its memory limit in bytes, from which percentages count.

    Raises:
        FlagError: For a flag that Java would not take, or that is not known at preview.
    """
    words = _words(container)
    heap, by_percentage = _heap(words, container, limit)
    one_tier = "-XX:TieredStopAtLevel=1" in words or "-XX:-TieredCompilation" in words
    guessed = []
    metaspace, code, direct = (
        _last(words, f"-XX:{flag}=") for flag in ("MaxMetaspaceSize", "ReservedCodeCacheSize", "MaxDirectMemorySize")
    )
    if metaspace is None:
        guessed.append(f"-XX:MaxMetaspaceSize (counted {METASPACE_MIB}m)")
    if code is None:
        guessed.append(f"-XX:ReservedCodeCacheSize (HotSpot's own {48 if one_tier else 240}m)")
    if direct is None:
        guessed.append("-XX:MaxDirectMemorySize (as much as the heap)")
    stack = _size(_last(words, "-Xss") or "1m", "-Xss")
    return Java(
        heap=heap,
        direct=heap if direct is None else _size(direct, "-XX:MaxDirectMemorySize="),
        metaspace=METASPACE_MIB * MIB if metaspace is None else _size(metaspace, "-XX:MaxMetaspaceSize="),
        code_cache=(48 if one_tier else 240) * MIB if code is None else _size(code, "-XX:ReservedCodeCacheSize="),
        stacks=THREADS * min(stack, STACK_TOUCHED_KIB * 1024),
        collector=_collector(words, heap, limit),
        native=(NATIVE_MIB + COMPILER_MIB[one_tier]) * MIB,
        page_cache=PAGE_CACHE_FLOOR_MIB * MIB if any(name in word for word in words for name in _BROKER) else 0,
        by_percentage=by_percentage,
        guessed=tuple(guessed),
    )


def java_containers(containers: Iterator[tuple[str, Mapping[str, Any]]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Those that run Java, with their role."""
    return ((role, container) for role, container in containers if is_java(container))
