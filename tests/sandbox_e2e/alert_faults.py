"""Faults behind the critical alerts: hung threads, full volumes, memory that runs out, secrets and certificates that are wrong."""

from __future__ import annotations

import base64
import ctypes
import datetime as dt
import json
import os
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pipeline.reading.archive import Archive
from sandbox import cloud
from sandbox.faults.ground import NAMESPACE, POSTGRES, Ground, Target
from sandbox.faults.services import CATALOG
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pyiceberg.table import Table as ArchivedTable

MONITORING = f"{NAMESPACE}-monitoring"
EXPORTER = Target("exporter-", "exporter", MONITORING)
POSTGRES_EXPORTER = Target("postgres-exporter-", "postgres-exporter", MONITORING)
PROMETHEUS = Target("prometheus-", "prometheus", MONITORING)
ALERTMANAGER = Target("alertmanager-", "alertmanager", MONITORING)
RECEIVERS, TLS = "alert-receivers", "postgresql-tls"
CHANCE = random.Random(17)  # noqa: S311 - which pod is struck, not a secret
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
# waitpid for children of any kind, of all threads of this process
_WALL = 0x40000000
# name of the session that holds a lock
_HOLDER = "drill-lock"
_PAGE = 8192


@contextmanager
def beside(work: Callable[[], object], every_s: float) -> Iterator[threading.Event]:
    """Repeat some work in a thread until the event is set, or the block ends; a turn that fails is followed by the next."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every_s):
            # a part that is away for a moment is asked again
            with suppress(Exception):
                work()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield ended
    finally:
        ended.set()
        thread.join(60)


@contextmanager
def hung(process: int) -> Iterator[None]:
    """Let the first thread of a process stand still while its others go on, as one that waits for ever does."""
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    for request in (_SEIZE, _INTERRUPT):
        if library.ptrace(request, process, None, None) != 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), f"ptrace of {process}")
    # a process that ends meanwhile is a zombie for its own parent until its tracer has waited for it
    threading.Thread(target=_wait_for_end, args=(process,), daemon=True).start()
    try:
        yield
    finally:
        library.ptrace(_DETACH, process, None, None)


def _wait_for_end(process: int) -> None:
    """Take every event of a traced process until it ends or has no tracer."""
    with suppress(ChildProcessError):
        while True:
            _, status = os.waitpid(process, _WALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                return


def starve(ground: Ground, target: Target, mib: int) -> None:
    """Let a process in a container take more memory than its limit, so that the kernel ends it."""
    take = ["python3", "-c", f"import time; taken = b'x' * ({mib} << 20); time.sleep(1)"]
    where = ["exec", "--namespace", target.namespace, ground.pod(target)["metadata"]["name"], "--container", target.container]
    command = [sys.executable, "-m", "pipeline", "sandbox", "kubectl", "--", *where, "--", *take]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 137, f"the kernel has not ended it: {done.returncode} {done.stderr}"


def sql(ground: Ground, statement: str, database: str = "ecommerce") -> str:
    """Run SQL as the administrator of the database, for at most two minutes."""
    psql = ["psql", "--username=postgres", "--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", database]
    container = ["--namespace", NAMESPACE, POSTGRES.pod, "--container", POSTGRES.container]
    return ground.kubectl("exec", *container, "--", *psql, "-c", statement)


@contextmanager
def held(ground: Ground, lock: str) -> Iterator[None]:
    """Hold a lock in the catalog's database by a session of its own, for 25 minutes at most: whoever needs it waits meanwhile.

    Args:
        ground: The sandbox.
        lock: Statement that takes the lock.
    """
    place = ["exec", "--namespace", NAMESPACE, POSTGRES.pod, "--container", POSTGRES.container, "--"]
    client = [*place, "psql", "--username=postgres", "--no-psqlrc", "--set=ON_ERROR_STOP=1"]
    with session_with(client, CATALOG, lock, lambda statement: sql(ground, statement)):
        yield


@contextmanager
def session_with(client: Sequence[str], database: str, lock: str, ask: Callable[[str], str]) -> Iterator[None]:
    """Keep a session that holds a lock, for 25 minutes at most.

    Args:
        client: The client behind `sandbox kubectl`, up to the database.
        database: Name of the database.
        lock: Statement that takes the lock.
        ask: Runs a statement as the administrator of the server, and returns its answer.
    """
    steps = [word for statement in ("BEGIN", lock, "SELECT pg_sleep(1500)") for word in ("-c", statement)]
    session = [*client, f"dbname={database} application_name={_HOLDER}", *steps]
    command = [sys.executable, "-m", "pipeline", "sandbox", "kubectl", "--", *session]
    sessions = f"FROM pg_stat_activity WHERE application_name = '{_HOLDER}'"
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
        try:
            deadline = time.monotonic() + 60
            while ask(f"SELECT count(*) {sessions} AND wait_event = 'PgSleep'") != "1":
                assert time.monotonic() < deadline, f"no session holds the lock of: {lock}"
                time.sleep(1)
            yield
        finally:
            ask(f"SELECT count(pg_terminate_backend(pid)) {sessions}")


def waits_for_lock(ground: Ground) -> bool:
    """Return whether a session waits for a lock in the catalog's database."""
    return sql(ground, f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{CATALOG}' AND wait_event_type = 'Lock'") != "0"


def archived(outputs: Mapping[str, Any], name: str) -> ArchivedTable:
    """Return an archived table as the store's administrator may change it."""
    known = cloud.known()
    assert known is not None
    keys = {"accessKeyId": known.access_key_id, "secretAccessKey": known.secret_access_key}
    return Archive({**outputs, "reader": {**outputs["reader"], **keys}}).table(name)


def write_log(ground: Ground, segments: int) -> None:
    """Write segments of the database's log, of 16 MiB each."""
    sql(ground, f"SELECT pg_logical_emit_message(false, 'drill', 'x'), pg_switch_wal() FROM generate_series(1, {segments})")


def write_users(ground: Ground, mark: str, number: int = 1) -> None:
    """Write some rows."""
    rows = f"SELECT '{mark}-' || number, 'Fire', 'Drill' FROM generate_series(1, {number}) AS number"
    sql(ground, f"INSERT INTO users (email, first_name, last_name) {rows}")


def delete_users(ground: Ground, mark: str, piece: int = 20_000) -> None:
    """Delete the rows that were written, in transactions that end within the time of a command."""
    some = f"SELECT id FROM users WHERE starts_with(email, '{mark}') LIMIT {piece}"
    while sql(ground, f"WITH gone AS (DELETE FROM users WHERE id IN ({some}) RETURNING 1) SELECT count(*) FROM gone") != "0":
        pass


def fill_database(ground: Ground, size: int, pieces: int = 8) -> None:
    """Write a table of a size into a database beside the captured one; it is not logged, so that no slot holds it."""
    # of a run that was broken off
    sql(ground, "DROP TABLE IF EXISTS filler", "postgres")
    sql(ground, "CREATE UNLOGGED TABLE filler (page text)", "postgres")
    sql(ground, "ALTER TABLE filler ALTER COLUMN page SET STORAGE PLAIN", "postgres")
    for _ in range(pieces):
        rows = f"SELECT repeat('x', 7900) FROM generate_series(1, {size // _PAGE // pieces})"
        sql(ground, f"INSERT INTO filler {rows}", "postgres")


@contextmanager
def secret_without(ground: Ground, key: str) -> Iterator[None]:
    """Take a key out of the Secret of the receivers, and put it back at the end."""
    before = _secret(ground, MONITORING, RECEIVERS)
    _replace(ground, MONITORING, RECEIVERS, {name: value for name, value in before.items() if name != key})
    try:
        yield
    finally:
        _replace(ground, MONITORING, RECEIVERS, before)


@contextmanager
def short_lived_certificate(ground: Ground, days: int) -> Iterator[None]:
    """Let the database show a certificate that ends soon, and take the declared one back into its Secret at the end.

    Nobody trusts it, so that whoever logs in meanwhile is refused: the end of the certificate is looked at without a login.
    """
    before = _secret(ground, NAMESPACE, TLS)
    _replace(ground, NAMESPACE, TLS, {**before, **_certificate(days)})
    try:
        shown = _secret(ground, NAMESPACE, TLS)["tls.crt"]
        _wait_for_file(ground, base64.b64decode(shown).decode())
        yield
    finally:
        _replace(ground, NAMESPACE, TLS, before)


def wait_for_certificate(ground: Ground) -> None:
    """Wait until the database's pod has the certificate of the Secret."""
    _wait_for_file(ground, base64.b64decode(_secret(ground, NAMESPACE, TLS)["tls.crt"]).decode())


def _wait_for_file(ground: Ground, text: str) -> None:
    read = ["exec", "--namespace", NAMESPACE, POSTGRES.pod, "--container", POSTGRES.container, "--", "cat", "/etc/postgresql-tls/tls.crt"]
    deadline = time.monotonic() + 150
    while ground.kubectl(*read).strip() != text.strip():
        assert time.monotonic() < deadline, "the kubelet does not renew the certificate's file"
        time.sleep(2)


def _certificate(days: int) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "postgresql")]), dt.datetime.now(dt.UTC)
    named = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    lasting = named.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(hours=1))
    signed = lasting.not_valid_after(now + dt.timedelta(days=days)).sign(key, hashes.SHA256())
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    parts = {"tls.crt": signed.public_bytes(serialization.Encoding.PEM), "tls.key": private}
    return {name: base64.b64encode(content).decode() for name, content in parts.items()}


def _secret(ground: Ground, namespace: str, name: str) -> dict[str, str]:
    found = ground.kube.read("Secret", namespace, name)
    assert found is not None
    return dict(found["data"])


def _replace(ground: Ground, namespace: str, name: str, data: dict[str, str]) -> None:
    """Replace the content of a Secret, as somebody does by hand: the keys that it had and those that it has."""
    patch: list[dict[str, Any]] = [{"op": "replace", "path": "/data", "value": data}]
    ground.kubectl("patch", "secret", "--namespace", namespace, name, "--type=json", f"--patch={json.dumps(patch)}")
