"""The exporter as its pod starts it: a process of its own, which finds every part by document and files, and stays small."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa
import pytest
import requests
from botocore.exceptions import ClientError
from confluent_kafka import Producer
from prometheus_client.parser import text_string_to_metric_families
from pyiceberg.catalog.sql import SqlCatalog

from images import program
from pipeline.status import pod
from stack.settings.names import ARCHIVE_PROFILE
from stack.settings.quality import QualitySettings
from stack.specification.monitoring import exporter
from stack.specification.stack import Specification
from tests.declared import settings_of
from tests.existing_database.server import free_port
from tests.reading.test_data_files import rows
from tests.status.conftest import USERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings
    from tests.existing_database.server import Server
    from tests.providers.connect_worker import Worker

pytestmark = pytest.mark.full

BUCKET, REGION, KEYS = "of-the-exporter", "eu-central-1", ("AKIAEXAMPLE", "very-secret")
# what would double the memory of a process that reads nothing but positions, ends and metadata
HEAVY = ("pulumi", "duckdb", "sqlalchemy", "boto3", "kubernetes", "rich", "numpy", "pandas")
LEAST_LOOKS = 20


@dataclass(frozen=True)
class Started:
    """A process of the exporter.

    Attributes:
        process: The process.
        url: Address of its figures.
    """

    process: subprocess.Popen[str]
    url: str

    def figures(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Return the figures by name and values of labels."""
        text = requests.get(self.url, timeout=10).text
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {(one.name, tuple(one.labels.values())): one.value for one in samples}

    def memory_mb(self) -> dict[str, float]:
        """Return its resident memory in MB: all of it, and its own without the pages of libraries, which the kernel can take back."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        lines = (line.partition(":") for line in status.splitlines())
        return {name: int(value.split()[0]) / 1000 for name, _, value in lines if name in {"VmRSS", "RssAnon"}}


def changed(topic: str) -> pa.Table:
    """Return three changes of ten minutes ago, one of them twice, and one that breaks a rule of the stock."""
    at = int((time.time() - 600) * 1000)
    offsets, number = [0, 1, 2, 2], 4
    columns = {
        "id": pa.array(offsets, pa.int64()),
        "stock_quantity": pa.array([5, 5, -1, -1], pa.int32()),
        "__source_lsn": pa.array(offsets, pa.int64()),
        "__source_ts_ms": pa.array([at] * number, pa.int64()),
        "__epoch": pa.array([1] * number, pa.int32()),
        "__kafka_partition": pa.array([0] * number, pa.int32()),
        "__kafka_offset": pa.array(offsets, pa.int64()),
        "__topic": pa.array([topic] * number),
        "__op": pa.array(["c"] * number),
    }
    return pa.table(columns)


@pytest.fixture
def archive(database: Server, object_store: str) -> dict[str, str]:
    """Return reader and catalog of an archive with one table, in the store and in the database's server."""
    store: Any = boto3.client("s3", endpoint_url=object_store, region_name=REGION, aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1])
    with contextlib.suppress(ClientError):
        store.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    database.sql("CREATE DATABASE iceberg_catalog OWNER debezium")
    place = f"localhost:{database.port}/iceberg_catalog?sslmode=verify-full&sslrootcert={database.authority}"
    keys = {"s3.access-key-id": KEYS[0], "s3.secret-access-key": KEYS[1]}
    catalog = SqlCatalog(
        "archive",
        uri=f"postgresql+psycopg2://debezium:x@{place}",
        warehouse=f"s3://{BUCKET}/iceberg",
        **{"s3.endpoint": object_store, "s3.region": REGION, **keys},
    )
    catalog.create_namespace("archive")
    for table in settings_of("sandbox").source.tables:
        written = rows((0, 0), (1, 0)) if table.archive_name == "users" else changed(settings_of("sandbox").names.topic(table))
        catalog.create_table(f"archive.{table.archive_name}", schema=written.schema).append(written)
    return {"catalog": f"postgresql://{place}", "endpoint": object_store}


