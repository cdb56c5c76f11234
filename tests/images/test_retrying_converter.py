"""The image's Avro converter tells a registry that is away from a bad record, by every answer that a registry can give."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from images import java_compiler, staging
from images.store import Store
from images.tool import ToolError
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

pytestmark = pytest.mark.sandbox

IMAGE = Path(staging.__file__).parent / "connect"
SOUND = 1
UNKNOWN_SCHEMA = 40403
PLAIN_404 = 40400
CUT_OFF = 7
AWAY = (500, 502, 503, 504, 401, 403, 407, 408, 429, PLAIN_404, CUT_OFF)


class Registry(BaseHTTPRequestHandler):
    """A registry whose answer is chosen by the number in the request's path: a schema's id, or the end of a topic's name."""

    def _answer(self, sound: object) -> None:
        number = int((re.findall("[0-9]+", self.path) or [SOUND])[0])
        if number == CUT_OFF:
            self.close_connection = True
            return
        if number == SOUND:
            self._send(200, sound)
        elif number == PLAIN_404:
            self._send(404, "<html>no such page</html>")
        elif number == UNKNOWN_SCHEMA:
            self._send(404, {"error_code": UNKNOWN_SCHEMA, "message": "schema not found"})
        else:
            self._send(number, {"error_code": number * 100 + 1, "message": "no"})

    def do_GET(self) -> None:
        """Return a schema."""
        self._answer({"schema": '"string"'})

    def do_POST(self) -> None:
        """Register a schema."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer({"id": SOUND, "version": 1, "subject": "topic-value", "schema": '"string"'})

    def _send(self, status: int, body: object) -> None:
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Log nothing."""


@contextmanager
def _registry() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def class_path(staged: Path, compiled: Callable[[str, list[Path]], str]) -> str:
    """Compile the probe against the image's own jars."""
    return compiled("converter", [*staged.glob("plugins/avro-confluent/*.jar")])


def _outcomes(class_path: str, url: str, numbers: Sequence[int]) -> dict[str, tuple[str, str]]:
    command = ["java", "-cp", class_path, "Probe", url, *map(str, numbers)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = [line.split() for line in done.stdout.splitlines() if re.fullmatch(r"\w+ \w+ [\w-]+", line)]
    return {number: (read, written) for number, read, written in lines}


def test_a_record_waits_for_each_answer_that_says_nothing_of_it_and_is_bad_for_the_others(class_path: str) -> None:
    with _registry() as url:
        found = _outcomes(class_path, url, [SOUND, *AWAY, UNKNOWN_SCHEMA, 409, 422])
    assert found.pop("garbage") == ("bad", "-"), "bytes that are no Avro are the record's own fault, with a known schema too"
    assert found.pop(str(SOUND)) == ("done", "done")
    bad = {str(number): found.pop(str(number)) for number in (UNKNOWN_SCHEMA, 409, 422)}
    assert set(bad.values()) == {("bad", "bad")}, bad
    assert found == {str(number): ("waits", "waits") for number in AWAY}


def test_a_record_waits_while_no_registry_listens(class_path: str) -> None:
    assert _outcomes(class_path, "http://127.0.0.1:9", [SOUND])[str(SOUND)] == ("waits", "waits")


def test_the_compiler_makes_equal_bytes_of_equal_sources_and_no_jar_of_a_wrong_one(tmp_path: Path) -> None:
    store = Store(CACHE / "jars")
    (compiler,) = {store.path(entry) for entry in staging.entries_of(IMAGE) if ":ecj:" in entry.source}
    (tmp_path / "java").mkdir()
    source = tmp_path / "java" / "A.java"
    made = []
    for text in ("class A {}", "class A {}", "class A { int b; }"):
        source.write_text(text, encoding="utf-8")
        java_compiler.compile_sources(compiler, tmp_path / "java", [], tmp_path / "a.jar")
        made.append((tmp_path / "a.jar").read_bytes())
    assert made[0] == made[1] != made[2]
    source.write_text("class A { int b = nothing; }", encoding="utf-8")
    with pytest.raises(ToolError, match="nothing cannot be resolved"):
        java_compiler.compile_sources(compiler, tmp_path / "java", [], tmp_path / "wrong.jar")
    assert not (tmp_path / "wrong.jar").exists()
