"""The restart command beside the worker, run by a real shell against a REST interface of a few lines."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from stack.settings.streaming import ConnectSettings
from stack.specification.streaming import connect, pods, restarter
from tests.existing_database.server import SERVERS, root_of_the_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOGIN = "Basic " + base64.b64encode(b"operator:secret").decode()


class Worker(ThreadingHTTPServer):
    """A worker with two connectors; a restart repairs them, unless ``incurable``."""

    def __init__(self, *, incurable: bool = False) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), Rest)
        self.states = {"sink": "FAILED", "source": "RUNNING"}
        self.incurable = incurable
        self.restarts: list[str] = []
        self.looks = 0


class Rest(BaseHTTPRequestHandler):
    """The part of Connect's REST interface that the command uses."""

    server: Worker

    def do_GET(self) -> None:
        """List the connectors, or return one's status."""
        parts = self.path.split("/")
        if parts[-1] == "connectors":
            self.server.looks += 1
            self._answer(sorted(self.server.states))
        else:
            self._answer({"connector": {"state": "RUNNING"}, "tasks": [{"state": self.server.states[parts[2]]}]})

    def do_POST(self) -> None:
        """Restart a connector."""
        self.server.restarts.append(self.path)
        if not self.server.incurable:
            self.server.states[self.path.split("/")[2]] = "RUNNING"
        self._answer({})

    def _answer(self, content: object) -> None:
        allowed = self.headers["Authorization"] == LOGIN
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(json.dumps(content, separators=(",", ":")).encode() if allowed else b"{}")

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@dataclass(frozen=True)
class Place:
    """A place with a shell and curl.

    Attributes:
        folder: Folder for a file, as this process sees it.
        inside: The same folder, as the shell sees it.
        before: Words before the command.
    """

    folder: Path
    inside: str
    before: tuple[str, ...] = ()


@pytest.fixture(scope="module", params=SERVERS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Yield this machine and the file system of the sandbox's image."""
    if request.param == "image":
        with root_of_the_image() as root:
            (root / "login").mkdir()
            yield Place(root / "login", "/login", ("chroot", str(root)))
        return
    if shutil.which("curl") is None:
        pytest.skip("no curl is installed; make nightly runs this with its image's")
    folder = tmp_path_factory.mktemp("login")
    yield Place(folder, str(folder))


@contextmanager
def running(worker: Worker, place: Place, first_pause_s: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command beside a worker, with a shorter first pause."""
    (place.folder / "curl.conf").write_text(connect.login_files({"operator": "secret"})["curl.conf"])
    environment = restarter.environment(f"{place.inside}/curl.conf") | {
        "WORKER": f"http://127.0.0.1:{worker.server_port}",
        "FIRST_PAUSE_S": first_pause_s,
        "PATH": os.environ["PATH"],
    }
    threading.Thread(target=worker.serve_forever, daemon=True).start()
    command = [*place.before, *restarter.command()]
    with worker, subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
            worker.shutdown()


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait up to ten seconds and tell whether the condition became true."""
    return any(condition() or time.sleep(0.05) for _ in range(200))


def test_a_failed_connector_is_restarted_once_and_a_running_one_left_alone(place: Place) -> None:
    worker = Worker()
    with running(worker, place, "0"):
        assert eventually(lambda: worker.looks > 1 and bool(worker.restarts))
        looks = worker.looks
        assert eventually(lambda: worker.looks > looks + 1)
    assert worker.restarts == ["/connectors/sink/restart?includeTasks=true&onlyFailed=true"]


def test_a_connector_that_fails_again_is_restarted_after_growing_pauses(place: Place) -> None:
    worker = Worker(incurable=True)
    started = time.monotonic()
    with running(worker, place, "1") as process:
        assert eventually(lambda: len(worker.restarts) > 1)
        assert time.monotonic() - started >= 3, "the second look came before the pause had doubled"
        assert process.stdout is not None
        assert "sink has failed tasks" in process.stdout.readline()


def test_it_ends_at_once_when_its_pod_does(place: Place) -> None:
    worker = Worker()
    with running(worker, place, "60") as process:
        time.sleep(0.3)
        process.terminate()
        assert process.wait(20) == 0


def test_the_login_is_in_no_command_line_and_no_environment() -> None:
    pod = pods.connect_pod(ConnectSettings(), "connect:1", {"source": "postgresql-debezium"}, "connect-archive")
    (beside,) = (container for container in pod["containers"] if container["name"] == "restarter")
    assert {"name": "LOGIN", "value": connect.CURL_LOGIN} in beside["env"]
    assert "password" not in json.dumps(beside["command"] + beside["env"]).lower()


def test_the_pod_keeps_its_memory() -> None:
    settings = ConnectSettings()
    pod = pods.connect_pod(settings, "connect:1", {"source": "postgresql-debezium"}, "connect-archive")
    limits = [int(container["resources"]["limits"]["memory"].removesuffix("Mi")) for container in pod["containers"]]
    assert sum(limits) == settings.memory_mib
