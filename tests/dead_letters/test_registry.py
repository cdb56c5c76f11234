"""The registry is asked as the sink's converter 7.0.16 asks it, and only its own words count as an answer."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.audit.registry import Registry as AuditRegistry
from pipeline.description.stack import UnansweredError
from pipeline.dlq.registry import Registry, RegistryError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = {"type": "int"}


class Server:
    """A registry with answers by path."""

    def __init__(self) -> None:
        """Know one schema under one subject."""
        self.asked: list[tuple[str, str, str]] = []
        self.answers: dict[str, tuple[int, Any]] = {
            "/r/schemas/ids/6": (200, {"schema": json.dumps(SCHEMA)}),
            "/r/subjects/t-value?normalize=false&deleted=true": (200, {"id": 6}),
        }
        self.url = ""

    def answer(self, method: str, path: str, body: str) -> tuple[int, Any]:
        """Note the question and answer."""
        self.asked.append((method, path, body))
        return self.answers.get(path, (404, {"error_code": 40403, "message": "Schema not found"}))


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a registry that answers on this machine."""
    known = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, content = known.answer(self.command, self.path, body)
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the server's name for it

        def log_message(self, *_: object) -> None:
            pass

    http = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    known.url = f"http://127.0.0.1:{http.server_port}/r/"
    yield known
    http.shutdown()
    http.server_close()


def test_a_schema_is_asked_for_once_and_its_subject_by_its_text(server: Server) -> None:
    registry = Registry({"url": server.url})
    assert [registry.schema(6), registry.schema(6)] == [SCHEMA, SCHEMA]
    assert [registry.has("t-value", 6), registry.has("t-value", 6), registry.has("other-value", 6)] == [True, True, False]
    assert [(method, path) for method, path, _ in server.asked] == [
        ("GET", "/r/schemas/ids/6"),
        ("POST", "/r/subjects/t-value?normalize=false&deleted=true"),
        ("POST", "/r/subjects/other-value?normalize=false&deleted=true"),
    ]
    assert json.loads(server.asked[1][2]) == {"schema": json.dumps(SCHEMA)}


def test_an_unknown_id_is_an_answer(server: Server) -> None:
    registry = Registry({"url": server.url})
    assert registry.schema(7) is None
    assert registry.has("t-value", 7) is False


@pytest.mark.parametrize(
    "answer",
    [(404, {"message": "no such page"}), (404, b"<html>"), (401, {"error_code": 40101}), (500, {}), (200, b"<html>"), (200, [])],
)
def test_what_is_no_answer_of_a_registry_refuses_nothing_and_stops(server: Server, answer: tuple[int, Any]) -> None:
    """Otherwise a wrong address would look like records that cannot pass."""
    server.answers["/r/schemas/ids/6"] = answer
    with pytest.raises(RegistryError, match=f"HTTP {answer[0]}"):
        Registry({"url": server.url, "user": "operator", "password": "secret"}).schema(6)


def test_a_registry_that_is_away_is_told_with_the_cure() -> None:
    with pytest.raises(RegistryError, match=r"does not answer .* start it"):
        Registry({"url": "http://127.0.0.1:1"}).schema(6)


def test_the_audits_client_counts_the_versions_of_each_subject(server: Server) -> None:
    server.answers["/r/subjects"] = (200, ["a/b-value", "deleted-value", "t-value"])
    server.answers["/r/subjects/t-value/versions"] = (200, [1, 2, 4])
    server.answers["/r/subjects/a%2Fb-value/versions"] = (200, [1])
    assert AuditRegistry(server.url, None).subjects() == {"a/b-value": 1, "t-value": 3}, "one was deleted since it was listed"


@pytest.mark.parametrize("answer", [(500, {}), (200, b"no JSON"), (200, 7)])
def test_a_registry_that_lists_no_subjects_is_a_reason(server: Server, answer: tuple[int, Any]) -> None:
    server.answers["/r/subjects"] = answer
    with pytest.raises(UnansweredError, match="does not list its subjects"):
        AuditRegistry(server.url, None).subjects()
