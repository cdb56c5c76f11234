"""Maximum memory of a Java process, from the actual command line and environment of its container.

Parts and defaults are those of HotSpot (JDK 21, ``java -XX:+PrintFlagsFinal`` and "Native Memory Tracking"); the sizes of the parts
without a flag were measured on this project's own processes (docs/memory.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from stack.capacity.commands import words
from stack.capacity.jvm_flags import by_environment, flags_of, heap_of, last, script_of, size
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Mapping

FENCED_START = "dataingestion.broker.FencedStart"
"""Main class of the project's own image of Kafka (images/kafka/java, docs/adr/0038)."""
BROKERS = (FENCED_START, "kafka.Kafka", "kafka-server-start")
"""Main classes and start script of a broker."""

# Page cache that a broker's limit must leave: it serves consumers without a lag, and four active 16 MiB segments fit into it.
PAGE_CACHE_FLOOR_MIB = 64
# Assumed without -XX:MaxMetaspaceSize, since HotSpot then sets no bound: twice the measured maximum (Connect, 94 MiB).
METASPACE_MIB = 192
# Assumed for a command-line tool in MiB, whose few classes and buffers are no server's: metaspace, code cache, direct buffers. The heap of
# its script, these and the process itself fit 512 MiB.
TOOL_MIB = (64, 48, 32)
TOOL_COMPILER_MIB = 32
TOOL_THREADS = 40
# Assumed without -XX:MaxDirectMemorySize, whose default, as much as the heap, most programs never touch: a few arenas of Netty hold
# 4 MiB chunks for twice the cores, and the channels of HTTP and Kafka clients less.
DIRECT_MIB = 128
# Main classes of brokers and workers, whose clients fill such buffers with rows; known start scripts count likewise.
_WITH_BUFFERS = (*BROKERS, "ConnectDistributed", "ConnectStandalone")
# Threads of a process, above the measured maximum (broker 92, Connect 90, registry 43).
THREADS = 100
# Threads that an agent adds (measured with Prometheus' own: 7 in a broker, of which one waits for requests and up to five answer them).
AGENT_THREADS = 8
# Touched part of each thread's stack (measured: 100 to 108); the rest is only reserved.
STACK_TOUCHED_KIB = 112
# Symbols (17 to 31 measured), the private pages of the class data archive (13), and internal structures.
NATIVE_MIB = 45
# Compiler arenas and the C library's overhead together, at their peak; the key is whether only the first tier compiles.
COMPILER_MIB = {False: 65, True: 12}


