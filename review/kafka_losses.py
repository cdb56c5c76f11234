"""Data loss by deleting, replacing or changing topics and connectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from configs import topics
from review.loss import Loss
from settings.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from review.step import Step

# Connect's topic with the position of each source connector
POSITIONS: Final = topics.CONNECT_OFFSETS
_SUPPORT: Final = {
    topics.CONNECT_CONFIGS: ("every connector's configuration", "Connect forgets all connectors until they are created again"),
    POSITIONS: ("the position of every source connector", "Debezium reads all tables again: every row arrives a second time"),
    topics.CONNECT_STATUS: ("the state of connectors and tasks", "Connect writes it again"),
    "_schemas": ("every schema and its id", "existing records can no longer be read"),
    Names.dead_letter_topic: ("unread dead letters", "they exist nowhere else"),
    Names.iceberg_control_topic: ("commits in progress", "files written but not yet committed are orphaned"),
}
_FORGIVING: Final = frozenset({topics.CONNECT_STATUS})
_REGISTRY: Final = "registry-"
_HEARTBEAT: Final = "__debezium-heartbeat"


def of_topic(name: str) -> Loss:
    """Return the data lost with a topic."""
    if name in _SUPPORT:
        return Loss("kept" if name in _FORGIVING else "lost", *_SUPPORT[name])
    if name.startswith(_REGISTRY):
        return Loss("lost", *_SUPPORT["_schemas"])
    if name.startswith(_HEARTBEAT):
        return Loss("kept", "heartbeats", "Debezium writes the next one in seconds")
    return Loss("lost", "every record in it", "records that the sink has not written yet exist nowhere else")


def _is_source(config: Mapping[str, Any]) -> bool:
    return "slot.name" in config or "debezium" in str(config.get("connector.class", "")).lower()


def of_connector(step: Step, old: Mapping[str, Any], *, without_positions: bool) -> Loss:
    """Return the data lost with a connector: no rows, but its position, which others store under its name."""
    config = old.get("config") or {}
    again = step.fate == "replace" and step.new is not None and step.new.inputs.get("name") == old.get("name")
    if again and without_positions:
        start = "a snapshot of all tables" if _is_source(config) else "the start of every topic"
        return Loss("check", "its position", f"the topic that holds it is deleted too, so the new connector begins with {start}")
    if again:
        return Loss("kept", "its position", "the new connector has the same name and continues where the old one stopped")
    if _is_source(config):
        slot = config.get("slot.name", "its slot")
        if ((old.get("removal") or {}).get("config") or {}).get("slot.drop.on.stop") == "true":
            return Loss(
                "check",
                f"its position, and the replication slot {slot}",
                "the slot is dropped with it: the database no longer retains its changes for capture, and a new connector begins with a "
                "snapshot of all tables",
            )
        return Loss(
            "check",
            f"its position, and the replication slot {slot}",
            "the slot stays and retains WAL up to max_slot_wal_keep_size, beyond that its changes are lost; drop it if it is not needed. "
            "A connector of another name begins with a snapshot of all tables",
        )
    return Loss(
        "check", "its position", "the consumer group stays under the old name; a connector of another name reads every topic from the start"
    )


def of_change(step: Step) -> Loss | None:
    """Return the data lost by an in-place change, or None."""
    if step.old is None or step.new is None:
        return None
    reasons: list[tuple[bool, str]] = []
    old, new = step.old.inputs.get("config"), step.new.inputs.get("config")
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        if step.type.endswith(":Topic"):
            reasons = [*_of_topic_config(old, new), *_of_partitions(step.old.inputs, step.new.inputs)]
        elif step.type.endswith(":Connector"):
            reasons = list(_of_connector_config(old, new))
    if not reasons:
        return None
    return Loss("lost" if any(sure for sure, _ in reasons) else "check", "data in transit", "; ".join(text for _, text in reasons))


def _of_topic_config(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    for key in ("retention.ms", "retention.bytes"):
        least, most = _limit(new.get(key)), _limit(old.get(key))
        if least is not None and (most is None or least < most):
            yield True, f"{key} {old.get(key, 'unset')} → {new.get(key)}: Kafka deletes records beyond it within minutes, archived or not"
    before, after = (config.get("cleanup.policy", "delete") for config in (old, new))
    if before != after:
        yield True, f"cleanup.policy {before} → {after}: the new policy removes other records"


def _limit(value: object) -> int | None:
    """Parse a retention; None for an unlimited or unreadable one."""
    try:
        number = int(str(value))
    except ValueError:
        return None
    return None if number < 0 else number


def _of_partitions(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    before, after = old.get("partitions"), new.get("partitions")
    if isinstance(before, (int, float)) and isinstance(after, (int, float)) and after > before:
        yield False, f"partitions {before:g} → {after:g}: keys move to other partitions, so changes of a key may be read out of order"


_POSITION: Final = {
    "slot.name": "a new slot begins now: changes since the old slot's position are not captured, and the old slot retains WAL",
    "topic.prefix": "topics and position get other names: a new snapshot of all tables, and the old topics are no longer read",
    "database.dbname": "the connector captures another database",
    "publication.name": "the new publication must exist and list every table; changes of unlisted tables are skipped",
    "snapshot.mode": "decides whether missed changes are read again",
}
_LISTS: Final = ("table.include.list", "topics", "iceberg.tables")


def _of_connector_config(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[bool, str]]:
    for key, why in _POSITION.items():
        if key in old and old[key] != new.get(key):
            yield False, f"{key} {old[key]} → {new.get(key, 'unset')}: {why}"
    for key in _LISTS:
        gone = _items(old.get(key)) - _items(new.get(key))
        if gone:
            yield False, f"{key} no longer has {', '.join(sorted(gone))}: changes there no longer arrive"


def _items(value: object) -> set[str]:
    return {part.strip() for part in str(value or "").split(",") if part.strip()}
