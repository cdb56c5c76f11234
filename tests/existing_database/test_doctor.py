"""The doctor on a real PostgreSQL: everything missing is reported, and every cure works."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.check import Level, Refused
from pipeline.doctor.stack import _database
from pipeline.existing_database import catalogue, connection
from stack.specification.source.external_sql import script
from tests.existing_database.conftest import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.checks.check import Finding
    from pipeline.existing_database.target import Target
    from stack.settings.names import Names
    from tests.existing_database.conftest import Existing


def findings(target: Target) -> dict[str, Finding]:
    """Return the finding of each check of the database, by name."""
    return {check.name: check.judge(check.probe()) for check in _database(target)}


def failing(target: Target) -> dict[str, Finding]:
    """Return the findings that would stop ``up``."""
    return {name: finding for name, finding in findings(target).items() if finding.level is Level.FAILURE}


def the_script(target: Target) -> str:
    """Return the output of ``make source-sql``."""
    return script(target.names, target.tables, target.host, target.port, target.wal_keep_mib, catalog=target.catalog)


def made_ready(existing: Existing) -> None:
    """Prepare the database as its administrator would."""
    target = existing.target
    existing.sql(the_script(target))
    existing.sql(f"ALTER ROLE {target.names.debezium_role} PASSWORD '{PASSWORD}'")
    if existing.sql("SHOW wal_level") != "logical":
        existing.server.restart()


def test_the_script_makes_a_database_ready_and_a_second_run_changes_nothing(existing: Existing) -> None:
    missing = {"role", "heartbeat table", "publication", "replica identity"}
    assert missing <= set(failing(existing.target))
    made_ready(existing)
    assert failing(existing.target) == {}
    before = existing.sql(STATE.format(**existing.target.names.model_dump()))
    existing.sql(the_script(existing.target))
    assert existing.sql(STATE.format(**existing.target.names.model_dump())) == before


STATE = """
SELECT oid, relname, relreplident, relacl FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'sales'::regnamespace) ORDER BY oid;
SELECT xmin, * FROM pg_publication WHERE pubname = '{publication}';
SELECT xmin, prrelid FROM pg_publication_rel ORDER BY prrelid;
SELECT oid, rolname, rolreplication, rolcanlogin FROM pg_roles WHERE rolname = '{debezium_role}';
SELECT name, setting FROM pg_file_settings ORDER BY seqno;
"""


def test_the_role_itself_sees_that_everything_is_ready(existing: Existing, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor needs no administrator's password; by default it logs in as Debezium's role."""
    made_ready(existing)
    monkeypatch.delenv("PGUSER")
    found = findings(existing.target)
    assert {name: finding for name, finding in found.items() if finding.level is Level.FAILURE} == {}
    assert f"as {existing.target.names.debezium_role} by TLSv1.3" in found["login"].found


def test_the_role_can_do_what_debezium_does(existing: Existing) -> None:
    """A slot, a snapshot and a heartbeat, with no right beyond those of the script."""
    made_ready(existing)
    names = existing.target.names
    existing.server.sql(
        f"SELECT pg_create_logical_replication_slot('{names.slot}', 'pgoutput');\n"
        "SELECT count(*) FROM public.users;\nSELECT count(*) FROM sales.orders;\n"
        f"INSERT INTO {names.heartbeat_table} (id, ts) VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET ts = EXCLUDED.ts;",
        names.database,
        names.debezium_role,
    )
    refused = existing.server.psql("DELETE FROM public.users;", names.database, names.debezium_role)
    assert "permission denied" in refused.stderr


