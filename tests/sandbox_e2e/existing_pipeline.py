"""A second pipeline in the sandbox that finds database, namespace, storage class and store in place."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest
import yaml
from psycopg.rows import dict_row

from pipeline.checks.progress import Progress
from pipeline.reading.archive import Archive
from pipeline.recording.program import load as load_program
from pipeline.recording.stackfile import stack_config
from sandbox import cloud
from sandbox.adapter import Adapter
from sandbox.addresses import PODS
from sandbox.equality import wait_until_equal
from sandbox.paths import CHECKOUT
from stack.settings.tables import Table
from tests.sandbox_e2e import existing_server as server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.kubernetes import Kube

STACK = "e2e-existing"
NAMESPACE = "second-pipeline"
BUCKET = "second-archive"
HOST = server.NODE
NUMBERS = {"registry": 18081, "connect": 18083}
BROKERS = (19092, 19093, 19094)
# Roles and databases that an administrator has made before the pipeline
ROLES = """\
CREATE ROLE shop_owner LOGIN;
CREATE ROLE iceberg LOGIN;
CREATE DATABASE shop OWNER shop_owner;
CREATE DATABASE iceberg_catalog OWNER iceberg;
\\connect shop
SET ROLE shop_owner;
CREATE SCHEMA sales;
"""


def stack_file(tables: Path) -> dict[str, Any]:
    """Return the second pipeline's stack file: the sandbox's, with other ports and existing systems."""
    config = yaml.safe_load((CHECKOUT / "Pulumi.sandbox.yaml").read_text(encoding="utf-8"))["config"]
    both = {name: {"node": number, "host": number} for name, number in NUMBERS.items()}
    config["data-ingestion:host"] |= {**both, "kafka": [{"node": number, "host": number} for number in BROKERS]}
    config["data-ingestion:cluster"] |= {"existingNamespace": True, "identifier": "second"}
    # neither a database of its own nor a storage class: these keys would change nothing
    del config["data-ingestion:host"]["postgres"], config["data-ingestion:cluster"]["provisioner"]
    config["data-ingestion:names"] = {"namespace": NAMESPACE, "database": "shop", "topicPrefix": "shop", "slot": "shop_slot"}
    config["data-ingestion:source"] = {
        "kind": "external",
        "external": {
            "host": HOST,
            "port": server.PORT,
            "addresses": [f"{HOST}/32"],
            "secret": "source-database",
            "catalogSecret": "catalog-database",
        },
        **({"tables": str(tables.relative_to(CHECKOUT))} if tables.exists() else {}),
    }
    config["data-ingestion:streaming"]["kafka"] = {"cpuMillicores": 50, "storageClass": "data-ingestion-streaming"}
    config["data-ingestion:archive"] = {
        "bucket": BUCKET,
        "existingBucket": True,
        "format": "iceberg",
        "catalog": "jdbc",
        "endpoint": {
            "url": "http://moto.object-store.svc.cluster.local:5000",
            "hostUrl": "http://127.0.0.1:4566",
            "addresses": [PODS],
            "secret": "object-store",
        },
    }
    # audit and monitoring would need Secrets of their own
    for section in ("policy", "audit", "monitoring", "images"):
        del config[f"data-ingestion:{section}"]
    return {"config": config}


def operate(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pipeline …`` as its user would."""
    line = [sys.executable, "-m", "pipeline", *arguments, "--stack", STACK]
    return subprocess.run(line, cwd=CHECKOUT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False)


