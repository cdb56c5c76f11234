"""Metrics of Confluent's schema registry; Apicurio's gives its own."""

from __future__ import annotations

from typing import Final

from stack.specification.monitoring.agent_rules import COLLECTORS, LAST_PAUSE, MetricRule, Metrics

METRICS: Final = Metrics(
    beans=(
        "kafka.schema.registry:type=jetty-metrics,*",
        "kafka.schema.registry:type=jersey-metrics,*",
        "kafka.schema.registry:type=registered-count",
        "kafka.schema.registry:type=master-slave-role",
        COLLECTORS,
    ),
    rules=(
        MetricRule(
            pattern="kafka.schema.registry<type=(jetty|jersey)-metrics><>"
            "(connections-active|request-queue-size|thread-pool-usage|request-rate|request-latency-avg|request-latency-max|request-error-rate):",
            name="schema_registry_$1_$2",
        ),
        MetricRule(pattern="kafka.schema.registry<type=(registered-count|master-slave-role)><>([a-z-]+):", name="schema_registry_$2"),
        LAST_PAUSE,
    ),
)
