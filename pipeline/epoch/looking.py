"""Look at the parts of a running stack; a part that does not answer is a fact, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pipeline.description.stack import UnansweredError as NoLoginError
from pipeline.epoch import facts
from pipeline.epoch.facts import Facts, Server, Slot, Source, TableState, Unanswered
from providers.kafkaconnect import librdkafka
from providers.kafkaconnect.errors import NotNowError
from providers.kafkaconnect.rest import ConnectClient
from providers.operations import ProviderError
from providers.readable import one_line
from stack.configs import seams
from stack.configs.topics import sink_group
from stack.settings.sinks import by_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import psycopg

    from pipeline.description.stack import Description
    from pipeline.reading.data_files import DataFile
    from providers.kafkaconnect.status import Status

_ANSWER_S: Final = 20.0
_DATABASE_S: Final = 10
_QUESTION: Final = """\
SELECT (SELECT system_identifier FROM pg_control_system()) AS system,
  (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END) - '0/0'::pg_lsn AS written,
  slot.slot_name IS NOT NULL AS exists, slot.active, slot.wal_status,
  to_jsonb(slot) ->> 'invalidation_reason' AS invalidation, slot.restart_lsn - '0/0'::pg_lsn AS restart, slot.safe_wal_size,
  slot.confirmed_flush_lsn - '0/0'::pg_lsn AS confirmed,
  extract(epoch FROM now() - (to_jsonb(slot) ->> 'inactive_since')::timestamptz) AS inactive
FROM (SELECT) AS one LEFT JOIN pg_replication_slots AS slot ON slot.slot_name = %s"""
"""Before version 17 there are no columns ``invalidation_reason`` and ``inactive_since``."""


def look(stack: Description) -> Facts:
    """Return the facts of this moment.

    Positions are asked before the ends that they are compared with, which only grow.

    Args:
        stack: A stack that is up.
    """
    source, tables = _source(stack), _tables(stack)
    return Facts(source=source, tables=tables, control=control(stack), server=database(stack))


def worker(stack: Description) -> ConnectClient:
    """Return a client of the worker. Raises UnansweredError if its login cannot be read."""
    login = stack.connect()
    return ConnectClient(login.url, login.user, login.password)


def _source(stack: Description) -> Source | Unanswered:
    client, name = worker(stack), stack.names.source_connector
    try:
        return source_of(client.status(name, seconds=_ANSWER_S), client.positions(name, seconds=_ANSWER_S))
    except (NotNowError, ProviderError) as error:
        return Unanswered(f"the worker does not answer: {one_line(str(error), 300)}")


def source_of(status: Status | None, stored: Sequence[Mapping[str, Any]]) -> Source:
    """Return the source connector by what the worker says.

    Args:
        status: Its status, None without such a connector.
        stored: What it has stored for each of its partitions, of which it has one.
    """
    if status is None:
        return facts.source(None, "", None)
    traces = [part.trace for part in status.failed if part.trace]
    return facts.source(status.state, traces[0] if traces else "", stored[0] if stored else None)


def control(stack: Description) -> Mapping[str, Mapping[int, int]] | Unanswered:
    """Return the end of each partition of the epoch's control topics, by topic; nothing in the format ``parquet``, which has none."""
    if stack.format != "iceberg":
        return {}
    settings, topics = stack.kafka(), [one.control_topic for one in stack.sinks]
    try:
        return librdkafka.answered(settings, _ANSWER_S, lambda: {topic: ends(settings, topic) for topic in topics})
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


def _tables(stack: Description) -> tuple[TableState, ...] | Unanswered:
    if stack.format != "iceberg":
        return ()
    from pyiceberg.exceptions import NoSuchTableError  # noqa: PLC0415 - slow to load

    from pipeline.reading.data_files import data_files  # noqa: PLC0415 - the same
    from pipeline.reading.metadata import Metadata  # noqa: PLC0415 - the same
    from pipeline.reading.quarantine import with_quarantine  # noqa: PLC0415 - the same

    archive, found = Metadata(stack.outputs), []
    for table in stack.tables:
        try:
            # the last rows of a table may all be in quarantine
            both = with_quarantine(archive.table, table.archive_name)
            found.append(table_state(both[0], table.qualified, stack, [file for one in both for file in data_files(one)]))
        except NoSuchTableError:
            continue
        except Exception as error:  # noqa: BLE001 - of catalog, store and network, each with its own
            return Unanswered(f"the archived table of {table.qualified} cannot be read: {one_line(str(error), 300)}")
    return tuple(found)


