"""The database's SQL: safe to run again, least privilege, and without user input."""

from __future__ import annotations

import re
import subprocess

import pytest

from stack.settings.names import Names
from stack.settings.shop import TABLES
from stack.settings.tables import Column, Table
from stack.specification.source.bootstrap import SAMPLE_MARK, bootstrap_script
from stack.specification.source.postgres import BIN, DATA, SECRETS, VOLUME
from stack.specification.source.sql import heartbeat_query, publication_tables, roles_sql, schema_sql, table_sql

NAMES = Names()
BOOKS = Table(
    name="books",
    columns=(
        Column(name="id", type="integer", identity=True),
        Column(name="title", type="text"),
        Column(name="year_read", type="date", nullable=True),
    ),
)


def statements(text: str) -> list[str]:
    """Return the statements of a script, each on one line, without psql's own commands; bodies of functions stay whole."""
    bodies: list[str] = []

    def hide(match: re.Match[str]) -> str:
        bodies.append(match[0])
        return f"BODY{len(bodies) - 1}"

    hidden = re.sub(r"\$\$.*?\$\$", hide, text, flags=re.DOTALL)
    lines = [line for line in hidden.splitlines() if not line.startswith("\\")]
    joined = re.split(r";\s*|\s*\\gexec\s*", "\n".join(lines))
    return [" ".join(statement.split()) for statement in joined if statement.strip()]


SCRIPTS = {
    "roles": roles_sql(NAMES, SECRETS, catalog=True),
    "audited": roles_sql(NAMES, SECRETS, catalog=True, is_read=True),
    "schema": schema_sql(NAMES, TABLES),
}

