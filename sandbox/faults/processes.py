"""Faults of processes: killed by a signal that none can handle, stopped for some seconds, out of room to write."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.faults.ground import BROKERS, CONNECT, NAMESPACE, POSTGRES, REGISTRY, STORE, Ground, GroundError, Target

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

# Smaller than a segment of the write-ahead log and of a topic, larger than what a start writes
_POSTGRES_ROOM = 4 * 1024**2
_BROKER_ROOM = 16 * 1024


def send(processes: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to processes, of which the end of one may have ended others."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def kill(ground: Ground, *targets: Target) -> str:
    """Send SIGKILL to every process of containers. One that was killed before gets a new pod: its container would be kept waiting."""
    processes = [process for target in targets for process in ground.processes(target)]
    pods = [(target, ground.pod(target)) for target in targets]
    send(processes, signal.SIGKILL)
    for target, pod in pods:
        if any(status["restartCount"] for status in pod["status"]["containerStatuses"] if status["name"] == target.container):
            ground.kubectl(
                "delete", "pod", "--namespace", NAMESPACE, pod["metadata"]["name"], "--grace-period=0", "--force", "--wait=false"
            )
    return " and ".join(map(str, targets))


@contextlib.contextmanager
def postgres_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill the server with all its processes."""
    del chance
    yield kill(ground, POSTGRES)


@contextlib.contextmanager
def walsender_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill the process that sends the changes; the server then ends all others and recovers as after a crash."""
    del chance
    send(ground.processes(POSTGRES, "walsender")[:1], signal.SIGKILL)
    yield "walsender"


@contextlib.contextmanager
def broker_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill one broker."""
    yield kill(ground, chance.choice(BROKERS))


@contextlib.contextmanager
def two_brokers_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill two brokers at once."""
    yield kill(ground, *chance.sample(BROKERS, 2))


@contextlib.contextmanager
def registry_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill the schema registry."""
    del chance
    yield kill(ground, REGISTRY)


@contextlib.contextmanager
def connect_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill the worker, and with it source and sink."""
    del chance
    yield kill(ground, CONNECT)


@contextlib.contextmanager
def everything_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill worker, database and one broker at once."""
    yield kill(ground, CONNECT, POSTGRES, chance.choice(BROKERS))


@contextlib.contextmanager
def _stopped(ground: Ground, *targets: Target) -> Iterator[str]:
    processes = [process for target in targets for process in ground.processes(target)]
    try:
        send(processes, signal.SIGSTOP)
        yield " and ".join(map(str, targets))
    finally:
        send(processes, signal.SIGCONT)


@contextlib.contextmanager
def broker_stopped(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Stop one broker."""
    with _stopped(ground, chance.choice(BROKERS)) as hit:
        yield hit


@contextlib.contextmanager
def connect_stopped(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Stop the worker."""
    del chance
    with _stopped(ground, CONNECT) as hit:
        yield hit


@contextlib.contextmanager
def postgres_stopped(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Stop the database."""
    del chance
    with _stopped(ground, POSTGRES) as hit:
        yield hit


@contextlib.contextmanager
def registry_stopped(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Stop the schema registry."""
    del chance
    with _stopped(ground, REGISTRY) as hit:
        yield hit


@contextlib.contextmanager
def store_stopped(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Stop the object store: connections stay open and get no answer, so that uploads stand half-written."""
    del chance
    with _stopped(ground, STORE) as hit:
        yield hit


@contextlib.contextmanager
def _without_room(ground: Ground, target: Target, size: int) -> Iterator[None]:
    """Let no file of a container's processes grow beyond a size; processes of the container's next start are not limited."""
    try:
        for process in ground.processes(target):
            _limit(process, str(size))
        yield
    finally:
        # one that is just started again has no limit
        with contextlib.suppress(GroundError):
            lift(ground, target)


@contextlib.contextmanager
def postgres_without_room(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Let the server write no further into its write-ahead log."""
    del chance
    with _without_room(ground, POSTGRES, _POSTGRES_ROOM):
        yield str(POSTGRES)


@contextlib.contextmanager
def broker_without_room(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Let a broker write no further into its topics."""
    broker = chance.choice(BROKERS)
    with _without_room(ground, broker, _BROKER_ROOM):
        yield str(broker)


def lift(ground: Ground, target: Target) -> list[str]:
    """Lift every limit of a container's processes and let them go on, those that were started meanwhile too; name what was found."""
    found = set[str]()
    for process in ground.processes(target):
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if _is_limited(process):
                _limit(process, "unlimited")
                found.add(f"limited files of {target}")
            if _is_stopped(process):
                os.kill(process, signal.SIGCONT)
                found.add(f"stopped processes of {target}")
    return sorted(found)


def _limit(process: int, size: str) -> None:
    """Set the largest size of a file, as the user of the process: root may not where it lacks the right over resources."""
    with contextlib.suppress(FileNotFoundError):
        owner = Path(f"/proc/{process}").stat()
        command = ["prlimit", "--pid", str(process), f"--fsize={size}:unlimited"]
        subprocess.run(command, user=owner.st_uid, group=owner.st_gid, extra_groups=[], check=False, capture_output=True)


def _is_limited(process: int) -> bool:
    limits = Path(f"/proc/{process}/limits").read_text(encoding="ascii")
    return next(line for line in limits.splitlines() if line.startswith("Max file size")).split()[3] != "unlimited"


def _is_stopped(process: int) -> bool:
    return Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] == "T"
