"""A broker with the product's flags and the agent gives the metrics that alerts and dashboards ask for, and keeps within its pod.

The answer is stored as tests/monitoring/scrapes/kafka.txt; with RECORD_SCRAPES=1 this test writes it anew.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from stack.capacity.jvm import AGENT_THREADS, THREADS
from stack.settings.names import Names
from stack.specification import logs
from tests.images.java_process import broker
from tests.monitoring.exposition import compared, names, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.images.java_process import Java

pytestmark = pytest.mark.sandbox

CHANGES, LETTERS = "postgres.public.users", Names().dead_letter_topic
ASKED = {
    "kafka_broker_metadata_last_applied_record_lag_ms",
    "kafka_broker_metadata_metadata_apply_error_count",
    "kafka_broker_metadata_metadata_load_error_count",
    "kafka_cluster_partition_laststableoffsetlag",
    "kafka_controller_controllerstats_uncleanleaderelections_total",
    "kafka_controller_kafkacontroller_activebrokercount",
    "kafka_controller_kafkacontroller_activecontrollercount",
    "kafka_controller_kafkacontroller_fencedbrokercount",
    "kafka_controller_kafkacontroller_metadataerrorcount",
    "kafka_controller_kafkacontroller_newactivecontrollerscount",
    "kafka_controller_kafkacontroller_offlinepartitionscount",
    "kafka_log_log_logendoffset",
    "kafka_log_log_retentionsizeinpercent",
    "kafka_log_log_size",
    "kafka_log_logcleaner_deadthreadcount",
    "kafka_log_logmanager_offlinelogdirectorycount",
    "kafka_network_request_total_time_p99_ms",
    "kafka_raft_commit_latency_avg",
    "kafka_raft_current_leader",
    "kafka_raft_current_state",
    "kafka_raft_high_watermark",
    "kafka_server_brokertopicmetrics_bytesin_total",
    "kafka_server_brokertopicmetrics_bytesout_total",
    "kafka_server_brokertopicmetrics_failedproducerequests_total",
    "kafka_server_brokertopicmetrics_messagesin_total",
    "kafka_server_replicamanager_atminisrpartitioncount",
    "kafka_server_replicamanager_failedisrupdates_total",
    "kafka_server_replicamanager_isrexpands_total",
    "kafka_server_replicamanager_isrshrinks_total",
    "kafka_server_replicamanager_offlinereplicacount",
    "kafka_server_replicamanager_partitionswithlatetransactionscount",
    "kafka_server_replicamanager_underminisrpartitioncount",
    "kafka_server_replicamanager_underreplicatedpartitions",
    "kafka_server_request_handler_idle_ratio",
    "jmx_scrape_duration_seconds",
    "jmx_scrape_error",
    "jvm_gc_collection_seconds_count",
    "jvm_gc_collection_seconds_sum",
    "jvm_gc_last_pause_seconds",
    "jvm_memory_pool_collection_used_bytes",
    "jvm_memory_pool_max_bytes",
    "jvm_threads_current",
}
COMMENT = "Answer of the agent in one broker, alone in its cluster, by tests/images/test_broker_metrics.py; values mean nothing."


@pytest.fixture(scope="module")
def running(staged_brokers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Java]:
    """Run a broker with a topic of changes and an empty one of dead letters."""
    with broker(tmp_path_factory.mktemp("broker"), staged_brokers) as (java, address):
        # a refused connection is repeated each 50 ms, and told each time
        client = {"bootstrap.servers": address, "log_level": 0}
        filled(client, java)
        yield java


def filled(client: dict[str, object], java: Java) -> None:
    """Create the topics once the broker answers, and write changes."""
    admin, until = AdminClient(client), time.monotonic() + 120
    while True:
        try:
            admin.list_topics(timeout=5)
            break
        except KafkaException:
            assert time.monotonic() < until, java.log.read_text(encoding="utf-8")[-3000:]
    created = admin.create_topics([NewTopic(CHANGES, 2, 1), NewTopic(LETTERS, 1, 1)])
    for done in created.values():
        done.result(30)
    producer = Producer({**client, "acks": "all"})
    for _ in range(100):
        producer.produce(CHANGES, value=b"a change")
    assert producer.flush(30) == 0


@pytest.fixture(scope="module")
def answer(running: Java) -> str:
    """Return an answer of the agent with all that is asked for, or the last one; a collection of garbage comes by itself."""
    return running.scraped(lambda text: names(text) >= ASKED)


def test_every_metric_that_is_asked_for_is_given(answer: str) -> None:
    assert sorted(ASKED - names(answer)) == []


def test_the_stored_answer_has_no_metric_that_a_broker_does_not_give(answer: str) -> None:
    assert compared("kafka.txt", answer, COMMENT) == set()


def test_the_first_dead_letter_is_seen_since_an_empty_topic_has_an_end_of_0(answer: str) -> None:
    assert ("kafka_log_log_logendoffset", {"topic": LETTERS, "partition": "0"}) in list(series(answer))


def test_no_name_has_a_broker_a_directory_or_a_topic_in_it(answer: str) -> None:
    assert [name for name in names(answer) if "postgres" in name or "broker_" in name.removeprefix("kafka_broker_")] == []


def test_a_scrape_is_small_and_each_series_is_given_once(answer: str) -> None:
    found = [(name, tuple(sorted(labels.items()))) for name, labels in series(answer)]
    assert len(found) == len(set(found)) < 300


def test_a_line_of_the_broker_has_the_format_or_continues_one(running: Java) -> None:
    lines = running.log.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not logs.LINE.match(line)] == []
    assert {"INFO"} <= {found["level"] for found in map(logs.LINE.match, lines) if found}


def test_the_threads_are_those_that_the_model_counts(running: Java, answer: str, figure: Callable[[str], None]) -> None:
    assert answer
    threads = running.status("Threads")
    figure(f"broker with agent: {threads} threads, {running.status('VmRSS') // 1024} MiB resident")
    assert threads <= THREADS + AGENT_THREADS
