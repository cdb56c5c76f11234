"""The project's own providers in this process: checked, created, recognised, deleted even after an interrupted creation."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

from providers.kafkaconnect.sdk import Connector, Provider
from providers.operations import Change, ProviderError, State
from sandbox.adapter import ResourceError
from stack.problem import Problem

if TYPE_CHECKING:
    from conftest import Runs

MODULE = "providers.kafkaconnect.provider"
TOKEN = "kafkaconnect:index:Connector"


class Worker:
    """A Connect worker behind the provider's operations."""

    def __init__(self) -> None:
        """Start without connectors."""
        self.live: dict[str, dict[str, Any]] = {}
        self.logins: list[dict[str, Any]] = []
        self.deleted: list[str] = []
        self.problems: list[Problem] = []
        self.broken = False
        self.adopts, self.holds_data = True, False

    def check(self, inputs: dict[str, Any], previous: dict[str, Any] | None = None) -> list[Problem]:  # noqa: ARG002 - the protocol's
        return self.problems

    def diff(self, old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
        return [Change(key, "update") for key in new["config"] if old["config"].get(key) != new["config"][key]]

    def named(self, inputs: dict[str, Any]) -> str:
        return str(inputs["name"])

    def completed(self, inputs: dict[str, Any], previous: dict[str, Any] | None, name: str) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        return inputs

    def update(self, resource_id: str, old: dict[str, Any], new: dict[str, Any]) -> State:  # noqa: ARG002 - the protocol's
        return self.create(new)

    def create(self, inputs: dict[str, Any]) -> State:
        if self.broken:
            message = "task 0 failed"
            raise ProviderError(message)
        self.live[inputs["name"]] = inputs
        return State(inputs["name"], {**inputs, "state": "RUNNING", "tasks": 1})

    def read(self, resource_id: str, previous: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None) -> State | None:  # noqa: ARG002 - the protocol's
        return State(resource_id, self.live[resource_id]) if resource_id in self.live else None

    def delete(self, resource_id: str, old: dict[str, Any]) -> None:
        assert old["name"] == resource_id
        self.deleted.append(resource_id)
        self.live.pop(resource_id, None)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker()
    module = ModuleType(MODULE)

    def operations(config: dict[str, Any], *_: Any) -> dict[str, Worker]:
        worker.logins.append(config)
        return {TOKEN: worker}

    module.KafkaConnect = lambda: SimpleNamespace(operations=operations)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, MODULE, module)
    return worker


def program(tasks: str = "1") -> None:
    provider = Provider("connect", url="http://127.0.0.1:8083", username="operator", password=pulumi.Output.secret("hidden"))
    connector = Connector("source", name="pg", config={"tasks.max": tasks}, opts=pulumi.ResourceOptions(provider=provider))
    pulumi.export("state", connector.state)


def test_a_connector_is_created_then_recognised_then_updated(runs: Runs, worker: Worker) -> None:
    first = runs.up(program)
    assert (first.created, first.outputs["state"]) == (("Connector source",), "RUNNING")
    assert worker.logins[0]["password"] == "hidden"
    assert runs.up(program).unchanged == ("Connector source",)
    assert runs.up(lambda: program("2")).updated == ("Connector source",)
    del worker.live["pg"]
    assert runs.up(lambda: program("2")).created == ("Connector source",)
    runs.down()
    assert worker.deleted == ["pg"]


def test_refused_properties_are_listed_with_their_paths(runs: Runs, worker: Worker) -> None:
    worker.problems = [Problem(path='config["a"]', rule="unknown key", cure="use b"), Problem(path="name", rule="too long")]
    with pytest.raises(ResourceError, match=r'Connector source could not .*\n  config\["a"\]: unknown key; use b\n  name: too long$'):
        runs.up(program)
    assert not worker.live


def test_a_connector_that_failed_half_way_is_deleted_by_its_name(runs: Runs, worker: Worker) -> None:
    worker.broken = True
    with pytest.raises(ResourceError, match="task 0 failed"):
        runs.up(program)
    runs.down()
    assert worker.deleted == ["pg"]
