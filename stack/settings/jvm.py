"""Settings of Java virtual machines' memory."""

from __future__ import annotations

from stack.settings.section import Section
from stack.settings.types import Mebibytes


class Jvm(Section):
    """Bounded parts of a JVM's memory, in MiB.

    The heap is set by ``-Xmx``, never by a percentage: a JVM that does not see its cgroup would take a quarter of the machine.
    """

    heap_mib: Mebibytes
    """Objects (``-Xmx``)."""
    metaspace_mib: Mebibytes
    """Upper bound of loaded classes."""
    code_cache_mib: Mebibytes
    """Upper bound of compiled code."""
    direct_mib: Mebibytes
    """Upper bound of buffers outside the heap."""


class KafkaJvm(Jvm):
    """Memory of a broker's JVM."""

    heap_mib: Mebibytes = 320
    """Objects (``-Xmx``)."""
    metaspace_mib: Mebibytes = 128
    """Upper bound of loaded classes."""
    code_cache_mib: Mebibytes = 48
    """Upper bound of compiled code."""
    direct_mib: Mebibytes = 48
    """Upper bound of buffers outside the heap."""


class RegistryJvm(Jvm):
    """Memory of the registry's JVM."""

    heap_mib: Mebibytes = 192
    """Objects (``-Xmx``)."""
    metaspace_mib: Mebibytes = 144
    """Upper bound of loaded classes."""
    code_cache_mib: Mebibytes = 48
    """Upper bound of compiled code."""
    direct_mib: Mebibytes = 32
    """Upper bound of buffers outside the heap."""


class ConnectJvm(Jvm):
    """Memory of a worker's JVM."""

    heap_mib: Mebibytes = 512
    """Objects (``-Xmx``)."""
    metaspace_mib: Mebibytes = 176
    """Upper bound of loaded classes."""
    code_cache_mib: Mebibytes = 64
    """Upper bound of compiled code."""
    direct_mib: Mebibytes = 64
    """Upper bound of buffers outside the heap."""
