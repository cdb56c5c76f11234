"""The trail of the database on the image's own server: who, when and what, never a value; and away again without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.judgement.stack import SettingsError, parse
from stack.specification.logs import LINE
from stack.specification.source.layer import _trail
from stack.specification.source.postgres import server_conf, server_parameters
from stack.specification.source.sql import roles_sql, schema_sql
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings
    from tests.existing_database.server import Server

ARCHIVE = {"bucket": "archive", "catalog": "jdbc"}
WITH = parse({"archive": ARCHIVE, "logs": {"readsOf": ["public.users"], "level": "error"}})
WITHOUT = parse({"archive": ARCHIVE, "logs": {"trail": False}})
VALUE = "not-for-a-log"
# What a stack sets and a server outside the pod cannot have
POD = (
    "listen_addresses",
    "port",
    "unix_socket_directories",
    "hba_file",
    "ssl",
    "ssl_cert_file",
    "ssl_key_file",
    "ssl_min_protocol_version",
)
COLUMNS = "(email, first_name, last_name)"
PEOPLE = """
CREATE ROLE ann LOGIN IN ROLE pg_read_all_data, pg_write_all_data;
CREATE ROLE eve LOGIN;
GRANT CONNECT ON DATABASE ecommerce TO ann, eve;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield a server with the stack's parameters and objects, as two starts of its pod leave it."""
    with servers.running("image") as running:
        for role in ("app", "debezium", "catalog"):
            (running.folder / role).write_text("not-to-be-shown", encoding="utf-8")
        begin(running, WITH)
        begin(running, WITH)
        running.sql(PEOPLE)
        yield running


def begin(server: Server, settings: Settings) -> None:
    """Start the server with the parameters of a stack, and run its SQL, as a pod does."""
    names, section = settings.names, settings.source
    own = {key: value for key, value in server_parameters(section, logs=settings.logs).items() if key not in POD}
    if not settings.logs.trail:
        own = {"shared_preload_libraries": "''", **own}
    server.configure(server_conf(own))
    server.sql(roles_sql(names, server.inside, catalog=True))
    schema, trail = schema_sql(names, section.tables), _trail(settings)
    for script in (schema, trail) if settings.logs.trail else (trail, schema):
        server.sql(script, names.database)


def written(server: Server, statement: str, role: str, *, succeeds: bool = True) -> list[tuple[str, str]]:
    """Run a statement as a role, and return who and what of each line of the trail that it leaves; none holds the value."""
    log = server.folder / "log"
    before = log.stat().st_size
    done = server.psql(statement, WITH.names.database, role)
    assert (done.returncode == 0) == succeeds, done.stderr
    text = log.read_text(encoding="utf-8")[before:]
    assert VALUE not in text
    lines = [found for line in text.splitlines() if (found := LINE.match(line))]
    return [(str(line["who"]), line["message"].partition(": ")[2]) for line in lines if line["message"].startswith("AUDIT: ")]


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"INSERT INTO users {COLUMNS} VALUES ('{VALUE}', 'a', 'b')", "WRITE,INSERT,TABLE,public.users"),
        (f"UPDATE users SET first_name = '{VALUE}'", "WRITE,UPDATE,TABLE,public.users"),
        (f"DELETE FROM order_items WHERE '{VALUE}' = ''", "WRITE,DELETE,TABLE,public.order_items"),
        (f"PREPARE one AS UPDATE users SET last_name = $1; EXECUTE one ('{VALUE}')", "WRITE,UPDATE,TABLE,public.users"),
        (f"SELECT first_name FROM users WHERE email = '{VALUE}'", "READ,SELECT,TABLE,public.users"),
        (f"COPY (SELECT email FROM users WHERE email = '{VALUE}') TO STDOUT", "READ,SELECT,TABLE,public.users"),
    ],
)
def test_what_a_person_does_to_rows_is_written_with_the_person_and_without_a_value(server: Server, statement: str, expected: str) -> None:
    found = [what for who, what in written(server, statement, "ann") if who == "ann@[local]"]
    assert any(f",{expected},<not logged>" in what for what in found), found


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (f"CREATE TABLE extra (name text DEFAULT '{VALUE}')", "DDL,CREATE TABLE,TABLE,public.extra"),
        (f"ALTER TABLE extra ALTER COLUMN name SET DEFAULT '{VALUE}-2'", "DDL,ALTER TABLE,TABLE,public.extra"),
        ("DROP TABLE extra", "DDL,DROP TABLE,TABLE,public.extra"),
        (f"CREATE ROLE bob LOGIN PASSWORD '{VALUE}'", "ROLE,CREATE ROLE"),
        ("GRANT SELECT ON users TO bob", "ROLE,GRANT,TABLE"),
        ("DROP OWNED BY bob; DROP ROLE bob", "ROLE,DROP ROLE"),
    ],
)
def test_changes_of_tables_and_roles_are_written_with_the_administrator(server: Server, statement: str, expected: str) -> None:
    found = [what for who, what in written(server, statement, "postgres") if who == "postgres@[local]"]
    assert any(f",{expected}" in what for what in found), found


