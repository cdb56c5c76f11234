"""Command-line flags of a Java virtual machine, from the sizes in the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stack.settings.jvm import Jvm


def flags(jvm: Jvm, *, first_tier_only: bool = False) -> list[str]:
    """Return flags of a JVM on one core: serial collector, small stacks, and exit on OutOfMemoryError so that the pod restarts.

    Args:
        jvm: Sizes of the memory areas.
        first_tier_only: Compile with C1 only: less memory and a faster start, at the cost of some peak speed.
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


# glibc otherwise allocates up to eight 64 MiB arenas per core, beyond every JVM setting.
ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}
