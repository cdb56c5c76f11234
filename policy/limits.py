"""Budgets and exceptions from the stack's settings, overridden by the configuration of the pack's rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy.declared import Limits
from stack.capacity.quantity import MIB, parse_bytes
from stack.specification.stack import Specification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.cluster import HostSettings
    from stack.settings.model import Settings

# JSON schema of each rule's configuration.
SCHEMA: dict[str, dict[str, Any]] = {
    "memory-budget": {
        "budgets": {
            "type": "object",
            "description": 'Memory budget of each namespace, such as {"data-ingestion": "4096Mi"}; overrides budget.memoryMib.',
            "additionalProperties": {"type": "string"},
        },
    },
    "memory-limit": {
        "nodes": {"type": "integer", "minimum": 1, "description": "Number of nodes of the cluster; each runs a pod of every DaemonSet."},
    },
    "disk-volumes": {
        "volumes": {
            "type": "object",
            "description": 'Disk budget of each namespace\'s volume claims, such as {"data-ingestion": "15Gi"}; overrides budget.diskMib.',
            "additionalProperties": {"type": "string"},
        }
    },
}


def of_stack(settings: Settings) -> Limits:
    """Return the budgets and exceptions in a stack's settings."""
    namespace = settings.names.namespace
    further = {name: budget * MIB for name, budget in settings.further_mib.items()}
    # the budget of the monitoring is the sum of its pods: no setting leaves room for another pod
    keys = {settings.audit_namespace: "audit.memoryMib", settings.monitoring_namespace: ""}
    return Limits(
        memory={namespace: settings.budget.memory_mib * MIB, **further},
        volumes={namespace: settings.budget.disk_mib * MIB},
        exceptions=tuple((item.rule, item.resource, item.reason) for item in settings.policy.exceptions),
        own=namespace,
        further={name: keys[name] for name in further},
        node_ports=_node_ports(settings.host) if settings.host.exposure == "nodePort" else (),
        specification=Specification.of(settings),
    )


def _node_ports(host: HostSettings) -> tuple[int, ...]:
    return tuple(ports.node for ports in (host.postgres, *host.kafka, host.registry, host.connect))


def with_pack_configuration(limits: Limits, configuration: Mapping[str, Mapping[str, Any]]) -> Limits:
    """Override limits with the configuration of the pack.

    Args:
        limits: Limits from the stack's settings.
        configuration: Configuration of each rule by its name; see ``SCHEMA``.

    Raises:
        ValueError: If a quantity cannot be read.
    """
    memory, volumes = configuration.get("memory-budget") or {}, configuration.get("disk-volumes") or {}
    nodes = (configuration.get("memory-limit") or {}).get("nodes")
    if nodes is not None and (nodes != int(nodes) or nodes < 1):
        message = f"nodes of the rule memory-limit is {nodes}; set a whole number from 1"
        raise ValueError(message)
    return replace(
        limits,
        memory={**limits.memory, **{name: parse_bytes(size) for name, size in (memory.get("budgets") or {}).items()}},
        volumes={**limits.volumes, **{name: parse_bytes(size) for name, size in (volumes.get("volumes") or {}).items()}},
        nodes=limits.nodes if nodes is None else int(nodes),
    )
