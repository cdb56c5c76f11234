"""The SQL for an existing database; tests/existing_database runs it on real servers."""

from __future__ import annotations

import re

import pytest

from stack.settings.names import Names
from stack.settings.shop import TABLES
from stack.settings.tables import Column, Table
from stack.specification.source import external_sql, server_parameters, sql

NAMES = Names()
SCRIPT = external_sql.script(NAMES, TABLES, "db.example.com", 5432, 1536)


def test_the_script_contains_no_password() -> None:
    """Only psql's own command, which sends a hash."""
    code = "\n".join(line for line in SCRIPT.splitlines() if not line.startswith("--"))
    assert "password" not in code.lower()
    assert f"\\password {NAMES.debezium_role}" in SCRIPT


def test_a_catalog_is_made_only_where_it_is_used_and_without_a_password() -> None:
    catalog = external_sql.script(NAMES, TABLES, "db.example.com", 5432, 1536, catalog=True)
    assert f"CREATE DATABASE {NAMES.catalog_database} OWNER {NAMES.catalog_role}" in catalog.split("COMMIT;")[1]
    assert f"\\password {NAMES.catalog_role}" in catalog
    assert "password" not in "\n".join(line for line in catalog.splitlines() if not line.startswith("--")).lower()
    assert NAMES.catalog_role not in SCRIPT


def test_publication_and_heartbeat_equal_those_of_the_managed_database() -> None:
    own = sql.schema_sql(NAMES, TABLES)
    for statement in (sql.create_heartbeat(NAMES), sql.grant_heartbeat(NAMES), sql.set_publication_tables(NAMES, TABLES)):
        assert statement in own
        assert statement in SCRIPT


def test_every_captured_table_gets_what_it_needs() -> None:
    for table in TABLES:
        assert external_sql.grant_select(NAMES, table.qualified) in SCRIPT
        assert f"'{table.qualified}'::regclass" in SCRIPT


def test_every_schema_may_be_looked_into_once() -> None:
    tables = [*TABLES, Table(name="orders", database_schema="sales", columns=(Column(name="id", type="integer"),))]
    assert external_sql.schemas(NAMES, tables) == ("public", "sales")
    assert external_sql.script(NAMES, tables, "h", 1, 1).count("GRANT USAGE") == 2


def test_a_heartbeat_table_elsewhere_gets_its_schema() -> None:
    names = NAMES.model_copy(update={"heartbeat_table": "cdc.heartbeat"})
    assert "CREATE SCHEMA IF NOT EXISTS cdc;" in external_sql.script(names, TABLES, "h", 1, 1)
    assert "CREATE SCHEMA" not in SCRIPT


def test_each_parameter_has_its_name_at_aws() -> None:
    for parameter in server_parameters.parameters(NAMES, 1536):
        assert f"ALTER SYSTEM SET {parameter.name}" in SCRIPT
        assert parameter.rds in SCRIPT
        assert "parameter group" in server_parameters.set_parameter(parameter, managed=True)
        assert "ALTER SYSTEM" in server_parameters.set_parameter(parameter, managed=False)
    assert "rds.logical_replication = 1" in SCRIPT


@pytest.mark.parametrize("statement", ["CREATE ROLE", "CREATE PUBLICATION", "ALTER SYSTEM"])
def test_statements_that_may_run_only_once_are_conditional(statement: str) -> None:
    lines = [line for line in SCRIPT.splitlines() if statement in line and not line.startswith("--")]
    assert lines
    assert [line for line in lines if not re.search(r"^SELECT '.*' WHERE .* \\gexec$", line)] == []


def test_waiting_for_a_lock_has_a_time_limit() -> None:
    """A statement that waits for a lock blocks all later ones."""
    assert "SET LOCAL lock_timeout" in SCRIPT.split("REPLICA IDENTITY")[0]
