"""How the API server is asked: kinds by name, fields taken over, refusals in its own words, and a probe that does not dwell."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.kubernetes import FIELD_MANAGER, Kube, KubeError, UnknownKindError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def kind(name: str, plural: str, *, namespaced: bool = True) -> dict[str, Any]:
    """Describe a kind as the discovery does."""
    return {"name": plural, "kind": name, "singularName": "", "namespaced": namespaced, "verbs": ["get"]}


GROUPS = {
    "/api/v1": [
        kind("Event", "events"),
        kind("Namespace", "namespaces", namespaced=False),
        kind("Pod", "pods"),
        {**kind("Pod", "pods/log"), "verbs": ["get"]},
    ],
    "/apis/apps/v1": [kind("StatefulSet", "statefulsets")],
    "/apis/events.k8s.io/v1": [kind("Event", "events")],
}


class Server:
    """An API server that has some kinds, answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        """Listen on a port of this machine."""
        self.asked: list[tuple[str, str, dict[str, list[str]], Any, str]] = []
        self.answers: dict[str, list[tuple[int, Any]]] = {}
        self.credentials: set[str | None] = set()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                server.handle(self)

            do_GET = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the library's names

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request; the last answer that a path was given stays."""
        url = urlsplit(request.path)
        length = int(request.headers.get("Content-Length", 0))
        body = json.loads(request.rfile.read(length)) if length else None
        self.asked.append((request.command, url.path, parse_qs(url.query), body, str(request.headers.get("Content-Type"))))
        self.credentials.add(request.headers.get("Authorization"))
        told = self.answers.get(url.path) or [(200, self.discovered(url.path))]
        status, answer = told.pop(0) if len(told) > 1 else told[0]
        text = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        request.send_response(404 if answer is None else status)
        request.send_header("Content-Length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def discovered(self, path: str) -> Any:
        """Return the server's answer to a discovery request; None for an absent path."""
        if path == "/version":
            return {"gitVersion": "v1.36.0"}
        if path == "/apis":
            version = {group: {"groupVersion": f"{group}/v1", "version": "v1"} for group in ("events.k8s.io", "apps")}
            groups = [{"name": group, "versions": [version[group]], "preferredVersion": version[group]} for group in version]
            return {"kind": "APIGroupList", "groups": groups}
        return {"kind": "APIResourceList", "resources": GROUPS[path]} if path in GROUPS else None

    def requests(self) -> list[tuple[str, str]]:
        """Methods and paths of what was asked beside the discovery."""
        return [(method, path) for method, path, *_ in self.asked if path not in {"/version", "/apis", *GROUPS}]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.http.shutdown()
    made.http.server_close()


@pytest.fixture
def kube(server: Server, tmp_path: Path) -> Kube:
    return Kube(kubeconfig(tmp_path, server.http.server_port))


def kubeconfig(folder: Path, port: int) -> Path:
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "a", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "a", "user": {"token": "a-token"}}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    path.write_text(json.dumps(content))
    return path


SET = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"namespace": "n", "name": "a"}, "spec": {"replicas": 1}}


def test_an_object_is_applied_on_the_server_and_takes_fields_over(server: Server, kube: Kube) -> None:
    path = "/apis/apps/v1/namespaces/n/statefulsets/a"
    server.answers[path] = [(404, {"message": "not found"}), (200, {"metadata": {"uid": "u"}})]
    assert kube.apply(SET) == {"metadata": {"uid": "u"}}
    method, _, query, body, content_type = server.asked[-1]
    assert (method, body, content_type) == ("PATCH", SET, "application/apply-patch+yaml")
    assert (query["fieldManager"], query["force"][0].lower()) == ([FIELD_MANAGER], "true")


@pytest.mark.parametrize(
    ("name", "namespace", "path"),
    [
        ("Pod", "n", "/api/v1/namespaces/n/pods/a"),
        ("StatefulSet", "n", "/apis/apps/v1/namespaces/n/statefulsets/a"),
        ("Namespace", "ignored", "/api/v1/namespaces/a"),
        ("Event", "n", "/api/v1/namespaces/n/events/a"),
    ],
)
def test_a_kind_is_found_by_its_name_in_the_core_group_first(server: Server, kube: Kube, name: str, namespace: str, path: str) -> None:
    assert kube.read(name, namespace, "a") is None
    assert server.requests() == [("GET", path)]


