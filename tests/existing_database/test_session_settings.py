"""Settings of a role, a database or the server that reach the pipeline's sessions: each is reported with the SQL that cures it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.checks.check import Level
from pipeline.existing_database import session_rules
from tests.existing_database.test_doctor import findings, made_ready, the_script

if TYPE_CHECKING:
    from tests.existing_database.conftest import Existing

_CASES = (
    ("ALTER ROLE {role} SET default_transaction_read_only = on", "every heartbeat fails", Level.FAILURE),
    ("ALTER DATABASE {database} SET default_transaction_read_only = tru", "(set for the database shop", Level.FAILURE),
    ("ALTER ROLE ALL SET default_transaction_read_only = yes", "(set for all roles)", Level.FAILURE),
    ("ALTER SYSTEM SET default_transaction_read_only = on", "(set for the server)", Level.FAILURE),
    ("ALTER ROLE {role} SET statement_timeout = '30s'", "statement_timeout is 30s for debezium", Level.WARNING),
    ("ALTER ROLE {role} IN DATABASE {database} SET idle_in_transaction_session_timeout = '1min'", "in the database shop", Level.WARNING),
    ("ALTER DATABASE {database} SET idle_session_timeout = 500", "idle_session_timeout is 500", Level.WARNING),
    ("ALTER ROLE {role} SET search_path = sales, public", "are those of sales first", Level.WARNING),
)
_RESET = "ALTER ROLE ALL RESET ALL; ALTER ROLE {role} RESET ALL; ALTER ROLE {role} IN DATABASE {database} RESET ALL;"


@pytest.mark.parametrize(("broken", "told", "level"), _CASES, ids=[broken for broken, _, _ in _CASES])
def test_each_setting_is_reported_and_cured(existing: Existing, broken: str, told: str, level: Level) -> None:
    made_ready(existing)
    names = existing.target.names
    given = {"role": names.debezium_role, "database": names.database}
    assert findings(existing.target)["session settings"].level is Level.FINE
    try:
        existing.system(f"{broken.format(**given)};")
        found = findings(existing.target)["session settings"]
        assert found.level is level
        assert told in found.found
        for statement in found.cure.splitlines():
            existing.sql(f"SET default_transaction_read_only = off; {statement}")
        assert findings(existing.target)["session settings"].level is Level.FINE
    finally:
        reset = _RESET.format(**given)
        existing.sql(f"SET default_transaction_read_only = off; {reset}")
        existing.system("ALTER SYSTEM RESET default_transaction_read_only;")


def test_a_limit_of_the_administrators_own_role_is_not_the_pipelines(existing: Existing) -> None:
    made_ready(existing)
    existing.sql("ALTER ROLE postgres SET statement_timeout = '9s';")
    try:
        assert findings(existing.target)["session settings"].level is Level.FINE
    finally:
        existing.sql("ALTER ROLE postgres RESET statement_timeout;")


def test_a_role_that_refuses_hidden_rows_needs_to_see_them(existing: Existing) -> None:
    """With ``row_security`` off the server refuses the query, and that is better than a snapshot without some rows."""
    made_ready(existing)
    existing.sql(f"ALTER ROLE {existing.target.names.debezium_role} SET row_security = off;")
    assert findings(existing.target)["row security"].level is Level.FINE
    existing.sql("ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;")
    found = findings(existing.target)["row security"]
    assert found.level is Level.FAILURE
    assert "with row_security off stops the first snapshot: public.users" in found.found
    assert "BYPASSRLS" in found.cure


def test_the_catalogs_role_must_write_too(existing: Existing) -> None:
    made_ready(existing)
    target = existing.expecting(catalog=True)
    names = target.names
    existing.sql(the_script(target))
    try:
        existing.sql(f"ALTER ROLE {names.catalog_role} SET default_transaction_read_only = on;")
        found = findings(target)["session settings"]
        assert found.level is Level.FAILURE
        assert "no commit of a table succeeds" in found.found
        existing.sql(found.cure)
        assert findings(target)["session settings"].level is Level.FINE
    finally:
        existing.server.sql(f"DROP DATABASE IF EXISTS {names.catalog_database} WITH (FORCE);")
        existing.server.sql(f"DROP ROLE IF EXISTS {names.catalog_role};")


@pytest.mark.parametrize(
    ("value", "is_on"), [("on", True), ("t", True), ("YES", True), ("1", True), ("off", False), ("0", False), ("", False)]
)
def test_a_switch_is_read_as_the_server_reads_it(value: str, *, is_on: bool) -> None:
    assert session_rules._is_on(value) is is_on