# statements that change nothing the second time
REPEATABLE = (
    r"CREATE TABLE IF NOT EXISTS ",
    r"CREATE OR REPLACE ",
    r"ALTER TABLE \S+ ADD COLUMN IF NOT EXISTS ",
    r"ALTER TABLE \S+ REPLICA IDENTITY ",
    r"ALTER ROLE ",
    r"ALTER PUBLICATION \w+ SET ",
    r"GRANT ",
    r"REVOKE ",
    r"SET ",
    r"RESET ",
    r"ALTER DEFAULT PRIVILEGES ",
    r"BEGIN$",
    r"COMMIT$",
    r"SELECT 'CREATE \w+ .*' WHERE NOT EXISTS \(SELECT FROM pg_\w+ WHERE \w+ = '\w+'\)$",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_statement_may_run_again(script: str) -> None:
    """The script runs at each start of the pod."""
    found = statements(SCRIPTS[script])
    assert len(found) > 10
    assert [text for text in found if not any(re.match(pattern, text) for pattern in REPEATABLE)] == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_the_first_error_stops_the_script(script: str) -> None:
    """Otherwise psql continues and the pod serves half a schema."""
    assert SCRIPTS[script].startswith("\\set ON_ERROR_STOP on\n")


@pytest.mark.parametrize("script", SCRIPTS)
def test_objects_created_when_absent_are_looked_up_by_their_own_name(script: str) -> None:
    for made, looked_for in re.findall(
        r"SELECT 'CREATE \w+ (\w+).*?' WHERE NOT EXISTS \(SELECT FROM pg_\w+ WHERE \w+ = '(\w+)'\)", SCRIPTS[script]
    ):
        assert made == looked_for


def test_the_schema_changes_in_one_transaction() -> None:
    found = statements(SCRIPTS["schema"])
    assert (found[0], found[-1]) == ("BEGIN", "COMMIT")


def test_a_new_column_of_the_model_is_added_to_an_existing_database() -> None:
    text = table_sql(BOOKS)
    for column in BOOKS.columns:
        assert f"ALTER TABLE public.books ADD COLUMN IF NOT EXISTS {column.definition};" in text


def test_the_whole_old_row_is_in_the_log() -> None:
    """With the default identity a delete arrives with invented values, and a long text that did not change is lost."""
    for table in TABLES:
        assert f"ALTER TABLE {table.qualified} REPLICA IDENTITY FULL;" in SCRIPTS["schema"]


def test_updated_at_is_kept_by_the_database_wherever_there_is_one() -> None:
    for table in TABLES:
        has_column = any(column.name == "updated_at" for column in table.columns)
        assert (f"BEFORE UPDATE ON {table.qualified}\n" in SCRIPTS["schema"]) == has_column
    assert "NEW.updated_at = now()" in SCRIPTS["schema"]
    assert "TRIGGER" not in table_sql(BOOKS)


def test_tables_belong_to_the_owner_role_and_not_to_the_superuser() -> None:
    """The owner of the tables may create the publication."""
    text = SCRIPTS["schema"]
    first, last = text.index(f"SET ROLE {NAMES.owner_role};"), text.index("RESET ROLE;")
    inside = re.compile(r"CREATE TABLE|CREATE PUBLICATION|ALTER PUBLICATION|CREATE OR REPLACE")
    assert all(first < match.start() < last for match in inside.finditer(text))


@pytest.mark.parametrize("role", ["app", "debezium", "catalog"])
def test_no_role_that_logs_in_is_a_superuser(role: str) -> None:
    name = {"app": NAMES.app_role, "debezium": NAMES.debezium_role, "catalog": NAMES.catalog_role}[role]
    (attributes,) = re.findall(rf"ALTER ROLE {name} WITH ([A-Z ]+);", SCRIPTS["roles"])
    granted = attributes.split()
    assert {"LOGIN", "NOSUPERUSER", "NOCREATEDB", "NOCREATEROLE"} <= set(granted)
    assert ("REPLICATION" in granted) == (role == "debezium")


def test_debezium_may_write_to_the_heartbeat_table_and_to_no_other() -> None:
    grants = [text for text in statements(SCRIPTS["schema"]) if text.startswith("GRANT") and text.endswith(NAMES.debezium_role)]
    writing = [text for text in grants if re.search(r"INSERT|UPDATE|DELETE|TRUNCATE|ALL", text)]
    assert len(writing) == 1
    assert f" ON {NAMES.heartbeat_table} TO " in writing[0]
    assert "DELETE" not in writing[0]


def test_the_heartbeat_needs_no_more_rights_than_are_granted() -> None:
    """INSERT with ON CONFLICT DO UPDATE needs INSERT and UPDATE, and SELECT on the column of the conflict."""
    query = heartbeat_query(NAMES)
    assert query.startswith(f"INSERT INTO {NAMES.heartbeat_table} ")
    assert "ON CONFLICT (id) DO UPDATE" in query
    assert f"GRANT SELECT, INSERT, UPDATE ON {NAMES.heartbeat_table} TO {NAMES.debezium_role}" in SCRIPTS["schema"]


def test_the_application_may_not_change_the_schema() -> None:
    grants = [text for text in statements(SCRIPTS["schema"]) if text.startswith("GRANT") and NAMES.app_role in text]
    assert grants
    assert not any(re.search(r"\b(CREATE|ALL PRIVILEGES|TRUNCATE|TRIGGER|REFERENCES)\b", text) for text in grants)


def test_the_public_role_may_not_connect() -> None:
    made = re.findall(r"CREATE DATABASE (\w+)", SCRIPTS["roles"])
    assert len(made) == 2
    for database in made:
        assert f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;" in SCRIPTS["roles"]


def test_passwords_are_read_in_the_pod_and_kept_out_of_its_log() -> None:
    text = SCRIPTS["roles"]
    assert text.index("SET log_statement = 'none'") < text.index("PASSWORD")
    assert text.index("SET log_min_error_statement = 'panic'") < text.index("PASSWORD")
    assert set(re.findall(r"PASSWORD (\S+);", text)) == {":'secret'"}
    assert text.count("\\set secret") == text.count("\\unset secret") == 3


def test_without_a_catalog_there_is_no_trace_of_one() -> None:
    assert NAMES.catalog_role not in roles_sql(NAMES, SECRETS, catalog=False)
    assert "catalog" not in roles_sql(NAMES, SECRETS, catalog=False)


def test_a_new_table_of_the_model_appears_in_schema_and_publication() -> None:
    more = [*TABLES, BOOKS]
    text = schema_sql(NAMES, more)
    assert text.count("public.books") > 5
    assert set(publication_tables(NAMES, more)) - set(publication_tables(NAMES, TABLES)) == {"public.books"}


@pytest.mark.parametrize("sample_data", [True, False])
def test_the_bootstrap_stops_at_the_first_error_and_stops_its_server(sample_data: bool) -> None:  # noqa: FBT001 - a table of two
    script = bootstrap_script(NAMES, sample_data=sample_data, trail=True)
    assert "set -eu" in script.splitlines()[1]
    started = script.index(f"{BIN}/pg_ctl start")
    assert script.index("trap ") > started
    assert ("sample.sql" in script) == sample_data


@pytest.mark.parametrize("sample_data", [True, False])
def test_the_bootstrap_is_a_shell_script(sample_data: bool) -> None:  # noqa: FBT001 - a table of two
    script = bootstrap_script(NAMES, sample_data=sample_data, trail=True)
    read = subprocess.run(["sh", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


def test_an_interrupted_bootstrap_leaves_no_half_made_database() -> None:
    """It is created under another name; the remains of an earlier attempt are removed first, and the rename is the last step."""
    script = bootstrap_script(NAMES, sample_data=True, trail=True)
    steps = [f"rm -rf {DATA}.new", f"--pgdata={DATA}.new", f"mv {DATA}.new {DATA}"]
    assert [script.index(step) for step in steps] == sorted(script.index(step) for step in steps)


def test_the_bootstrap_server_accepts_no_network_connections() -> None:
    assert "listen_addresses=''" in bootstrap_script(NAMES, sample_data=True, trail=True)


def test_sample_rows_are_loaded_once_even_when_all_were_deleted() -> None:
    """The mark is on the volume and is set only after the load."""
    script = bootstrap_script(NAMES, sample_data=True, trail=True)
    assert SAMPLE_MARK.startswith(f"{VOLUME}/")
    assert not SAMPLE_MARK.startswith(f"{DATA}/"), "initdb refuses a folder that is not empty, and backups copy it"
    load, mark = script.index("sample.sql"), script.index(f"touch {SAMPLE_MARK}")
    assert script.index(f"[ ! -e {SAMPLE_MARK} ]") < load < mark
