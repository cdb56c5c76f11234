"""What the models say that memory and disk may take, against what the running sandbox has taken after all the other tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from capacity import disk, jvm, jvm_flags, pods, postgres, postgres_parameters
from judgement.stack import parse_text
from plan.violations import recorded
from policy.disk_rules import broker_properties, is_broker
from policy.fit_rules import sized_containers
from policy.limits import of_stack
from recording.recorder import ROOT, record
from recording.stackfile import stack_config
from tests.sandbox_e2e.conftest import NAMESPACE
from unknown import UNKNOWN

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from policy.declared import Record
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox
MIB = 2**20


@pytest.fixture(scope="module")
def declared() -> Record:
    """What the program declares for the sandbox."""
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


def anonymous(pod: Any, container: str) -> int:
    """Bytes that a container holds and that are no file pages, from its control group."""
    (status,) = [one for one in pod["status"]["containerStatuses"] if one["name"] == container]
    identity = status["containerID"].rpartition("/")[2]
    for root in (Path("/sys/fs/cgroup/memory/kubepods"), Path("/sys/fs/cgroup/kubepods")):
        for folder in root.glob(f"**/pod{pod['metadata']['uid']}/{identity}"):
            lines = (line.split() for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines())
            statistics = {key: int(value) for key, value in lines}
            old = "total_rss" in statistics
            return statistics["total_rss"] + statistics.get("total_shmem", 0) if old else statistics["anon"] + statistics["shmem"]
    pytest.fail(f"no control group of {container}")


def test_no_process_takes_more_than_its_model_says(kube: Kube, declared: Record, figure: Callable[[str], None]) -> None:
    predicted, seen = needed(declared), {}
    for pod in kube.list("Pod", NAMESPACE):
        for container in pod["spec"]["containers"]:
            if container["name"] in predicted:
                taken = anonymous(pod, container["name"])
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


def test_no_broker_holds_more_on_disk_than_the_model_says(
    command: Callable[..., subprocess.CompletedProcess[str]], declared: Record, figure: Callable[[str], None]
) -> None:
    (broker,) = [item for item in declared.of_kind("StatefulSet") if any(is_broker(one) for _spec, one, _left in sized_containers(item))]
    spec, container, _left = next(one for one in sized_containers(broker) if is_broker(one[1]))
    properties = broker_properties(declared, broker, spec, container)
    assert properties
    topics = [
        disk.Topic(item.inputs["name"], item.inputs["partitions"], item.inputs["replicationFactor"], item.inputs["config"])
        for item in declared.of_type("kafka:index/topic:Topic")
    ]
    most, _unbounded = disk.broker_bytes(topics, properties, 3)
    for ordinal in range(3):
        done = command("kubectl", "--", "exec", "--namespace", NAMESPACE, f"kafka-{ordinal}", "--", "du", "-sk", properties["log.dirs"])
        assert done.returncode == 0, done.stderr
        held = int(done.stdout.split()[0]) * 1024
        figure(f"disk of kafka-{ordinal}: {held // MIB} of at most {most // MIB} MiB")
        assert 0 < held <= most


def test_the_write_ahead_log_stays_within_its_bound(
    owner_sql: Callable[[str], str], declared: Record, figure: Callable[[str], None]
) -> None:
    conf = declared.config_map(NAMESPACE, "postgresql-config") or {}
    most = postgres.disk_bytes(postgres_parameters.parameters({}, conf["postgresql.conf"]))
    held = int(owner_sql("SELECT sum(size) FROM pg_ls_waldir()"))
    figure(f"write-ahead log: {held // MIB} of at most {(most or 0) // MIB} MiB")
    assert most is not None
    assert 0 < held <= most


def test_shared_memory_is_what_the_server_itself_says(owner_sql: Callable[[str], str], declared: Record) -> None:
    conf = declared.config_map(NAMESPACE, "postgresql-config") or {}
    predicted = postgres.memory(postgres_parameters.parameters({}, conf["postgresql.conf"])).shared
    said = int(owner_sql("SELECT setting::bigint FROM pg_settings WHERE name = 'shared_memory_size'")) * MIB
    assert 0.9 * predicted <= said <= predicted
