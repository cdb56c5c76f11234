"""What must not get through does not: poison rows, strangers, passwords, memory beyond the limit."""

from __future__ import annotations

import base64
import json
import re
import socket
import subprocess
import sys
import time
import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from confluent_kafka import Consumer, Producer, TopicPartition

from images.references import REFERENCES
from sandbox.addresses import API_PORT, API_SERVICE, NODE
from sandbox.equality import wait_until_equal
from sandbox.faults import control_groups
from sandbox.paths import CHECKOUT
from stack.capacity.quantity import parse_bytes
from stack.settings.shop import TABLES
from stack.specification import logs
from tests.sandbox_e2e import records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

NAMESPACE = "data-ingestion"
DEAD_LETTERS = "s3-sink-dlq"
TIMEOUT_S = 120.0
# A time in any usual format, where a line begins.
TIMED = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")


@pytest.fixture
def drop() -> Callable[[str], None]:
    """Return what drops the dead letter at a position, so that the status of the sandbox is right again."""

    def run(position: str) -> None:
        words = ["drop", position, "--stack", "sandbox", "--yes", "--reason", "a test wrote it"]
        subprocess.run([sys.executable, "-m", "pipeline", "dlq", *words], cwd=CHECKOUT, timeout=60, check=True, capture_output=True)

    return run


def test_a_poison_record_goes_to_the_dead_letter_topic_and_good_rows_go_on(
    outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str, drop: Callable[[str], None]
) -> None:
    servers = outputs["kafka"]["bootstrapServers"]
    consumer = Consumer({"bootstrap.servers": servers, "group.id": f"test-{mark}", "enable.auto.commit": False})
    before = records.ends(consumer, DEAD_LETTERS)
    database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Before', 'Poison')", [f"{mark}-1"])
    producer = Producer({"bootstrap.servers": servers})
    producer.produce("postgres.public.users", key=b"not avro", value=f"poison {mark}".encode())
    assert producer.flush(30) == 0
    database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'After', 'Poison')", [f"{mark}-2"])
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)

    consumer.assign([TopicPartition(DEAD_LETTERS, number, offset) for number, offset in before.items()])
    found = None
    deadline = time.monotonic() + TIMEOUT_S
    while found is None and time.monotonic() < deadline:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None and message.value() == f"poison {mark}".encode():
            found = message
    consumer.close()
    assert found is not None, "the poison record did not reach the dead-letter topic"
    headers = {name: value.decode() for name, value in found.headers() or [] if value is not None}
    assert headers["__connect.errors.topic"] == "postgres.public.users"
    assert headers["__connect.errors.connector.name"] == "s3-sink-connector"
    assert headers["__connect.errors.stage"] in {"KEY_CONVERTER", "VALUE_CONVERTER"}
    drop(f"{found.partition()}:{found.offset()}")


@pytest.fixture(scope="module")
def stranger(kube: Kube, command: Callable[..., Any]) -> Iterator[str]:
    """Return a pod in a namespace of its own, without any policy against it there, which does reach what is open to it."""
    name = f"stranger-{uuid.uuid4().hex[:6]}"
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    container = {
        "name": "main",
        "image": REFERENCES["postgres"],
        "imagePullPolicy": "IfNotPresent",
        "command": ["sleep", "600"],
        "resources": {"limits": {"memory": "32Mi"}},
    }
    spec = {"containers": [container], "terminationGracePeriodSeconds": 1}
    kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "main", "namespace": name}, "spec": spec})
    kube.wait_ready("Pod", name, "main", 60)
    deadline = time.monotonic() + 30
    while not _reaches(command, name, "main", "10.96.0.10", 53):
        assert time.monotonic() < deadline, "the stranger's own network does not work: it does not reach the name server"
    yield name
    kube.delete("Namespace", None, name)


def _reaches(command: Callable[..., Any], namespace: str, pod: str, address: str, port: int) -> bool:
    shell = ["timeout", "4", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}"]
    done = command("kubectl", "--", "exec", "--namespace", namespace, pod, "--", *shell)
    return bool(done.returncode == 0)


def _resolves(command: Callable[..., Any], namespace: str, pod: str, name: str) -> bool:
    done = command("kubectl", "--", "exec", "--namespace", namespace, pod, "--", "getent", "hosts", name)
    return bool(done.returncode == 0)


