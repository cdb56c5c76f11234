"""Recognition of broker containers, whose disk is counted."""

from __future__ import annotations

from typing import Any

import pytest

from policy.brokers import is_broker
from policy.declared import Declared, Limits
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import TOPIC, container, extra, pod

GIB = 2**30
ROLES = [{"name": "KAFKA_PROCESS_ROLES", "value": "broker,controller"}]
BROKERS: dict[str, dict[str, Any]] = {
    "java itself": {"command": ["java", "-Xmx320m", "-cp", "/opt/kafka/libs/*", "kafka.Kafka", "/etc/server.properties"]},
    "its start script": {"command": ["/opt/kafka/bin/kafka-server-start.sh", "/etc/server.properties"]},
    "its start script in arguments": {"args": ["kafka-server-start", "/etc/server.properties"]},
    "a shell around java": {"command": ["sh", "-c", "exec java -Xmx320m -cp '/opt/kafka/libs/*' kafka.Kafka /etc/server.properties"]},
    "a shell around the script": {"command": ["bash", "-ec", "sleep 5 && /opt/kafka/bin/kafka-server-start.sh /etc/server.properties"]},
    "a class in a variable": {"command": ["java", "-cp", "x", "$(MAIN)", "c"], "env": [{"name": "MAIN", "value": "kafka.Kafka"}]},
    "an image that starts one": {"image": "confluentinc/cp-kafka:7.5.0", "env": ROLES},
    "an image's own entry point, said again": {
        "image": "confluentinc/cp-kafka:7.5.0",
        "command": ["/etc/confluent/docker/run"],
        "env": ROLES,
    },
}
OTHERS: dict[str, dict[str, Any]] = {
    "formatting": {"command": ["java", "-cp", "x", "org.apache.kafka.tools.StorageTool", "format"], "env": ROLES},
    "a tool of the same image": {"image": "confluentinc/cp-kafka:7.5.0", "args": ["kafka-topics", "--list"], "env": ROLES},
    "a worker": {"command": ["java", "-cp", "x", "org.apache.kafka.connect.cli.ConnectDistributed", "c"]},
    "an exporter": {"image": "danielqsj/kafka-exporter:1"},
    "a shell that speaks of it": {"command": ["sh", "-c", "curl http://kafka.Kafka-metrics/"]},
}


@pytest.mark.parametrize("way", BROKERS)
def test_a_broker_is_recognised_however_it_is_started(way: str) -> None:
    assert is_broker(container(**{"command": None, **BROKERS[way]}))


@pytest.mark.parametrize("way", OTHERS)
def test_clients_of_brokers_are_not_taken_for_brokers(way: str) -> None:
    assert not is_broker(container(**{"command": None, **OTHERS[way]}))


@pytest.mark.parametrize("way", ["java itself", "a shell around java", "a shell around the script"])
def test_topics_that_outgrow_a_broker_behind_a_shell_are_refused(way: str) -> None:
    """Its volume is counted like any other's."""
    files = extra("ConfigMap", "files", {})
    files.inputs["data"] = {"server.properties": "process.roles=broker,controller\nlog.segment.bytes=16777216\n"}  # type: ignore[index]
    broker = container(memory="2Gi", **BROKERS[way])
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    spec = pod(broker, volumes=[{"name": "files", "configMap": {"name": "files"}}])
    kafka = extra("StatefulSet", "kafka", {"template": {"spec": spec}, "volumeClaimTemplates": [claim]}, "apps/v1")
    inputs = {"name": "large", "partitions": 4, "replicationFactor": 3, "config": {"retention.bytes": str(GIB), "min.insync.replicas": "2"}}
    topic = Declared(urn="urn::large", type=TOPIC, name="large", inputs=inputs)
    limits = Limits(memory={"data-ingestion": 8 * GIB}, volumes={"data-ingestion": 15 * GIB})
    resources = [files, kafka, topic]
    assert "disk-logs" in {violation.rule for violation in by_plan(resources, limits)}
    assert "disk-logs" in {rule for rule, _message in by_pack(resources, limits)}
