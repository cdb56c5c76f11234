"""The scheduled audit in the cluster: a run of its CronJob is clean, one with a lost file fails by name, a killed one leaves no slot."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import pytest
from pyiceberg.expressions import EqualTo

from pipeline.audit.report import Kind
from pipeline.reading.stack import running
from sandbox import cloud, memory
from stack.capacity import audit as sizes
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

    from pipeline.reading.archive import Archive
    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

NAMESPACE: Final = "data-ingestion-audit"
LABELS: Final = {"app.kubernetes.io/part-of": "data-ingestion", "app.kubernetes.io/component": "audit"}
ENDED_S: Final = 70.0
ARCHIVED_S: Final = 60.0


@dataclass(frozen=True)
class Ended:
    """A run that has ended.

    Attributes:
        condition: Type of the Job's last condition, and its reason.
        code: Exit code of the container.
        message: The pod's termination message.
        report: The report.
        peak: Most memory that was seen of the pod, in bytes.
    """

    condition: tuple[str, str]
    code: int
    message: str
    report: dict[str, Any]
    peak: int


@contextmanager
def _job(kube: Kube, mark: str, **options: int) -> Iterator[str]:
    """Run a Job of the CronJob, with a copy of its document that has other options."""
    name, job = f"audit-{mark}", kube.read("CronJob", NAMESPACE, "audit")
    assert job is not None, "the sandbox's stack file has a schedule"
    spec = job["spec"]["jobTemplate"]["spec"]
    config = kube.read("ConfigMap", NAMESPACE, "audit-config")
    assert config is not None
    document = json.loads(config["data"]["stack.json"])
    document["options"].update(options)
    metadata = {"name": name, "namespace": NAMESPACE, "labels": LABELS}
    kube.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"stack.json": json.dumps(document)}})
    (volume,) = [one for one in spec["template"]["spec"]["volumes"] if one["name"] == "config"]
    volume["configMap"]["name"] = name
    kube.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    try:
        yield name
    finally:
        kube.delete("Job", NAMESPACE, name)
        kube.delete("ConfigMap", NAMESPACE, name)


def _pods(kube: Kube, job: str) -> list[dict[str, Any]]:
    return list(kube.list("Pod", NAMESPACE, labels=f"batch.kubernetes.io/job-name={job}"))


def _ended(kube: Kube, job: str) -> Ended:
    until, peak = time.monotonic() + ENDED_S, 0
    while time.monotonic() < until:
        for pod in _pods(kube, job):
            used = memory.of_pod(pod["metadata"]["uid"])
            peak = max(peak, used.peak if used else 0)
        live = kube.read("Job", NAMESPACE, job)
        conditions = [one for one in (live or {}).get("status", {}).get("conditions", []) if one["type"] in {"Complete", "Failed"}]
        if conditions:
            return _what_is_left(kube, job, conditions[-1], peak)
        time.sleep(0.5)
    pytest.fail(f"the job {job} has not ended within {ENDED_S:.0f} s: {[pod.get('status') for pod in _pods(kube, job)]}")


def _what_is_left(kube: Kube, job: str, condition: dict[str, Any], peak: int) -> Ended:
    (pod,) = _pods(kube, job)
    text = "\n".join(kube.logs(NAMESPACE, pod["metadata"]["name"], "audit", lines=100_000))
    (status,) = pod["status"]["containerStatuses"]
    ended = status["state"]["terminated"]
    try:
        report = json.loads(text)
    except ValueError:
        pytest.fail(f"the log is more than the report:\n{text[-2000:]}")
    return Ended((condition["type"], condition.get("reason", "")), ended["exitCode"], ended.get("message", ""), report, peak)


def test_a_run_is_clean_and_stays_within_its_budget(kube: Kube, mark: str, figure: Callable[[str], None]) -> None:
    with _job(kube, mark, listenSeconds=5) as job:
        ended = _ended(kube, job)
    assert (ended.condition[0], ended.code) == ("Complete", 0), json.dumps(ended.report)[:3000]
    assert (ended.report["verdict"], ended.report["parts"]) == ("clean", ["database", "kafka", "archive"])
    assert {table["name"] for table in ended.report["tables"]} == {table.qualified for table in running("sandbox").tables}
    assert all(table["counts"]["archive"]["rows"] > 0 for table in ended.report["tables"])
    settings = running("sandbox").settings
    predicted = settings.audit.memory_mib
    assert 0 < ended.peak <= predicted * MIB
    least = sizes.least_mib(len(settings.source.tables))
    figure(f"scheduled audit: peak {ended.peak / MIB:.0f} MiB (page cache included) of {predicted}, the least is {least}")


def _store(outputs: dict[str, Any]) -> Any:
    known = cloud.known()
    assert known is not None
    keys = {"aws_access_key_id": known.access_key_id, "aws_secret_access_key": known.secret_access_key}
    return boto3.client("s3", endpoint_url=outputs["reader"]["endpoint"], region_name=outputs["reader"]["region"], **keys)


def _file_of(archive: Archive, mark: str) -> str:
    """Wait for the row of a name, and return the data file that has it and nothing else of that name."""
    until = time.monotonic() + ARCHIVED_S
    while time.monotonic() < until:
        table = archive.table("products")
        for task in table.scan(row_filter=EqualTo("name", mark)).plan_files():
            if archive.query_files("products", [task.file.file_path], "SELECT 1 FROM changes WHERE name = ?", [mark]):
                return str(task.file.file_path)
        time.sleep(1)
    pytest.fail(f"the row {mark} was not archived within {ARCHIVED_S:.0f} s")


@pytest.fixture
def lost(outputs: dict[str, Any], archive: Archive, database: psycopg.Connection[dict[str, Any]], mark: str) -> Iterator[tuple[str, int]]:
    """Take a data file with a fresh row out of the store, and put it back in the end; return the file and the row's key."""
    added = database.execute("INSERT INTO products (name, price) VALUES (%s, 1.10) RETURNING id", [mark]).fetchone()
    assert added is not None
    file = _file_of(archive, mark)
    store, (bucket, _, key) = _store(outputs), file.removeprefix("s3://").partition("/")
    content = store.get_object(Bucket=bucket, Key=key)["Body"].read()
    store.delete_object(Bucket=bucket, Key=key)
    try:
        yield file, int(added["id"])
    finally:
        store.put_object(Bucket=bucket, Key=key, Body=content)
        database.execute("DELETE FROM products WHERE name = %s", [mark])


