"""Every critical alert that the sandbox can have is caused, is told by mail and webhook, and is over after the cure of its page.

With `ALERTS_FILE=FILE` the seconds go to a file, of which docs/monitoring.md shows the table. That an alert is over is told minutes
later; the last test of test_18_alerts_of_breaks.py waits for all of that. Each test may be run alone.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import connectors
from sandbox.equality import wait_until_equal
from sandbox.faults import network, services
from sandbox.faults.ground import CONNECT, Ground
from stack.settings.names import Names
from stack.settings.shop import TABLES
from tests.sandbox_e2e import alert_faults as made
from tests.sandbox_e2e import history, runbook, topics
from tests.sandbox_e2e.drill import Drill, Fault, check
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.reading.archive import Archive

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

FOREIGN = "foreign"
DEAD_LETTERS, USERS = Names.dead_letter_topic, "postgres.public.users"
SINK = Names.sink_connector
GIVEN = ("mail", "webhook")


@pytest.fixture(scope="session")
def full(drill: Drill, ground: Ground, outputs: dict[str, Any]) -> Iterator[tuple[Fault, Fault]]:
    """Fill two volumes, whose alerts wait for a quarter of an hour."""
    database, brokers = drill.fault("a table of 3.6 GiB is loaded"), drill.fault("a topic without a bound takes 2.4 GiB")
    servers = str(outputs["kafka"]["bootstrapServers"])
    with ExitStack() as ends:
        ends.callback(made.sql, ground, "DROP TABLE IF EXISTS filler", "postgres")
        made.fill_database(ground, 3_900_000_000)
        ends.callback(topics.remove, servers, FOREIGN)
        topics.fill(servers, FOREIGN, 2_600_000_000)
        yield database, brokers


def test_an_alertmanager_out_of_reach_a_receiver_without_its_url_and_a_stream_that_hangs(
    drill: Drill, ground: Ground, full: tuple[Fault, Fault]
) -> None:
    """The stream is cut late, so that its alert fires when alerts are told again."""
    assert len(full) == 2
    unreached = drill.fault("no packet from Prometheus to Alertmanager")
    with ExitStack() as faults:
        faults.enter_context(network.deaf(ground, made.ALERTMANAGER, "-s", ground.address(made.PROMETHEUS)))
        time.sleep(540)
        slot = history.names().current_slot
        pid = f"(SELECT active_pid FROM pg_replication_slots WHERE slot_name = '{slot}')"
        port = made.sql(ground, f"SELECT client_port FROM pg_stat_activity WHERE pid = {pid}")
        hangs = drill.fault("no change and no keepalive of the stream reaches the worker, whose answers reach the database")
        # receipts without content pass: without them neither end would hear of the other, and the database would end the stream
        with_content = ("-m", "length", "--length", "80:65535")
        faults.enter_context(network.deaf(ground, CONNECT, "-p", "tcp", "--dport", port, *with_content))
        until("AlertsDropped does not fire", lambda: drill.watch.fires("AlertsDropped"), 240)
        with made.secret_without(ground, "slack-url"):
            withdrawn = drill.fault("the URL of Slack taken out of the Secret")
            unreached.cure("restart of Alertmanager")
            runbook.follow("AlertsDropped", "rollout restart deploy/alertmanager")
            unreached.tells("AlertsDropped", within_s=300, ways=GIVEN)
            withdrawn.tells("NotificationsFail", within_s=240, ways=GIVEN)
        runbook.says("NotificationsFail", "Correct the Secret, then")
        withdrawn.cure("the Secret corrected, restart of Alertmanager")
        runbook.follow("NotificationsFail", "rollout restart deploy/alertmanager")
        hangs.tells("SourceSilent", within_s=300, ways=GIVEN)
        hangs.cure("the worker's pod deleted")
        runbook.follow("SourceSilent", "delete pod")
        ground.whole()
    hangs.ends("SourceSilent", within_s=240)
    check(unreached, withdrawn, hangs)


@pytest.mark.usefixtures("full")
def test_a_source_that_stands_still_a_sink_of_one_task_memory_that_runs_out_and_dead_letters(
    drill: Drill, ground: Ground, servers: str, mark: str, outputs: dict[str, Any], archive: Archive
) -> None:
    """One `make sandbox` brings back what was changed by hand; the backlog is read over a bad line, and is old by then."""
    with ExitStack() as faults:
        tasks = drill.fault("`tasks.max` of the sink set to 1 by hand")
        faults.enter_context(services.reconfigured(ground, SINK, "tasks.max", "1"))
        paused, written = drill.fault("the source paused by hand"), drill.fault("much log is written while the source is paused")
        source, client = history.names().source_connector, connectors.client(ground.outputs())
        client.pause(source)
        faults.callback(client.resume, source)
        made.write_users(ground, mark, 200_000)
        made.write_log(ground, 32)
        writer = faults.enter_context(made.beside(lambda: made.write_log(ground, 1), every_s=20))
        starved, letters = _starved(drill, ground), _letters(drill, servers)
        paused.tells("ConnectorNotRunning", within_s=420)
        tasks.tells("TasksMissing", within_s=120)
        written.tells("SlotWillBeLost", within_s=300)
        writer.set()
        old = drill.fault("a backlog of 8 minutes is read over a line that loses three of ten packets")
        line = faults.enter_context(ExitStack())
        line.enter_context(network.lossy("worker and database")(ground, made.CHANCE))
        for fault in (paused, tasks, written, letters[-1]):
            fault.cure("`make sandbox`")
        for alert in ("ConnectorNotRunning", "TasksMissing", "DeadLetterWriteFailed"):
            assert runbook.command(alert, "pulumi up --refresh")
        with runbook.beside("SlotWillBeLost", "pulumi up --refresh") as done:
            old.tells("SourceLagHigh", within_s=300)
            runbook.says("SourceLagHigh", "Watch the slot until the lag falls")
            old.cure("the line is good again, and the lag falls")
            line.close()
            # 1: the archive is on its way to the rows of the database
            assert done() in {0, 1}
    made.delete_users(ground, mark)
    ground.whole()
    old.ends("SourceLagHigh", within_s=240)
    _read_again(letters[1])
    # records that are neither rows nor, any longer, dead letters: each later audit would name them
    wait_until_equal(outputs, archive, TABLES, 300)
    topics.delete_read(servers, USERS)
    check(tasks, paused, written, old, starved, *letters)


def _starved(drill: Drill, ground: Ground) -> Fault:
    starved = drill.fault("a command in a container takes more than its limit")
    made.starve(ground, made.POSTGRES_EXPORTER, 200)
    starved.tells("OutOfMemoryKilled", within_s=150)
    runbook.says("OutOfMemoryKilled", "A command run by hand in the container: end it")
    starved.cure("none left to end")
    return starved


def _letters(drill: Drill, servers: str) -> tuple[Fault, Fault, Fault]:
    flood = drill.fault("120 records that nobody can decode")
    topics.poison(servers, USERS, 120)
    flood.tells("DeadLetterFlood", within_s=180)
    flood.cure("dropped, as they are no rows")
    runbook.follow("DeadLetterFlood", "dlq drop --all", "--yes")
    flood.ends("DeadLetterFlood")
    expired = drill.fault("an open letter is deleted, as by retention")
    topics.poison(servers, USERS, 1)
    until("no letter is open", lambda: drill.watch.value('pipeline_dead_letters{state="open"}') > 0, 90)
    topics.delete_read(servers, DEAD_LETTERS)
    expired.tells("DeadLettersExpired", within_s=150)
    refused = drill.fault("the topic of dead letters takes no record of 5 KB")
    topics.bound_records(servers, DEAD_LETTERS, 1000)
    topics.poison(servers, USERS, 1, size=5000)
    refused.tells("DeadLetterWriteFailed", within_s=150)
    return flood, expired, refused


def _read_again(expired: Fault) -> None:
    expired.cure("the table read again, the loss noted")
    runbook.follow("DeadLettersExpired", "backfill start")
    runbook.follow("DeadLettersExpired", "dlq drop --expired", "--yes")
    expired.ends("DeadLettersExpired")


def test_volumes_that_fill_up_are_told(ground: Ground, servers: str, full: tuple[Fault, Fault]) -> None:
    database, brokers = full
    database.tells("DatabaseDiskFills", within_s=1200)
    brokers.tells("KafkaDiskFills", within_s=300)
    runbook.says("DatabaseDiskFills", "delete or move what is not needed")
    database.cure("the table dropped")
    made.sql(ground, "DROP TABLE filler", "postgres")
    runbook.says("KafkaDiskFills", "Remove or bound the foreign topic")
    brokers.cure("the topic removed")
    topics.remove(servers, FOREIGN)
    database.ends("DatabaseDiskFills")
    brokers.ends("KafkaDiskFills")
    check(database, brokers)
