"""Budgets and exceptions: from the stack's settings, and over them from the configuration of the pack's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from capacity.quantity import MIB, parse_bytes
from policy.declared import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.model import Settings

# JSON schema of what each rule can be told, by rule.
SCHEMA: dict[str, dict[str, Any]] = {
    "memory-budget": {
        "budgets": {
            "type": "object",
            "description": 'Memory budget of each namespace, such as {"data-ingestion": "4096Mi"}; over the stack\'s own budget.memoryMib.',
            "additionalProperties": {"type": "string"},
        },
    },
    "memory-limit": {
        "nodes": {"type": "integer", "minimum": 1, "description": "Nodes of the cluster, each of which runs a pod of every DaemonSet."},
    },
    "disk-volumes": {
        "volumes": {
            "type": "object",
            "description": 'Disk budget of each namespace\'s volume claims, such as {"data-ingestion": "15Gi"}; over budget.diskMib.',
            "additionalProperties": {"type": "string"},
        }
    },
}


def of_stack(settings: Settings) -> Limits:
    """What a stack allows itself."""
    namespace = settings.names.namespace
    return Limits(
        memory={namespace: settings.budget.memory_mib * MIB},
        volumes={namespace: settings.budget.disk_mib * MIB},
        exceptions=tuple((item.rule, item.resource, item.reason) for item in settings.policy.exceptions),
        own=namespace,
    )


def with_pack_configuration(limits: Limits, given: Mapping[str, Mapping[str, Any]]) -> Limits:
    """Limits with what the pack was told over them.

    Args:
        limits: The stack's own.
        given: Configuration of each rule by its name; see SCHEMA.

    Raises:
        ValueError: If a quantity cannot be read.
    """
    memory, volumes = given.get("memory-budget") or {}, given.get("disk-volumes") or {}
    nodes = (given.get("memory-limit") or {}).get("nodes")
    if nodes is not None and (nodes != int(nodes) or nodes < 1):
        message = f"nodes of the rule memory-limit is {nodes}; write a whole number from 1"
        raise ValueError(message)
    return Limits(
        memory={**limits.memory, **{name: parse_bytes(size) for name, size in (memory.get("budgets") or {}).items()}},
        volumes={**limits.volumes, **{name: parse_bytes(size) for name, size in (volumes.get("volumes") or {}).items()}},
        nodes=limits.nodes if nodes is None else int(nodes),
        exceptions=limits.exceptions,
        problem=limits.problem,
        own=limits.own,
    )
