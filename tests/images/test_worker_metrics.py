"""A worker with Debezium, Iceberg's sink and the agent gives the metrics that alerts and dashboards ask for.

Source, sink and worker have the program's own keys; an emulator stands for the bucket, and JSON for Avro. The answer is stored
as tests/monitoring/scrapes/connect.txt; with RECORD_SCRAPES=1 this test writes it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.capacity.jvm import AGENT_THREADS, THREADS
from tests.declared import _settings
from tests.images import whole_worker
from tests.images.source_task import PASSWORD
from tests.images.whole_worker import asked, configurations, until
from tests.monitoring.exposition import compared, names, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stack.settings.model import Settings
    from tests.images.java_process import Java

pytestmark = pytest.mark.sandbox

COLUMNS = [{"name": "id", "type": "integer"}, {"name": "note", "type": "text", "nullable": True}]
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE public.users (id int PRIMARY KEY, note text);
ALTER TABLE public.users REPLICA IDENTITY FULL;
GRANT SELECT ON public.users TO capture;
CREATE PUBLICATION publication FOR TABLE public.users;
INSERT INTO public.users SELECT number, 'a row' FROM generate_series(1, 10) number;
"""
CHANGES = """
INSERT INTO public.users VALUES (11, 'inserted');
UPDATE public.users SET note = 'updated' WHERE id = 1;
DELETE FROM public.users WHERE id = 2;
"""
ASKED = {
    "debezium_connected",
    "debezium_currentqueuesizeinbytes",
    "debezium_events_total",
    "debezium_maxqueuesizeinbytes",
    "debezium_millisecondsbehindsource",
    "debezium_millisecondssincelastevent",
    "debezium_numberoferroneousevents",
    "debezium_queueremainingcapacity",
    "debezium_queuetotalcapacity",
    "debezium_remainingtablecount",
    "debezium_snapshot_rows_scanned",
    "debezium_snapshotaborted",
    "debezium_snapshotcompleted",
    "debezium_snapshotrunning",
    "debezium_totalnumberofeventsseen",
    "iceberg_added_records_total",
    "iceberg_commit_attempts_total",
    "iceberg_commit_duration_ms",
    "iceberg_commits_total",
    "kafka_connect_connector_status",
    "kafka_connect_connector_task_offset_commit_success_percentage",
    "kafka_connect_connector_task_status",
    "kafka_connect_sink_task_partition_count",
    "kafka_connect_sink_task_put_batch_avg_time_ms",
    "kafka_connect_sink_task_sink_record_read_total",
    "kafka_connect_sink_task_sink_record_send_total",
    "kafka_connect_source_task_source_record_active_count",
    "kafka_connect_source_task_source_record_poll_total",
    "kafka_connect_source_task_source_record_write_total",
    "kafka_connect_task_error_deadletterqueue_produce_failures",
    "kafka_connect_task_error_deadletterqueue_produce_requests",
    "kafka_connect_task_error_total_record_errors",
    "kafka_connect_task_error_total_record_failures",
    "kafka_connect_task_error_total_records_skipped",
    "kafka_connect_worker_connector_count",
    "kafka_connect_worker_connector_failed_task_count",
    "kafka_connect_worker_connector_running_task_count",
    "kafka_connect_worker_rebalance_completed_rebalances_total",
    "kafka_connect_worker_rebalance_rebalancing",
    "kafka_connect_worker_task_count",
    "kafka_connect_worker_task_startup_attempts_total",
    "kafka_connect_worker_task_startup_failure_total",
    "kafka_consumer_fetch_manager_records_lag",
    "kafka_consumer_fetch_manager_records_lag_max",
    "jmx_scrape_duration_seconds",
    "jmx_scrape_error",
    "jvm_gc_collection_seconds_sum",
    "jvm_gc_last_pause_seconds",
    "jvm_memory_pool_collection_used_bytes",
    "jvm_memory_pool_max_bytes",
}
COMMENT = "Answer of the agent in a worker with Debezium and Iceberg's sink, by tests/images/test_worker_metrics.py; values mean nothing."


def settings_of_worker() -> Settings:
    """Return the settings of a monitored stack with one table."""
    return _settings("sandbox", {"monitoring": {"enabled": True}, "source": {"tables": [{"name": "users", "columns": COLUMNS}]}})


@pytest.fixture(scope="module")
def running(staged: Path, staged_brokers: Path, object_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Java]:
    """Run a pipeline whose source has sent a snapshot and changes, and whose sink has committed them."""
    settings = settings_of_worker()
    with whole_worker.running((staged, staged_brokers), tmp_path_factory, settings, SETUP, object_store) as (server, java, rest):
        for name, config in configurations(settings, server, object_store).items():
            until(lambda name=name, config=config: isinstance(asked("PUT", f"{rest}/connectors/{name}/config", config), dict), java)
        until(lambda: "debezium_connected" in java.scrape(), java)
        server.sql(CHANGES)
        yield java


@pytest.fixture(scope="module")
def answer(running: Java) -> str:
    """Return an answer of the agent with all that is asked for, or the last one."""
    return running.scraped(lambda text: names(text) >= ASKED)


def test_every_metric_that_is_asked_for_is_given(answer: str) -> None:
    assert sorted(ASKED - names(answer)) == []


def test_the_stored_answer_has_no_metric_that_a_worker_does_not_give(answer: str) -> None:
    assert compared("connect.txt", answer, COMMENT) == set()


def test_changes_are_counted_by_table_and_operation(answer: str) -> None:
    counted = {labels["operation"]: labels["table"] for name, labels in series(answer) if name == "debezium_events_total"}
    assert {"Create", "Update", "Delete"} <= set(counted)
    assert set(counted.values()) == {"public.users"}


def test_commits_are_counted_by_the_tables_name(answer: str) -> None:
    assert [labels for name, labels in series(answer) if name == "iceberg_commits_total"] == [{"table": "archive.users"}]


def test_lag_is_given_once_for_each_partition_of_the_sink(answer: str) -> None:
    lags = [labels for name, labels in series(answer) if name == "kafka_consumer_fetch_manager_records_lag"]
    assert {labels["topic"] for labels in lags} == {"postgres.public.users"}
    assert len({labels["partition"] for labels in lags}) == len(lags) == 6
    assert {labels["connector"] for labels in lags} == {"s3-sink-connector"}


def test_a_scrape_leaves_no_trace_in_the_log(running: Java, answer: str) -> None:
    assert answer
    assert "Error getting JMX attribute" not in running.log.read_text(encoding="utf-8")


def test_a_scrape_gives_each_series_once(answer: str) -> None:
    found = [(name, tuple(sorted(labels.items()))) for name, labels in series(answer)]
    assert len(found) == len(set(found)) < 700


def test_the_threads_are_those_that_the_model_counts(running: Java, answer: str, figure: Callable[[str], None]) -> None:
    assert answer
    threads = running.status("Threads")
    figure(f"worker with agent: {threads} threads, {running.status('VmRSS') // 1024} MiB resident, {len(list(series(answer)))} series")
    assert threads <= THREADS + AGENT_THREADS
