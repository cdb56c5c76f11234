"""Models of memory and disk against what the running sandbox takes: after all the other tests, and with a topic filled on purpose."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from pipeline.plan.violations import recorded
from pipeline.recording.recorder import ROOT, record
from pipeline.recording.stackfile import stack_config
from policy.brokers import broker_properties, is_broker
from policy.fit_rules import sized_containers
from policy.limits import of_stack
from sandbox.faults import control_groups
from stack.capacity import disk, jvm, jvm_flags, pods, postgres, postgres_parameters
from stack.judgement.stack import parse_text
from stack.unknown import UNKNOWN
from tests.sandbox_e2e.conftest import NAMESPACE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from policy.declared import Record
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox
MIB = 2**20
RETAINED_MIB = 8


@pytest.fixture(scope="module")
def declared() -> Record:
    """Return the recording of the sandbox's stack."""
    return recorded(record("sandbox"), of_stack(parse_text(stack_config(ROOT, "sandbox").values)))


def needed(declared: Record) -> dict[str, int]:
    """Bytes that each workload's main container may take by the models, without the page cache they leave room for."""
    found = {}
    for resource in declared.of_kind("Deployment", "StatefulSet"):
        for spec, container, limit in sized_containers(resource):
            if container not in spec["containers"]:
                continue
            if jvm_flags.is_java(container):
                java = jvm.memory(container, limit)
                found[str(container["name"])] = java.heap + java.off_heap
            elif postgres_parameters.is_postgres(container):
                conf = declared.config_map(NAMESPACE, "postgresql-config") or {}
                text = conf["postgresql.conf"]
                assert text is not UNKNOWN
                found[str(container["name"])] = postgres.memory(postgres_parameters.parameters(container, text)).needed
    return found


def test_no_process_takes_more_than_its_model_says(kube: Kube, declared: Record, figure: Callable[[str], None]) -> None:
    predicted, seen = needed(declared), {}
    for pod in kube.list("Pod", NAMESPACE):
        for container in pod["spec"]["containers"]:
            if container["name"] in predicted:
                taken = control_groups.anonymous(control_groups.of_container(pod, container["name"]))
                seen[pod["metadata"]["name"]] = (taken // MIB, predicted[container["name"]] // MIB)
    figure("memory in MiB, taken and predicted: " + ", ".join(f"{name} {one[0]} of {one[1]}" for name, one in sorted(seen.items())))
    assert len(seen) == 6
    assert {name: figures for name, figures in seen.items() if not 0 < figures[0] <= figures[1]} == {}


def test_every_process_fits_the_limit_that_the_cluster_enforces(kube: Kube, declared: Record) -> None:
    """The limit in the cluster is the one that was judged."""
    predicted = needed(declared)
    for pod in kube.list("Pod", NAMESPACE):
        for container in pod["spec"]["containers"]:
            if container["name"] in predicted:
                assert predicted[container["name"]] <= pods.limit(container)


@pytest.mark.long
def test_a_full_topic_holds_no_more_than_the_model_says(
    outputs: dict[str, Any],
    mark: str,
    command: Callable[..., subprocess.CompletedProcess[str]],
    declared: Record,
    figure: Callable[[str], None],
) -> None:
    """Written at three quarters of the rate that the model counts; without retention it would hold twice the bound."""
    (broker,) = [item for item in declared.of_kind("StatefulSet") if any(is_broker(one) for _spec, one, _left in sized_containers(item))]
    spec, container, _left = next(one for one in sized_containers(broker) if is_broker(one[1]))
    properties = broker_properties(declared, broker, spec, container)
    assert properties
    topic = disk.Topic(f"scratch-{mark}", 1, 3, {"retention.bytes": str(RETAINED_MIB * MIB), "segment.bytes": str(MIB)})
    each = disk.partition_bytes(topic, properties)
    assert each is not None
    bound, rate = each + disk.waiting_bytes(properties), disk.WRITTEN_BYTES_PER_S * 3 // 4
    servers = outputs["kafka"]["bootstrapServers"]
    admin = AdminClient({"bootstrap.servers": servers})
    admin.create_topics([NewTopic(topic.name, topic.partitions, topic.copies, config=dict(topic.config))])[topic.name].result(30)
    most = dict.fromkeys(range(3), 0)
    try:
        for number, held in fullness(
            command, Producer({"bootstrap.servers": servers}), topic.name, rate, 2 * bound, properties["log.dirs"]
        ):
            most[number] = max(most[number], held)
    finally:
        admin.delete_topics([topic.name])[topic.name].result(30)
    figure(f"a topic of {RETAINED_MIB} MiB held {[held // MIB for held in most.values()]} of at most {bound // MIB} MiB on the brokers")
    assert all(each < held <= bound for held in most.values())


def fullness(
    command: Callable[..., subprocess.CompletedProcess[str]], producer: Producer, topic: str, rate: int, total: int, folder: str
) -> Iterator[tuple[int, int]]:
    """Write to a topic at a rate, and give all the while a broker's number and the bytes that it holds of it."""
    began, sent, chunk = time.monotonic(), 0, os.urandom(64 * 1024)
    for number in itertools.cycle(range(3)):
        while sent < min(total, rate * (time.monotonic() - began)):
            producer.produce(topic, chunk)
            producer.poll(0)
            sent += len(chunk)
        assert producer.flush(30) == 0
        du = ["bash", "-c", f"du -sk {folder}/{topic}-0"]
        done = command("kubectl", "--", "exec", "--namespace", NAMESPACE, f"kafka-{number}", "--", *du)
        # a file may be deleted while it is counted
        if done.returncode == 0:
            yield number, int(done.stdout.split()[0]) * 1024
        if sent >= total:
            return


def test_the_server_runs_with_the_judged_bounds_of_its_write_ahead_log(
    owner_sql: Callable[[str], str], declared: Record, figure: Callable[[str], None]
) -> None:
    """That they bound it is shown where it can be filled: `tests/operate/database/test_write_ahead_log.py`."""
    conf = declared.config_map(NAMESPACE, "postgresql-config") or {}
    judged = postgres_parameters.parameters({}, conf["postgresql.conf"])
    most = postgres.disk_bytes(judged)
    assert most is not None
    for name in ("max_slot_wal_keep_size", "max_wal_size", "wal_keep_size"):
        assert int(owner_sql(f"SELECT pg_size_bytes(current_setting('{name}'))")) == postgres.size(judged, name), name
    figure(f"write-ahead log: {int(owner_sql('SELECT sum(size) FROM pg_ls_waldir()')) // MIB} of at most {most // MIB} MiB")


def test_shared_memory_is_what_the_server_itself_says(owner_sql: Callable[[str], str], declared: Record) -> None:
    conf = declared.config_map(NAMESPACE, "postgresql-config") or {}
    predicted = postgres.memory(postgres_parameters.parameters({}, conf["postgresql.conf"])).shared
    said = int(owner_sql("SELECT setting::bigint FROM pg_settings WHERE name = 'shared_memory_size'")) * MIB
    assert 0.9 * predicted <= said <= predicted