@pytest.mark.parametrize(
    ("service", "port"),
    [
        ("postgresql", 5432),
        ("kafka-0.kafka-headless", 9092),
        ("kafka-0.kafka-headless", 9404),
        ("schema-registry", 8081),
        ("connect", 8083),
        ("connect-metrics", 9404),
    ],
)
def test_a_stranger_reaches_nothing_of_the_pipeline(stranger: str, command: Callable[..., Any], service: str, port: int) -> None:
    name = f"{service}.{NAMESPACE}.svc.cluster.local"
    assert _resolves(command, stranger, "main", name), "without an address, no answer proves nothing"
    assert not _reaches(command, stranger, "main", name, port)


def test_a_stranger_does_not_reach_the_object_store(stranger: str, command: Callable[..., Any]) -> None:
    assert _resolves(command, stranger, "main", "moto.object-store.svc.cluster.local")
    assert not _reaches(command, stranger, "main", "moto.object-store.svc.cluster.local", 5000)


def test_the_database_resolves_names_and_connects_to_nothing(kube: Kube, stranger: str, command: Callable[..., Any]) -> None:
    """Not to any port of the pipeline, by pod or by service, nor to the API server, the object store, or an address outside the cluster."""
    name = f"kafka-0.kafka-headless.{NAMESPACE}.svc.cluster.local"
    assert _resolves(command, NAMESPACE, "postgresql-0", name), "names are to be resolved"
    targets = {address for pod in kube.list("Pod", NAMESPACE) if pod["metadata"]["name"] != "postgresql-0" for address in _listened(pod)}
    assert len(targets) == 3 * 4 + 2 + 2, "four ports of each broker, two of the registry, two of the worker"
    targets |= {address for pod in kube.list("Pod", "object-store") for address in _listened(pod)}
    targets |= {(API_SERVICE, 443), (NODE, API_PORT)}
    with socket.create_server(("0.0.0.0", 0)) as outside:  # noqa: S104 - an address beyond the cluster, for as long as the test looks
        beyond = (_address_of_this_machine(), outside.getsockname()[1])
        targets.add(beyond)
        unanswered = [target for target in targets if not _answers(*target)]
        assert unanswered == [], "where nothing listens, no answer proves nothing"
        assert _reaches(command, stranger, "main", *beyond), "a pod without policies reaches that address"
        # this machine cannot ask by their addresses, which lead to the same listeners
        services = [*kube.list("Service", NAMESPACE), *kube.list("Service", "object-store")]
        named = [item for item in services if item["spec"]["clusterIP"] != "None" and item["metadata"]["name"] != "postgresql"]
        targets |= {(item["spec"]["clusterIP"], port["port"]) for item in named for port in item["spec"]["ports"]}
        own = ("127.0.0.1", 5432)
        assert _reached(command, NAMESPACE, "postgresql-0", {*targets, own}) == {own}


def _listened(pod: dict[str, Any]) -> list[tuple[str, int]]:
    """Address on which a pod listens."""
    return [
        (pod["status"]["podIP"], port["containerPort"]) for container in pod["spec"]["containers"] for port in container.get("ports", ())
    ]


def _address_of_this_machine() -> str:
    """Return the address by which this machine reaches others; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _answers(address: str, port: int) -> bool:
    """Return True if this machine, to which no policy applies, connects."""
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def _reached(command: Callable[..., Any], namespace: str, pod: str, targets: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those that a pod connects to within 4 s, all tried at once by one shell."""
    each = "(timeout 4 bash -c 'exec 3<>/dev/tcp/{0}/{1}' 2>/dev/null && echo {0} {1}) &"
    script = "\n".join([*(each.format(*target) for target in sorted(targets)), "wait"])
    done = command("kubectl", "--", "exec", "--namespace", namespace, pod, "--", "bash", "-c", script)
    assert done.returncode == 0, done.stderr
    return {(address, int(port)) for address, port in (line.split() for line in done.stdout.splitlines())}


@pytest.mark.parametrize(("service", "path"), [("connect", "/connectors"), ("registry", "/subjects")])
def test_interfaces_refuse_who_has_no_password(outputs: dict[str, Any], service: str, path: str) -> None:
    described = outputs[service]
    assert requests.get(described["url"] + path, timeout=10).status_code == 401
    assert requests.get(described["url"] + path, auth=(described["user"], "wrong"), timeout=10).status_code == 401
    assert requests.get(described["url"] + path, auth=(described["user"], described["password"]), timeout=10).status_code == 200