def test_a_deleted_row_reaches_the_log_whole_by_the_name_of_its_table(existing: Existing) -> None:
    """Including one in a partition: the test decodes what the publication sends."""
    made_ready(existing)
    names = existing.target.names
    existing.sql(f"SELECT pg_create_logical_replication_slot('{names.slot}', 'pgoutput');")
    existing.sql("INSERT INTO sales.orders VALUES (7, '2026-05-01', 12.34); DELETE FROM sales.orders;")
    sent = existing.sql(
        "SELECT encode(data, 'hex') FROM pg_logical_slot_peek_binary_changes("
        f"'{names.slot}', NULL, NULL, 'proto_version', '1', 'publication_names', '{names.publication}')"
    )
    assert decoded(sent) == ["insert into orders: 7, 2026-05-01, 12.34", "delete from orders: 7, 2026-05-01, 12.34"]


def decoded(sent: str) -> list[str]:
    """Return the changes in messages of pgoutput, protocol 1, each with its table's name and its row."""
    tables, changes = {}, []
    for message in map(bytes.fromhex, sent.splitlines()):
        kind, relation = message[:1], message[1:5]
        if kind == b"R":
            tables[relation] = message[5:].split(b"\0")[1].decode()
        elif kind in {b"I", b"D"}:
            word = {b"I": "insert into", b"D": "delete from"}[kind]
            changes.append(f"{word} {tables[relation]}: {', '.join(values(message[8:]))}")
    return changes


def values(row: bytes) -> list[str]:
    """Return the values of a row in pgoutput's text form."""
    found = []
    while row:
        length = int.from_bytes(row[1:5], "big")
        found.append(row[5 : 5 + length].decode())
        row = row[5 + length :]
    return found


def statements(cure: str) -> str:
    """Return the SQL of a cure, without remarks and without what only a person can type."""
    lines = [line for line in cure.splitlines() if re.match(r"[A-Z]+ ", line)]
    return "\n".join(re.sub(r"; .*", ";", line) if not line.startswith("ALTER SYSTEM") else line for line in lines)


def test_every_cure_cures_until_nothing_is_missing(existing: Existing) -> None:
    """Without the script: from the doctor's cures alone."""
    for _ in range(6):
        wrong = failing(existing.target)
        if not wrong:
            break
        for finding in wrong.values():
            existing.sql(statements(finding.cure))
        if "write-ahead log" in wrong:
            existing.server.restart()
    assert failing(existing.target) == {}


BREAKAGES = (
    ("ALTER ROLE {debezium_role} NOREPLICATION", "role", Level.FAILURE),
    ("ALTER ROLE {debezium_role} NOLOGIN", "role", Level.FAILURE),
    ("ALTER ROLE {debezium_role} SUPERUSER", "role", Level.WARNING),
    ("REVOKE SELECT ON public.users FROM {debezium_role}", "grants", Level.FAILURE),
    ("REVOKE USAGE ON SCHEMA sales FROM {debezium_role}", "grants", Level.FAILURE),
    ("REVOKE CONNECT ON DATABASE {database} FROM PUBLIC, {debezium_role}", "grants", Level.FAILURE),
    ("DROP TABLE {heartbeat_table} CASCADE", "heartbeat table", Level.FAILURE),
    ("REVOKE UPDATE ON {heartbeat_table} FROM {debezium_role}", "heartbeat table", Level.FAILURE),
    ("DROP PUBLICATION {publication}", "publication", Level.FAILURE),
    ("ALTER PUBLICATION {publication} DROP TABLE public.users", "publication", Level.FAILURE),
    ("ALTER PUBLICATION {publication} DROP TABLE {heartbeat_table}", "publication", Level.FAILURE),
    (
        "CREATE TABLE public.other (id int PRIMARY KEY); ALTER PUBLICATION {publication} ADD TABLE public.other",
        "publication",
        Level.WARNING,
    ),
    ("DROP PUBLICATION {publication}; CREATE PUBLICATION {publication} FOR ALL TABLES", "publication", Level.FAILURE),
    (
        "ALTER PUBLICATION {publication} SET TABLE public.users WHERE (id > 5), sales.orders, {heartbeat_table}",
        "publication",
        Level.FAILURE,
    ),
    ("ALTER PUBLICATION {publication} SET TABLE public.users (id, email), sales.orders, {heartbeat_table}", "publication", Level.FAILURE),
    ("ALTER PUBLICATION {publication} SET (publish = 'insert, update')", "published changes", Level.FAILURE),
    ("ALTER PUBLICATION {publication} SET (publish_via_partition_root = false)", "published changes", Level.FAILURE),
    ("ALTER TABLE public.users REPLICA IDENTITY DEFAULT", "replica identity", Level.FAILURE),
    ("ALTER TABLE sales.orders_2026 REPLICA IDENTITY NOTHING", "replica identity", Level.FAILURE),
    ("ALTER TABLE sales.orders ENABLE ROW LEVEL SECURITY", "row security", Level.FAILURE),
    ("ALTER SYSTEM SET max_slot_wal_keep_size = -1", "log kept for slots", Level.WARNING),
    ("ALTER SYSTEM SET max_slot_wal_keep_size = '100MB'", "log kept for slots", Level.WARNING),
    ("ALTER SYSTEM SET wal_sender_timeout = 0", "sender timeout", Level.WARNING),
    ("ALTER SYSTEM SET wal_sender_timeout = '5s'", "sender timeout", Level.WARNING),
)


