"""Look at every part of a running stack, all at once; looks that follow each other read only what is new."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

import psycopg

from pipeline.audit.registry import Registry
from pipeline.backfill.running import Backfills
from pipeline.description.stack import UnansweredError as NoLoginError
from pipeline.dlq.topic import DeadLetterTopic
from pipeline.epoch import looking as history
from pipeline.epoch.diagnosis import diagnosis
from pipeline.epoch.facts import Facts, TableState, Unanswered
from pipeline.existing_database import catalogue
from pipeline.reading.metadata import Metadata
from pipeline.status import backlog, brokers, certificates
from pipeline.status.archive import Tables
from pipeline.status.facts import Archived, Brokers, Connector, Database, DeadLetters, Snapshot, Waiting, Worker
from pipeline.status.together import Questions
from pipeline.status.watch import compared
from pipeline.status.watched import Capture, Subject
from providers.readable import one_line
from stack.configs.secrecy import told

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline.description.stack import Description
    from pipeline.dlq.ledger import Ledger
    from pipeline.epoch.diagnosis import Verdict
    from pipeline.epoch.facts import Source
    from providers.kafkaconnect.status import Status
    from stack.settings.tables import Table

PART_S: Final = 30.0
"""Time limit of a part; a look has two rounds of them."""
_ANSWER_S: Final = 15.0
_READ_S: Final = 10.0
_SOURCE_TASKS: Final = 1
_WORD: Final = 200


class Looks:
    """Looks at one stack.

    Args:
        stack: A stack that is up.
    """

    def __init__(self, stack: Description) -> None:
        """Ask nothing yet."""
        self._stack = stack
        self._questions = Questions(PART_S)
        self._letters: Ledger | None = None
        self._tables: Tables | None = None
        self._loading = threading.Lock()

    def look(self) -> Snapshot:
        """Return the facts of this moment; a part that does not answer is in them."""
        stack, taken = self._stack, time.time()
        catalog = stack.format == "iceberg"
        tables = {f"archived table {table.qualified}": self._asking(table) for table in stack.tables} if catalog else {}
        found = self._questions.ask(
            {
                "Kafka Connect": lambda: worker(stack),
                "Kafka": lambda: brokers.look(stack),
                "dead letters": self._dead_letters,
                "schema registry": lambda: Registry(stack.registry_url, stack.registry()).subjects(),
                "schemas of the tables": lambda: subjects(stack),
                "certificates": lambda: certificates.look(stack),
                "backfill": lambda: Backfills.of(stack).progress(),
                **tables,
            }
        )
        archive = {table.qualified: found[f"archived table {table.qualified}"] for table in stack.tables} if catalog else {}
        # ends after the positions that they are compared with: both grow, and an end from before would look like a break of the history
        later = self._questions.ask(
            {
                "database": lambda: database(stack),
                "control topics": lambda: history.control(stack),
                "backlog": lambda: self._lags(found["Kafka"]),
                **({"changes on their way": lambda: self._waiting(found, archive)} if catalog else {}),
            }
        )
        waiting = later.get("changes on their way", later["backlog"])
        return Snapshot(
            stack=stack.name,
            epoch=stack.names.epoch,
            taken=taken,
            topics=brokers.change_topics(stack),
            worker=found["Kafka Connect"],
            database=later["database"],
            brokers=found["Kafka"],
            lags=later["backlog"],
            archive=archive,
            waiting=waiting_of(stack, waiting),
            dead_letters=found["dead letters"],
            subjects=found["schema registry"],
            certificates=found["certificates"],
            history=_history(stack, {**found, **later}, archive),
            backfill=found["backfill"],
            compared=compared(stack, _capture(later["database"]), found["schemas of the tables"], archive, found["Kafka"]),
        )

    def _asking(self, table: Table) -> Callable[[], Archived]:
        return lambda: self._loaded().look(table)

    def _loaded(self) -> Tables:
        # every table is asked in a thread of its own
        with self._loading:
            if self._tables is None:
                self._tables = Tables(self._stack, Metadata(self._stack.outputs))
            return self._tables

    def _dead_letters(self) -> DeadLetters:
        topic = DeadLetterTopic(self._stack.kafka(), self._stack.names.dead_letter_topic)
        self._letters = topic.outline(self._letters)
        return dead_letters(self._letters)

    def _lags(self, kafka: Brokers | Unanswered) -> Any:  # noqa: ANN401 - lags by partition, or a reason
        if isinstance(kafka, Unanswered):
            return kafka
        return backlog.lags(self._stack.kafka(), kafka, set(brokers.change_topics(self._stack)), _READ_S)

    def _waiting(self, found: Mapping[str, Any], archive: Mapping[str, Any]) -> Any:  # noqa: ANN401 - facts by table, or a reason
        kafka, letters = found["Kafka"], found["dead letters"]
        for part in (kafka, letters):
            if isinstance(part, Unanswered):
                return part
        read = {name: one for name, one in archive.items() if isinstance(one, Archived)}
        topics = brokers.change_topics(self._stack)
        return {**archive, **backlog.waiting(self._stack.kafka(), kafka, topics, read, letters.places, _READ_S)}


def waiting_of(stack: Description, found: Any) -> dict[str, Waiting | Unanswered]:  # noqa: ANN401 - three kinds of answers
    """Return the oldest change of each table that is not archived.

    Args:
        stack: The stack.
        found: The same by table, or the backlog of the sink by partition, which is right where it commits a position behind its files
            only; or the reason why it is not known.
    """
    if isinstance(found, Unanswered):
        return {table.qualified: found for table in stack.tables}
    if stack.format != "iceberg":
        topics = brokers.change_topics(stack)
        since = [(topics[place[0]], lag.since) for place, lag in found.items() if lag.since is not None]
        oldest = {name: min((time for table, time in since if table == name), default=None) for name in topics.values()}
        return {name: Waiting(since=one) for name, one in oldest.items()}
    return dict(found)


def worker(stack: Description) -> Worker:
    """Return what the worker says of source and sink.

    Raises:
        NotNowError: If it does not answer now.
        ProviderError: If it refuses.
    """
    client, names = history.worker(stack), stack.names
    statuses = client.statuses(seconds=_ANSWER_S)
    stored = client.positions(names.source_connector, seconds=_ANSWER_S)
    expected = {names.source_connector: _SOURCE_TASKS, **{one.connector: stack.tasks for one in stack.sinks}}
    return Worker(
        connectors=tuple(connector(name, statuses.get(name), number) for name, number in expected.items()),
        source=history.source_of(statuses.get(names.source_connector), stored),
    )


def connector(name: str, status: Status | None, expected: int) -> Connector:
    """Return a connector by its status.

    Args:
        name: Name of the connector.
        status: What the worker says; None without such a connector.
        expected: Number of tasks that the stack declares.
    """
    if status is None:
        return Connector(name=name, state=None, expected=expected)
    reason = next((one_line(told(part.trace.strip().splitlines()[0]), _WORD) for part in status.failed if part.trace.strip()), "")
    tasks = tuple(task.state for task in status.tasks)
    return Connector(name=name, state=status.connector.state, tasks=tasks, expected=expected, reason=reason)


def database(stack: Description) -> Database | Unanswered:
    """Return the database's server, and the age of its last heartbeat."""
    try:
        with history.connected(stack) as connection:
            server = history.server(connection, stack.names.current_slot)
            heartbeat_s = history.heartbeat(connection, stack.names.heartbeat_table)
            return Database(server=server, heartbeat_s=heartbeat_s, capture=capture(connection, stack))
    except (psycopg.Error, NoLoginError) as error:
        return Unanswered(f"the database does not answer: {one_line(str(error), _WORD)}")


