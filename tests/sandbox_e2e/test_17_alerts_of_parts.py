"""Critical alerts of a part that fails, each caused, told, cured by its page and over; as test_17_alerts.py, whose words these are."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from providers.kafkaconnect.errors import NotNowError
from providers.operations import ProviderError
from sandbox import connectors
from sandbox.faults import network, services
from sandbox.faults.ground import BROKERS, NAMESPACE, Ground
from stack.capacity.quantity import MIB
from stack.settings.names import EXPORTER_PORT, KAFKA_INTERNAL_PORT
from tests.sandbox_e2e import alert_faults as made
from tests.sandbox_e2e import history, runbook, topics
from tests.sandbox_e2e.drill import Drill, check
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

ELECTED, ORDERS = "elected-by-hand", "postgres.public.orders"
# 8 KB of letters and digits, in one row
CHANGE = (
    "UPDATE orders SET shipping_address = (SELECT string_agg(md5(random()::text || i || part), '') FROM generate_series(1, 256) AS part)"
    " WHERE id = (SELECT max(id) FROM orders)"
)


@pytest.fixture(autouse=True)
def _whole(ground: Ground) -> Iterator[None]:
    ground.whole()
    yield
    services.open_catalog(ground)
    services.restore_connectors(ground)


def test_copies_out_of_sync_and_a_certificate_that_ends(drill: Drill, ground: Ground, mark: str) -> None:
    """One after the other: a task that fails for want of copies would not get in by the other certificate, and the cure would fail."""
    with ExitStack() as faults:
        behind = drill.fault("no packet from two brokers reaches the third")
        _cut_off(faults, ground)
        made.write_users(ground, mark, 60)
        behind.tells("UnderMinIsr", within_s=300)
        runbook.says("UnderMinIsr", "Bring one back")
        behind.cure("the line is good again")
    behind.ends("UnderMinIsr")
    ground.whole()
    with made.short_lived_certificate(ground, 2):
        ends_soon = drill.fault("the database shows a certificate of 2 days")
        made.sql(ground, "SELECT pg_reload_conf()")
        ends_soon.tells("CertificateExpiresSoon", within_s=180)
        ends_soon.cure("`make sandbox`, `pg_reload_conf()`")
        runbook.follow("CertificateExpiresSoon", "pulumi up --refresh")
    made.wait_for_certificate(ground)
    made.sql(ground, runbook.command("CertificateExpiresSoon", "SELECT"))
    ends_soon.ends("CertificateExpiresSoon")
    check(behind, ends_soon)


def _cut_off(faults: ExitStack, ground: Ground) -> None:
    """Let the third broker's copies be read by no other; its votes and the clients' connections go on."""
    for broker in BROKERS[:2]:
        which = ("-s", ground.address(broker), "-p", "tcp", "--dport", str(KAFKA_INTERNAL_PORT))
        faults.enter_context(network.deaf(ground, BROKERS[2], *which))


def test_a_catalog_that_hangs_and_then_refuses_and_a_source_that_was_configured_by_hand(drill: Drill, ground: Ground, mark: str) -> None:
    """A failed task explains a late archive and mutes its alert, so the catalog only hangs until that alert is told."""
    source = history.names().source_connector
    with ExitStack() as faults:
        hangs = drill.fault("a session holds a lock on the tables of the catalog")
        lock = faults.enter_context(ExitStack())
        lock.enter_context(made.held(ground, "LOCK TABLE iceberg_tables IN ACCESS EXCLUSIVE MODE"))
        made.write_users(ground, mark)
        with services.reconfigured(ground, source, "errors.tolerance", "all"):
            until("the source does not run", lambda: _runs(ground, source), 60)
            skipped = drill.fault("`errors.tolerance: all` set by hand, and a column that changes its type")
            made.sql(ground, "ALTER TABLE order_items ALTER COLUMN quantity TYPE bigint")
            made.sql(ground, "UPDATE order_items SET quantity = quantity + 1 WHERE id = (SELECT min(id) FROM order_items)")
            skipped.tells("RecordsSkipped", within_s=180)
            made.sql(ground, "ALTER TABLE order_items ALTER COLUMN quantity TYPE integer")
        hangs.tells("PartSilent", "ArchiveLagHigh", within_s=600)
        hangs.cure("the session ended, later `make sandbox`")
        lock.close()
        refused = drill.fault("the catalog refuses every connection")
        faults.enter_context(services.catalog_away(ground, made.CHANCE))
        made.write_users(ground, f"{mark}-again")
        refused.tells("TaskFailed", within_s=600)
        services.open_catalog(ground)
        assert runbook.command("RecordsSkipped", "pulumi up --refresh")
        skipped.cure("`make sandbox`, the table read again")
        refused.cure("the catalog opened, `make sandbox`")
        runbook.follow("TaskFailed", "make sandbox")
    ground.whole()
    runbook.follow("RecordsSkipped", "backfill start", table="public.order_items")
    refused.ends("PartSilent", "ArchiveLagHigh", "TaskFailed")
    check(hangs, refused, skipped)


def _runs(ground: Ground, connector: str) -> bool:
    try:
        return connectors.statuses(ground.outputs())[connector].running
    except (NotNowError, ProviderError):
        return False


def test_a_commit_that_waits_and_a_topic_that_overflows(drill: Drill, ground: Ground, mark: str) -> None:
    """Of one table something else commits, so that only the age of what waits shows that its changes do not arrive.

    No task fails meanwhile: that alone would be told.
    """
    with ExitStack() as faults:
        refused = drill.fault("a session holds the lock of one table in the catalog, for which the sink's commit waits")
        faults.enter_context(made.held(ground, "SELECT 1 FROM iceberg_tables WHERE table_name = 'users' FOR UPDATE"))
        made.write_users(ground, mark)
        until("no commit waits for the lock", lambda: made.waits_for_lock(ground), 120)
        passed = drill.fault("the same, while something else commits to the table")
        made.sql(ground, "UPDATE products SET stock_quantity = stock_quantity + 1 WHERE id = (SELECT min(id) FROM products)")
        # the first one by itself: what the thread raises is not seen
        _commit(ground.outputs(), "products")
        faults.enter_context(made.beside(lambda: _commit(ground.outputs(), "products"), every_s=45))
        full = drill.fault("45 MiB of changes of one row, while the sink is late")
        _overwrite(drill, ground, 45)
        refused.tells("ArchiveStalled", within_s=600)
        full.tells("RetentionBeatsSink", within_s=240)
        deleted = drill.fault("more changes of the row than its topic keeps")
        until("retention deletes nothing", lambda: _deleted(drill, ground), 300)
        deleted.tells("UnreadDeleted", within_s=240)
        passed.tells("TableStale", within_s=600)
    runbook.says("RetentionBeatsSink", "then get the sink going")
    runbook.says("UnreadDeleted", "get the sink to read")
    for fault in (refused, passed, full, deleted):
        fault.cure("the worker's pod deleted" if fault is not deleted else "the worker's pod deleted, the table read again")
    runbook.follow("ArchiveStalled", "delete pod")
    assert runbook.command("TableStale", "delete pod")
    ground.whole()
    runbook.follow("UnreadDeleted", "backfill start")
    refused.ends("ArchiveStalled", "TableStale", "RetentionBeatsSink", "UnreadDeleted", within_s=300)
    check(refused, passed, full, deleted)


def _deleted(drill: Drill, ground: Ground) -> bool:
    """Change the row some hundred times, and tell whether retention has deleted what was not read."""
    made.sql(ground, f"DO $$ BEGIN FOR i IN 1..600 LOOP {CHANGE}; END LOOP; END $$")
    return drill.watch.fires("UnreadDeleted")


def _commit(outputs: dict[str, Any], table: str) -> None:
    """Commit no row to an archived table, as maintenance does."""
    loaded = made.archived(outputs, table)
    loaded.append(pa.Table.from_pylist([], schema=loaded.schema().as_arrow()))


def _overwrite(drill: Drill, ground: Ground, mib: int) -> None:
    """Change one row until its partition has this much, or as often as would fill it thrice."""
    for _ in range(30):
        if drill.watch.value(f'max(kafka_log_log_size{{topic="{ORDERS}"}})') >= mib * MIB:
            return
        made.sql(ground, f"DO $$ BEGIN FOR i IN 1..600 LOOP {CHANGE}; END LOOP; END $$")
        # one scrape later the size is known
        time.sleep(8)


def test_brokers_that_are_scaled_away_an_unclean_election_and_a_look_that_hangs(drill: Drill, ground: Ground, servers: str) -> None:
    topics.spread(servers, ELECTED)
    with ExitStack() as faults:
        faults.callback(topics.remove, servers, ELECTED)
        unseen = drill.fault("the thread of the exporter that looks hangs")
        faults.enter_context(made.hung(ground.processes(made.EXPORTER)[0]))
        _cut_off(faults, ground)
        topics.write_each(servers, ELECTED)
        until("the third broker is not alone", lambda: topics.led_alone(servers, ELECTED, 2), 120)
        led = topics.led_alone(servers, ELECTED, 2)
        offline = drill.fault("the broker with the only copy in sync is scaled away")
        _brokers(ground, 2)
        offline.tells("OfflinePartitions", within_s=420)
        elected = drill.fault("an unclean election by hand, in a topic made for it")
        topics.elect_unclean(servers, ELECTED, led)
        elected.tells("UncleanElection", within_s=180)
        alone = drill.fault("two of three brokers are scaled away")
        _brokers(ground, 1)
        alone.tells("NoController", within_s=420)
        unseen.tells("PipelineUnseen", within_s=240)
        unseen.cure("restart of the exporter")
        runbook.follow("PipelineUnseen", "rollout restart deploy/exporter")
        runbook.says("NoController", "Bring a second broker back")
        assert runbook.command("UncleanElection", "pulumi up --refresh")
        for fault in (offline, elected, alone):
            fault.cure("`make sandbox`")
        runbook.follow("OfflinePartitions", "pulumi up --refresh")
        ground.whole()
    alone.ends("OfflinePartitions", "NoController", "PipelineUnseen", within_s=240)
    check(unseen, offline, elected, alone)


def _brokers(ground: Ground, number: int) -> None:
    ground.kubectl("scale", "--namespace", NAMESPACE, "statefulset/kafka", f"--replicas={number}")


def test_a_database_that_is_away_and_an_exporter_out_of_reach(drill: Drill, ground: Ground) -> None:
    with ExitStack() as faults:
        down = drill.fault("the database is scaled away")
        ground.kubectl("scale", "--namespace", NAMESPACE, "statefulset/postgresql", "--replicas=0")
        blind = drill.fault("no packet from Prometheus to the exporter of the pipeline")
        which = ("-s", ground.address(made.PROMETHEUS), "-p", "tcp", "--dport", str(EXPORTER_PORT))
        faults.enter_context(network.deaf(ground, made.EXPORTER, *which))
        down.tells("PostgresDown", within_s=300)
        blind.tells("JobDown", within_s=300)
        blind.cure("restart of the exporter")
        runbook.follow("JobDown", "rollout restart deploy/exporter")
        down.cure("`make sandbox`")
        runbook.follow("PostgresDown", "pulumi up --refresh")
        ground.whole()
    down.ends("PostgresDown", "JobDown")
    check(down, blind)