@pytest.mark.parametrize(("broken", "name", "level"), BREAKAGES, ids=[broken for broken, _, _ in BREAKAGES])
def test_each_defect_is_reported_by_its_check_and_repaired_by_the_cure(existing: Existing, broken: str, name: str, level: Level) -> None:
    made_ready(existing)
    names: Names = existing.target.names
    if re.search(r"WHERE \(|\(id, email\)", broken) and int(existing.sql("SHOW server_version_num")) < 150000:
        pytest.skip("row filters and column lists came with PostgreSQL 15")
    for statement in broken.format(**names.model_dump()).split("; "):
        existing.system(f"{statement};")
    found = findings(existing.target)
    assert found[name].level is level, found[name]
    for statement in statements(found[name].cure).splitlines():
        existing.system(statement)
    again = findings(existing.target)
    assert again[name].level is Level.FINE, again[name]
    for other in failing(existing.target).values():  # a table that is dropped leaves the publication too
        existing.sql(statements(other.cure))
    assert failing(existing.target) == {}


def test_tables_that_differ_from_the_model_are_reported(existing: Existing) -> None:
    made_ready(existing)
    assert findings(existing.target)["columns"].level is Level.FINE
    existing.sql("ALTER TABLE public.users ADD COLUMN phone text;")
    new = findings(existing.target)["columns"]
    assert (new.level, new.found) == (Level.WARNING, "public.users has a new column phone")
    existing.sql("ALTER TABLE public.users DROP COLUMN note, ALTER COLUMN email TYPE text;")
    changed = findings(existing.target)["columns"]
    assert changed.level is Level.FAILURE
    assert "public.users has no column note" in changed.found
    assert "public.users.email is text and not varchar(255)" in changed.found
    existing.sql("ALTER TABLE public.users ADD COLUMN mark point, ALTER COLUMN email TYPE point USING NULL;")
    unfaithful = findings(existing.target)["columns"]
    assert unfaithful.level is Level.FAILURE
    assert "column email: type point cannot be archived" in unfaithful.found
    assert "column mark" not in unfaithful.found


def test_a_missing_table_is_reported(existing: Existing) -> None:
    existing.sql("DROP TABLE public.users;")
    found = findings(existing.target)["tables"]
    assert found.level is Level.FAILURE
    assert found.found.endswith("public.users")
    assert "make tables STACK=prod" in found.cure


