"""Removal of a connector that holds something elsewhere, against a worker with scripted answers."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from providers.iceberg import catalog
from providers.iceberg.table import TableOperations
from providers.kafkaconnect.connector import ConnectorOperations
from providers.kafkaconnect.rest import ConnectClient
from providers.kafkaconnect.watch import Tempo
from providers.operations import ProviderError
from providers.unreachable import SWITCH, UnreachableError
from tests.providers.connect_worker import NOT_FOUND, REBALANCING, Worker, serving, status

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = {"connector.class": "a.b.PresentSource", "tasks.max": "1"}
END = {"config": {"slot.drop.on.stop": "true"}, "otherwise": "SELECT by_hand();"}
STATE = {"name": "c", "config": CONFIG, "removal": END, "state": "RUNNING", "tasks": 1}
FAST = Tempo(poll=0.01, steady=0.05, doubt=0.08, again=0.02, read=0.2, removal=1.0, given_up=0.1)
STATUS = "GET /connectors/c/status"


class Notes:
    """A reporter that records its notes."""

    def __init__(self) -> None:
        """Start without notes."""
        self.kept: list[str] = []

    def waiting(self, text: str, /) -> None:
        """Ignore the message."""

    def note(self, text: str, /) -> None:
        """Record the note."""
        self.kept.append(text)


@pytest.fixture
def notes() -> Notes:
    """Return an empty reporter."""
    return Notes()


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Yield a worker with one running connector."""
    with serving(Worker(live={"c": {**CONFIG, "name": "c"}})) as double:
        yield double


def operations(url: str, notes: Notes) -> ConnectorOperations:
    """Return the operations on that worker's connectors at test speed."""
    return ConnectorOperations(ConnectClient(url), 3.0, threading.Event(), notes, FAST)


def acts(worker: Worker) -> list[tuple[str, str]]:
    """Return the worker's requests other than reads."""
    return [(method, path.removeprefix("/connectors/")) for method, path, _body, _login in worker.calls if method != "GET"]


def test_after_an_interrupted_removal_the_connector_starts_without_old_offsets(notes: Notes) -> None:
    """Otherwise its old task would drop the slot and resume behind changes that were not retained."""
    with serving(Worker(live={"c": {**CONFIG, "name": "c", **END["config"]}})) as worker:  # type: ignore[dict-item]
        operations(worker.url, notes).update("c", STATE, {"name": "c", "config": CONFIG, "removal": END})
        done = [act for act in acts(worker) if not act[1].endswith("validate")]
    assert [act for act in done if "connector-plugins" not in act[1]] == [
        ("PUT", "c/stop"), ("DELETE", "c/offsets"), ("PUT", "c/config"), ("PUT", "c/resume"),
    ]  # fmt: skip
    assert worker.live["c"] == {**CONFIG, "name": "c"}
    assert "starts from the beginning" in notes.kept[0]


def test_a_running_connector_keeps_its_offsets(worker: Worker, notes: Notes) -> None:
    operations(worker.url, notes).update("c", STATE, {"name": "c", "config": {**CONFIG, "tasks.max": "2"}, "removal": END})
    assert ("DELETE", "c/offsets") not in acts(worker)


def test_removal_applies_the_last_configuration_stops_and_resets_offsets(worker: Worker, notes: Notes) -> None:
    operations(worker.url, notes).delete("c", STATE)
    assert acts(worker) == [("PUT", "c/resume"), ("PUT", "c/config"), ("PUT", "c/stop"), ("DELETE", "c/offsets"), ("DELETE", "c")]
    (last,) = [body for _method, path, body, _login in worker.calls if path.endswith("/config") and body]
    assert last == {**CONFIG, "name": "c", "slot.drop.on.stop": "true"}
    assert worker.live == {}
    assert notes.kept == []


def test_a_paused_connector_is_resumed_before_its_removal(worker: Worker, notes: Notes) -> None:
    """A paused task holds its slot and does not drop it."""
    worker.live_status["c"] = status("PAUSED", "PAUSED")
    operations(worker.url, notes).delete("c", STATE)
    assert acts(worker)[0] == ("PUT", "c/resume")
    assert notes.kept == []


def test_a_connector_that_holds_nothing_elsewhere_is_simply_deleted(worker: Worker, notes: Notes) -> None:
    operations(worker.url, notes).delete("c", {"name": "c", "config": CONFIG})
    assert acts(worker) == [("DELETE", "c")]


def test_a_missing_connector_counts_as_removed(worker: Worker, notes: Notes) -> None:
    worker.live.clear()
    operations(worker.url, notes).delete("c", STATE)
    assert notes.kept == []


