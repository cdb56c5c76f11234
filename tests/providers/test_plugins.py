"""Both provider folders as the engine sees them: separate processes, the gRPC protocol, previews, unknowns, secrets, shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2, status_pb2

from tests.providers.connect_worker import GOOD, Worker, complaints, serving, status
from tests.providers.plugin import UNKNOWN, Plugin, plain, running, secret, struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = {"connector.class": "a.b.PresentSink", "topics": "t"}
CONNECTOR = {"name": "c", "config": CONFIG}
TABLE: dict[str, Any] = {
    "namespace": "cdc", "name": "orders", "columns": [{"name": "id", "type": "long", "required": True}, {"name": "year", "type": "string"}],
    "partitionBy": ["year"], "deleteOnDestroy": True,
}  # fmt: skip


@pytest.fixture(scope="module")
def plugin() -> Iterator[Plugin]:
    """Yield one kafkaconnect process for all tests of this file."""
    with running("kafkaconnect") as started:
        yield started


@pytest.fixture
def worker(plugin: Plugin) -> Iterator[Worker]:
    """Yield a worker, with the provider configured for it."""
    with serving(Worker()) as double:
        plugin.configure(url=double.url, username="admin", password=secret("s3cret"), timeoutSeconds="20")
        yield double


def test_the_provider_accepts_secrets_previews_and_resources(plugin: Plugin) -> None:
    """The provider must claim all of them, or the engine strips secrets and skips previews."""
    answer = plugin.configure(url="http://127.0.0.1:9")
    assert (answer.acceptSecrets, answer.supportsPreview, answer.acceptResources) == (True, True, True)


def test_a_bad_provider_config_is_refused_by_property(plugin: Plugin) -> None:
    """An unknown value is not a bad one."""
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn="u", news=struct({"url": "ftp://x", "password": "p"})))
    assert [failure.property for failure in answer.failures] == ["url", "username"]
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn="u", news=struct({"url": UNKNOWN, "timeoutSeconds": 10})))
    assert list(answer.failures) == []


def test_a_resource_inside_a_component_is_known_by_its_own_type(worker: Worker, plugin: Plugin) -> None:
    """The engine prefixes it with the types of the parents."""
    urn = "urn:pulumi:dev::cdc::cdc:archive:Archive$kafkaconnect:index:Connector::it"
    answer = plugin.stub.Check(provider_pb2.CheckRequest(urn=urn, news=struct(CONNECTOR)))
    assert list(answer.failures) == []
    made = plugin.stub.Create(provider_pb2.CreateRequest(urn=urn, properties=struct(CONNECTOR)))
    assert made.id == "c"
    assert worker.live["c"]["topics"] == "t"


def test_the_schema_names_the_resources(plugin: Plugin) -> None:
    """The engine may request it."""
    schema = plugin.stub.GetSchema(provider_pb2.GetSchemaRequest(version=0)).schema
    assert "kafkaconnect:index:Connector" in schema


def test_check_failures_carry_property_paths(worker: Worker, plugin: Plugin) -> None:
    """Ours, then the worker's; inputs are returned unchanged, secrets included."""
    assert [path for path, _ in plugin.check("Connector", {"name": "c", "config": {"x.y": 1.5}})] == [
        'config["x.y"]',
        'config["connector.class"]',
    ]
    worker.script["PUT /connector-plugins/a.b.PresentSink/config/validate"] = [complaints(topics="Invalid value t")]
    assert plugin.check("Connector", CONNECTOR) == [("config.topics", "Invalid value t")]
    inputs = {"name": "c", "config": secret({**CONFIG, "x.password": UNKNOWN})}
    answer = plugin.stub.Check(provider_pb2.CheckRequest(urn=plugin.urn("Connector"), news=struct(inputs)))
    assert plain(answer.inputs) == inputs


def test_a_preview_marks_unknown_outputs(worker: Worker, plugin: Plugin) -> None:
    """Unknown outputs are the engine's own sentinel; secrets stay secret; no request reaches the worker."""
    inputs = {"name": "c", "config": {**CONFIG, "x": secret("y"), "z": UNKNOWN}}
    assert plugin.create("Connector", inputs, preview=True) == ("", {**inputs, "state": UNKNOWN, "tasks": UNKNOWN})
    old = {**CONNECTOR, "state": "RUNNING", "tasks": 1}
    assert plugin.update("Connector", "c", old, inputs, preview=True) == {**inputs, "state": UNKNOWN, "tasks": UNKNOWN}
    assert worker.calls == []


def test_a_connector_lives_and_dies(worker: Worker, plugin: Plugin) -> None:
    """Create, read, drift, update, delete; the wait is logged, and the worker receives a secret that stays one elsewhere."""
    inputs = {"name": "c", "config": {**CONFIG, "x": secret("y")}}
    worker.script["GET /connectors/c/status"] = [status("RUNNING"), GOOD]
    made, outputs = plugin.create("Connector", inputs)
    assert (plugin.urn("Connector"), "connector c: connector RUNNING, no task yet") in plugin.engine.lines
    assert (made, outputs) == ("c", {**inputs, "state": "RUNNING", "tasks": 1.0})
    assert worker.live["c"]["x"] == "y"
    assert plugin.diff("Connector", outputs, inputs).changes == provider_pb2.DiffResponse.DIFF_NONE
    assert plugin.read("Connector", "c", inputs, outputs) == ("c", inputs, outputs)
    worker.live["c"]["topics"] = "by.hand"
    _, _, drifted = plugin.read("Connector", "c", inputs, outputs)
    difference = plugin.diff("Connector", drifted, inputs)
    assert difference.changes == provider_pb2.DiffResponse.DIFF_SOME
    assert [(path, change.kind) for path, change in difference.detailedDiff.items()] == [
        ("config.topics", provider_pb2.PropertyDiff.UPDATE)
    ]
    assert plugin.update("Connector", "c", drifted, inputs) == outputs
    plugin.delete("Connector", "c", outputs)
    assert plugin.read("Connector", "c", inputs, outputs) == ("", {}, {})


