"""A protocol double of the worker's REST API, for answers that a healthy worker rarely gives; the real worker is tested end to end."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Answer = tuple[int, Any]
GOOD = (0, "as a good worker would")
NO_CONTENT = (204, None)
NOT_FOUND = (404, {"error_code": 404, "message": "Connector not found"})
REBALANCING = (409, {"error_code": 409, "message": "Cannot complete request momentarily due to stale configuration"})


def status(connector: str, *tasks: str, trace: str = "") -> Answer:
    """Return a status answer: the connector's state, then each task's; FAILED parts carry ``trace``."""

    def part(state: str) -> dict[str, Any]:
        return {"state": state, "worker_id": "w:8083"} | ({"trace": trace} if state == "FAILED" else {})

    return 200, {
        "name": "c",
        "connector": part(connector),
        "tasks": [{"id": n, **part(state)} for n, state in enumerate(tasks)],
    }


def complaints(**errors: str) -> Answer:
    """Return a validation answer with one error for each key (``__`` for a dot)."""
    configs = [
        {
            "definition": {"name": key.replace("__", "."), "type": "STRING"},
            "value": {"name": key.replace("__", "."), "errors": [error]},
        }
        for key, error in errors.items()
    ]
    return 200, {"error_count": len(errors), "configs": configs}


@dataclass
class Worker:
    """A worker with scripted answers; without a script it answers as a healthy one.

    Attributes:
        script: Answers in turn to a request such as ``GET /connectors/c/status``; the last one repeats.
        live: Configuration of each connector.
        live_status: Status of each connector that is not simply running.
        raw: Status and body instead of any other answer to a request.
        calls: Every request as (method, path, body, authorization header).
    """

    url: str = ""
    live: dict[str, dict[str, str]] = field(default_factory=dict)
    live_status: dict[str, Answer] = field(default_factory=dict)
    script: dict[str, list[Answer]] = field(default_factory=dict)
    raw: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    calls: list[tuple[str, str, Any, str | None]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def requests(self, method: str) -> list[str]:
        """Return the paths requested with one method."""
        return [path for verb, path, _, _ in self.calls if verb == method]

    def answer(self, method: str, path: str, body: Any) -> Answer:
        """Return the scripted answer, or a healthy worker's."""
        planned = self.script.get(f"{method} {path}")
        if planned:
            scripted = planned.pop(0) if len(planned) > 1 else planned[0]
            if scripted != GOOD:
                return scripted
        if path.endswith("/config/validate"):
            return 200, {"error_count": 0, "configs": []}
        if path == "/connector-plugins":
            return 200, [{"class": "a.b.PresentSink", "type": "sink"}]
        parts = path.strip("/").split("/")
        return self._good(method, parts[1], parts[2] if len(parts) > 2 else "", body)

    def _good(self, method: str, name: str, rest: str, body: Any) -> Answer:
        if method == "PUT" and rest == "config":
            self.live[name] = body
            return 201, {"name": name, "config": body, "tasks": []}
        if name not in self.live:
            return NOT_FOUND
        if rest in {"stop", "resume"}:
            self.live_status[name] = status("STOPPED") if rest == "stop" else status("RUNNING", "RUNNING")
            return 202, None
        if method == "DELETE" and rest == "offsets":
            return 200, {"message": "The offsets for this connector have been reset successfully"}
        if method == "DELETE":
            del self.live[name]
            return NO_CONTENT
        return (200, self.live[name]) if rest == "config" else self.live_status.get(name, status("RUNNING", "RUNNING"))


def _handler(worker: Worker) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            path = self.path
            with worker.lock:
                worker.calls.append((self.command, path, body, self.headers.get("Authorization")))
                raw = worker.raw.get(f"{self.command} {path}")
                code, said = raw or worker.answer(self.command, path, body)
            data = said if raw else b"" if said is None else json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_PUT = do_POST = do_DELETE = _serve  # noqa: N815 - the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Log nothing."""

    return Handler


@contextmanager
def serving(worker: Worker, port: int = 0) -> Iterator[Worker]:
    """Serve the worker on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(worker))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    worker.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield worker
    finally:
        server.shutdown()
        server.server_close()
