"""Look at the parts of a running stack; a part that does not answer is a fact, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from audit import logins
from audit.subject import UnansweredError as NoLoginError
from configs import seams
from configs.topics import sink_group
from epochs import facts
from epochs.facts import Facts, Server, Slot, Source, TableState, Unanswered
from providers.kafkaconnect import librdkafka
from providers.kafkaconnect.errors import NotNowError
from providers.kafkaconnect.rest import ConnectClient
from providers.operations import ProviderError
from providers.readable import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import psycopg

    from reading.stack import RunningStack

_ANSWER_S: Final = 20.0
_DATABASE_S: Final = 10
_QUESTION: Final = """\
SELECT (SELECT system_identifier FROM pg_control_system()) AS system,
  (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END) - '0/0'::pg_lsn AS written,
  slot.slot_name IS NOT NULL AS exists, slot.active, slot.wal_status,
  to_jsonb(slot) ->> 'invalidation_reason' AS invalidation, slot.restart_lsn - '0/0'::pg_lsn AS restart
FROM (SELECT) AS one LEFT JOIN pg_replication_slots AS slot ON slot.slot_name = %s"""
"""Before version 17 there is no column ``invalidation_reason``."""


def look(stack: RunningStack) -> Facts:
    """Return the facts of this moment.

    Positions are asked before the ends that they are compared with, which only grow.

    Args:
        stack: A stack that is up.
    """
    source, tables = _source(stack), _tables(stack)
    return Facts(source=source, tables=tables, control=_control(stack), server=_server(stack))


def worker(stack: RunningStack) -> ConnectClient:
    """Return a client of the worker."""
    described = stack.outputs["connect"]
    return ConnectClient(described["url"], described["user"], described["password"])


def _source(stack: RunningStack) -> Source | Unanswered:
    client, name = worker(stack), stack.settings.names.source_connector
    try:
        status = client.status(name, seconds=_ANSWER_S)
        stored = client.positions(name, seconds=_ANSWER_S)
    except (NotNowError, ProviderError) as error:
        return Unanswered(f"the worker does not answer: {one_line(str(error), 300)}")
    if status is None:
        return facts.source(None, "", None)
    traces = [part.trace for part in status.failed if part.trace]
    return facts.source(status.state, traces[0] if traces else "", stored[0] if stored else None)


def _control(stack: RunningStack) -> Mapping[int, int] | Unanswered:
    if stack.settings.archive.format != "iceberg":
        return {}
    topic, settings = stack.settings.names.iceberg_control_topic, logins.kafka(stack)
    try:
        return librdkafka.answered(settings, _ANSWER_S, lambda: ends(settings, topic))
    except (librdkafka.UnansweredError, ProviderError) as error:
        return Unanswered(f"the brokers do not answer: {error}")


def ends(settings: Mapping[str, Any], topic: str) -> dict[int, int]:
    """Return the end of each partition of a topic; nothing without the topic.

    Args:
        settings: Settings of librdkafka for the cluster.
        topic: Name of the topic.
    """
    from confluent_kafka import TopicPartition  # noqa: PLC0415 - slow to load

    with librdkafka.consumer(settings, "epochs") as consumer:
        # all topics: a question for one topic would create it on brokers that allow it
        known = consumer.list_topics(timeout=_ANSWER_S / 2).topics.get(topic)
        numbers = sorted(known.partitions) if known is not None and known.error is None else []
        return {number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_ANSWER_S / 2)[1] for number in numbers}


def _tables(stack: RunningStack) -> tuple[TableState, ...] | Unanswered:
    if stack.settings.archive.format != "iceberg":
        return ()
    from pyiceberg.exceptions import NoSuchTableError  # noqa: PLC0415 - slow to load

    from reading.archive import Archive  # noqa: PLC0415 - the same

    archive, found = Archive(stack.outputs), []
    for table in stack.tables:
        try:
            found.append(_table(archive.table(table.archive_name), table.qualified, stack))
        except NoSuchTableError:
            continue
        except Exception as error:  # noqa: BLE001 - of catalog, store and network, each with its own
            return Unanswered(f"the archived table of {table.qualified} cannot be read: {one_line(str(error), 300)}")
    return tuple(found)


def _table(table: Any, name: str, stack: RunningStack) -> TableState:  # noqa: ANN401 - pyiceberg is slow to load
    names, epoch = stack.settings.names, int(table.properties.get(seams.EPOCH, "1"))
    position, changed = newest(table, epoch)
    control = committed(table, names.iceberg_control_topic, sink_group(names.sink_connector))
    return TableState(name=name, epoch=epoch, position=position, changed=changed, control=control)


def committed(table: Any, topic: str, group: str) -> dict[int, int]:  # noqa: ANN401 - as above
    """Return the position in a control topic that a table's newest commit of the sink holds.

    Args:
        table: Table of pyiceberg.
        topic: Name of the control topic.
        group: Consumer group of the sink.
    """
    key, snapshot = f"kafka.connect.offsets.{topic}.{group}", table.current_snapshot()
    while snapshot is not None:
        text = snapshot.summary[key] if snapshot.summary is not None and key in snapshot.summary else None
        if text is not None:
            return {int(partition): int(offset) for partition, offset in json.loads(text).items()}
        snapshot = table.snapshot_by_id(snapshot.parent_snapshot_id) if snapshot.parent_snapshot_id is not None else None
    return {}


def newest(table: Any, epoch: int) -> tuple[int | None, int | None]:  # noqa: ANN401 - as above
    """Return the furthest place in the log and the latest time of an epoch's rows, by the bounds in the manifests: no row is read.

    Args:
        table: Table of pyiceberg.
        epoch: Number of the epoch.
    """
    from pyiceberg.conversions import from_bytes  # noqa: PLC0415 - slow to load

    fields = {field.name: field for field in table.schema().fields}

    def upper(file: Any, column: str) -> int | None:  # noqa: ANN401 - as above
        field = fields.get(column)
        bound = (file.upper_bounds or {}).get(field.field_id) if field is not None else None
        return None if field is None or bound is None else int(from_bytes(field.field_type, bound))

    files = [task.file for task in table.scan().plan_files()]
    own = [file for file in files if (upper(file, "__epoch") or 1) >= epoch]
    positions, times = (
        [value for file in own if (value := upper(file, column)) is not None] for column in ("__source_lsn", "__source_ts_ms")
    )
    return max(positions, default=None), max(times, default=None)


def _server(stack: RunningStack) -> Server | Unanswered:
    import psycopg  # noqa: PLC0415 - slow to load

    try:
        login = {**logins.source(stack).parameters, "options": f"-c statement_timeout={_DATABASE_S}s", "connect_timeout": _DATABASE_S}
        with psycopg.connect(**login, autocommit=True) as connection:
            return server(connection, stack.settings.names.current_slot)
    except (psycopg.Error, NoLoginError) as error:
        return Unanswered(f"the database does not answer: {one_line(str(error), 300)}")


def server(connection: psycopg.Connection[Any], slot: str) -> Server:
    """Return the server behind a connection, whose role needs no right but to log in.

    Args:
        connection: Connection to any of its databases.
        slot: Name of the slot.
    """
    row = connection.execute(_QUESTION, [slot]).fetchone()
    assert row is not None  # noqa: S101 - the join keeps its one row
    system, end, exists, active, wal_status, invalidation, restart = row
    found = Slot(
        active=bool(active),
        wal_status=wal_status or "",
        invalidation=invalidation or "",
        restart=None if restart is None else int(restart),
        retained=None if restart is None else int(end - restart),
    )
    return Server(system=str(system), end=int(end), slot=found if exists else None)
