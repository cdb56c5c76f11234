"""Tables are read by their metadata alone as the full reader reads them: catalogs in a database and in Glue, objects by signed requests."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchTableError

from pipeline.reading.data_files import data_files, offsets_in
from pipeline.reading.metadata import Metadata
from pipeline.reading.objects import Objects
from pipeline.reading.signed import NoKeysError, SignedRequests
from tests.existing_database import server as servers
from tests.reading.test_data_files import SCHEMA, rows

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET, REGION, KEYS = "of-metadata", "eu-central-1", ("AKIAEXAMPLE", "very-secret")
# every character that a signature easily gets wrong
KEY = "postgres.public.users/data/year=2026/hour=09/part+1 (a).parquet"


def client(service: str, endpoint: str) -> Any:
    """Return the SDK's own client."""
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1])  # type: ignore[call-overload] # any service


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """Yield a server with a database for a catalog."""
    with servers.running(request.param) as running:
        running.sql("CREATE ROLE audit LOGIN PASSWORD 'x'; CREATE DATABASE iceberg_catalog OWNER audit;")
        yield running


@pytest.fixture
def reader(object_store: str) -> dict[str, Any]:
    """Return how the archive is read; its bucket exists."""
    with contextlib.suppress(ClientError):
        client("s3", object_store).create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    keys = {"accessKeyId": KEYS[0], "secretAccessKey": KEYS[1]}
    return {"endpoint": object_store, "region": REGION, "catalog": "archive", "namespace": "archive", **keys}


@pytest.fixture
def outputs(server: servers.Server, reader: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a stack whose catalog is in the server."""
    server.sql("DROP TABLE IF EXISTS iceberg_tables, iceberg_namespace_properties", "iceberg_catalog")
    uri = f"postgresql://localhost:{server.port}/iceberg_catalog?sslmode=verify-full&sslrootcert={server.authority}"
    return {"reader": reader, "catalog": {"uri": uri, "user": "audit", "password": "x"}}


@pytest.fixture
def table(outputs: dict[str, Any]) -> Any:
    """Return an archived table, as another program writes it."""
    reader, uri = outputs["reader"], outputs["catalog"]["uri"].replace("postgresql://", "postgresql+psycopg2://audit:x@")
    store = {
        "s3.endpoint": reader["endpoint"],
        "s3.region": REGION,
        "s3.access-key-id": "AKIAEXAMPLE",
        "s3.secret-access-key": "very-secret",
    }
    catalog = SqlCatalog("archive", uri=uri, warehouse=f"s3://{BUCKET}/iceberg", **store)
    catalog.create_namespace("archive")
    return catalog.create_table("archive.users", schema=SCHEMA)


def test_a_table_is_read_as_the_full_reader_reads_it(outputs: dict[str, Any], table: Any) -> None:
    metadata = Metadata(outputs)
    assert metadata.table("users").current_snapshot() is None
    table.append(rows((0, 3), (2, 8)), snapshot_properties={"a": "b"})
    found = metadata.table("users")
    assert found.metadata == table.metadata
    assert found.schema() == table.schema()
    assert data_files(found) == data_files(table)
    (file,) = data_files(found)
    assert offsets_in(found, file.path) == {0: 3, 2: 8}
    assert metadata.table("users") is found, "metadata that has not changed is not read again"


def test_a_table_that_is_missing_is_named(outputs: dict[str, Any], table: Any) -> None:
    assert table
    with pytest.raises(NoSuchTableError, match=r"archive\.orders"):
        Metadata(outputs).table("orders")


def test_the_catalog_is_asked_by_one_connection_that_is_made_anew_after_a_restart(
    outputs: dict[str, Any], table: Any, server: servers.Server
) -> None:
    assert table
    metadata = Metadata(outputs)
    for _ in range(3):
        metadata.table("users")
    count = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'audit' AND application_name = ''"
    before = int(server.sql(count))
    for _ in range(3):
        metadata.table("users")
    assert int(server.sql(count)) == before
    server.restart()
    assert metadata.table("users").name() == ("archive", "users")
    server.stop()
    with pytest.raises(psycopg.OperationalError):
        metadata.table("users")
    server.start()
    assert metadata.table("users").name() == ("archive", "users")


def test_objects_are_read_whole_in_parts_and_not_at_all(reader: dict[str, Any]) -> None:
    content = bytes(range(256)) * 4096
    client("s3", reader["endpoint"]).put_object(Bucket=BUCKET, Key=KEY, Body=content)
    store = Objects(SignedRequests(reader), reader["endpoint"])
    file = store.new_input(f"s3://{BUCKET}/{KEY}")
    assert (len(file), file.exists()) == (len(content), True)
    with file.open() as stream:
        assert stream.read() == content
    with file.open() as stream:
        stream.seek(-300_000, 2)
        assert stream.read(5) == content[-300_000:][:5]
        stream.seek(7)
        assert stream.read(300_000) == content[7:300_007]
        assert stream.read() == content[300_007:]
        assert stream.read() == b""
    assert not store.new_input(f"s3://{BUCKET}/absent").exists()
    with pytest.raises(FileNotFoundError, match="the store answers 404"):
        store.new_input(f"s3://{BUCKET}/absent").open().read()
    for refused in (lambda: store.delete("s3://a/b"), lambda: store.new_output("s3://a/b")):
        with pytest.raises(PermissionError):
            refused()


def test_a_table_of_glue_is_found(reader: dict[str, Any], table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", reader["endpoint"])
    glue = client("glue", reader["endpoint"])
    glue.create_database(DatabaseInput={"Name": "archive"})
    place = {"metadata_location": table.metadata_location, "table_type": "ICEBERG"}
    glue.create_table(DatabaseName="archive", TableInput={"Name": "users", "Parameters": place})
    metadata = Metadata({"reader": reader})
    assert metadata.table("users").metadata == table.metadata
    with pytest.raises(NoSuchTableError, match=r"archive\.orders"):
        metadata.table("orders")


def test_without_keys_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoKeysError):
        SignedRequests({"region": REGION}).send("GET", "http://127.0.0.1:1/", "s3", {})


def test_reading_metadata_loads_neither_arrow_nor_duckdb() -> None:
    heavy = ("pyarrow", "duckdb", "sqlalchemy", "boto3")
    look = f"import sys, pipeline.reading.metadata, pipeline.reading.data_files; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"
