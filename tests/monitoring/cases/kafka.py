"""Cases of the alerts about the brokers."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.monitoring.cases.case import fires, silent

_REPLICAS: Final = "kafka_server_replicamanager_"
_CONTROLLER: Final = "kafka_controller_kafkacontroller_"
_TOPIC: Final = "postgres.public.orders"
_PLACE: Final = f'topic="{_TOPIC}",partition="2"'
_DELETED: Final = f"pipeline_kafka_unread_deleted{{{_PLACE}}}"
_BEHIND: Final = f"kafka_consumer_lag{{{_PLACE}}}"
_FULL: Final = f'kafka_log_log_retentionsizeinpercent{{{_PLACE},pod="kafka-0"}}'
_LAG: Final = f'kafka_consumer_lag_seconds{{topic="{_TOPIC}"}}'
_SIZE: Final = 'kafka_log_log_size{topic="a",partition="0",pod="kafka-0"}'
_LEADERLESS: Final = "pipeline_kafka_leaderless_partitions"


def _of(metric: str, *samples: str) -> dict[str, str]:
    """Return a metric of three brokers."""
    return {f'{metric}{{pod="kafka-{ordinal}"}}': values for ordinal, values in enumerate(samples)}


CASES: Final = (
    fires(
        "OfflinePartitions",
        "two brokers are down",
        "3m",
        _of(f"{_CONTROLLER}offlinepartitionscount", "0 4x9", "0x9", "0x9"),
        "4 partition(s) have had no leader for a minute",
    ),
    fires("OfflinePartitions", "a client finds no leader", "3m", {_LEADERLESS: "0 2x9"}, "2 partition(s) have had no leader for a minute"),
    replace(
        fires(
            "OfflinePartitions", "of an existing cluster", "3m", {_LEADERLESS: "0 2x9"}, "2 partition(s) have had no leader for a minute"
        ),
        stack="guest",
    ),
    silent("OfflinePartitions", "a rolling restart", "3m", _of(f"{_CONTROLLER}offlinepartitionscount", "0x9", "0 _ 0x9", "0x9")),
    fires(
        "UnderReplicated",
        "a broker is down",
        "7m",
        _of(f"{_REPLICAS}underreplicatedpartitions", "0 4x9", "0 _x9", "0 5x9"),
        "9 partition(s) have lacked a copy in sync for 5 minutes",
    ),
    replace(
        fires(
            "UnderReplicated",
            "of an existing cluster",
            "7m",
            {"pipeline_kafka_under_replicated_partitions": "3x9"},
            "3 partition(s) have lacked a copy in sync for 5 minutes",
        ),
        stack="guest",
    ),
    silent(
        "UnderReplicated",
        "a rolling restart, each broker for two minutes",
        "9m",
        _of(f"{_REPLICAS}underreplicatedpartitions", "0 _ _ 0 4 4 0x9", "0 4 4 0 _ _ 0x9", "0 5 5 0 3 0x9"),
    ),
    fires(
        "BrokerMissing",
        "a broker is down",
        "7m",
        {"pipeline_kafka_brokers": "3 2x9", "pipeline_kafka_brokers_expected": "3x9"},
        "Only 2 brokers have been in the cluster for 5 minutes",
    ),
    silent("BrokerMissing", "it restarts", "9m", {"pipeline_kafka_brokers": "3 2 2 3x9", "pipeline_kafka_brokers_expected": "3x9"}),
    fires(
        "UnreadDeleted",
        "the sink was away for too long",
        "1m",
        {_DELETED: "0 120x9", _BEHIND: "5x9"},
        "Up to 120 changes of postgres.public.orders/2 were deleted before the sink had read them",
        topic=_TOPIC,
        partition="2",
    ),
    silent("UnreadDeleted", "the mark of a transaction", "1m", {_DELETED: "1x9", _BEHIND: "5x9"}),
    silent("UnreadDeleted", "nothing is behind the position", "1m", {_DELETED: "120x9", _BEHIND: "0x9"}),
    fires(
        "UnreadPerhapsDeleted",
        "nothing is behind the position",
        "12m",
        {_DELETED: "7x20", _BEHIND: "0x20"},
        "7 entries of postgres.public.orders/2 were deleted unread, or were marks of transactions",
        topic=_TOPIC,
        partition="2",
    ),
    silent("UnreadPerhapsDeleted", "a change was among them for sure", "12m", {_DELETED: "7x20", _BEHIND: "9x20"}),
    fires(
        "UnderMinIsr",
        "two brokers are down",
        "4m",
        _of(f"{_REPLICAS}underminisrpartitioncount", "0 6x9"),
        "6 partition(s) have refused writes for 2 minutes: too few copies are in sync",
    ),
    silent("UnderMinIsr", "a rolling restart", "4m", _of(f"{_REPLICAS}underminisrpartitioncount", "0 2 0x9", "0x9", "0x9")),
    fires(
        "UncleanElection",
        "somebody has allowed it",
        "6m",
        {'kafka_controller_controllerstats_uncleanleaderelections_total{pod="kafka-0"}': "0 0 1x9"},
        "1 leader(s) were elected from copies that lagged, within 15 minutes",
    ),
    silent("UncleanElection", "clean elections", "6m", _of("kafka_controller_controllerstats_uncleanleaderelections_total", "0x9", "0x9")),
    fires(
        "LogDirectoryOffline",
        "a broken disk",
        "1m",
        _of("kafka_log_logmanager_offlinelogdirectorycount", "0 1x9"),
        "kafka-0 cannot use its volume",
        pod="kafka-0",
    ),
    silent("LogDirectoryOffline", "all is well", "1m", _of("kafka_log_logmanager_offlinelogdirectorycount", "0x9")),
    fires(
        "HangingTransaction",
        "a producer was killed",
        "7m",
        _of(f"{_REPLICAS}partitionswithlatetransactionscount", "0 1x9"),
        "1 partition(s) of kafka-0 have had a transaction that does not end for 5 minutes",
        pod="kafka-0",
    ),
    silent("HangingTransaction", "it is aborted in time", "9m", _of(f"{_REPLICAS}partitionswithlatetransactionscount", "0 1 1 0x9")),
    fires(
        "NoController",
        "no quorum",
        "4m",
        _of(f"{_CONTROLLER}activecontrollercount", "1 0x9", "0x9", "0x9"),
        "The cluster has had 0 active controllers for 2 minutes, in place of 1",
    ),
    silent(
        "NoController",
        "the controller restarts, and another takes over",
        "4m",
        _of(f"{_CONTROLLER}activecontrollercount", "1 _ 0x9", "0 0 1x9", "0x9"),
    ),
    fires(
        "BrokerFenced",
        "a broker lost its heartbeat",
        "7m",
        _of(f"{_CONTROLLER}fencedbrokercount", "0 1x9", "0x9", "0x9"),
        "1 broker(s) have been fenced for 5 minutes",
    ),
    silent("BrokerFenced", "it restarts", "9m", _of(f"{_CONTROLLER}fencedbrokercount", "0 1 1 0x9")),
    fires(
        "MetadataStale",
        "a broker is cut off",
        "4m",
        _of("kafka_broker_metadata_last_applied_record_lag_ms", "100 45000x9"),
        "kafka-0 has had a picture of the cluster that is 45000 ms old for 2 minutes",
        pod="kafka-0",
    ),
    silent("MetadataStale", "it catches up", "4m", _of("kafka_broker_metadata_last_applied_record_lag_ms", "100 45000 100x9")),
    fires(
        "RetentionBeatsSink",
        "the sink is late and the topic full",
        "3m",
        {_FULL: "97x9", _LAG: "400x9"},
        "postgres.public.orders is full to 97 % of its retention, and the sink is late with it: the next segment is deleted unread",
        topic=_TOPIC,
    ),
    silent("RetentionBeatsSink", "a busy topic is always full", "3m", {_FULL: "99x9", _LAG: "8x9"}),
    silent("RetentionBeatsSink", "a late sink with room", "3m", {_FULL: "20x9", _LAG: "400x9"}),
    fires(
        "KafkaDiskFills",
        "a topic without bounds",
        "80m",
        {_SIZE: "20e8+1e7x99"},
        "The topics of kafka-0 take 2.608GiB of 3413 MiB, and are growing to the end of the volume within 4 hours",
        pod="kafka-0",
    ),
    silent("KafkaDiskFills", "full topics that retention keeps as they are", "80m", {_SIZE: "29e8x99"}),
    fires(
        "HandlersBusy",
        "too many requests",
        "12m",
        {'kafka_server_request_handler_idle_ratio{pod="kafka-0",pool="Broker"}': "0.1x20"},
        "The threads of kafka-0 that handle requests have been idle for 10% of 10 minutes",
        pod="kafka-0",
        pool="Broker",
    ),
    silent("HandlersBusy", "a start", "12m", {'kafka_server_request_handler_idle_ratio{pod="kafka-0",pool="Broker"}': "0.1x5 0.9x20"}),
    silent("OfflinePartitions", "clients find every leader", "3m", {_LEADERLESS: "0x9"}),
    fires(
        "UnderReplicated",
        "a client sees it",
        "7m",
        {"pipeline_kafka_under_replicated_partitions": "3x9"},
        "3 partition(s) have lacked a copy in sync for 5 minutes",
    ),
    silent("UnderReplicated", "clients see every copy", "9m", {"pipeline_kafka_under_replicated_partitions": "0x9"}),
    silent("UnreadPerhapsDeleted", "the mark of a transaction", "12m", {_DELETED: "1x20", _BEHIND: "0x20"}),
    silent("KafkaDiskFills", "small and growing", "80m", {_SIZE: "1e8+2e7x99"}),
    silent("RetentionBeatsSink", "one late look", "6m", {_FULL: "97x9", _LAG: "400 5x9"}),
    silent("OfflinePartitions", "an election", "6m", {_LEADERLESS: "0 3 0x9"}),
    silent("UnreadPerhapsDeleted", "the next change moves the position", "12m", {_DELETED: "7 7 7 0x20", _BEHIND: "0x20"}),
    silent("KafkaDiskFills", "a load that ends", "80m", {_SIZE: "20e8x5 26e8x5 20e8x80"}),
    silent("NoController", "an election", "6m", _of(f"{_CONTROLLER}activecontrollercount", "1 0x9", "0 0 1x9", "0x9")),
)