def test_slots_are_reported_with_their_retained_mib(existing: Existing) -> None:
    made_ready(existing)
    names = existing.target.names
    assert "is free" in findings(existing.target)["slot"].found
    existing.sql(f"SELECT pg_create_logical_replication_slot('{names.slot}', 'pgoutput');")
    existing.sql("SELECT pg_create_logical_replication_slot('of_somebody', 'pgoutput');")
    existing.sql("CREATE TABLE public.noise AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 5000);")
    found = findings(existing.target)
    assert found["slot"].level is Level.WARNING
    assert re.search(r"has no reader and retains [1-9]\d* MiB", found["slot"].found)
    assert re.search(r"of_somebody \([1-9]\d* MiB\)", found["other slots"].found)
    elsewhere = existing.expecting(names=names.model_copy(update={"slot": "of_somebody", "database": "postgres"}))
    assert findings(elsewhere)["slot"].level is Level.FAILURE


def test_a_full_set_of_slots_is_reported(existing: Existing) -> None:
    made_ready(existing)
    most = int(existing.sql("SHOW max_replication_slots"))
    for number in range(most):
        existing.sql(f"SELECT pg_create_physical_replication_slot('full_{number}');")
    found = findings(existing.target)["free slots"]
    assert found.level is Level.FAILURE
    assert "ALTER SYSTEM SET max_replication_slots" in found.cure
    own = existing.expecting(names=existing.target.names.model_copy(update={"slot": "full_0"}))
    assert findings(own)["free slots"].level is Level.FINE, "the pipeline's own slot counts once"
    assert findings(own)["slot"].level is Level.FAILURE, "a physical slot is nobody's pipeline"


def test_cures_for_a_server_at_aws_use_its_parameter_group_and_a_membership(existing: Existing) -> None:
    """Recognised by the roles that AWS creates; there, a membership grants replication."""
    existing.server.sql("CREATE ROLE rds_superuser; CREATE ROLE rds_replication;")
    try:
        names = existing.target.names
        existing.sql(the_script(existing.target))
        member = existing.sql(
            f"SELECT pg_has_role('{names.debezium_role}', 'rds_replication', 'member'), rolreplication FROM pg_roles "
            f"WHERE rolname = '{names.debezium_role}'"
        )
        assert member == "t|f"
        found = findings(existing.target)
        assert found["role"].level is Level.FINE
        assert "at AWS" in found["login"].found
        existing.system("ALTER SYSTEM SET wal_sender_timeout = 0;")
        assert findings(existing.target)["sender timeout"].cure == "in the parameter group: wal_sender_timeout = 60000"
        existing.sql(f"REVOKE rds_replication FROM {names.debezium_role};")
        assert findings(existing.target)["role"].cure == f"GRANT rds_replication TO {names.debezium_role};"
    finally:
        existing.sql("ALTER SYSTEM RESET wal_sender_timeout;")
        existing.server.sql("SELECT pg_reload_conf(); DROP ROLE rds_superuser; DROP ROLE rds_replication;")


@pytest.fixture
def catalog(existing: Existing) -> Iterator[Target]:
    """Yield a target whose Iceberg catalog is in the same server; its role and database have fixed names and are removed afterwards."""
    names = existing.target.names
    made_ready(existing)
    yield existing.expecting(catalog=True)
    existing.server.sql(f"DROP DATABASE IF EXISTS {names.catalog_database} WITH (FORCE);")
    existing.server.sql(f"DROP ROLE IF EXISTS {names.catalog_role}; DROP ROLE IF EXISTS master; DROP ROLE IF EXISTS rds_superuser;")


def test_a_catalog_in_another_server_is_not_checked(existing: Existing) -> None:
    assert "Iceberg catalog" not in findings(existing.target)


def test_the_script_creates_a_catalog_that_no_other_role_can_connect_to(existing: Existing, catalog: Target) -> None:
    names = catalog.names
    assert set(failing(catalog)) == {"Iceberg catalog"}
    for _again in range(2):
        existing.sql(the_script(catalog))
        assert failing(catalog) == {}
    existing.server.sql("CREATE TABLE public.iceberg_tables (id int);", names.catalog_database, names.catalog_role)
    stranger = existing.server.psql("SELECT 1", names.catalog_database, names.debezium_role)
    assert "permission denied for database" in stranger.stderr


