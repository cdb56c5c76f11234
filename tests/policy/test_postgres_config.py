"""Parameters of PostgreSQL on a command line and in files of any form: plan and pack judge them alike, in any order."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared, Limits
from stack.configs.tokens import CONNECTOR
from tests.configs.test_postgres_ranges import tiny, usual
from tests.policy.judging import by_pack, by_plan
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GIB = 2**30
LIMITS = Limits(memory={"data-ingestion": 4 * GIB}, volumes={"data-ingestion": 16 * GIB})
RULE = "postgres-config"
PART = "app.kubernetes.io/part-of"
LABELS = {"app": "db"}
CAPTURED = "wal_level = logical\nmax_slot_wal_keep_size = 1GB\npassword_encryption = scram-sha-256\nssl = on\n"


def refused(*resources: Declared) -> bool:
    """Return whether plan and pack refuse by the rule, in every order of declaration."""
    plan = RULE in {violation.rule for violation in by_plan(resources, LIMITS)}
    for order in itertools.permutations(resources):
        assert plan == (RULE in {name for name, _message in by_pack(order, LIMITS)}), [one.title for one in order]
    return plan


def server(*args: str, **more: Any) -> Declared:
    """Return a server that reads a mounted file."""
    mount = {"volumeMounts": [{"name": "config", "mountPath": "/etc/pg"}]}
    one = container(memory="2Gi", image="postgres:17.2", command=None, args=["-c", "config_file=/etc/pg/postgresql.conf", *args], **mount)
    spec = pod({**one, **more}, volumes=[{"name": "config", "configMap": {"name": "config"}}])
    return extra("StatefulSet", "db", {"template": {"spec": spec}}, "apps/v1")


def file(text: str) -> Declared:
    """Return the file of the server."""
    made = extra("ConfigMap", "config", {})
    return Declared(
        urn=made.urn, type=made.type, name=made.name, inputs={"metadata": made.inputs["metadata"], "data": {"postgresql.conf": text}}
    )


def command_lines(key: str, value: str) -> Iterator[Declared]:
    """Yield a server with a parameter in each form of its command line."""
    plain = value.strip("'")
    for words in ([f"-c{key}={plain}"], ["-c", f"{key}={plain}"], [f"--{key.replace('_', '-')}={plain}"]):
        one = container(memory="2Gi", image="postgres:17.2", command=None, args=words)
        yield extra("StatefulSet", "db", {"template": {"spec": pod(one)}}, "apps/v1")
    variable = [{"name": "POSTGRESQL_EXTRA_FLAGS", "value": f"-c {key}='{plain}'"}]
    one = container(memory="2Gi", image="bitnami/postgresql:17.2.0", command=None, env=variable)
    yield extra("StatefulSet", "db", {"template": {"spec": pod(one)}}, "apps/v1")


def test_timeouts_on_a_command_line_are_judged(tally: Callable[[str, str, int, int], None]) -> None:
    harmful = [one for said in [*tiny()][::2] for one in command_lines(*said)]
    harmless = [one for said in usual() for one in command_lines(*said)]
    assert [one.inputs for one in harmful if not refused(one)] == []
    assert [one.inputs for one in harmless if refused(one)] == []
    tally("command lines of PostgreSQL", "harmful", len(harmful), 0)
    tally("command lines of PostgreSQL", "harmless", len(harmless), 0)


@pytest.mark.parametrize("before", ["", CAPTURED])
@pytest.mark.parametrize(
    ("line", "wide"),
    [
        ("statement_timeout = 1", True),
        ("statement_timeout 1ms", True),
        ("STATEMENT_TIMEOUT='0.001s'", True),
        ("lock_timeout = '5us' # a comment", False),
        ("tcp_user_timeout = 1", True),
        ("statement_timeout = 30s", False),
        ("# statement_timeout = 1", False),
        ("statement_timeout = 30s  # 0 is disabled", False),
        ("statement_timeout = '30 s'  # in ms, '0' is disabled", False),
        ("statement_timeout = '1 ms'  # in ms, 0 is disabled", True),
        ("idle_session_timeout = '1h'", False),
    ],
)
def test_timeouts_in_a_file_are_judged_whatever_else_it_says(before: str, line: str, wide: bool) -> None:  # noqa: FBT001 - a column
    assert refused(server(), file(f"{before}{line}\n")) == wide


@pytest.mark.parametrize(
    ("words", "wide"),
    [
        (["-c", "fsync=off"], True),
        (["-F"], True),
        (["-c", "wal_level=replica"], True),
        (["-c", "wal_level=minimal"], True),
        (["-c", "wal_level=replica", "-c", "fsync=off"], True),
        (["-cwal_level=replica", "-c", "ssl=off", "-c", "password_encryption=md5"], True),
        (["--wal-level=logical"], False),
        (["-c", "max_slot_wal_keep_size=-1"], True),
        (["--full-page-writes=off"], True),
        (["-c", "work_mem=8MB"], False),
        (["-c", "log_statement=ddl"], False),
    ],
)
def test_a_command_line_is_judged_over_the_file_of_a_captured_server(words: list[str], wide: bool) -> None:  # noqa: FBT001 - a column
    assert refused(server(*words), file(CAPTURED)) == wide
    assert not refused(server(*words), file("shared_buffers = 128MB\n"))


def connector(host: str) -> Declared:
    """Return a source connector that reads a host."""
    config = {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "database.hostname": host}
    urn = f"urn:pulumi:dev::data-ingestion::{CONNECTOR}::source"
    return Declared(urn=urn, type=CONNECTOR, name="source", inputs={"config": config})


@pytest.mark.parametrize("host", ["db", "db.data-ingestion", "db.data-ingestion.svc.cluster.local"])
@pytest.mark.parametrize("text", ["fsync = off\n", "shared_buffers = 128MB\n", CAPTURED.replace("logical", "replica"), None])
def test_a_server_that_a_connector_reads_is_captured(host: str, text: str | None) -> None:
    if text is None:
        one = container(memory="2Gi", image="postgres:17.2", command=None, args=["-c", "wal_level=replica"])
        made = extra("StatefulSet", "db", {"template": {"metadata": {"labels": LABELS}, "spec": pod(one)}}, "apps/v1")
    else:
        made = server()
        made.inputs["spec"]["template"]["metadata"] = {"labels": LABELS}
    service = extra("Service", "db", {"selector": LABELS, "ports": [{"port": 5432}]})
    files = [file(text)] if text else []
    assert refused(made, *files, service, connector(host))
    if text is None or "wal_level" not in text:
        assert not refused(made, *files, service, connector("db.elsewhere.svc"))
        assert not refused(made, *files, service)


@pytest.mark.parametrize(
    ("words", "wide"),
    [
        (["-c", "hba_file=/tmp/x"], True),
        (["-c", "default_transaction_read_only=on"], True),
        (["-c", "synchronous_standby_names=*"], True),
        (["--recovery-target=immediate"], True),
        (["-c", "recovery_target_time=2020-01-01"], True),
        (["-c", "listen_addresses=localhost"], True),
        (["-h", "127.0.0.1"], True),
        (["-c", "superuser_reserved_connections=99"], True),
        (["-c", "ssl_ciphers=x"], True),
        (["-c", "listen_addresses=*"], False),
        (["-c", "synchronous_standby_names="], False),
        (["-D", "/data", "-c", "work_mem=8MB"], False),
        (["-c", "wal_level=logical"], False),
    ],
)
def test_the_command_line_of_the_own_server_is_judged_as_its_settings(words: list[str], wide: bool) -> None:  # noqa: FBT001 - a column
    made = server(*words)
    made.inputs["spec"]["template"]["metadata"] = {"labels": {PART: "data-ingestion", "app.kubernetes.io/component": "postgresql"}}
    assert refused(made, file(CAPTURED)) == wide


@pytest.mark.parametrize(
    ("line", "wide"),
    [("host all all 0.0.0.0/0 trust", True), ("hostssl all all all md5", True), ("hostssl all all all scram-sha-256", False)],
)
@pytest.mark.parametrize("named", ["hba_file = '/etc/pg/pg_hba.conf'\n", ""])
def test_the_access_file_of_a_captured_server_is_judged(line: str, wide: bool, named: str) -> None:  # noqa: FBT001 - a column
    for text, expected in ((CAPTURED + named, wide), ("shared_buffers = 128MB\n" + named, False)):
        made = file(text)
        made.inputs["data"]["pg_hba.conf"] = f"local all all peer\n{line}\n"
        assert refused(server(), made) == expected