class Second:
    """The second pipeline: its files, its server, its engine."""

    def __init__(self, kube: Kube, folder: Path) -> None:
        """Nothing is there yet."""
        self.kube = kube
        self.file = CHECKOUT / f"Pulumi.{STACK}.yaml"
        self.tables = CHECKOUT / "tables" / f"{STACK}.yaml"
        self.passwords = {role: secrets.token_hex(16) for role in ("debezium", "iceberg", "shop_owner")}
        self.authority = server.Authority.made()
        self.ca = folder / "ca.crt"
        self.ca.write_text(self.authority.certificate, encoding="utf-8")
        self.engine = Adapter(folder, kube)
        self.outputs: dict[str, Any] = {}
        self.sections: dict[str, Any] = {}
        self.schemas: tuple[str, ...] = ("sales",)

    def write(self) -> None:
        """Write the stack file as far as it is known, with the further sections of the test."""
        config = stack_file(self.tables)["config"] | self.sections
        self.file.write_text(yaml.safe_dump({"config": config}), encoding="utf-8")

    def login(self, role: str) -> dict[str, str]:
        """Libpq's variables for a role."""
        return {"PGUSER": role, "PGPASSWORD": self.passwords[role], "PGSSLROOTCERT": str(self.ca), "PGSSLMODE": "verify-full"}

    def connect(self) -> psycopg.Connection[dict[str, Any]]:
        """Return the captured database, as its owner."""
        return psycopg.connect(
            host=HOST, port=server.PORT, dbname="shop", user="shop_owner", password=self.passwords["shop_owner"],
            sslmode="verify-full", sslrootcert=str(self.ca), autocommit=True, row_factory=dict_row,
        )  # fmt: skip

    def database(self) -> dict[str, Any]:
        """Return the doctor's findings about the database: level by check."""
        done = operate("doctor", "--json", environment=self.login("debezium"))
        lines = json.loads(done.stdout)["findings"]
        return {line["name"]: line for line in lines if line["group"] == "Database"}

    @property
    def captured(self) -> tuple[Table, ...]:
        """The table model that was written."""
        return tuple(Table.model_validate(table) for table in yaml.safe_load(self.tables.read_text(encoding="utf-8")))

    def store(self) -> Any:
        """Return the object store as its administrator uses it."""
        account = cloud.known()
        assert account is not None
        return boto3.client(
            "s3",
            endpoint_url=account.endpoint,
            region_name=account.region,
            aws_access_key_id=account.access_key_id,
            aws_secret_access_key=account.secret_access_key,
        )

    def archive(self) -> Archive:
        """Return the archive as the store's administrator sees it."""
        return Archive(self.places())

    def places(self) -> dict[str, Any]:
        """Return reader and catalog of the archive for the store's administrator."""
        account = cloud.known()
        assert account is not None
        reader = {
            "endpoint": account.endpoint,
            "region": account.region,
            "accessKeyId": account.access_key_id,
            "secretAccessKey": account.secret_access_key,
            "catalog": "archive",
            "namespace": "archive",
        }
        catalog = {"uri": self.outputs["catalog"]["uri"], "user": "iceberg", "password": self.passwords["iceberg"]}
        return {"reader": reader, "catalog": catalog}

    def let_in(self) -> None:
        """Make the role of the source, as the doctor and the printed SQL want it before tables are written."""
        server.psql("CREATE ROLE debezium LOGIN")
        server.psql(f"ALTER ROLE debezium PASSWORD '{self.passwords['debezium']}'; GRANT CONNECT ON DATABASE shop TO debezium")
        schemas = ", ".join(self.schemas)
        server.psql(f"GRANT USAGE ON SCHEMA {schemas} TO debezium; GRANT SELECT ON ALL TABLES IN SCHEMA {schemas} TO debezium", "shop")

    def list_tables(self) -> subprocess.CompletedProcess[str]:
        """Write the table file, and return what the command said."""
        wanted = [word for schema in self.schemas for word in ("--include", f"{schema}.*")]
        done = operate("tables", *wanted, environment=self.login("debezium"))
        self.write()
        return done

    def make_ready(self) -> None:
        """Run the printed SQL, as the administrator would."""
        script = operate("sql", environment={})
        assert script.returncode == 0, script.stderr
        server.psql(script.stdout, "shop")

    def up(self) -> None:
        """Bring namespace, Secrets and bucket, which exist before the pipeline, and then the pipeline."""
        kube = self.kube
        labels = {"kubernetes.io/metadata.name": NAMESPACE}
        kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        kube.apply(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"namespace": "object-store", "name": NAMESPACE},
                "spec": {
                    "podSelector": {},
                    "policyTypes": ["Ingress"],
                    "ingress": [{"from": [{"namespaceSelector": {"matchLabels": labels}}]}],
                },
            }
        )
        account = cloud.known()
        assert account is not None
        keys = f"[archive]\naws_access_key_id = {account.access_key_id}\naws_secret_access_key = {account.secret_access_key}\n"
        server.secret(kube, NAMESPACE, "object-store", {"credentials": keys})
        self.store().create_bucket(Bucket=BUCKET)
        for name, role in (("source-database", "debezium"), ("catalog-database", "iceberg")):
            login = {"username": role, "password": self.passwords[role], "ca.crt": self.authority.certificate}
            server.secret(kube, NAMESPACE, name, login)
        config = stack_config(CHECKOUT, STACK)
        self.outputs = dict(self.engine.up(load_program(CHECKOUT), config.project, STACK, config.values, Progress()).outputs)

    def wait_until_equal(self, seconds: float) -> None:
        """Wait until the archive's current state is the database's."""
        owner = {"user": "shop_owner", "password": self.passwords["shop_owner"]}
        outputs = {**self.outputs, "postgres": {**self.outputs["postgres"], **owner}}
        wait_until_equal(outputs, self.archive(), self.captured, seconds)


@contextmanager
def existing(kube: Kube, folder: Path, schema: str) -> Iterator[Second]:
    """Make a server with a schema and rows, which SQL behind `ROLES` makes, and a stack file; in the end all is taken away again."""
    made = Second(kube, folder)
    account = cloud.known()
    assert account is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", account.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", account.secret_access_key)
        for name, value in made.login("iceberg").items():
            patch.setenv(name, value)
        try:
            server.apply(kube, made.authority)
            server.psql(ROLES + schema)
            for role in ("iceberg", "shop_owner"):
                server.psql(f"ALTER ROLE {role} PASSWORD '{made.passwords[role]}'")
            made.write()
            yield made
        finally:
            made.engine.down(Progress(), force=True)
            for path in (made.file, made.tables):
                path.unlink(missing_ok=True)
            if made.tables.parent.exists() and not any(made.tables.parent.iterdir()):
                made.tables.parent.rmdir()
            for namespace in (NAMESPACE, server.NAMESPACE):
                kube.delete("Namespace", "", namespace)
            kube.delete("NetworkPolicy", "object-store", NAMESPACE)


@contextmanager
def running(kube: Kube, folder: Path, schema: str) -> Iterator[Second]:
    """Run a second pipeline over every table of a schema, whose rows are archived."""
    with existing(kube, folder, schema) as made:
        made.let_in()
        done = made.list_tables()
        assert done.returncode == 0, done.stdout + done.stderr
        made.make_ready()
        made.up()
        made.wait_until_equal(180)
        yield made
