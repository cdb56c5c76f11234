"""Docker's description of itself, and the requirements of a laptop's cluster."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.check import Level, Refused
from pipeline.checks.machine import GIB
from pipeline.checks.tool import Answer, ask
from pipeline.doctor import docker
from pipeline.doctor.docker import NODES_MIB, Docker

if TYPE_CHECKING:
    from pathlib import Path

GOOD = Docker(version="29.1", memory=8 * GIB, cpus=4, architecture="aarch64", system="Docker Desktop", root="/var/lib/docker")
TOLD = {
    "ServerVersion": "29.1",
    "MemTotal": 8 * GIB,
    "NCPU": 4,
    "Architecture": "aarch64",
    "OperatingSystem": "Docker Desktop",
    "DockerRootDir": "/var/lib/docker",
}


def test_the_engines_answer_is_read() -> None:
    assert docker.read(Answer(0, json.dumps(TOLD), "")) == GOOD


@pytest.mark.parametrize(
    ("answer", "why", "cure"),
    [
        (None, "not on PATH", "docker.io"),
        (Answer(1, "", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."), "Cannot connect", "systemctl start docker"),
        (Answer(0, json.dumps({"ServerErrors": ["Cannot connect to it"]}), ""), "Cannot connect", "start Docker Desktop"),
        (Answer(1, "", "permission denied while trying to connect"), "may not use Docker", "usermod -aG docker"),
    ],
)
def test_an_engine_that_does_not_answer_is_distinguished_from_a_missing_one(answer: Answer | None, why: str, cure: str) -> None:
    found = docker.read(answer)
    assert isinstance(found, Refused)
    assert why in found.why
    assert cure in found.cure


def test_memory_must_hold_the_pods_and_the_nodes() -> None:
    """The budget alone is not enough: three idle Kind nodes take 1.25 GiB more."""
    exact = replace(GOOD, memory=(4096 + NODES_MIB) * 2**20)
    assert docker.memory(exact, 4096).level is Level.FINE
    too_little = docker.memory(replace(exact, memory=exact.memory - 1), 4096)
    assert too_little.level is Level.FAILURE
    assert "4096 MiB for the pods" in too_little.found
    assert "Docker Desktop: Settings" in too_little.cure
    assert ".wslconfig" in too_little.cure
    assert "7 GiB or more" in too_little.cure
    assert "Docker Desktop" not in docker.memory(replace(exact, memory=GIB, system="Debian GNU/Linux 12"), 4096).cure


def test_one_processor_is_slow_and_two_are_enough() -> None:
    assert docker.processors(replace(GOOD, cpus=1)).level is Level.WARNING
    assert docker.processors(replace(GOOD, cpus=2)).level is Level.FINE


@pytest.mark.parametrize(("machine", "level"), [("x86_64", Level.FINE), ("aarch64", Level.FINE), ("riscv64", Level.FAILURE)])
def test_images_are_made_for_two_architectures(machine: str, level: Level) -> None:
    assert docker.architecture(replace(GOOD, architecture=machine)).level is level


def test_disk_must_hold_the_images_and_should_hold_full_volumes() -> None:
    volumes_mib = 15 * 1024
    assert docker.disk((GOOD, 7 * GIB), volumes_mib).level is Level.FAILURE
    assert docker.disk((GOOD, 20 * GIB), volumes_mib).level is Level.WARNING
    assert docker.disk((GOOD, 23 * GIB), volumes_mib).level is Level.FINE


def test_disk_inside_a_virtual_machine_is_not_taken_for_this_machines(tmp_path: Path) -> None:
    """Even where the same path exists on this machine."""
    assert docker.look_at_disk(replace(GOOD, root=str(tmp_path))) == (replace(GOOD, root=str(tmp_path)), None)
    assert docker.disk((GOOD, None), 1).level is Level.UNSEEN
    on_linux = replace(GOOD, system="Debian GNU/Linux 12", root=str(tmp_path))
    seen = docker.look_at_disk(on_linux)
    assert not isinstance(seen, Refused)
    assert seen[1]


def test_a_program_that_is_not_installed_is_no_error() -> None:
    assert ask("no-such-program-anywhere") is None


def test_a_program_gets_no_input_and_its_last_words_are_kept() -> None:
    told = ask("sh", "-c", "cat; echo first >&2; echo second >&2; exit 3")
    assert told == Answer(3, "", "first\nsecond\n")
    assert told.last_words == "second"
    assert Answer(7, "", "").last_words == "exit code 7"


def test_docker_here_is_read_or_refused_with_a_cure() -> None:
    """On any machine: the real program's answer is understood."""
    seen = docker.look()
    running = ask("docker", "version", "--format", "{{.Server.Version}}")
    if running is None or running.code != 0:
        assert isinstance(seen, Refused)
        assert seen.cure
    else:
        assert isinstance(seen, Docker)
        assert seen.version == running.out.strip()
        assert seen.cpus > 0
        assert subprocess.run(["test", "-n", seen.root], check=False).returncode == 0
