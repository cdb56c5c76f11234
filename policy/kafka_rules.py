"""Kafka: copies of every data topic, and connectors that neither lose rows nor spell a key wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.fit_rules import TOPIC
from policy.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_COPIES, _IN_SYNC = 3, 2


def _copied(resource: Declared, _record: Record) -> Iterator[str]:
    if resource.type != TOPIC:
        return
    copies, config = resource.inputs.get("replicationFactor"), resource.inputs.get("config") or {}
    if not isinstance(copies, (int, float)) or copies < _COPIES:
        yield f"has replicationFactor {copies}; with fewer than {_COPIES} a broker that is away stops writes or loses them. Set {_COPIES}"
    in_sync = str(config.get("min.insync.replicas"))
    if not in_sync.isdigit() or int(in_sync) < _IN_SYNC:
        yield f"has min.insync.replicas {in_sync}: a row that one broker has is acknowledged, and lost with it. Set {_IN_SYNC}"
    elif isinstance(copies, (int, float)) and int(in_sync) >= copies:
        yield f"wants {in_sync} of {copies:.0f} copies in sync: one broker that restarts stops every write. Set {_IN_SYNC}"


RULES = (
    Rule(name="topic-copies", says="Every topic has three copies, of which two acknowledge each row.", check=_copied, severity="critical"),
)