@dataclass(frozen=True)
class Parts:
    """Doubles of the parts that an exporter asks, and a folder for its files."""

    worker: Worker
    registry: str
    database: Server
    brokers: str
    archive: dict[str, str]
    folder: Path


@pytest.fixture
def parts(worker: Worker, registry: str, database: Server, brokers: str, archive: dict[str, str], tmp_path: Path) -> Parts:
    """Return the parts of the stack sandbox."""
    return Parts(worker, registry, database, brokers, archive, tmp_path)


@contextmanager
def starting(settings: Settings, parts: Parts, module: str, beside: str) -> Iterator[Started]:
    """Start the exporter of a stack, which looks twice a second.

    Args:
        settings: The stack's settings.
        parts: Its parts.
        module: Module that the container starts, which decides about the files of the image.
        beside: Statement that binds ``beside``, further work of the exporter.
    """
    archive, database, tmp_path = parts.archive, parts.database, parts.folder
    spec = Specification.of(settings)
    document = exporter.document(settings, spec.source, spec.streaming.registry_url)
    document["database"] |= {"host": "localhost", "port": database.port, "sslrootcert": str(database.authority)}
    document["reader"] |= {"endpoint": archive["endpoint"], "region": REGION}
    document |= {"catalog": archive["catalog"], "kafka": {"bootstrap.servers": parts.brokers}}
    document |= {"registry": parts.registry, "connect": parts.worker.url}
    (tmp_path / "stack.json").write_text(json.dumps(document), encoding="utf-8")
    files = {
        "database": {"username": "debezium", "password": "x", "ca.crt": database.authority.read_text(encoding="utf-8")},
        "registry": {"username": "reader", "password": "y"},
        "connect": {"username": "admin", "password": "a-password"},
        "archive": {"config": "", "credentials": f"[{ARCHIVE_PROFILE}]\naws_access_key_id={KEYS[0]}\naws_secret_access_key={KEYS[1]}\n"},
    }
    for folder, texts in files.items():
        (tmp_path / folder).mkdir()
        for name, text in texts.items():
            (tmp_path / folder / name).write_text(text, encoding="utf-8")
    places = {"/etc/stack/secrets": str(tmp_path), exporter.WORK: str(tmp_path)}
    aws = {key: value.replace(name, place) for key, value in exporter.environment(settings).items() for name, place in [_of(value, places)]}
    port = free_port()
    start = f"import sys; from pathlib import Path; from pipeline.status.pod import served; {beside}; place = Path({str(tmp_path)!r})"
    run = f"{start}; code = served(place / 'stack.json', place, '127.0.0.1', {port}, 0.5, beside)"
    told = f"{run}; print(*[name for name in {HEAVY} if name in sys.modules]); sys.exit(code)"
    # the modules of the image and nothing else of this program
    program.stage([module], tmp_path / "program")
    process = subprocess.Popen(
        [sys.executable, "-c", told], cwd=tmp_path / "program", env={"PATH": os.environ["PATH"], **aws}, stdout=subprocess.PIPE, text=True
    )
    with process:
        yield Started(process, f"http://127.0.0.1:{port}/metrics")
        process.kill()


def _of(value: str, places: dict[str, str]) -> tuple[str, str]:
    return next(((name, place) for name, place in places.items() if name in value), ("", ""))


@pytest.fixture
def started(parts: Parts) -> Iterator[Started]:
    """Yield the exporter of the stack sandbox."""
    with starting(settings_of("sandbox"), parts, "pipeline.status.__main__", "beside = None") as process:
        yield process