@dataclass(frozen=True, slots=True)
class Java:
    """Memory of a Java process, each part at its maximum, in bytes.

    Attributes:
        heap: Objects.
        direct: Buffers outside the heap.
        metaspace: Loaded classes.
        code_cache: Compiled code.
        stacks: Touched parts of the threads' stacks.
        collector: The collector's own structures.
        native: Everything else in the process.
        page_cache: Memory left for file pages, for brokers.
        by_percentage: Whether the heap follows from the container's limit and not from ``-Xmx``.
        guessed: Flags that are absent, each with the assumed value.
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
        """Memory without the heap and the page cache, in bytes."""
        return self.direct + self.metaspace + self.code_cache + self.stacks + self.collector + self.native

    @property
    def needed(self) -> int:
        """Minimum memory limit of the container, in bytes."""
        return self.heap + self.off_heap + self.page_cache

    def parts(self) -> dict[str, int]:
        """Return the parts by name, in bytes, without empty ones."""
        return {field.name.replace("_", " "): value for field in fields(self) if type(value := getattr(self, field.name)) is int and value}


def _collector(flags: list[str], heap: int, limit: int) -> int:
    """Return the size of the collector's own structures, in bytes.

    The card and offset tables of Serial and Parallel took 0.33 % of the heap, the bitmaps, remembered sets and regions of G1 37 MiB and
    2.2 % on two cores (both measured); 12 % is assumed for the concurrent collectors. HotSpot chooses G1 by default on a machine of two
    cores and 1792 MiB, else Serial.
    """
    if "-XX:+UseSerialGC" in flags or "-XX:+UseParallelGC" in flags:
        return heap // 200 + MIB
    if "-XX:+UseZGC" in flags or "-XX:+UseShenandoahGC" in flags:
        return heap * 12 // 100
    chosen = "-XX:+UseG1GC" in flags or limit >= 1792 * MIB
    return 37 * MIB + heap * 22 // 1000 if chosen else heap // 200 + MIB


# Threads of the collectors and compilers that are part of the measured maximum, on any machine that these processes ran on.
_OWN_THREADS = 8
_THREADS = ("ParallelGCThreads", "ConcGCThreads", "CICompilerCount", "G1ConcRefinementThreads")
# Tables whose size a flag sets, with bytes for each entry and HotSpot's default number of entries.
_TABLES = {"StringTableSize": (8, 65_536), "SymbolTableSize": (8, 32_768)}


def _number(flags: list[str], name: str) -> int:
    """Return the number that a flag sets, 0 without one.

    Raises:
        capacity.jvm_flags.FlagError: If Java would refuse it.
    """
    text = last(flags, f"-XX:{name}=")
    return 0 if text is None or re.fullmatch(r"0+", text) else size(text, f"-XX:{name}=")


def _further_threads(flags: list[str]) -> int:
    return sum(max(_number(flags, name) - _OWN_THREADS, 0) for name in _THREADS)


def _tables(flags: list[str]) -> int:
    return sum(each * max(_number(flags, name) - default, 0) for name, (each, default) in _TABLES.items())


def memory(container: Mapping[str, Any], limit: int, *, threads: int = 0) -> Java:
    """Return the maximum memory of a container's Java process.

    Args:
        container: The container in Kubernetes' own spelling; see ``jvm_flags.is_java``.
        limit: Its memory limit in bytes, the base of percentages.
        threads: Threads that its configuration adds; see ``capacity.threads``.

    Raises:
        capacity.jvm_flags.FlagError: For a flag that Java would refuse, or that this model cannot follow.
    """
    flags = flags_of(container)
    heap, by_percentage = heap_of(flags, limit, raised=by_environment(container))
    script = script_of(container)
    is_tool = script is not None and script.is_tool
    one_tier = "-XX:TieredStopAtLevel=1" in flags or "-XX:-TieredCompilation" in flags
    guessed = []
    fills = (script is not None and not script.is_build) or any(name in word for word in words(container) for name in _WITH_BUFFERS)
    buffers = heap if fills else min(heap, DIRECT_MIB * MIB)
    metaspace, code, direct = (last(flags, f"-XX:{flag}=") for flag in ("MaxMetaspaceSize", "ReservedCodeCacheSize", "MaxDirectMemorySize"))
    if metaspace is None:
        guessed.append(f"-XX:MaxMetaspaceSize (counted {METASPACE_MIB}m)")
    if code is None:
        guessed.append(f"-XX:ReservedCodeCacheSize (HotSpot's own {48 if one_tier else 240}m)")
    if direct is None:
        guessed.append(f"-XX:MaxDirectMemorySize (counted {buffers // MIB}m)")
    stack = size(last(flags, "-Xss") or "1m", "-Xss")
    own_code = 48 if one_tier else 240
    by_default = (*(part * MIB for part in TOOL_MIB),) if is_tool else (METASPACE_MIB * MIB, own_code * MIB, buffers)
    agents = sum(flag.startswith("-javaagent:") for flag in flags)
    count = threads + (TOOL_THREADS if is_tool else THREADS) + agents * AGENT_THREADS + _further_threads(flags)
    return Java(
        heap=heap,
        direct=by_default[2] if direct is None else size(direct, "-XX:MaxDirectMemorySize="),
        metaspace=by_default[0] if metaspace is None else size(metaspace, "-XX:MaxMetaspaceSize="),
        code_cache=by_default[1] if code is None else size(code, "-XX:ReservedCodeCacheSize="),
        stacks=count * min(stack, STACK_TOUCHED_KIB * 1024),
        collector=_collector(flags, heap, limit),
        native=_tables(flags)
        + (NATIVE_MIB + (min(TOOL_COMPILER_MIB, COMPILER_MIB[one_tier]) if is_tool else COMPILER_MIB[one_tier])) * MIB,
        page_cache=PAGE_CACHE_FLOOR_MIB * MIB if any(name in word for word in words(container) for name in BROKERS) else 0,
        by_percentage=by_percentage,
        guessed=tuple(guessed),
    )
