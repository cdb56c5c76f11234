"""An unsuitable machine is reported with the reason before anything is changed."""

from __future__ import annotations

import os
import platform
import shutil
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from pipeline.checks import machine as this_machine
from pipeline.checks.check import Level
from pipeline.checks.progress import Progress
from sandbox import lifecycle, lock, preflight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Machine:
    """A machine that meets every requirement, unless a test changes one of them."""

    def __init__(self, patch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Put the machine in place of the real one."""
        self.system, self.architecture, self.user = "Linux", "x86_64", 0
        self.memory_gib, self.disk_gib, self.debian = 64.0, 500.0, True
        self.cache = tmp_path / "cache"
        patch.setattr(platform, "system", lambda: self.system)
        patch.setattr(platform, "machine", lambda: self.architecture)
        patch.setattr(os, "geteuid", lambda: self.user)
        patch.setattr(shutil, "which", lambda _: "/usr/bin/apt-get" if self.debian else None)
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=int(self.disk_gib * this_machine.GIB)))
        patch.setattr(this_machine, "available_memory", lambda: int(self.memory_gib * this_machine.GIB))
        patch.setattr(preflight, "CACHE", self.cache)
        patch.setattr(preflight, "STATE", tmp_path / "state")


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Return a suitable machine."""
    return Machine(monkeypatch, tmp_path)


@pytest.fixture
def taken() -> Iterator[int]:
    """Yield a port with a listener."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def reasons(*ports: int, running: bool = False) -> list[str]:
    """Return the reported problems."""
    with pytest.raises(preflight.PreflightError) as caught:
        preflight.check(ports, running=running, warm=False)
    return str(caught.value).splitlines()


def test_a_good_machine_passes(machine: Machine) -> None:
    assert machine.user == 0
    preflight.check_platform()
    preflight.check([], running=False, warm=False)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"system": "Darwin"}, ["this is Darwin", "use Kind instead"]),
        ({"debian": False}, ["Debian packages", "without apt-get", "use Kind instead"]),
        ({"architecture": "aarch64"}, ["locked for x86_64", "aarch64"]),
        ({"user": 1000}, ["needs root", "throw-away machine"]),
    ],
)
@pytest.mark.parametrize("command", [lifecycle.up, lifecycle.down])
def test_an_unsuitable_machine_is_refused_before_any_file_is_written(
    machine: Machine,
    change: dict[str, object],
    told: list[str],
    command: Callable[[Progress], object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Consequences, such as too little memory, are not reported as well."""
    vars(machine).update(change, memory_gib=0.1, disk_gib=0.1)
    monkeypatch.setattr(lock, "CACHE", tmp_path / "cache")
    with pytest.raises(preflight.PreflightError) as caught:
        command(Progress(quiet=True))
    (only,) = str(caught.value).splitlines()
    for part in told:
        assert part in only
    assert not (tmp_path / "cache").exists()


def test_too_little_memory_is_reported_with_both_figures(machine: Machine) -> None:
    machine.memory_gib = 3.25
    (only,) = reasons()
    assert "3.2 GiB of memory are available" in only
    assert f"needs {preflight.MEMORY_GIB}" in only


def test_too_little_disk_is_reported_with_its_path(machine: Machine, tmp_path: Path) -> None:
    machine.disk_gib = 10
    (only,) = reasons()
    assert f"10.0 GiB of disk are free under {tmp_path}" in only


def test_a_filled_cache_needs_less_disk(machine: Machine) -> None:
    machine.disk_gib = preflight.DISK_WARM_GIB + 1
    assert preflight.DISK_WARM_GIB < preflight.DISK_COLD_GIB
    assert len(reasons()) == 1
    preflight.check([], running=False, warm=True)


def test_every_taken_port_is_named_with_the_way_to_find_its_owner(machine: Machine, taken: int) -> None:
    machine.memory_gib = 1
    memory, port = reasons(taken)
    assert "memory" in memory
    assert f"port {taken} on 127.0.0.1 is taken" in port
    assert f"ss -ltnp sport = :{taken}" in port
    assert "Pulumi.sandbox.yaml" in port


def test_a_running_sandbox_holds_its_own_ports_and_memory(machine: Machine, taken: int) -> None:
    machine.memory_gib, machine.disk_gib = 0.1, 0.1
    preflight.check([taken], running=True, warm=True)


def test_the_doctor_shows_the_same_checks_and_those_that_pass_too(machine: Machine, taken: int) -> None:
    machine.memory_gib = 1
    found = {one.name: one.judge(one.probe()) for one in preflight.checks([taken], running=False, warm=False)}
    assert [name for name, finding in found.items() if finding.level is Level.FAILURE] == ["memory", f"port {taken}"]
    assert found["system"].level is found["disk"].level is Level.FINE


def test_the_doctor_explains_why_a_running_sandbox_has_no_requirements(machine: Machine) -> None:
    machine.memory_gib = 0.1
    found = [one.judge(one.probe()) for one in preflight.checks([1], running=True, warm=True)]
    assert [finding.level for finding in found] == [Level.FINE, Level.FINE]
    assert "the sandbox that is here" in found[1].found