def test_a_lost_file_fails_the_job_once_with_the_names_of_file_and_row(kube: Kube, lost: tuple[str, int], mark: str) -> None:
    file, key = lost
    with _job(kube, mark, listenSeconds=5, patienceSeconds=15) as job:
        ended = _ended(kube, job)
    assert (ended.condition, ended.code) == (("Failed", "PodFailurePolicy"), 1), json.dumps(ended.report)[:3000]
    # a writer that another test has killed may have left a file that no snapshot names, which is no fault
    found = {one["name"]: {kind for kind in one["found"] if Kind(kind).is_fault} for one in ended.report["tables"]}
    assert {name: kinds for name, kinds in found.items() if kinds} == {"public.products": {Kind.LOST_FILE, Kind.MISSING}}
    (table,) = [one for one in ended.report["tables"] if one["name"] == "public.products"]
    assert file in {finding["file"] for finding in table["findings"] if finding["kind"] == "lost file"}
    assert {"id": str(key)} in [finding["key"] for finding in table["findings"] if finding["kind"] == "missing"]
    assert "public.products: " in ended.message
    assert str(key) not in ended.message.partition("public.products")[2]


def test_a_killed_run_leaves_no_slot(kube: Kube, owner_sql: Callable[[str], str], mark: str) -> None:
    """A slot without a reader would hold back the write-ahead log until the volume is full."""
    count = "SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'audit\\_%'"
    with _job(kube, mark, listenSeconds=300) as job:
        _wait(lambda: owner_sql(count) == "1", 30.0, "the slot")
        (pod,) = _pods(kube, job)
        kube.delete("Pod", NAMESPACE, pod["metadata"]["name"])
    _wait(lambda: owner_sql(count) == "0", 30.0, "the end of the slot")


def _wait(is_so: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"{what} did not come within {seconds:.0f} s"
        time.sleep(0.5)
