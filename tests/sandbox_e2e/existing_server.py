"""A PostgreSQL server that is none of the pipeline's: beyond its namespace and the pods' network, with TLS by an authority of its own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox.addresses import NODE
from sandbox.paths import CHECKOUT
from stack.settings.model import Settings
from stack.specification import manifest
from stack.specification.source import postgres

if TYPE_CHECKING:
    from sandbox.kubernetes import Kube

NAMESPACE = "existing-database"
PORT = 15432
POD = "server"
_START_S = 120.0

_START = f"""\
set -eu
{postgres.BIN}/initdb --pgdata=/data/pg --username=postgres --auth-local=peer --auth-host=scram-sha-256 --encoding=UTF8 --no-instructions
echo 'hostssl all all 0.0.0.0/0 scram-sha-256' >> /data/pg/pg_hba.conf
exec {postgres.BIN}/postgres -D /data/pg -c listen_addresses={NODE} -c port={PORT} -c unix_socket_directories=/data \\
  -c ssl=on -c ssl_cert_file=/tls/tls.crt -c ssl_key_file=/tls/tls.key -c max_slot_wal_keep_size=256MB -c wal_level=logical
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """What the server's clients trust, and what the server shows them; PEM texts."""

    certificate: str
    server_certificate: str
    server_key: str

    @staticmethod
    def made() -> Authority:
        """Make a new one, for the node's address."""
        now = dt.datetime.now(dt.UTC)
        own, server = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "existing database")])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NODE)])

        def builder(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
            started = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
            lasting = started.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(minutes=5))
            return lasting.not_valid_after(now + dt.timedelta(days=2))

        root = builder(issuer, own).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(NODE))])
        leaf = builder(subject, server).add_extension(address, critical=False)
        plain = serialization.NoEncryption()
        key = server.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        pem = serialization.Encoding.PEM
        return Authority(
            certificate=root.sign(own, hashes.SHA256()).public_bytes(pem).decode(),
            server_certificate=leaf.sign(own, hashes.SHA256()).public_bytes(pem).decode(),
            server_key=key.decode(),
        )


def apply(kube: Kube, authority: Authority) -> None:
    """Start the server and wait until it answers."""
    meta = {"namespace": NAMESPACE}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    secret(kube, NAMESPACE, "tls", {"tls.crt": authority.server_certificate, "tls.key": authority.server_key})
    image = Settings.model_fields["images"].default.postgres
    container = manifest.container(
        name="postgresql",
        image=image,
        command=["/bin/sh", "-c", _START],
        memory_mib=256,
        cpu_millicores=50,
        mounts=[manifest.mount("data", "/data", read_only=False), manifest.mount("tls", "/tls")],
        probes={
            "readinessProbe": manifest.exec_probe(
                [f"{postgres.BIN}/pg_isready", "--quiet", f"--host={NODE}", f"--port={PORT}"], period_s=1, failures=3
            )
        },
    )
    volumes = [{"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}, manifest.secret_volume("tls", "tls")]
    kube.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**meta, "name": POD}})
    spec = {**manifest.pod(service_account=POD, uid=postgres.UID, containers=[container], volumes=volumes), "hostNetwork": True}
    kube.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {**meta, "name": POD}, "spec": spec})
    deadline = time.monotonic() + _START_S
    while not _ready(kube):
        assert time.monotonic() < deadline, kube.read("Pod", NAMESPACE, POD)
        time.sleep(0.5)


def _ready(kube: Kube) -> bool:
    pod = kube.read("Pod", NAMESPACE, POD) or {}
    return any(item["type"] == "Ready" and item["status"] == "True" for item in pod.get("status", {}).get("conditions", []))


def secret(kube: Kube, namespace: str, name: str, values: dict[str, str]) -> None:
    """Make a Secret."""
    kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": {"namespace": namespace, "name": name}, "stringData": values})


def psql(script: str, database: str = "postgres") -> str:
    """Run SQL or psql's own commands as the server's administrator, and give what was printed without headers."""
    pod = ["--namespace", NAMESPACE, POD, "--stdin"]
    client = ["psql", "--host=/data", f"--port={PORT}", "--username=postgres", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
    line = [sys.executable, "-m", "pipeline", "sandbox", "kubectl", "--", "exec", *pod, "--", *client, "--set=ON_ERROR_STOP=1", database]
    done = subprocess.run(line, cwd=CHECKOUT, input=script, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