@pytest.mark.sandbox
@pytest.mark.parametrize("statement", ["SELECT 1", "SELECT count(*) FROM products", "SELECT count(*) FROM pg_class"])
def test_readings_of_other_tables_are_not_written(server: Server, statement: str) -> None:
    assert written(server, statement, "ann") == []


@pytest.mark.sandbox
def test_the_rows_of_programs_are_not_written_and_their_changes_of_tables_are(server: Server) -> None:
    app, debezium = WITH.names.app_role, WITH.names.debezium_role
    assert written(server, f"UPDATE users SET first_name = '{VALUE}'; SELECT count(*) FROM users", app) == []
    assert written(server, "SELECT count(*) FROM users", debezium) == []
    server.sql("GRANT CREATE ON SCHEMA public TO app_rw", WITH.names.database)
    assert [who for who, _ in written(server, "CREATE TABLE mine (id int); DROP TABLE mine", app)]


@pytest.mark.sandbox
def test_a_refused_statement_is_written_too(server: Server) -> None:
    """The refusal itself is a line of the log, which names the table."""
    log = server.folder / "log"
    before = log.stat().st_size
    assert server.psql(f"SELECT '{VALUE}' FROM users", WITH.names.database, "eve").returncode != 0
    text = log.read_text(encoding="utf-8")[before:]
    assert "eve@[local] ERROR:  permission denied for table users" in text
    assert VALUE not in text


@pytest.mark.sandbox
def test_a_trail_that_is_taken_away_leaves_nothing_that_stops_a_change(server: Server) -> None:
    begin(server, WITHOUT)
    begin(server, WITHOUT)
    database = WITHOUT.names.database
    assert server.sql("SELECT count(*) FROM pg_extension WHERE extname = 'pgaudit'", database) == "0"
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'trail'") == "0"
    assert server.sql("SELECT count(*) FROM pg_db_role_setting WHERE setconfig::text LIKE '%pgaudit%'") == "0"
    assert written(server, "CREATE TABLE later (id int); DROP TABLE later", "postgres") == []
    begin(server, WITH)
    assert written(server, "CREATE TABLE later (id int); DROP TABLE later", "postgres") != []


def test_further_libraries_of_a_stack_are_loaded_beside_the_trails() -> None:
    def loaded(**further: str) -> str | None:
        settings = parse({"archive": {"bucket": "archive"}, "source": {"parameters": further}})
        return server_parameters(settings.source, logs=settings.logs).get("shared_preload_libraries")

    assert loaded() == "'pgaudit'"
    assert loaded(shared_preload_libraries="pg_stat_statements") == "'pg_stat_statements,pgaudit'"
    assert loaded(shared_preload_libraries="'pgaudit, auto_explain'") == "'pgaudit,auto_explain'"
    assert "shared_preload_libraries" not in server_parameters(WITHOUT.source, logs=WITHOUT.logs)


@pytest.mark.parametrize("parameter", ["pgaudit.log_statement", "PGAUDIT.log_parameter", "pgaudit.log_level", "pgaudit.role"])
def test_a_stack_sets_no_parameter_of_the_trail(parameter: str) -> None:
    with pytest.raises(SettingsError, match=r"which must hold no value of a row; remove it; logs\.trail begins and ends it"):
        parse({"archive": {"bucket": "archive"}, "source": {"parameters": {parameter: "on"}}})


def test_a_table_whose_readings_are_written_must_be_captured() -> None:
    with pytest.raises(SettingsError, match=r"logs\.readsOf: names public\.user, which the stack does not capture; write public\.users"):
        parse({"archive": {"bucket": "archive"}, "logs": {"readsOf": ["public.user"]}})


@pytest.mark.parametrize("further", [{"logs": {"trail": False, "readsOf": ["public.users"]}}])
def test_chosen_tables_without_a_trail_have_no_effect(further: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"logs\.readsOf: has no effect: logs\.trail is false"):
        parse({"archive": {"bucket": "archive"}, **further})
