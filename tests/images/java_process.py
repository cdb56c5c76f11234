"""Java processes of the images, started on this machine from the very jars with the product's own command lines and the agent."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import urllib3

from stack.settings.names import Names
from stack.settings.streaming import KafkaSettings
from stack.settings.types import NOTHING
from stack.specification import logs
from stack.specification.monitoring import jmx
from stack.specification.properties import properties_text
from stack.specification.services import Address
from stack.specification.streaming import kafka
from tests.declared import _settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stack.specification.monitoring.jmx import Process

_PATIENCE_S = 60.0
CLUSTER = "c" * 22


@dataclass(frozen=True)
class Java:
    """A running Java process.

    Attributes:
        pid: Number of the process.
        metrics: URL of its agent, or None without one.
        log: Its output.
    """

    pid: int
    metrics: str | None
    log: Path

    def scrape(self) -> str:
        """Return the answer of the agent."""
        assert self.metrics
        return urllib3.request("GET", self.metrics, timeout=30.0, retries=False).data.decode()

    def scraped(self, complete: Callable[[str], object]) -> str:
        """Return the first answer of the agent that is complete, or the last one after the patience."""
        until, text = time.monotonic() + _PATIENCE_S, ""
        while time.monotonic() < until:
            try:
                text = self.scrape()
            except urllib3.exceptions.HTTPError:
                text = ""
            if complete(text):
                break
            time.sleep(1)
        return text

    def status(self, key: str) -> int:
        """Return a number of the kernel's account of the process, such as its threads."""
        lines = (line.partition(":") for line in Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8").splitlines())
        return next(int(value.split()[0]) for name, _, value in lines if name == key)


def free_ports(number: int) -> list[int]:
    """Return TCP ports that nothing on this machine listens to."""
    opened = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [one.getsockname()[1] for one in opened]
    for one in opened:
        one.close()
    return ports


def agent_of(process: Process, folder: Path, staged: Path, port: int) -> Mapping[str, str]:
    """Write the product's file for the agent, and return what stands on this machine in place of the flag in the image."""
    agent = jmx.agent(_settings("dev", {"monitoring": {"enabled": True}}), process)
    for name, text in agent.files:
        (folder / name).write_text(text, encoding="utf-8")
    (jar,) = staged.glob("agent/*.jar")
    return dict.fromkeys(agent.flags, f"-javaagent:{jar}=127.0.0.1:{port}:{folder / jmx.FILE}")


@contextmanager
def started(
    command: Sequence[str], here: Mapping[str, str], folder: Path, port: int | None, variables: Mapping[str, str] = NOTHING
) -> Iterator[Java]:
    """Run a command line of the product with paths of this machine, and end it.

    Args:
        command: The command line.
        here: Word or part of a word of the command line, and what stands for it on this machine.
        folder: Folder of the log.
        port: Port of the agent, or None without one.
        variables: Further environment variables.
    """
    words = on_this_machine(command, here)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env={**os.environ, **variables})
        try:
            yield Java(process.pid, None if port is None else f"http://127.0.0.1:{port}/metrics", log)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


@contextmanager
def broker(folder: Path, staged: Path, *, monitored: bool = True) -> Iterator[tuple[Java, str]]:
    """Run one broker with the product's flags and keys, alone in its cluster, and give it with its address.

    Args:
        folder: Folder for its files.
        staged: Contents of the image.
        monitored: Whether it has the agent.
    """
    inside, controller, outside, metrics = free_ports(4)
    names = Names()
    properties = kafka.server_properties(names, 0, Address(host="127.0.0.1", port=outside))
    alone = {key: "1" for key in properties if key.endswith((".replication.factor", ".min.isr", "min.insync.replicas"))}
    properties |= {
        **alone,
        "controller.quorum.voters": f"0@127.0.0.1:{controller}",
        "listeners": f"INTERNAL://127.0.0.1:{inside},CONTROLLER://127.0.0.1:{controller},EXTERNAL://127.0.0.1:{outside}",
        "advertised.listeners": f"INTERNAL://127.0.0.1:{inside},EXTERNAL://127.0.0.1:{outside}",
        "log.dirs": str(folder / "data"),
    }
    here = here_of(folder, staged, properties)
    agent = jmx.agent(_settings("dev", {"monitoring": {"enabled": monitored}}), "kafka")
    if monitored:
        here |= agent_of("kafka", folder, staged, metrics)
    format_volume(here)
    with started(kafka.broker_command(KafkaSettings(), f"127.0.0.1:{inside}", agent), here, folder, metrics if monitored else None) as java:
        yield java, f"127.0.0.1:{inside}"


def format_volume(here: Mapping[str, str]) -> None:
    """Format the volume of a broker.

    Args:
        here: As for `started`.
    """
    formatted = subprocess.run(on_this_machine(kafka.format_command(), here), capture_output=True, text=True, timeout=120, check=False)
    assert formatted.returncode == 0, formatted.stdout + formatted.stderr


def here_of(folder: Path, staged: Path, properties: Mapping[str, str], name: str = "server.properties") -> dict[str, str]:
    """Write a broker's files, and return what stands for the words of its commands on this machine.

    Args:
        folder: Folder for the files.
        staged: Contents of the image.
        properties: Properties of the broker.
        name: Name of their file.
    """
    (folder / name).write_text(properties_text(properties), encoding="utf-8")
    (folder / logs.LOG4J_FILE).write_text(logs.log4j(logs.USUAL_LOGS), encoding="utf-8")
    return {
        kafka.CONFIG: str(folder / name),
        kafka.LOG4J: str(folder / logs.LOG4J_FILE),
        kafka.LIBS: f"{staged}/libs/*",
        "$(CLUSTER_ID)": CLUSTER,
    }


def on_this_machine(command: Sequence[str], here: Mapping[str, str]) -> list[str]:
    """Return a command line of the product with what stands on this machine for its words, or for parts of them."""
    words = list(command)
    for given, found in here.items():
        words = [word.replace(given, found) for word in words]
    return words
