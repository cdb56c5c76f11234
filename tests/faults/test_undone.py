"""A fault is undone whatever ends it: its time, an error, an interruption."""

from __future__ import annotations

import contextlib
import random
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.faults import network, processes, services
from sandbox.faults.ground import GroundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHANCE = random.Random(1)  # noqa: S311 - no secret


class Ground:
    """A ground of one process, and a database that remembers what it was told."""

    def __init__(self, process: int = 0) -> None:
        """Begin with an open catalog."""
        self.process = process
        self.told: list[str] = []
        self.closed = False

    def processes(self, *_: object) -> list[int]:
        return [self.process]

    def administer(self, statement: str) -> str:
        self.told.append(statement)
        if statement.startswith("ALTER"):
            self.closed = statement.endswith("false")
        return "t" if self.closed else "f"


class Net:
    """A pod's network whose iptables keeps rules in a list."""

    def __init__(self, *, refuses: bool = False) -> None:
        """Begin without a rule; one that refuses takes the first only."""
        self.rules: list[tuple[str, ...]] = []
        self.refuses = refuses

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        table, action, *rule = words[4:]
        if action == "-I":
            if self.refuses and self.rules:
                return subprocess.CompletedProcess(words, 1, "", "no such match")
            self.rules.append((table, rule[0], *rule[2:]))
        elif action == "-D":
            self.rules.remove((table, *rule))
        listed = "\n".join(f"-A {' '.join(rest)}" for name, *rest in self.rules if name == table)
        return subprocess.CompletedProcess(words, 0, listed, "")


RULES = [("filter", "INPUT", "-s", "10.0.0.1", "-j", "DROP"), ("nat", "PREROUTING", "-p", "tcp", "-j", "REDIRECT", "--to-ports", "1")]


@pytest.fixture
def process() -> Iterator[int]:
    with subprocess.Popen(["sleep", "60"]) as running:
        yield running.pid
        running.kill()


@contextlib.contextmanager
def interrupted(fault: contextlib.AbstractContextManager[str]) -> Iterator[None]:
    """Interrupt a fault at the end of the block."""
    with pytest.raises(KeyboardInterrupt), fault:  # noqa: PT012 - the block is the test's
        yield
        raise KeyboardInterrupt


def becomes(process: int, *, stopped_now: bool) -> bool:
    """Tell whether a process comes to be stopped, or not to be."""
    deadline = time.monotonic() + 20
    while stopped(process) != stopped_now and time.monotonic() < deadline:
        time.sleep(0.01)
    return stopped(process) == stopped_now


def stopped(process: int) -> bool:
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:  # noqa: PTH123 - the kernel's
        return file.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize("error", [KeyboardInterrupt, GroundError, None])
def test_rules_are_removed(error: type[BaseException] | None) -> None:
    net: Any = Net()
    with pytest.raises(error) if error else pytest.MonkeyPatch.context(), network._rules(net, RULES):
        assert len(net.rules) == 2
        assert all("data-ingestion-faults" in rule for rule in net.rules)
        if error:
            raise error
    assert net.rules == []


def test_a_rule_that_is_refused_leaves_none_of_the_others() -> None:
    net: Any = Net(refuses=True)
    with pytest.raises(GroundError, match="no such match"), network._rules(net, RULES):
        pass
    assert net.rules == []


def test_rules_of_others_stay() -> None:
    net: Any = Net()
    net.rules = [("filter", "INPUT", "-j", "ACCEPT")]
    with network._rules(net, RULES):
        pass
    assert net.rules == [("filter", "INPUT", "-j", "ACCEPT")]


def test_a_stopped_process_goes_on_after_an_interruption(process: int) -> None:
    ground: Any = Ground(process)
    with interrupted(processes.connect_stopped(ground, CHANCE)):
        assert becomes(process, stopped_now=True)
    assert becomes(process, stopped_now=False)


def test_a_process_that_an_earlier_run_has_stopped_goes_on(process: int) -> None:
    ground: Any = Ground(process)
    with processes.connect_stopped(ground, CHANCE):
        assert becomes(process, stopped_now=True)
        assert processes.lift(ground, processes.CONNECT) == ["stopped processes of connect"]
        assert becomes(process, stopped_now=False)


def test_a_limit_of_files_is_lifted(process: int) -> None:
    ground: Any = Ground(process)
    with interrupted(processes.postgres_without_room(ground, CHANCE)):
        assert processes._is_limited(process)
    assert not processes._is_limited(process)


def test_the_catalog_takes_connections_again() -> None:
    ground: Any = Ground()
    with interrupted(services.catalog_away(ground, CHANCE)):
        assert ground.closed
    assert not ground.closed
    assert not services.open_catalog(ground), "nothing is left for the next run"


def test_a_connector_gets_back_what_it_was_from_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after SIGKILL: only the file is left."""
    put: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(services, "_BEFORE", tmp_path / "before.json")
    monkeypatch.setattr(services, "_put", lambda _, connector, config: put.append((connector, config)))
    ground: Any = Ground()
    assert services.restore_connectors(ground) == []
    (tmp_path / "before.json").write_text('{"sink": {"tasks.max": "3"}}')
    assert services.restore_connectors(ground) == ["another configuration of sink"]
    assert put == [("sink", {"tasks.max": "3"})]
    assert services.restore_connectors(ground) == []
