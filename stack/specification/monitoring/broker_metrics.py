"""Metrics of a broker and of its controller."""

from __future__ import annotations

from typing import Final

from stack.specification.monitoring.agent_rules import COLLECTORS, LAST_PAUSE, MetricRule, Metrics

_RAFT: Final = (
    "current-leader|current-epoch|high-watermark|log-end-offset|commit-latency-avg|number-unknown-voter-connections|number-of-voters"
)

METRICS: Final = Metrics(
    beans=(
        "kafka.server:type=ReplicaManager,*",
        "kafka.server:type=BrokerTopicMetrics,*",
        "kafka.server:type=KafkaRequestHandlerPool,*",
        "kafka.server:type=raft-metrics",
        "kafka.server:type=broker-metadata-metrics",
        "kafka.controller:type=KafkaController,*",
        "kafka.controller:type=ControllerStats,*",
        "kafka.log:type=Log,name=Size,*",
        "kafka.log:type=Log,name=LogEndOffset,*",
        "kafka.log:type=Log,name=RetentionSizeInPercent,*",
        # the same folder is in the bean LogDirectoryOffline, whose further key no rule here expects
        "kafka.log:type=LogManager,name=OfflineLogDirectoryCount",
        "kafka.log:type=LogCleaner,name=DeadThreadCount",
        "kafka.cluster:type=Partition,name=LastStableOffsetLag,*",
        "kafka.network:type=RequestMetrics,name=TotalTimeMs,request=Produce",
        "kafka.network:type=RequestMetrics,name=TotalTimeMs,request=FetchConsumer",
        COLLECTORS,
    ),
    rules=(
        MetricRule(
            pattern=r"kafka.(\w+)<type=(\w+), name=(\w+)PerSec, topic=([^,>]+)><>Count",
            name="kafka_$1_$2_$3_total",
            labels={"topic": "$4"},
            is_counter=True,
        ),
        MetricRule(pattern=r"kafka.(\w+)<type=(\w+), name=(\w+)PerSec><>Count", name="kafka_$1_$2_$3_total", is_counter=True),
        MetricRule(
            pattern=r"kafka.(\w+)<type=(\w+), name=(\w+), topic=([^,>]+), partition=(\d+)><>Value",
            name="kafka_$1_$2_$3",
            labels={"topic": "$4", "partition": "$5"},
        ),
        MetricRule(
            pattern=r"kafka.server<type=KafkaRequestHandlerPool, name=(\w+)AvgIdlePercent><>OneMinuteRate",
            name="kafka_server_request_handler_idle_ratio",
            labels={"pool": "$1"},
        ),
        MetricRule(
            pattern=r"kafka.network<type=RequestMetrics, name=TotalTimeMs, request=(\w+)><>99thPercentile",
            name="kafka_network_request_total_time_p99_ms",
            labels={"request": "$1"},
        ),
        # without a further key: a broker or a directory would become part of the name
        MetricRule(pattern=r"kafka.(\w+)<type=(\w+), name=(\w+)><>Value", name="kafka_$1_$2_$3"),
        MetricRule(
            pattern="kafka.server<type=raft-metrics><>current-state: (.+)",
            name="kafka_raft_current_state",
            labels={"state": "$1"},
            value=1,
        ),
        MetricRule(pattern=f"kafka.server<type=raft-metrics><>({_RAFT}):", name="kafka_raft_$1"),
        MetricRule(pattern="kafka.server<type=broker-metadata-metrics><>([a-z-]+):", name="kafka_broker_metadata_$1"),
        LAST_PAUSE,
    ),
)