@pytest.fixture
def scoring(parts: Parts) -> Iterator[Started]:
    """Yield the exporter of the stack sandbox, whose rows are judged and whose archive is scored."""
    settings = settings_of("sandbox")
    monitoring = settings.monitoring.model_copy(update={"enabled": True})
    settings = settings.model_copy(update={"monitoring": monitoring, "quality": QualitySettings(enabled=True)})
    with starting(settings, parts, "pipeline.quality.__main__", "from pipeline.quality.pod import beside") as process:
        yield process


def test_the_exporter_of_a_pod_asks_every_part_and_stays_small(started: Started, brokers: str, record_property: Any) -> None:
    producer = Producer({"bootstrap.servers": brokers})
    producer.produce(USERS, b"x", b"key", partition=0, timestamp=int((time.time() - 900) * 1000))
    assert producer.flush(10) == 0
    looks, began, found = set[float](), time.monotonic(), dict[tuple[str, tuple[str, ...]], float]()
    while len(looks) < LEAST_LOOKS and time.monotonic() - began < 90:
        with contextlib.suppress(requests.ConnectionError):
            found = started.figures()
            looks |= {value for (name, _), value in found.items() if name == "pipeline_look_timestamp_seconds"}
        time.sleep(0.1)
    assert len(looks) >= LEAST_LOOKS
    parts = {labels[0]: value for (name, labels), value in found.items() if name == "pipeline_up"}
    assert [part for part, value in parts.items() if value != 1] == []
    assert len(parts) == 9
    assert found["pipeline_archive_rows", ("public.users",)] == 2
    memory = started.memory_mb()
    told = f"{memory['VmRSS']:.0f} MB resident, of which {memory['RssAnon']:.0f} its own"
    record_property("figure", f"exporter of a pod: {told}, after {len(looks)} looks")
    assert memory["RssAnon"] < 110
    started.process.send_signal(signal.SIGTERM)
    output, _ = started.process.communicate(timeout=30)
    assert (started.process.returncode, output.strip()) == (pod.ENDED, ""), "nothing heavy was loaded"


def test_the_exporter_of_a_stack_with_rules_scores_the_archive_in_its_own_process(scoring: Started, record_property: Any) -> None:
    """Mock brokers know no times: completeness, and with it the score, is not known, and is not given."""
    began, found = time.monotonic(), dict[tuple[str, tuple[str, ...]], float]()
    # a look and a check end in any order
    while not {"data_quality_figure", "pipeline_up"} <= {name for name, _ in found} and time.monotonic() - began < 60:
        with contextlib.suppress(requests.ConnectionError):
            found = scoring.figures()
        time.sleep(0.2)
    figures = {labels[1:]: value for (name, labels), value in found.items() if name == "data_quality_figure"}
    assert figures["uniqueness", "public.products"] == 0.75
    assert figures["validity", "public.products"] == 0.5
    assert figures["timeliness", "public.products"] == 0.0
    assert ("completeness", "public.products") not in figures
    assert "data_quality_score" not in {name for name, _ in found}
    assert "pipeline_up" in {name for name, _ in found}, "both are given at one address"
    memory = scoring.memory_mb()
    told = f"{memory['VmRSS']:.0f} MB resident, of which {memory['RssAnon']:.0f} its own"
    record_property("figure", f"exporter of a pod that scores the archive: {told}")
    assert memory["RssAnon"] < 200
    scoring.process.send_signal(signal.SIGTERM)
    scoring.process.communicate(timeout=30)
    assert scoring.process.returncode == pod.ENDED


@pytest.mark.parametrize(("text", "code"), [(None, pod.NOT_DESCRIBED), ("{", pod.NOT_UNDERSTOOD), ('{"form": 1}', pod.NOT_UNDERSTOOD)])
def test_a_document_that_is_none_ends_it_with_the_reason(
    text: str | None, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        (tmp_path / "stack.json").write_text(text, encoding="utf-8")
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert pod.served(tmp_path / "stack.json", tmp_path, "127.0.0.1", 1, 1.0) == code
    finally:
        signal.signal(signal.SIGTERM, before)
    assert capsys.readouterr().err.startswith("error: ")
