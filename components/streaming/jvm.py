"""Java virtual machine sizes as settings, and the flags that follow from them."""

from __future__ import annotations

from components.section import Mebibytes, Section


class Jvm(Section):
    """The bounded parts of a JVM's memory, in MiB.

    Heap is set by ``-Xmx`` and never by a percentage: a JVM that fails to see its cgroup would take a quarter of the machine.

    Attributes:
        heap_mib: Objects (``-Xmx``).
        metaspace_mib: Loaded classes, at the most.
        code_cache_mib: Compiled code, at the most.
        direct_mib: Buffers outside the heap, at the most.
    """

    heap_mib: Mebibytes
    metaspace_mib: Mebibytes
    code_cache_mib: Mebibytes
    direct_mib: Mebibytes

    @property
    def bounded_mib(self) -> int:
        """The sum of the bounded parts; threads, the collector and native libraries come on top."""
        return self.heap_mib + self.metaspace_mib + self.code_cache_mib + self.direct_mib


def flags(jvm: Jvm, *, first_tier_only: bool = False) -> list[str]:
    """Command-line flags of a JVM on one core: serial collector, small stacks, death on OutOfMemoryError so that the pod restarts.

    Args:
        jvm: The sizes.
        first_tier_only: Compile with C1 only: less memory and a faster start, at some peak speed.
    """
    built = [
        f"-Xms{jvm.heap_mib // 2}m",
        f"-Xmx{jvm.heap_mib}m",
        f"-XX:MaxMetaspaceSize={jvm.metaspace_mib}m",
        f"-XX:ReservedCodeCacheSize={jvm.code_cache_mib}m",
        f"-XX:MaxDirectMemorySize={jvm.direct_mib}m",
        "-Xss512k",
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        "-Djava.io.tmpdir=/tmp",
    ]
    if first_tier_only:
        built.append("-XX:TieredStopAtLevel=1")
    return built


ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
"""glibc otherwise keeps up to eight 64 MiB arenas a core, outside every JVM setting."""
