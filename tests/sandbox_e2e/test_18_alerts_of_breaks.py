"""Critical alerts of a broken history, each in a test of its own; then the end of every alert that these files have caused is told."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import connectors
from sandbox.faults import services
from tests.sandbox_e2e import alert_faults as made
from tests.sandbox_e2e import history, runbook
from tests.sandbox_e2e.drill import Drill, check
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.faults.ground import Ground
    from sandbox.kubernetes import Kube

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

# the query of a snapshot waits for a lock that a test holds
END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'debezium' AND wait_event_type = 'Lock'"


@pytest.fixture(scope="module", autouse=True)
def first_epoch_again(kube: Kube, command: Callable[..., Any]) -> Iterator[None]:
    """After the tests the pipeline is in its first epoch again."""
    with history.first_epoch_again(kube, command):
        yield


def test_a_lost_slot_is_told_and_over_in_the_next_epoch(
    drill: Drill, ground: Ground, outputs: dict[str, Any], owner_sql: Callable[[str], str]
) -> None:
    ground.whole()
    slot = history.names().current_slot
    source = history.stop_source(outputs, owner_sql, slot)
    lost = drill.fault("more log than the slot holds back is written while the source is stopped")
    history.lose(owner_sql, slot)
    connectors.client(outputs).resume(source)
    lost.tells("SlotLost", "HistoryBroken", within_s=300)
    lost.cure("`epoch begin`")
    runbook.follow("SlotLost", "epoch begin", "--yes")
    lost.ends("SlotLost", "HistoryBroken", within_s=300)
    runbook.follow("HistoryBroken", "audit")
    check(lost)


def test_a_missing_slot_is_told_as_the_break_that_it_is_and_a_snapshot_that_ends_early_and_a_source_that_waits(
    drill: Drill, ground: Ground, outputs: dict[str, Any], owner_sql: Callable[[str], str]
) -> None:
    """A source that waits before it streams has no connection for that; it does so behind a snapshot only."""
    ground.whole()
    slot = history.names().current_slot
    source = history.stop_source(outputs, owner_sql, slot)
    missing = drill.fault("the slot dropped by hand")
    owner_sql(f"SELECT pg_drop_replication_slot('{slot}')")
    connectors.client(outputs).resume(source)
    missing.explains("HistoryBroken", "SlotMissing", within_s=480)
    with ExitStack() as ends:
        unlock = ends.enter_context(history.locked(outputs, "order_items"))
        done = ends.enter_context(runbook.beside("SlotMissing", "epoch begin", "--yes"))
        missing.cure("`epoch begin`")
        aborted = drill.fault("the database ends the connection of a snapshot")
        with made.beside(lambda: made.sql(ground, END), every_s=2):
            # Debezium shows it for a second, until the task is restarted, and Prometheus looks every 15
            until("no snapshot was aborted", lambda: drill.watch.fires("SnapshotAborted"), 900)
        waits = drill.fault("`streaming.delay.ms` set to a quarter of an hour by hand")
        ends.enter_context(services.reconfigured(ground, history.names().source_connector, "streaming.delay.ms", "900000"))
        unlock()
        aborted.tells("SnapshotAborted", within_s=60)
        runbook.says("SnapshotAborted", "The task is restarted and begins the snapshot again; watch it to its end.")
        aborted.cure("the task is restarted")
        waits.tells("SourceDisconnected", within_s=420)
        # whether it has waited for the first changes or not, the configuration is put back next
        done()
        waits.cure("`make sandbox`")
        runbook.follow("SourceDisconnected", "pulumi up --refresh")
    ground.whole()
    waits.ends("SnapshotAborted", "SlotMissing", "HistoryBroken", "SourceDisconnected", within_s=300)
    runbook.follow("HistoryBroken", "audit")
    check(missing, aborted, waits)


def test_the_end_of_every_alert_is_told(drill: Drill) -> None:
    """Those about what happened within a quarter of an hour last as long, and Alertmanager looks at each every five minutes."""
    assert drill.unended(1320) == []
