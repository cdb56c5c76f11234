"""The first position of a consumer group: committed where none is, never changed, told when it cannot be."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

from providers.kafkaconnect import group_position
from providers.kafkaconnect.errors import NoConnectorError
from providers.kafkaconnect.group_position import GroupPositionOperations
from providers.kafkaconnect.librdkafka import UnansweredError
from providers.kafkaconnect.positions import without_position
from providers.operations import ProviderError
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INPUTS = {"bootstrapServers": ["127.0.0.1:1"], "group": "connect-sink-coord", "topic": "control", "partitions": 3}


class Cluster:
    """Committed positions of one group, as a cluster keeps them."""

    def __init__(self, positions: dict[int, int], failures: int = 0) -> None:
        """Begin with positions, and fail so many times."""
        self.positions, self.failures = positions, failures

    def missing(self, settings: Mapping[str, Any], group: str, topic: str, partitions: int) -> list[int]:
        """Return the partitions without a position."""
        assert (settings["bootstrap.servers"], group, topic) == ("127.0.0.1:1", "connect-sink-coord", "control")
        if self.failures:
            self.failures -= 1
            message = "not now"
            raise UnansweredError(message)
        return [number for number in range(partitions) if number not in self.positions]

    def commit(self, settings: Mapping[str, Any], group: str, topic: str, partitions: Iterable[int]) -> None:
        """Commit the beginning."""
        del settings, group, topic
        self.positions |= dict.fromkeys(partitions, 0)

    def operations(self) -> GroupPositionOperations:
        """Return the operations over this cluster."""
        return GroupPositionOperations(threading.Event(), missing=self.missing, commit=self.commit, poll=0.01)


def test_each_partition_without_a_position_gets_the_beginning_and_the_others_keep_theirs() -> None:
    cluster = Cluster({1: 42}, failures=2)
    state = cluster.operations().create(INPUTS)
    assert (state.id, state.outputs) == ("connect-sink-coord/control", INPUTS)
    assert cluster.positions == {0: 0, 1: 42, 2: 0}


class Worker:
    """A worker with one connector, whose consumers are the members of the group."""

    def __init__(self, cluster: Cluster, connector: str) -> None:
        """Begin with the connector running: the cluster refuses to commit."""
        self.cluster, self.connector, self.stopped = cluster, connector, False

    def stop(self, name: str, *, seconds: float) -> None:
        """Stop it; its last member leaves the group at the second attempt from now on."""
        assert seconds > 0
        if name != self.connector:
            raise NoConnectorError(404, "no such connector", "stopping")
        self.stopped = True

    def commit(self, settings: Mapping[str, Any], group: str, topic: str, partitions: Iterable[int]) -> None:
        """Commit once it is stopped."""
        if not self.stopped:
            message = "unknown member"
            raise UnansweredError(message)
        self.cluster.commit(settings, group, topic, partitions)

    def operations(self) -> GroupPositionOperations:
        """Return the operations over this worker and its cluster."""
        client: Any = self
        return GroupPositionOperations(threading.Event(), missing=self.cluster.missing, commit=self.commit, client=client, poll=0.01)


def test_a_connector_that_runs_in_the_group_is_stopped_before_its_first_position_in_a_new_topic() -> None:
    cluster = Cluster({})
    worker = Worker(cluster, "sink")
    worker.operations().create({**INPUTS, "connector": "sink"})
    assert worker.stopped
    assert cluster.positions == {0: 0, 1: 0, 2: 0}


def test_a_connector_that_has_its_position_is_not_stopped() -> None:
    worker = Worker(Cluster({0: 7, 1: 7, 2: 7}), "sink")
    worker.operations().create({**INPUTS, "connector": "sink"})
    assert not worker.stopped


def test_a_connector_that_does_not_exist_yet_hinders_nothing() -> None:
    cluster = Cluster({})
    worker = Worker(cluster, "another")
    worker.stopped = True
    worker.operations().create({**INPUTS, "connector": "sink"})
    assert cluster.positions == {0: 0, 1: 0, 2: 0}


def test_further_partitions_get_a_position_and_another_group_is_another_resource() -> None:
    cluster = Cluster({0: 7, 1: 7, 2: 7})
    cluster.operations().update("connect-sink-coord/control", INPUTS, {**INPUTS, "partitions": 4})
    assert cluster.positions == {0: 7, 1: 7, 2: 7, 3: 0}
    replaced = {change.path: change.replace for change in cluster.operations().diff(INPUTS, {**INPUTS, "group": "other", "partitions": 4})}
    assert replaced == {"group": True, "partitions": False}


def test_a_refresh_finds_a_position_that_is_gone_and_removal_touches_none() -> None:
    cluster = Cluster({0: 7, 1: 7, 2: 7})
    assert cluster.operations().read("connect-sink-coord/control", INPUTS) is not None
    cluster.operations().delete("connect-sink-coord/control", INPUTS)
    assert cluster.positions == {0: 7, 1: 7, 2: 7}
    del cluster.positions[2]
    assert cluster.operations().read("connect-sink-coord/control", INPUTS) is None


def test_a_position_that_cannot_be_committed_is_an_error_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_position, "_PATIENCE", 0.05)
    with pytest.raises(ProviderError, match=r"-coord has no position in control.*not now; check the brokers, and stop a connector"):
        Cluster({}, failures=10**6).operations().create(INPUTS)
    with pytest.raises(ProviderError, match="cannot be read: not now"):
        Cluster({}, failures=1).operations().read("connect-sink-coord/control", INPUTS)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("group", ""), ("group", None), ("topic", 3), ("bootstrapServers", ["x"])),
        *(("partitions", 0), ("partitions", True), ("partitions", "3"), ("connector", ""), ("connector", 3)),
    ],
)
def test_inputs_that_mean_nothing_are_refused_by_their_key(key: str, value: object) -> None:
    (problem,) = Cluster({}).operations().check({**INPUTS, key: value})
    assert problem.path.startswith(key)


def test_unknown_inputs_are_left_to_the_next_run() -> None:
    assert Cluster({}).operations().check(dict.fromkeys(INPUTS, UNKNOWN)) == []


def test_a_broker_that_does_not_answer_is_an_error_in_one_line(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("providers.kafkaconnect.positions._SECONDS", 0.2)
    with pytest.raises(UnansweredError) as raised:
        without_position({"bootstrap.servers": "127.0.0.1:1"}, "group", "topic", 1)
    assert re.fullmatch(r"127\.0\.0\.1:1 does not answer \([a-z_]+\)", str(raised.value))
    assert capfd.readouterr() == ("", "")