def test_another_class_is_a_replacement_delete_first(plugin: Plugin, worker: Worker) -> None:
    """Two connectors must not hold one replication slot."""
    difference = plugin.diff("Connector", CONNECTOR, {"name": "c", "config": {**CONFIG, "connector.class": "d.E"}})
    assert (list(difference.replaces), difference.deleteBeforeReplace) == (["config"], True)
    assert difference.detailedDiff['config["connector.class"]'].kind == provider_pb2.PropertyDiff.UPDATE_REPLACE
    assert worker.calls == []


def test_a_failed_connector_is_recorded_and_reported_without_traceback_or_secret(worker: Worker, plugin: Plugin) -> None:
    """The engine receives the id, the outputs and the reasons, so that the next run repairs it and a destroy removes it."""
    worker.script["GET /connectors/c/status"] = [status("RUNNING", "FAILED", trace="java.lang.X: bad hunter2\n\tat a.B.c(D.java:1)")]
    inputs = {"name": "c", "config": {**CONFIG, "x": secret("hunter2")}}
    with pytest.raises(grpc.RpcError) as caught:
        plugin.create("Connector", inputs)
    packed = status_pb2.Status.FromString(dict(caught.value.trailing_metadata())["grpc-status-details-bin"])
    detail = provider_pb2.ErrorResourceInitFailed()
    assert packed.details[0].Unpack(detail)
    assert (detail.id, plain(detail.properties)) == ("c", {**inputs, "state": "FAILED", "tasks": 1.0})
    assert list(detail.reasons) == ["connector c: task 0 failed: java.lang.X: bad [secret]"]
    assert caught.value.details() == "connector c: task 0 failed: java.lang.X: bad [secret]"


def test_the_gate_previews_and_refuses(plugin: Plugin, worker: Worker) -> None:
    """The cluster's id is unchanged by a rollout."""
    inputs = {"bootstrapServers": ["127.0.0.1:9"], "brokers": 3, "rollout": "a", "timeoutSeconds": 1}
    assert plugin.check("ClusterReady", inputs) == []
    assert plugin.create("ClusterReady", inputs, preview=True)[1]["clusterId"] == UNKNOWN
    old = {**inputs, "clusterId": "abc"}
    assert plugin.update("ClusterReady", "ready:abc", old, {**inputs, "rollout": "b"}, preview=True)["clusterId"] == "abc"
    assert plugin.read("ClusterReady", "ready:abc", inputs, old) == ("ready:abc", inputs, old)
    assert worker.calls == []


def test_a_table_lives_evolves_and_dies(tmp_path: Path) -> None:
    """The whole life over the protocol, in a real catalog."""
    with running("iceberg") as plugin:
        plugin.configure(catalogType="sql", catalogName="a", uri=f"sqlite:///{tmp_path}/c.db", warehouse=f"file://{tmp_path}/w")
        assert plugin.check("Table", TABLE) == []
        assert plugin.create("Table", TABLE, preview=True) == ("", {**TABLE, "location": UNKNOWN, "tableUuid": UNKNOWN})
        made, outputs = plugin.create("Table", TABLE)
        assert (made, outputs["location"]) == ("cdc.orders", f"file://{tmp_path}/w/cdc/orders")
        assert plugin.read("Table", made, TABLE, outputs) == (made, TABLE, outputs)
        wider = {**TABLE, "columns": [*TABLE["columns"], {"name": "note", "type": "string"}]}
        assert plugin.check("Table", wider, TABLE) == []
        difference = plugin.diff("Table", outputs, wider)
        assert [(path, change.kind) for path, change in difference.detailedDiff.items()] == [("columns[2]", provider_pb2.PropertyDiff.ADD)]
        assert plugin.update("Table", made, outputs, wider, preview=True) == {**outputs, **wider}
        outputs = plugin.update("Table", made, outputs, wider)
        assert plugin.check("Table", TABLE, wider) == [("columns", plugin.check("Table", TABLE, wider)[0][1])]
        with pytest.raises(grpc.RpcError) as caught:
            plugin.update("Table", made, outputs, TABLE)
        assert caught.value.details().startswith("table cdc.orders cannot change to its declaration:")
        plugin.delete("Table", made, {**outputs, "deleteOnDestroy": False})
        assert any("stays in the catalog" in line for _, line in plugin.engine.lines)
        plugin.delete("Table", made, outputs)
        assert plugin.read("Table", made, TABLE, outputs) == ("", {}, {})


def test_fewer_partitions_than_a_topic_had_are_refused_before_anything_is_changed(plugin: Plugin) -> None:
    """The engine passes the inputs of the last run to a check, in a preview too."""
    inputs = {"bootstrapServers": ["127.0.0.1:1"], "brokers": 3, "rollout": "a"}
    failures = plugin.check("ClusterReady", {**inputs, "partitions": {"users": 3}}, {**inputs, "partitions": {"users": 6}})
    assert [path for path, _reason in failures] == ['partitions["users"]']
    assert "keep 6" in failures[0][1]
    assert plugin.check("ClusterReady", {**inputs, "partitions": {"users": 12}}, {**inputs, "partitions": {"users": 6}}) == []
