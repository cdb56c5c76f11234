"""Metrics of the exporter, each with its name, labels and meaning; pure.

What is not known has no sample: an absent series can be alerted on, and a zero that is none cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.status import figures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.status.figures import Sample
    from pipeline.status.view import View


@dataclass(frozen=True, slots=True)
class Metric:
    """A gauge.

    Attributes:
        name: Its name.
        labels: Names of its labels.
        meaning: Meaning, as Prometheus shows it.
        samples: Function from a look to its figures.
    """

    name: str
    labels: tuple[str, ...]
    meaning: str
    samples: Callable[[View], Iterator[Sample]]


_SLOT: Final = (
    Metric("pipeline_slot_exists", (), "1 if the replication slot of the epoch exists", figures.there),
    Metric("pipeline_slot_active", (), "1 if a connection reads the slot", figures.of_slot(lambda slot: slot.active)),
    Metric("pipeline_slot_lost", (), "1 if nothing can be read from the slot any more", figures.of_slot(lambda slot: slot.is_lost)),
    Metric("pipeline_slot_wal_status", ("status",), "1 for the server's word: reserved, extended, unreserved or lost", figures.wal_status),
    Metric("pipeline_slot_retained_bytes", (), "log that the server keeps for the slot", figures.of_slot(lambda slot: slot.retained)),
    Metric("pipeline_slot_safe_bytes", (), "log that can be written until the slot is in danger", figures.of_slot(lambda slot: slot.safe)),
    Metric(
        "pipeline_slot_inactive_seconds",
        (),
        "time without a reader of the slot (PostgreSQL 17)",
        figures.of_slot(lambda slot: slot.inactive_s),
    ),
    Metric(
        "pipeline_slot_seconds_until_lost",
        (),
        "at the rate of the last two looks; absent while nothing shrinks",
        lambda view: figures.one(view.left_s),
    ),
)
_SOURCE: Final = (
    Metric("pipeline_database_wal_position_bytes", (), "end of the database's log", figures.of_database(lambda one: one.server.end)),
    Metric(
        "pipeline_database_heartbeat_age_seconds",
        (),
        "since the last commit of a heartbeat",
        figures.of_database(lambda one: one.heartbeat_s),
    ),
    Metric(
        "pipeline_source_position_bytes",
        (),
        "place in the log that the source has stored",
        figures.of_source(lambda _, one: one.source.position),
    ),
    Metric(
        "pipeline_source_snapshot",
        (),
        "1 while the source reads the first snapshot, and its position stands still",
        figures.of_source(lambda _, one: one.source.snapshot),
    ),
    Metric(
        "pipeline_source_read_age_seconds",
        (),
        "since the last commit that the source has read, heartbeats included",
        figures.of_source(figures.read),
    ),
)
_CONNECT: Final = (
    Metric(
        "pipeline_connector_state",
        ("connector", "state"),
        "1 for the state of the connector itself; ABSENT without one",
        lambda view: iter([((one.name, one.state or "ABSENT"), 1.0) for one in figures.connectors(view)]),
    ),
    Metric("pipeline_connector_tasks", ("connector", "state"), "tasks in each state", figures.tasks),
    Metric(
        "pipeline_connector_tasks_expected",
        ("connector",),
        "tasks that the stack declares",
        lambda view: iter([((one.name,), float(one.expected)) for one in figures.connectors(view)]),
    ),
)
_KAFKA: Final = (
    Metric("pipeline_kafka_brokers", (), "brokers that the cluster knows", figures.of_brokers(lambda one: one.there)),
    Metric("pipeline_kafka_brokers_expected", (), "brokers that the stack declares", figures.of_brokers(lambda one: one.expected)),
    Metric(
        "pipeline_kafka_under_replicated_partitions",
        (),
        "partitions of the pipeline with a copy that is not in sync",
        figures.of_brokers(lambda one: len(one.under_replicated)),
    ),
    Metric(
        "pipeline_kafka_leaderless_partitions",
        (),
        "partitions of the pipeline without leader",
        figures.of_brokers(lambda one: len(one.leaderless)),
    ),
    Metric("pipeline_kafka_end_offset", ("topic", "partition"), "offset behind the last committed record", figures.ends),
    Metric(
        "kafka_consumer_lag",
        ("topic", "partition"),
        "offsets behind the sink's committed position; 0 if no record is among them",
        figures.records,
    ),
    Metric("kafka_consumer_lag_seconds", ("topic",), "age of the first record behind that position; 0 if there is none", figures.seconds),
    Metric(
        "pipeline_kafka_unread_deleted",
        ("topic", "partition"),
        "offsets that retention has deleted before the sink had read them; 1 is the mark of a transaction",
        figures.deleted,
    ),
)
_ARCHIVE: Final = (
    Metric(
        "pipeline_archive_oldest_waiting_seconds",
        ("table",),
        "age of the oldest change that is in Kafka, and neither in the archive nor a dead letter; 0 for an idle table",
        figures.waiting,
    ),
    Metric(
        "pipeline_archive_last_commit_timestamp_seconds",
        ("table",),
        "time of the last commit",
        figures.of_table(lambda table: table.committed),
    ),
    Metric("pipeline_archive_rows", ("table",), "rows of the current snapshot", figures.of_table(lambda table: table.rows)),
    Metric("pipeline_archive_files", ("table",), "data files of the current snapshot", figures.of_table(lambda table: table.files)),
    Metric("pipeline_dead_letters", ("state",), "records that the sink has set aside: open, replayed, dropped", figures.letters),
    Metric("pipeline_dead_letters_expired", (), "most dead letters that retention has deleted while they were open", figures.expired),
    Metric(
        "pipeline_dead_letters_oldest_timestamp_seconds",
        (),
        "time of the oldest open dead letter's record, from which retention counts; absent without one",
        figures.oldest,
    ),
)
_REST: Final = (
    Metric(
        "schema_registry_subject_versions",
        ("subject",),
        "versions of a subject in the registry",
        lambda view: figures.named(view.snapshot.subjects),
    ),
    Metric(
        "pipeline_certificate_not_after_timestamp_seconds",
        ("certificate",),
        "end of the database's certificate and of its authority",
        lambda view: figures.named(view.snapshot.certificates),
    ),
    Metric("pipeline_epoch", (), "epoch of the stack file", lambda view: figures.one(view.snapshot.epoch)),
    Metric("pipeline_history_broken", (), "1 if the history has a break; absent while it cannot be decided", figures.history),
    Metric(
        "pipeline_disagreements",
        ("table", "between"),
        "differences between the table's model and: database, publication, replica identity, registry or archive; 0 where both agree",
        figures.disagreements,
    ),
    Metric("pipeline_backfill_tables", (), "tables that are read again, or wait to be", figures.backfill),
)
_LOOK: Final = (
    Metric(
        "pipeline_up",
        ("part",),
        "1 if the part has answered",
        lambda view: iter([((part,), float(answered)) for part, answered in view.snapshot.parts.items()]),
    ),
    Metric(
        "pipeline_status",
        (),
        "exit code of the command status: 0 healthy, 1 late or in doubt, 2 lost or stopped, 3 silent",
        lambda view: figures.one(view.level),
    ),
    Metric(
        "pipeline_look_timestamp_seconds", (), "time of the look that the figures come from", lambda view: figures.one(view.snapshot.taken)
    ),
)

METRICS: Final = (*_LOOK, *_SLOT, *_SOURCE, *_CONNECT, *_KAFKA, *_ARCHIVE, *_REST)