def test_a_failed_connector_is_removed_at_once_and_its_remains_are_reported(worker: Worker, notes: Notes) -> None:
    worker.live_status["c"] = status("RUNNING", "FAILED", trace="password authentication failed")
    operations(worker.url, notes).delete("c", STATE)
    assert acts(worker) == [("DELETE", "c")]
    assert "SELECT by_hand();" in notes.kept[0]


def test_a_connector_that_fails_with_its_last_configuration_is_removed_and_reported(worker: Worker, notes: Notes) -> None:
    worker.script[STATUS] = [status("RUNNING", "RUNNING"), status("RUNNING", "FAILED", trace="x")]
    with pytest.raises(ProviderError, match="the worker still reports it"):
        operations(worker.url, notes).delete("c", STATE)
    assert ("DELETE", "c") in acts(worker)
    assert "SELECT by_hand();" in notes.kept[0]


def test_a_worker_that_never_lets_it_run_does_not_hang_the_removal(worker: Worker, notes: Notes) -> None:
    worker.script[STATUS] = [status("RUNNING", "RUNNING"), *[status("UNASSIGNED")] * 500]
    started = time.monotonic()
    with pytest.raises(ProviderError):
        operations(worker.url, notes).delete("c", STATE)
    assert time.monotonic() - started < 20 * FAST.removal
    assert worker.live == {}
    assert "SELECT by_hand();" in notes.kept[0]


def test_a_worker_that_rebalances_is_waited_for(worker: Worker, notes: Notes) -> None:
    worker.script["PUT /connectors/c/stop"] = [REBALANCING, (202, None)]
    worker.script[STATUS] = [status("RUNNING", "RUNNING")] * 12 + [status("STOPPED"), NOT_FOUND]
    operations(worker.url, notes).delete("c", STATE)
    assert acts(worker).count(("PUT", "c/stop")) == 2
    assert notes.kept == []


def test_removal_without_a_worker_fails_and_names_the_switch_to_skip_it(notes: Notes) -> None:
    with pytest.raises(UnreachableError, match=f"{SWITCH}=true"):
        operations("http://127.0.0.1:1", notes).delete("c", STATE)


def test_connectors_of_an_abandoned_worker_are_forgotten_and_their_remains_reported(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "true")
    operations("http://127.0.0.1:1", notes).delete("c", STATE)
    assert "SELECT by_hand();" in notes.kept[1]
    assert operations("http://127.0.0.1:1", notes).read("c", STATE) is None


def test_a_refresh_needs_the_worker_unless_it_is_abandoned(notes: Notes) -> None:
    with pytest.raises(UnreachableError):
        operations("http://127.0.0.1:1", notes).read("c", STATE)


def test_after_a_rollout_of_the_worker_the_connector_must_run_for_a_while(worker: Worker, notes: Notes) -> None:
    """Otherwise the last report of the previous worker would count as current."""
    before: dict[str, Any] = {"name": "c", "config": CONFIG, "rollout": "a"}
    after = {**before, "rollout": "b"}
    provider = operations(worker.url, notes)
    assert [change.path for change in provider.diff({**before, "state": "RUNNING"}, after)] == ["rollout"]
    worker.script[STATUS] = [status("RUNNING", "RUNNING"), status("RUNNING", "RUNNING"), status("UNASSIGNED"), status("RUNNING", "RUNNING")]
    assert provider.update("c", before, after).outputs["rollout"] == "b"
    assert worker.requests("GET").count("/connectors/c/status") > 4
    assert acts(worker) == []


def test_a_refresh_keeps_declared_values_and_reports_a_connector_that_does_not_run(worker: Worker, notes: Notes) -> None:
    declared = {"name": "c", "config": CONFIG, "removal": END, "rollout": "a"}
    worker.live_status["c"] = status("PAUSED", "PAUSED")
    found = operations(worker.url, notes).read("c", declared)
    assert found is not None
    assert found.outputs == {**declared, "state": "PAUSED", "tasks": 1}
    assert notes.kept == ["connector c does not run: connector PAUSED, task 0 PAUSED"]


def test_tables_of_an_abandoned_catalog_are_forgotten(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_GIVEN_UP_SECONDS", 0.1)
    config = {"catalogType": "sql", "catalogName": "a", "warehouse": "s3://b/w", "uri": "postgresql://127.0.0.1:1/c", "username": "u"}
    tables = TableOperations(catalog.Catalogs(config, threading.Event(), notes, seconds=0.1), threading.Event())
    with pytest.raises(UnreachableError, match=f"{SWITCH}=true"):
        tables.delete("cdc.orders", {"deleteOnDestroy": True})
    monkeypatch.setenv(SWITCH, "true")
    tables.delete("cdc.orders", {"deleteOnDestroy": True})
    assert notes.kept == ["table cdc.orders: its catalog does not answer; it is removed from the state only, and its files may remain"]
    assert tables.read("cdc.orders", {}) is None