def table_state(table: Any, name: str, stack: Description, files: Iterable[DataFile]) -> TableState:  # noqa: ANN401 - pyiceberg is slow to load
    """Return the state of an archived table.

    Args:
        table: Table of pyiceberg.
        name: Qualified name of the captured table.
        stack: The stack.
        files: Data files of the table.
    """
    epoch = int(table.properties.get(seams.EPOCH, "1"))
    position, changed = newest(files, epoch)
    sink = by_table(stack.sinks)[name]
    control = committed(table, sink.control_topic, sink_group(sink.connector))
    return TableState(name=name, epoch=epoch, position=position, changed=changed, control=control, topic=sink.control_topic)


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


def newest(files: Iterable[DataFile], epoch: int) -> tuple[int | None, int | None]:
    """Return the furthest place in the log and the latest time of an epoch's rows, by the bounds in the manifests: no row is read.

    Args:
        files: Data files of a table.
        epoch: Number of the epoch.
    """
    from pipeline.reading.data_files import of_epoch  # noqa: PLC0415 - slow to load

    own = of_epoch(files, epoch)
    positions = [file.position for file in own if file.position is not None]
    return max(positions, default=None), max((file.changed for file in own if file.changed is not None), default=None)


def database(stack: Description) -> Server | Unanswered:
    """Return the database's server with the slot of the epoch."""
    import psycopg  # noqa: PLC0415 - slow to load

    try:
        with connected(stack) as connection:
            return server(connection, stack.names.current_slot)
    except (psycopg.Error, NoLoginError) as error:
        return Unanswered(f"the database does not answer: {one_line(str(error), 300)}")


def connected(stack: Description) -> psycopg.Connection[Any]:
    """Return a connection to the database with the audit's login, whose questions end within a limit and whose search path is empty.

    Raises:
        Error: Of psycopg, if the server does not answer or refuses.
        NoLoginError: If the login cannot be read.
    """
    import psycopg  # noqa: PLC0415 - slow to load

    login = {**stack.source().parameters, "options": f"-c statement_timeout={_DATABASE_S}s -c search_path=", "connect_timeout": _DATABASE_S}
    return psycopg.connect(**login, autocommit=True)


def heartbeat(connection: psycopg.Connection[Any], table: str) -> float | None:
    """Return the seconds since the last commit in the heartbeat table; None without a row, or if the role may not read it.

    Args:
        connection: Connection to the captured database.
        table: Qualified name of the heartbeat table.
    """
    import psycopg  # noqa: PLC0415 - slow to load
    from psycopg import sql  # noqa: PLC0415 - the same

    question = sql.SQL("SELECT extract(epoch FROM now() - max(ts)) FROM {}").format(sql.Identifier(*table.split(".")))
    try:
        row = connection.execute(question).fetchone()
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedTable):
        return None
    return None if row is None or row[0] is None else max(0.0, float(row[0]))


def server(connection: psycopg.Connection[Any], slot: str) -> Server:
    """Return the server behind a connection, whose role needs no right but to log in.

    Args:
        connection: Connection to any of its databases.
        slot: Name of the slot.
    """
    row = connection.execute(_QUESTION, [slot]).fetchone()
    assert row is not None  # noqa: S101 - the join keeps its one row
    system, end, exists, active, wal_status, invalidation, restart, safe, confirmed, inactive = row
    found = Slot(
        active=bool(active),
        wal_status=wal_status or "",
        invalidation=invalidation or "",
        restart=None if restart is None else int(restart),
        retained=None if restart is None else int(end - restart),
        safe=None if safe is None else int(safe),
        confirmed=None if confirmed is None else int(confirmed),
        inactive_s=None if inactive is None else max(0.0, float(inactive)),
    )
    return Server(system=str(system), end=int(end), slot=found if exists else None)