CATALOG_BREAKAGES = (
    ("ALTER ROLE {role} NOLOGIN", "may not log in"),
    ("DROP DATABASE {database}", "the database iceberg_catalog does not exist"),
    ("ALTER DATABASE {database} OWNER TO postgres", "belongs to postgres"),
    ("REVOKE CONNECT ON DATABASE {database} FROM {role}", "lacks CONNECT"),
    ("DROP DATABASE {database}; DROP ROLE {role}", "the role iceberg does not exist"),
)


@pytest.mark.parametrize("by_script", [False, True], ids=["by its cure", "by the script"])
@pytest.mark.parametrize(("broken", "told"), CATALOG_BREAKAGES, ids=[told for _, told in CATALOG_BREAKAGES])
def test_each_defect_of_a_catalog_is_reported_and_repaired(
    existing: Existing, catalog: Target, broken: str, told: str, *, by_script: bool
) -> None:
    existing.sql(the_script(catalog))
    for statement in broken.format(role=catalog.names.catalog_role, database=catalog.names.catalog_database).split("; "):
        existing.sql(f"{statement};")
    found = findings(catalog)["Iceberg catalog"]
    assert found.level is Level.FAILURE
    assert told in found.found
    if by_script:
        existing.sql(the_script(catalog))
    else:
        for statement in statements(found.cure).splitlines():
            existing.sql(statement)
    assert findings(catalog)["Iceberg catalog"].level is Level.FINE


def test_an_administrator_without_all_rights_makes_the_catalog_too(existing: Existing, catalog: Target) -> None:
    """As the master user of RDS does: it may create roles and databases, and transfers one only to a role of which it is a member."""
    existing.server.sql("CREATE ROLE rds_superuser; CREATE ROLE master LOGIN CREATEROLE CREATEDB;")
    assert "GRANT iceberg TO CURRENT_USER" in findings(catalog)["Iceberg catalog"].cure
    part = "SELECT true AS managed \\gset\n" + the_script(catalog).split("COMMIT;\n")[1]
    for _again in range(2):
        existing.server.sql(part, "postgres", "master")
    assert findings(catalog)["Iceberg catalog"].level is Level.FINE


def refused(target: Target) -> Refused:
    """Return the reason why a login failed."""
    seen = catalogue.look(target)
    assert isinstance(seen, Refused)
    assert PASSWORD not in f"{seen}"
    return seen


def test_a_failed_login_is_reported_with_its_reason(existing: Existing, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nothing listens there" in refused(existing.expecting(port=1)).why
    assert "certificate is for another name" in refused(existing.expecting(host="127.0.0.1")).why
    absent = existing.target.names.model_copy(update={"database": "nowhere"})
    assert "the database does not exist" in refused(existing.expecting(names=absent)).why
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert "refuses user or password" in refused(existing.target).why
    assert variables(refused(existing.target)) == ["PGUSER", "PGPASSFILE"]
    for authority, why in (
        (str(existing.server.folder / "none.crt"), "CA certificate cannot be read"),
        ("system", "no CA trusted here signed"),
    ):
        monkeypatch.setenv("PGSSLROOTCERT", authority)
        assert why in refused(existing.target).why
        assert variables(refused(existing.target)) == ["PGSSLROOTCERT"]


def variables(refusal: Refused) -> list[str]:
    """Return the names of the variables that a cure sets."""
    return re.findall(r"^export (\w+)=", refusal.cure, re.MULTILINE)


def test_a_server_without_tls_is_never_spoken_to(existing: Existing) -> None:
    existing.system("ALTER SYSTEM SET ssl = off;")
    try:
        assert "does not support TLS" in refused(existing.target).why
    finally:
        existing.system("ALTER SYSTEM RESET ssl;")


def test_the_checks_change_nothing(existing: Existing) -> None:
    """The session itself is read-only."""
    with connection.connect(existing.target) as session:  # type: ignore[union-attr]
        assert session.execute("SHOW transaction_read_only").fetchone() == ("on",)
