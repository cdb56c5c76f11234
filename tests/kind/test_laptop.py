"""The promises of the getting-started page for a laptop, on a real Kind: cluster, images, up, rows in the archive, down.

The tests run in this order; each needs the one before.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import requests
from confluent_kafka.admin import AdminClient

from images.references import REFERENCES
from pipeline.laptop import kind
from pipeline.reading.archive import Archive
from sandbox import connectors
from sandbox.demo import change_rows
from sandbox.equality import connect, wait_until_equal
from stack.settings.names import BROKERS, Names
from stack.settings.shop import TABLES
from tests import change_log
from tests.kind.conftest import IMAGES, STACK, succeeded

if TYPE_CHECKING:
    from sandbox.kubernetes import Kube
    from tests.kind.conftest import Laptop

pytestmark = pytest.mark.kind

CLUSTER = kind.parse(kind.CONFIG.read_text(encoding="utf-8"))
NODES = (CLUSTER.control_plane, f"{CLUSTER.name}-worker", f"{CLUSTER.name}-worker2")
TIMEOUT_S = 180.0


def _on_node(node: str, *command: str) -> str:
    return subprocess.run(["docker", "exec", node, *command], capture_output=True, text=True, timeout=60, check=True).stdout


def test_a_second_make_cluster_finds_it_and_says_so(laptop: Laptop) -> None:
    told = succeeded(laptop.make("cluster"))
    assert "exists already" in told
    assert "3 nodes are ready" in told
    assert "kind create" not in told


def test_images_are_on_every_node_and_each_command_was_shown(laptop: Laptop, images: str) -> None:
    assert laptop.folder.exists()
    for name in IMAGES:
        assert f"docker build --network none --tag {REFERENCES[name]} --build-arg BASE=" in images
        for node in NODES:
            assert REFERENCES[name] in _on_node(node, "ctr", "--namespace=k8s.io", "images", "list", "--quiet")
    assert "$ kind load docker-image --name data-ingestion" in images


def test_a_first_up_makes_every_connector_run(stack: dict[str, Any]) -> None:
    assert connectors.failures(stack) == []
    states = connectors.statuses(stack)
    assert len(states) == 2
    assert {state.connector.state for state in states.values()} == {"RUNNING"}


def test_pods_are_on_both_workers_and_none_beside_the_control_plane(stack: dict[str, Any], kube: Kube) -> None:
    assert stack
    pods = kube.list("Pod", Names().namespace)
    assert {pod["spec"]["nodeName"] for pod in pods} == set(NODES[1:])
    assert all(pod["status"]["phase"] == "Running" for pod in pods)


def test_each_of_the_six_ports_answers_on_this_machine(stack: dict[str, Any]) -> None:
    with connect(stack) as database:
        row = database.execute("SELECT count(*) AS number FROM users").fetchone()
    assert row is not None
    for server in stack["kafka"]["bootstrapServers"].split(","):
        described = AdminClient({"bootstrap.servers": server, "socket.timeout.ms": 10000}).list_topics(timeout=15)
        assert len(described.brokers) == BROKERS
    for service in ("registry", "connect"):
        where = stack[service]
        assert requests.get(where["url"], timeout=10).status_code == requests.codes.unauthorized
        path = "/subjects" if service == "registry" else "/connectors"
        assert requests.get(where["url"] + path, auth=(where["user"], where["password"]), timeout=10).status_code == requests.codes.ok


def test_rows_reach_the_archive_as_they_are_in_the_database(stack: dict[str, Any]) -> None:
    archive = Archive(stack)
    assert change_rows(stack, TABLES) == {}
    with change_log.application(stack) as execute:
        writer = change_log.written(execute, "laptop-")
    wait_until_equal(stack, archive, TABLES, TIMEOUT_S)
    change_log.prove(archive, writer, TIMEOUT_S)
    assert all(archive.operations(table.name) for table in TABLES)
    assert {table.name: archive.duplicates(table.name, table.primary_key) for table in TABLES} == {table.name: 0 for table in TABLES}


def test_a_pod_from_elsewhere_does_not_reach_the_database(stack: dict[str, Any], kube: Kube) -> None:
    """Kind enforces the policies: the same address answers this machine through its published port."""
    assert stack
    (database,) = kube.list("Pod", Names().namespace, labels="app.kubernetes.io/component=postgresql")
    asks = ["pg_isready", f"--host={database['status']['podIP']}", "--timeout=5"]
    stranger = ["run", "stranger", "--rm", "--stdin", "--quiet", "--restart=Never", f"--image={REFERENCES['postgres']}", "--command", "--"]
    done = subprocess.run(
        ["docker", "exec", CLUSTER.control_plane, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", *stranger, *asks],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert f"{database['status']['podIP']}:5432 - no response" in done.stdout, done.stderr


def test_a_published_port_is_open_to_the_stacks_sources_only(stack: dict[str, Any], kube: Kube) -> None:
    policy = kube.read("NetworkPolicy", Names().namespace, "host-to-postgresql")
    assert policy is not None
    changed = {key: policy[key] for key in ("apiVersion", "kind", "spec")}
    changed["metadata"] = {key: policy["metadata"][key] for key in ("name", "namespace")}
    (rule,) = changed["spec"]["ingress"]
    sources = rule["from"]
    rule["from"] = [{"ipBlock": {"cidr": "192.0.2.0/24"}}]
    kube.apply(changed)
    try:
        with pytest.raises(psycopg.OperationalError):
            _connect_until_refused(stack)
    finally:
        rule["from"] = sources
        kube.apply(changed)
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(psycopg.OperationalError), _connection(stack):
            return
    pytest.fail("the port stayed closed after its sources were admitted again")


def _connection(stack: dict[str, Any]) -> psycopg.Connection[Any]:
    database = stack["postgres"]
    login = {"dbname": database["database"], "user": database["user"], "password": database["password"]}
    return psycopg.connect(host=database["host"], port=database["port"], connect_timeout=5, **login)


def _connect_until_refused(stack: dict[str, Any]) -> None:
    """Connect until the driver raises an error; a policy takes a moment to apply."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        _connection(stack).close()
        time.sleep(0.5)


def test_a_second_up_changes_nothing(laptop: Laptop, stack: dict[str, Any]) -> None:
    assert stack
    succeeded(laptop.make("up", f"STACK={STACK}", "FLAGS=--yes --non-interactive --expect-no-changes"))


def test_down_leaves_nothing(laptop: Laptop, stack: dict[str, Any], kube: Kube) -> None:
    assert stack
    succeeded(laptop.make("down", f"STACK={STACK}", "FLAGS=--yes --non-interactive"))
    assert laptop.pulumi("stack", "export")["deployment"].get("resources", []) == []
    assert kube.read("Namespace", None, Names().namespace) is None
    deadline = time.monotonic() + TIMEOUT_S
    while kube.list("PersistentVolume", None) and time.monotonic() < deadline:
        time.sleep(1)
    assert kube.list("PersistentVolume", None) == []