def test_the_discovery_is_asked_once_and_left_nowhere(server: Server, kube: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for _ in range(3):
        kube.read("Pod", "n", "a")
    paths = [path for _, path, *_ in server.asked if path in {"/version", "/apis", *GROUPS}]
    assert sorted(paths) == sorted({"/version", "/apis", *GROUPS})
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_kind_that_the_cluster_does_not_have_is_named(kube: Kube) -> None:
    with pytest.raises(UnknownKindError, match="the cluster has no kind Gadget"):
        kube.read("Gadget", None, "a")


def test_every_request_has_the_credentials(server: Server, kube: Kube) -> None:
    kube.read("Pod", "n", "a")
    assert kube.answers() is False
    assert server.credentials == {"Bearer a-token"}


def test_selectors_are_passed_on(server: Server, kube: Kube) -> None:
    server.answers["/api/v1/namespaces/n/pods"] = [(200, {"items": [{"metadata": {"name": "a"}}]})]
    assert kube.list("Pod", "n", labels="a=b", fields="c=d") == [{"metadata": {"name": "a"}}]
    assert server.asked[-1][2] == {"labelSelector": ["a=b"], "fieldSelector": ["c=d"]}


def test_a_log_that_looks_like_json_is_text(server: Server, kube: Kube) -> None:
    server.answers["/api/v1/namespaces/n/pods/a/log"] = [(200, '{"level":"error"}')]
    assert kube.logs("n", "a", "c", previous=True) == ['{"level":"error"}']
    query = server.asked[-1][2]
    assert (query["container"], query["tailLines"], query["previous"][0].lower()) == (["c"], ["15"], "true")


def test_what_belongs_to_an_object_goes_before_it(server: Server, kube: Kube) -> None:
    path = "/api/v1/namespaces/n/pods/a"
    server.answers[path] = [(200, {"metadata": {"uid": "u"}}), (404, {"message": "not found"})]
    assert kube.delete("Pod", "n", "a")
    assert server.requests() == [("DELETE", path), ("GET", path)]
    assert ["Foreground"] in [query.get("propagationPolicy") for _, asked, query, *_ in server.asked if asked == path]
    assert not kube.delete("Pod", "n", "a")


def test_a_refusal_has_the_servers_words_and_status(server: Server, kube: Kube) -> None:
    server.answers["/api/v1/namespaces/n/pods/a"] = [(422, {"message": "spec.clusterIP: field is immutable"})]
    with pytest.raises(KubeError, match=r"^spec.clusterIP: field is immutable$") as caught:
        kube.read("Pod", "n", "a")
    assert (caught.value.status, caught.value.immutable) == (422, True)


def test_a_server_that_is_busy_for_a_moment_is_asked_again(server: Server, kube: Kube) -> None:
    server.answers["/api/v1/namespaces/n/pods/a"] = [(503, {"message": "starting"}), (200, {"metadata": {}})]
    assert kube.read("Pod", "n", "a") == {"metadata": {}}


def test_a_probe_asks_once(server: Server, tmp_path: Path) -> None:
    probe = Kube(kubeconfig(tmp_path, server.http.server_port), patient=False)
    server.answers["/readyz"] = [(503, "starting"), (200, "ok")]
    assert (probe.answers(), probe.answers()) == (False, True)
    assert not probe.is_ready("Pod", "n", "a")


def test_a_probe_of_nothing_says_no_at_once(tmp_path: Path) -> None:
    probe = Kube(kubeconfig(tmp_path, 1), patient=False)
    began = time.monotonic()
    assert not probe.answers()
    assert not probe.is_ready("Node", None, "sandbox")
    with pytest.raises(KubeError, match=r"the API server at http://127.0.0.1:1 does not answer: .*refused"):
        probe.list("Pod", None)
    assert time.monotonic() - began < 15
