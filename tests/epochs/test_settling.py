"""The old epoch ends: its source stops, or workers and registry end, and what cannot be ended is told with the cure."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from kubernetes import client, config

from pipeline.epoch import settling
from pipeline.epoch.settling import UnsettledError
from providers.kafkaconnect.errors import NoConnectorError, NotNowError
from providers.kafkaconnect.status import Part, Status
from stack.settings.names import Names
from tests.declared import settings_of


class Quiet:
    """A display that shows nothing."""

    def waiting(self, what: str, /) -> None:
        """Ignore the message."""


class Apps:
    """Deployments of a cluster, whose pods take one look to end."""

    def __init__(self, *, refused: bool = False) -> None:
        """Start with one pod each."""
        self.scaled: list[str] = []
        self.looks: dict[str, int] = {}
        self.refused = refused

    def patch_namespaced_deployment_scale(self, name: str, namespace: str, body: dict[str, Any], **_options: Any) -> None:
        if self.refused:
            raise client.ApiException(status=403)
        assert (namespace, body) == ("data-ingestion", {"spec": {"replicas": 0}})
        self.scaled.append(name)

    def read_namespaced_deployment(self, name: str, _namespace: str, **_options: Any) -> Any:
        self.looks[name] = self.looks.get(name, 0) + 1
        return SimpleNamespace(status=SimpleNamespace(replicas=1 if self.looks[name] == 1 else None))


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Apps:
    """Return the deployments that the command meets."""
    apps = Apps()
    monkeypatch.setattr(config, "new_client_from_config", lambda **_options: None)
    monkeypatch.setattr(client, "AppsV1Api", lambda _api: apps)
    monkeypatch.setattr(settling, "_POLL_S", 0.01)
    return apps


@pytest.mark.parametrize(("stack", "ended"), [("sandbox", ["connect", "schema-registry"]), ("guest", ["connect"])])
def test_workers_end_and_so_does_a_registry_of_the_program(cluster: Apps, stack: str, ended: list[str]) -> None:
    settling.end_workers(settings_of(stack), Quiet())
    assert cluster.scaled == ended
    assert cluster.looks == dict.fromkeys(ended, 2), "it waits until the pods have ended"


def test_workers_that_cannot_be_ended_are_told_with_the_command(cluster: Apps) -> None:
    cluster.refused = True
    with pytest.raises(UnsettledError, match=r"scale deployment/connect deployment/schema-registry --replicas=0"):
        settling.end_workers(settings_of("sandbox"), Quiet())


class Worker:
    """A worker whose connector stops at the second look."""

    def __init__(self, *, answers: bool = True, has: bool = True) -> None:
        """Start with a running connector."""
        self.answers, self.has, self.looks = answers, has, 0

    def stop(self, name: str, **_options: Any) -> None:
        assert name == Names().source_connector
        if not self.has:
            raise NoConnectorError(404, "no such connector")
        if not self.answers:
            message = "it does not answer"
            raise NotNowError(message)

    def status(self, _name: str, **_options: Any) -> Status:
        self.looks += 1
        stopped = self.looks > 1
        return Status(Part("connector", "STOPPED" if stopped else "RUNNING"), () if stopped else (Part("task 0", "RUNNING"),))


@pytest.fixture
def stack() -> Any:
    """Return a stack of which the names count."""
    return SimpleNamespace(names=Names())


def _meets(monkeypatch: pytest.MonkeyPatch, met: Worker) -> None:
    monkeypatch.setattr(settling, "worker", lambda _stack: met)
    monkeypatch.setattr(settling, "_POLL_S", 0.01)
    monkeypatch.setattr(settling, "_STOP_S", 0.1)


def test_a_source_is_stopped_until_it_has_no_task(monkeypatch: pytest.MonkeyPatch, stack: Any) -> None:
    met = Worker()
    _meets(monkeypatch, met)
    settling.stop_source(stack, Quiet())
    assert met.looks == 2


def test_a_source_that_is_gone_is_stopped(monkeypatch: pytest.MonkeyPatch, stack: Any) -> None:
    met = Worker(has=False)
    _meets(monkeypatch, met)
    settling.stop_source(stack, Quiet())
    assert met.looks == 0


def test_a_source_that_does_not_stop_leaves_all_as_it_is(monkeypatch: pytest.MonkeyPatch, stack: Any) -> None:
    _meets(monkeypatch, Worker(answers=False))
    with pytest.raises(UnsettledError, match=r"has not stopped .*it does not answer.*: nothing else was changed"):
        settling.stop_source(stack, Quiet())