def test_no_password_is_stored_in_a_connector_or_shown_by_one(outputs: dict[str, Any], kube: Kube) -> None:
    connect = outputs["connect"]
    answer = requests.get(f"{connect['url']}/connectors?expand=info", auth=(connect["user"], connect["password"]), timeout=10)
    stored = json.dumps(answer.json())
    secrets = kube.list("Secret", NAMESPACE)
    values = _passwords(secrets)
    assert values
    assert not [value for value in values if value in stored]


def _passwords(secrets: list[dict[str, Any]]) -> set[str]:
    return {
        base64.b64decode(value).decode()
        for secret in secrets
        for key, value in (secret.get("data") or {}).items()
        if "password" in key or secret["metadata"]["name"] == "postgresql-roles"
    }


def test_every_log_has_the_one_format_and_no_password(kube: Kube) -> None:
    passwords = {value for value in _passwords(kube.list("Secret", NAMESPACE)) if "\n" not in value}
    assert passwords
    seen, foreign = set(), []
    for pod in kube.list("Pod", NAMESPACE):
        for container in pod["spec"]["containers"]:
            lines = kube.logs(NAMESPACE, pod["metadata"]["name"], container["name"], lines=20_000)
            assert [one for one in passwords if any(one in line for line in lines)] == []
            if any(logs.LINE.match(line) for line in lines):
                seen.add(container["name"])
            foreign += [line for line in lines if TIMED.search(line[:40]) and not logs.LINE.match(line)]
    assert seen >= {"kafka", "connect", "schema-registry", "postgresql"}
    assert foreign == []


def test_the_registry_refuses_a_change_that_would_break_readers(outputs: dict[str, Any]) -> None:
    registry = outputs["registry"]
    login = (registry["user"], registry["password"])
    config = requests.get(f"{registry['url']}/config", auth=login, timeout=10).json()
    assert config["compatibilityLevel"] == "FULL"
    subject = "postgres.public.users-value"
    schema = json.loads(requests.get(f"{registry['url']}/subjects/{subject}/versions/latest", auth=login, timeout=10).json()["schema"])
    schema["fields"] = [{**field, "type": "boolean"} if field["name"] == "email" else field for field in schema["fields"]]
    answer = requests.post(f"{registry['url']}/subjects/{subject}/versions", json={"schema": json.dumps(schema)}, auth=login, timeout=10)
    assert answer.status_code == 409


def test_the_reader_may_read_the_archive_and_not_write_it(outputs: dict[str, Any]) -> None:
    store, bucket = outputs["reader"], outputs["archive"]["bucket"]
    client = boto3.client(
        "s3",
        endpoint_url=store["endpoint"],
        region_name=store["region"],
        aws_access_key_id=store["accessKeyId"],
        aws_secret_access_key=store["secretAccessKey"],
    )
    assert client.list_objects_v2(Bucket=bucket, MaxKeys=1)["KeyCount"] == 1
    with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
        client.put_object(Bucket=bucket, Key="topics/forged", Body=b"")


def test_the_kernel_enforces_each_declared_limit_and_has_killed_no_process(kube: Kube) -> None:
    pods = kube.list("Pod", NAMESPACE)
    assert len(pods) == 6
    for pod in pods:
        for container in pod["spec"]["containers"]:
            group = control_groups.of_container(pod, container["name"])
            assert control_groups.limit(group) == str(parse_bytes(container["resources"]["limits"]["memory"])), container["name"]
            assert control_groups.killed(group) == 0, container["name"]
        for status in (*pod["status"]["containerStatuses"], *pod["status"].get("initContainerStatuses", ())):
            assert "OOMKilled" not in json.dumps(status), pod["metadata"]["name"]


def test_the_namespace_cannot_take_more_than_its_budget(kube: Kube) -> None:
    quota = kube.read("ResourceQuota", NAMESPACE, "memory-budget")
    assert quota is not None
    assert parse_bytes(quota["status"]["hard"]["limits.memory"]) == 4096 * 1024 * 1024
    assert parse_bytes(quota["status"]["used"]["limits.memory"]) <= 4096 * 1024 * 1024
