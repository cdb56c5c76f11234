"""The script of an administrator who is no superuser, as at a provider whose roles are not those of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.checks.check import Level
from tests.existing_database.test_doctor import failing, findings, the_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.conftest import Existing

_OWNED = """
CREATE ROLE head LOGIN CREATEROLE CREATEDB;
ALTER DATABASE {database} OWNER TO head;
ALTER SCHEMA public OWNER TO head; ALTER SCHEMA sales OWNER TO head;
ALTER TABLE public.users OWNER TO head; ALTER TABLE sales.orders OWNER TO head; ALTER TABLE sales.orders_2026 OWNER TO head;
"""


@pytest.fixture
def administered(existing: Existing) -> Iterator[Existing]:
    """Yield a database whose owner may create roles and databases, and is no superuser."""
    names = existing.target.names
    existing.sql(_OWNED.format(database=names.database))
    yield existing
    existing.server.sql(f"DROP DATABASE IF EXISTS {names.catalog_database} WITH (FORCE); DROP ROLE IF EXISTS {names.catalog_role};")
    existing.sql("REASSIGN OWNED BY head TO postgres; DROP OWNED BY head;")
    existing.server.sql("DROP OWNED BY head; DROP ROLE head;")


def test_all_but_the_servers_own_is_made_and_the_rest_is_shown_for_the_console(administered: Existing) -> None:
    target = administered.expecting(catalog=True)
    names = target.names
    administered.system("ALTER SYSTEM SET wal_sender_timeout = 0;")
    try:
        for _again in range(2):
            done = administered.server.psql(the_script(target), names.database, "head")
            assert done.returncode == 0, done.stderr
            assert "--  wal_sender_timeout = 60s" in done.stdout.splitlines()
        assert administered.sql("SHOW wal_sender_timeout") == "0"
        if int(administered.sql("SHOW server_version_num")) < 160000:
            assert f"WARNING:  {names.debezium_role} lacks REPLICATION, which head may not give" in done.stderr
        found = findings(target)["role"]
        assert found.level is Level.FAILURE
        assert "provider's console" in found.cure
        administered.sql(f"ALTER ROLE {names.debezium_role} REPLICATION;")
        assert set(failing(target)) <= {"write-ahead log"}
        assert "or, where a provider runs the server" in findings(target)["sender timeout"].cure
        again = administered.server.psql(the_script(target), names.database, "head")
        assert again.returncode == 0, again.stderr
        assert "REPLICATION" not in again.stderr
    finally:
        administered.system("ALTER SYSTEM RESET wal_sender_timeout;")
