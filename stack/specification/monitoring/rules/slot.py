"""Alerts about the replication slot and the database. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.capacity.quantity import MIB
from stack.specification.monitoring.rules.rule import Rule, command, duration
from stack.specification.monitoring.rules.thresholds import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="database")
_HALF: Final = 0.5
# A slot that is read moves in steps, and shrinks between two of them
_QUARTER: Final = 0.25
_SHOW: Final = command("epoch show")
# Log that an existing server keeps for a slot, where it has no bound of its own
_MUCH_MIB: Final = 5 * 1024


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    yield from _endangered(limits)
    yield from _unread(limits)


def _endangered(limits: Thresholds) -> Iterator[Rule]:
    yield _Rule(
        alert="SlotHalfUsed",
        severity="warning",
        expression=f"pipeline:slot_used:ratio > {_HALF}",
        wait_s=5 * MINUTE,
        meaning="More than half of the log that the server may keep for the replication slot is used",
        summary="{{ $value | humanizePercentage }} of the log that the server may keep for the replication slot is used",
        next=_SHOW,
    )
    if not limits.settings.source.is_managed:
        yield _Rule(
            alert="SlotWithoutBound",
            severity="warning",
            expression=f"pipeline_slot_retained_bytes > {_MUCH_MIB * MIB} unless on () pipeline_slot_safe_bytes",
            wait_s=5 * MINUTE,
            meaning="The server keeps more than 5 GiB for the replication slot, and has no bound for it",
            summary="The server keeps {{ $value | humanize1024 }}B for the replication slot, and max_slot_wal_keep_size does not bound it",
            next=_SHOW,
        )
    yield _Rule(
        alert="SlotWillBeLost",
        severity="critical",
        expression=f"(predict_linear(pipeline_slot_safe_bytes[15m], {HOUR}) < 0 and on () pipeline:slot_used:ratio > {_QUARTER})"
        ' or on () (pipeline_slot_wal_status{status="unreserved"} == 1)',
        wait_s=5 * MINUTE,
        meaning="The replication slot is lost within the hour at the present rate",
        summary='The replication slot is lost within the hour: {{ with query "pipeline_slot_safe_bytes" }}'
        "{{ . | first | value | humanize1024 }}B are left{{ else }}nothing is left{{ end }}",
        next=_SHOW,
    )
    yield _Rule(
        alert="SlotLost",
        severity="critical",
        expression="pipeline_slot_lost == 1",
        meaning="The replication slot is lost: changes since its position will never be read",
        summary="The replication slot is lost; the changes behind its position are in the database, and not in the archive",
        next=command("epoch begin"),
    )
    yield _Rule(
        alert="SlotMissing",
        severity="critical",
        expression="pipeline_slot_exists == 0",
        wait_s=5 * MINUTE,
        meaning="The replication slot does not exist",
        summary="The replication slot has not existed for 5 minutes: a new one would begin behind changes that nobody has read",
        next=_SHOW,
    )


def _unread(limits: Thresholds) -> Iterator[Rule]:
    span = duration(limits.still_s)
    yield _Rule(
        alert="SlotInactive",
        severity="warning",
        expression="pipeline_slot_active == 0 unless on () pipeline_slot_lost == 1",
        wait_s=5 * MINUTE,
        meaning="No connection reads the replication slot, and the server keeps its log for it",
        summary="Nobody has read the replication slot for 5 minutes"
        '{{ with query "pipeline_slot_retained_bytes" }}, and {{ . | first | value | humanize1024 }}B of log are kept for it{{ end }}',
        next=command("status"),
    )
    yield _Rule(
        alert="SlotNotMoving",
        severity="warning",
        expression=f"delta(pipeline_source_position_bytes[{span}]) == 0 and on () delta(pipeline_database_wal_position_bytes[{span}]) > 0"
        " and on () pipeline_slot_active == 1 unless on () pipeline_source_snapshot == 1",
        wait_s=5 * MINUTE,
        meaning="The replication slot is read, but its position stands still while the database writes",
        summary=f"The source has stored no new position for {span}, while the database wrote"
        f' {{{{ with query "delta(pipeline_database_wal_position_bytes[{span}])" }}}}'
        "{{ . | first | value | humanize1024 }}B of log{{ end }}",
        next=_SHOW,
    )
    if limits.settings.watches_database:
        yield from _sessions(limits)
    if limits.settings.source.is_managed:
        yield from _server(limits)


def _sessions(limits: Thresholds) -> Iterator[Rule]:
    yield _Rule(
        alert="LongTransaction",
        severity="warning",
        # the source's own snapshot is one transaction, however long it takes
        expression="max by (datname) (pg_stat_activity_max_tx_duration"
        f'{{backend_type="client backend",usename!="{limits.settings.names.debezium_role}"}}) > 600',
        wait_s=MINUTE,
        meaning="A transaction is open for more than 10 minutes: it holds back the log, and the creation of a slot waits for it",
        summary="A transaction in {{ $labels.datname }} has been open for {{ $value | humanizeDuration }}",
        next="pg_stat_activity of the database, ordered by xact_start",
    )
    yield _Rule(
        alert="PostgresDown",
        severity="critical",
        expression="pg_up == 0",
        wait_s=2 * MINUTE,
        meaning="The exporter cannot log in to PostgreSQL",
        summary="PostgreSQL has not let its exporter in for 2 minutes",
        next=command("status"),
    )


def _server(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules about a server that serves the pipeline alone."""
    slot = limits.settings.names.current_slot
    yield _Rule(
        alert="ForeignSlot",
        severity="warning",
        expression=f'pg_replication_slot_slot_is_active{{slot_name!="{slot}"}}',
        wait_s=HOUR,
        meaning="The database has a replication slot that is not the pipeline's",
        summary="The slot {{ $labels.slot_name }} has existed for an hour beside the pipeline's; without a reader it fills the volume",
        next=_SHOW,
    )
    yield _Rule(
        alert="ConnectionsNearLimit",
        severity="warning",
        expression=f'sum(pg_stat_activity_count{{backend_type="client backend"}}) > {0.8 * limits.connections:g}',
        wait_s=10 * MINUTE,
        meaning="More than four of five connections of the database are taken",
        summary=f'{{{{ $value | printf "%.0f" }}}} of {limits.connections} connections of the database are taken',
        next="pg_stat_activity of the database, by application_name",
    )
    yield _Rule(
        alert="DatabaseDiskFills",
        severity="critical",
        expression=f"pipeline:database_disk:bytes > {0.7 * limits.database_bytes:.0f}"
        f" and predict_linear(pipeline:database_disk:bytes[1h], {4 * HOUR}) > {limits.database_bytes}",
        wait_s=15 * MINUTE,
        meaning="The volume of the database is full within four hours at the present rate",
        summary="Tables and log of the database take {{ $value | humanize1024 }}B of"
        f" {limits.settings.source.storage_mib} MiB, and are growing to the end of the volume within 4 hours",
        next=_SHOW,
    )
