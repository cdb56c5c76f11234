"""Faults of the node and of the program: kubelet and container runtime restarted, `up` killed in the middle, the stack file changed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Final

from providers.waiting import Patience
from sandbox import changed_stack
from sandbox.cluster import components, node_images, processes
from sandbox.faults.ground import NAMESPACE, Ground, GroundError
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Way = Callable[[Ground, random.Random], contextlib.AbstractContextManager[str]]

_HEAD: Final = "config:\n"
_REVIVAL_S: Final = 90.0
# looks in a row, half a second apart, that find every component
_STEADY: Final = 5
_WORD: Final = "  data-ingestion:rotation: {%s: faults}  # of a fault, which takes it away again\n"


def restarted(name: str) -> Way:
    """Return a fault that kills a component of the node and starts it again; the pods' processes go on."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        del ground, chance
        try:
            os.kill(processes.leaders()[name].pid, signal.SIGKILL)
            yield name
        finally:
            revive()

    return strike


def revive() -> list[str]:
    """Start every component of the node that does not run, as a service manager would, and name them; a kubelet needs its runtime.

    Raises:
        GroundError: If they do not stay.
    """
    digest = components.BINARY.with_name("digest").read_text(encoding="ascii")
    patience, started, steady = Patience(_REVIVAL_S), list[str](), 0
    while steady < _STEADY:
        missing = [component for component in components.every() if component.name not in processes.leaders()]
        steady = 0 if missing else steady + 1
        for component in missing:
            processes.start(component.name, component.argv, component.fingerprint(digest), component.environment)
            started.append(component.name)
            while component.name == "containerd" and not node_images.runtime_answers() and patience.go_on("the container runtime", 0.2):
                pass
        if not patience.go_on("the node's components to stay", 0.5):
            message = f"{', '.join(component.name for component in missing)} of the node does not stay"
            raise GroundError(message)
    return started


@contextlib.contextmanager
def up_killed(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Delete the worker's Deployment, kill the `up` that makes it again, and let another one complete it."""
    ground.kube.delete("Deployment", NAMESPACE, "connect")
    try:
        with subprocess.Popen(changed_stack.UP, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            try:
                running.wait(chance.uniform(4.0, 12.0))
            except subprocess.TimeoutExpired:
                running.kill()
        yield "up"
    finally:
        changed_stack.complete()


def rotated(credential: str) -> Way:
    """Return a fault that rotates a credential by the stack file, and once more by taking the word away again."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        del ground, chance
        with changed_stack.changed(lambda text: text.replace(_HEAD, _HEAD + _WORD % credential, 1)):
            yield f"rotation.{credential}"

    return strike


def unrotated() -> bool:
    """Take a word of a fault out of the stack file, and tell whether there was one."""
    text = changed_stack.FILE.read_text(encoding="utf-8")
    kept = "".join(line for line in text.splitlines(keepends=True) if "of a fault, which takes it away again" not in line)
    if kept != text:
        changed_stack.FILE.write_text(kept, encoding="utf-8")
    return kept != text
