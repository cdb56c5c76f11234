"""Data loss by deleting or replacing topics, and by deleting, replacing or changing connectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.review.inputs import at, closed, mapping, truth
from pipeline.review.kinds import POSITIONS
from pipeline.review.loss import UNSEEN, Loss
from stack.configs import topics
from stack.settings.names import CONTROL_TOPIC, Names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

_SUPPORT: Final = {
    topics.CONNECT_CONFIGS: ("every connector's configuration", "Connect forgets all connectors until they are created again"),
    POSITIONS: ("the position of every source connector", "Debezium reads all tables again: every row arrives a second time"),
    topics.CONNECT_STATUS: ("the state of connectors and tasks", "Connect writes it again"),
    "_schemas": ("every schema and its id", "existing records can no longer be read"),
    Names.dead_letter_topic: ("unread dead letters", "they exist nowhere else"),
}
_FORGIVING: Final = frozenset({topics.CONNECT_STATUS})
_REGISTRY: Final = "registry-"
_HEARTBEAT: Final = "__debezium-heartbeat"
_CONTROL: Final = ("commits in progress", "files written but not yet committed are orphaned")
_SIGNAL: Final = "-signal"


def of_topic(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the data lost with a topic."""
    name = at(step.old.inputs if step.old else {}, "name")
    if not isinstance(name, str):
        yield Loss("lost", "every record in it", "its name is not in the preview, so its records may exist nowhere else")
    elif name in _SUPPORT:
        yield Loss("kept" if name in _FORGIVING else "lost", *_SUPPORT[name])
    elif name.startswith(CONTROL_TOPIC):
        yield Loss("lost", *_CONTROL)
    elif name.startswith(_REGISTRY):
        yield Loss("lost", *_SUPPORT["_schemas"])
    elif name.startswith(_HEARTBEAT):
        yield Loss("kept", "heartbeats", "Debezium writes the next one in seconds")
    elif name.endswith(_SIGNAL):
        yield Loss("kept", "signals", "a backfill that runs goes on, and one that waits is started again by hand")
    else:
        yield Loss("lost", "every record in it", "records that the sink has not written yet exist nowhere else")


def _is_source(config: Mapping[str, Any]) -> bool:
    return "slot.name" in config or "debezium" in str(config.get("connector.class", "")).lower()


def of_connector(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the data lost with a connector: no rows, but its position, which others store under its name."""
    old = step.old.inputs if step.old else {}
    config, name = mapping(old, "config"), at(old, "name")
    again = step.fate == "replace" and step.new is not None and isinstance(name, str) and at(step.new.inputs, "name") == name
    if again and around.without_positions:
        start = "a snapshot of all tables" if _is_source(config) else "the start of every topic"
        yield Loss("check", "its position", f"the topic that holds it is deleted too, so the new connector begins with {start}")
    elif again:
        changes = [*of_connector_change(step, around)]
        if not changes:
            yield Loss("kept", "its position", "the new connector has the same name and continues where the old one stopped")
        yield from changes
    elif closed(at(old, "config")) and not config:
        yield Loss("check", "its position", "its config is secret or unknown in the preview: a source connector leaves a replication slot")
    elif _is_source(config):
        slot = config.get("slot.name", "its slot")
        dropped = (
            "the slot is dropped with it: the database no longer retains its changes for capture, and a new connector begins with a "
            "snapshot of all tables"
        )
        stays = (
            "the slot stays and retains WAL up to max_slot_wal_keep_size, beyond that its changes are lost; drop it if it is not needed. "
            "A connector of another name begins with a snapshot of all tables"
        )
        yield Loss("check", f"its position, and the replication slot {slot}", dropped if _drops_slot(old) else stays)
    else:
        start = "a connector of another name reads every topic from the start"
        yield Loss("check", "its position", f"the consumer group stays under the old name; {start}")


_POSITION: Final = {
    "slot.name": "a new slot begins now: changes since the old slot's position are not captured, and the old slot retains WAL",
    "topic.prefix": "topics and position get other names: a new snapshot of all tables, and the old topics are no longer read",
    "database.hostname": "the connector captures another server",
    "database.dbname": "the connector captures another database",
    "publication.name": "the new publication must exist and list every table; changes of unlisted tables are skipped",
    "snapshot.mode": "decides whether missed changes are read again",
    "consumer.override.group.id": "the position is stored under another name: topics are read from the start, or from the end",
    "iceberg.control.topic": "commits in progress are orphaned",
    "iceberg.control.group-id-prefix": "the position is stored under another name: every topic is read from the start",
    "iceberg.connect.group-id": "the position is stored under another name: every topic is read from the start",
    "iceberg.catalog.warehouse": "new tables begin empty in another place",
    "s3.bucket.name": "objects go to another bucket; those in the old one stay there",
    "topics.regex": "changes of topics that it no longer matches no longer arrive",
    "errors.deadletterqueue.topic.name": "a record that cannot be written is set aside elsewhere, or dropped where errors.tolerance is all",
    "topics.dir": "objects go below another prefix; those below the old one stay there",
}
_LISTS: Final = ("table.include.list", "schema.include.list", "topics", "iceberg.tables")
_EXCLUDING: Final = ("table.exclude.list", "schema.exclude.list", "column.exclude.list")
_SKIPPED: Final = "skipped.operations"
_TOLERANCE: Final = "errors.tolerance"


def of_connector_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the data that an update of a connector loses."""
    if step.old is None or step.new is None:
        return
    old, new = step.old.inputs, step.new.inputs
    if closed(at(new, "config")) and not mapping(new, "config"):
        yield Loss("check", "data in transit", f"the new config is {UNSEEN}")
        return
    reasons = [*_of_config(mapping(old, "config"), mapping(new, "config"))]
    if reasons:
        yield Loss("check", "data in transit", "; ".join(reasons))
    if not _drops_slot(old) and _drops_slot(new):
        yield Loss("check", "its replication slot", "slot.drop.on.stop is set for its removal: a later deletion drops the slot")


def _of_config(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for key, why in _POSITION.items():
        if key in old and old[key] != new.get(key):
            yield f"{key} {old[key]} → {new.get(key, 'unset')}: {why}"
    for key in _LISTS:
        gone = _items(old.get(key)) - _items(new.get(key))
        if closed(new.get(key)) and not closed(old.get(key)):
            yield f"{key} is unknown or secret in the preview: tables or topics may be missing in it"
        elif gone:
            yield f"{key} no longer has {', '.join(sorted(gone))}: changes there no longer arrive"
    for key in _EXCLUDING:
        more = _items(new.get(key)) - _items(old.get(key))
        if more:
            yield f"{key} now has {', '.join(sorted(more))}: changes there no longer arrive"
    skipped = _items(new.get(_SKIPPED)) - _items(old.get(_SKIPPED)) - {"none"}
    unseen = closed(new.get(_SKIPPED)) and not closed(old.get(_SKIPPED))
    if skipped or unseen:
        yield f"{_SKIPPED} {'is ' + UNSEEN if unseen else 'now has ' + ', '.join(sorted(skipped))}: such changes are never captured"
    if new.get(_TOLERANCE) == "all" != old.get(_TOLERANCE):
        yield f"{_TOLERANCE} becomes all: a record that cannot be written is skipped"


def _items(value: object) -> set[str]:
    return {part.strip() for part in value.split(",") if part.strip()} if isinstance(value, str) else set()


def _drops_slot(inputs: Mapping[str, Any]) -> bool:
    return truth(at(inputs, "removal", "config", "slot.drop.on.stop")) is not False
