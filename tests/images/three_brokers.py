"""Three brokers of the image on this machine, in one cluster, which a test kills, stops and starts again."""

from __future__ import annotations

import socket
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from stack.settings.names import BROKERS, Names
from stack.settings.streaming import KafkaSettings
from stack.specification.services import Address
from stack.specification.streaming import kafka
from tests.images.java_process import format_volume, free_ports, here_of, on_this_machine

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from pathlib import Path

_PATIENCE_S = 120.0


@dataclass
class Brokers:
    """The brokers.

    Attributes:
        folder: Folder for their files.
        staged: Contents of the image.
        inside: Port of each for the others and for clients.
        running: Process of each, in order.
    """

    folder: Path
    staged: Path
    inside: list[int] = field(default_factory=lambda: free_ports(BROKERS))
    controllers: list[int] = field(default_factory=lambda: free_ports(BROKERS))
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def bootstrap(self) -> str:
        """Addresses of all, comma separated."""
        return ",".join(f"127.0.0.1:{port}" for port in self.inside)

    def __enter__(self) -> Self:
        """Format the volumes, start all and wait until they listen."""
        for number in range(BROKERS):
            format_volume(self._here(number))
        self.running = [self._started(number) for number in range(BROKERS)]
        for number in range(BROKERS):
            self.wait_for(number)
        return self

    def __exit__(self, *_: object) -> None:
        """End all, also those that are stopped."""
        for process in self.running:
            process.kill()
        for process in self.running:
            process.wait(30)

    def kill(self, number: int) -> None:
        """Kill one and wait for its end."""
        self.running[number].kill()
        self.running[number].wait(30)

    def start(self, number: int) -> None:
        """Start one again, on the same volume."""
        self.running[number] = self._started(number)

    def send(self, number: int, what: signal.Signals) -> None:
        """Send a signal to one."""
        self.running[number].send_signal(what)

    def wait_for(self, number: int) -> None:
        """Wait until one listens for clients."""
        self.wait_until(lambda: self._listens(number), number)

    def wait_until(self, true: Callable[[], bool], number: int) -> None:
        """Wait until a condition of one that runs holds."""
        until = time.monotonic() + _PATIENCE_S
        while not true():
            assert self.running[number].poll() is None, self.log(number)[-3000:]
            assert time.monotonic() < until, self.log(number)[-3000:]
            time.sleep(0.3)

    def log(self, number: int) -> str:
        """Return what one has printed."""
        return (self.folder / f"log-{number}").read_text(encoding="utf-8")

    def _listens(self, number: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.inside[number]), timeout=1).close()
        except OSError:
            return False
        return True

    def _here(self, number: int) -> dict[str, str]:
        inside, controller = self.inside[number], self.controllers[number]
        voters = ",".join(f"{one}@127.0.0.1:{port}" for one, port in enumerate(self.controllers))
        properties = kafka.server_properties(Names(), number, Address(host="127.0.0.1", port=inside)) | {
            "controller.quorum.voters": voters,
            "listeners": f"INTERNAL://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"INTERNAL://127.0.0.1:{inside}",
            "log.dirs": str(self.folder / f"data-{number}"),
        }
        return here_of(self.folder, self.staged, properties, f"{number}.properties")

    def _started(self, number: int) -> subprocess.Popen[bytes]:
        words = on_this_machine(kafka.broker_command(KafkaSettings(), self.bootstrap), self._here(number))
        with (self.folder / f"log-{number}").open("ab") as output:
            return subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=self.folder)
