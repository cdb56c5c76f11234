"""Kafka brokers among the declared containers, and their properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policy import files
from stack.capacity import commands, jvm_flags
from stack.capacity.jvm import BROKERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.declared import Declared, Record

# Entry point of all Confluent images, whatever software they contain.
_ENTRY_POINT = "/etc/confluent/docker/run"


def broker_properties(record: Record, resource: Declared, spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str] | None:
    """Read a broker's properties from its ConfigMap, or from KAFKA_* variables as Confluent's and Apache's images do.

    Returns:
        The properties, or None when their file is not declared (yet).
    """
    variables = {
        str(entry.get("name", "")).removeprefix("KAFKA_").lower().replace("_", "."): str(entry.get("value"))
        for entry in container.get("env") or []
        if str(entry.get("name", "")).startswith("KAFKA_")
    }
    volumes = [str((volume.get("configMap") or {}).get("name")) for volume in spec.get("volumes") or []]
    for name in volumes:
        mounted = record.config_map(str(resource.namespace), name) or {}
        for text in mounted.values():
            if isinstance(text, str) and "process.roles" in (found := files.properties(text)):
                return {**found, **variables}
    return variables if "process.roles" in variables else None


def is_broker(container: Mapping[str, Any]) -> bool:
    """Return whether a container runs a Kafka broker: by its command, through a shell or not, or by its image's entry point."""
    words = commands.words(container)
    if any(commands.basename(word).removesuffix(".sh") in BROKERS for word in words):
        return True
    by_itself = not words or _ENTRY_POINT in words
    return by_itself and jvm_flags.is_java(container) and "KAFKA_PROCESS_ROLES" in commands.variables(container)