def capture(connection: psycopg.Connection[Any], stack: Description) -> Capture:
    """Return what the database captures: publication and tables, by the catalogue alone."""
    publication, tables = catalogue.captured(connection, stack.names.publication, [table.in_database for table in stack.tables])
    return Capture(publication=publication, tables=tables)


def subjects(stack: Description) -> dict[str, Subject | None]:
    """Return the newest schema and the level of each table's two subjects. Raises UnansweredError if the registry does not answer."""
    registry = Registry(stack.registry_url, stack.registry())
    names = [f"{topic}-{part}" for topic in brokers.change_topics(stack) for part in ("key", "value")]
    found = {name: registry.latest(name) for name in names}
    return {name: None if latest is None else Subject(*latest) for name, latest in found.items()}


def dead_letters(ledger: Ledger) -> DeadLetters:
    """Return the numbers of dead letters, their places, and the age of the oldest open one."""
    origins = (one.origin for one in ledger.letters if one.origin)
    places = frozenset((origin.topic, origin.partition, origin.offset) for origin in origins)
    # a record without a time is kept for longer than any with one
    oldest = min((one.record.timestamp_ms / 1000 for one in ledger.open if one.record.timestamp_ms > 0), default=None)
    return DeadLetters(counts=ledger.counts, expired=ledger.expired, places=places, oldest=oldest)


def _capture(database: Database | Unanswered) -> Capture | Unanswered:
    return database.capture if isinstance(database, Database) else database


def _history(stack: Description, found: Mapping[str, Any], archive: Mapping[str, Any]) -> Verdict:
    """Return the judgement of the history, which 'epoch show' gives of the same facts."""
    source: Source | Unanswered = found["Kafka Connect"].source if isinstance(found["Kafka Connect"], Worker) else found["Kafka Connect"]
    server = found["database"].server if isinstance(found["database"], Database) else found["database"]
    silent = next((one for one in archive.values() if isinstance(one, Unanswered)), None)
    states = tuple(
        TableState(name=name, epoch=one.epoch, position=one.position, changed=one.changed, control=one.control, topic=one.topic)
        for name, one in archive.items()
        if isinstance(one, Archived)
    )
    facts = Facts(source=source, control=found["control topics"], tables=silent or states, server=server)
    return diagnosis(stack.names, stack.seams, facts)
