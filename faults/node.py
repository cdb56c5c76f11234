"""Faults of the node and of the program: kubelet and container runtime restarted, `up` killed in the middle, a credential rotated."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from faults.ground import NAMESPACE, Ground, GroundError
from sandbox.cluster import components, processes
from sandbox.paths import CHECKOUT
from waiting import Patience

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Way = Callable[[Ground, random.Random], contextlib.AbstractContextManager[str]]

_UP: Final = (sys.executable, "-m", "pipeline", "sandbox", "up")
_UP_S: Final = 400
_STACK_FILE: Final = CHECKOUT / "Pulumi.sandbox.yaml"
_HEAD: Final = "config:\n"
_WORD: Final = "  data-ingestion:rotation: {%s: faults}  # of a fault, which takes it away again\n"


def restarted(name: str) -> Way:
    """Return a fault that kills a component of the node and starts it again; the pods' processes go on."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        del ground, chance
        running = processes.leaders()[name]
        try:
            os.kill(running.pid, signal.SIGKILL)
            yield name
        finally:
            start(name, running.fingerprint)

    return strike


def start(name: str, fingerprint: str) -> None:
    """Start a component of the node as it was, unless it runs."""
    patience = Patience(30.0)
    while (running := processes.leaders().get(name)) is not None and not _ended(running.pid) and patience.go_on(f"{name} to end", 0.1):
        if patience.spent > 1:
            return
    (component,) = [component for component in components.every() if component.name == name]
    processes.start(component.name, component.argv, fingerprint, component.environment)


def _ended(process: int) -> bool:
    return not Path(f"/proc/{process}").exists()


def missing() -> list[str]:
    """Return the components of the node that do not run; `sandbox up` starts them."""
    running = processes.leaders()
    return [component.name for component in components.every() if component.name not in running]


@contextlib.contextmanager
def up_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Delete the worker's Deployment, kill the `up` that makes it again, and let another one complete it."""
    ground.kube.delete("Deployment", NAMESPACE, "connect")
    try:
        with subprocess.Popen(_UP, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                running.wait(chance.uniform(4.0, 12.0))
            except subprocess.TimeoutExpired:
                running.kill()
        yield "up"
    finally:
        complete()


def rotated(credential: str) -> Way:
    """Return a fault that rotates a credential by the stack file, and once more by taking the word away again."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        del ground, chance
        before = _STACK_FILE.read_text(encoding="utf-8")
        try:
            _STACK_FILE.write_text(before.replace(_HEAD, _HEAD + _WORD % credential, 1), encoding="utf-8")
            complete()
            yield f"rotation.{credential}"
        finally:
            _STACK_FILE.write_text(before, encoding="utf-8")
            complete()

    return strike


def unrotated() -> bool:
    """Take a word of a fault out of the stack file, and tell whether there was one."""
    text = _STACK_FILE.read_text(encoding="utf-8")
    kept = "".join(line for line in text.splitlines(keepends=True) if "of a fault, which takes it away again" not in line)
    if kept != text:
        _STACK_FILE.write_text(kept, encoding="utf-8")
    return kept != text


def complete() -> None:
    """Run `sandbox up` to its end. Raises GroundError with its last words."""
    done = subprocess.run(_UP, cwd=CHECKOUT, capture_output=True, text=True, timeout=_UP_S, check=False)
    # an archive that lags behind the load is not what is asked here
    if done.returncode != 0 and "differ between database and archive" not in done.stderr:
        message = f"'sandbox up' failed: {done.stderr.strip().splitlines()[-1:]}"
        raise GroundError(message)
