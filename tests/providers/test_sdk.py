"""The classes that a program imports: their inputs, their outputs and the cost of the import."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks as pulumi_mocks

from providers import iceberg
from providers.kafkaconnect import sdk as kafkaconnect
from tests.providers.plugin import ROOT


class Recorder(pulumi_mocks.Mocks):
    """Mocks that record registrations and answer as the providers would."""

    def __init__(self) -> None:
        """Start without registrations."""
        self.seen: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi_mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Record the resource and add its outputs."""
        self.seen[args.typ] = dict(args.inputs)
        learnt = {"state": "RUNNING", "tasks": 1, "clusterId": "abc", "location": "s3://b/t", "tableUuid": "u"}
        return f"{args.name}-id", {**learnt, **args.inputs}

    def call(self, args: pulumi_mocks.MockCallArgs) -> dict[str, Any]:
        """Refuse every call."""
        raise AssertionError(args)


@pytest.fixture
def recorder() -> Recorder:
    """Install mocks in place of an engine."""
    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder)
    return recorder


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def test_what_a_program_declares_arrives_in_the_engines_spelling(recorder: Recorder) -> Any:
    """The outputs are returned in Python's."""
    connect = kafkaconnect.Provider("connect", url="http://127.0.0.1:8083", username="a", password="p", timeout_seconds=9)
    options = pulumi.ResourceOptions(provider=connect)
    connector = kafkaconnect.Connector("source", name="c", config={"connector.class": "a.B", "cluster_id": "x"}, opts=options)
    gate = kafkaconnect.ClusterReady("gate", bootstrap_servers=["a:1"], brokers=1, rollout="r", timeout_seconds=5, opts=options)
    lake = iceberg.Provider("lake", catalog_type="sql", catalog_name="n", warehouse="s3://b", uri="postgresql://h/d", secret_access_key="k")
    table = iceberg.Table(
        "orders", namespace="cdc", name="orders", columns=[iceberg.Column(name="id", type="long", required=True, doc="key")],
        partition_by=["id"], properties={"a.b": "c"}, opts=pulumi.ResourceOptions(provider=lake),
    )  # fmt: skip

    def check(values: list[Any]) -> None:
        assert values == ["RUNNING", 1, "abc", "s3://b/t", "u"]
        assert recorder.seen["kafkaconnect:index:Connector"] == {
            "name": "c",
            "config": {"connector.class": "a.B", "cluster_id": "x"},
        }
        assert recorder.seen["kafkaconnect:index:ClusterReady"] == {
            "bootstrapServers": ["a:1"], "brokers": 1, "rollout": "r", "timeoutSeconds": 5,
        }  # fmt: skip
        assert recorder.seen["iceberg:index:Table"] == {
            "namespace": "cdc", "name": "orders", "columns": [{"name": "id", "type": "long", "required": True, "doc": "key"}],
            "partitionBy": ["id"], "properties": {"a.b": "c"}, "deleteOnDestroy": False,
        }  # fmt: skip
        assert recorder.seen["pulumi:providers:kafkaconnect"]["url"] == "http://127.0.0.1:8083"
        assert "p" not in [value for value in recorder.seen["pulumi:providers:kafkaconnect"].values() if isinstance(value, str)]

    return pulumi.Output.all(connector.state, connector.tasks, gate.cluster_id, table.location, table.table_uuid).apply(check)


def test_a_program_does_not_pay_for_the_providers_own_libraries() -> None:
    """``make plan`` must start fast, and a program needs none of them installed."""
    code = (
        "import sys; import providers.kafkaconnect.sdk, providers.iceberg;"
        "print([m for m in ('requests', 'pyiceberg', 'confluent_kafka', 'sqlalchemy', 'pyarrow', 'providers.adapter') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
