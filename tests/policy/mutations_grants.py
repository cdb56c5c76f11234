"""Rights for PUBLIC that scripts and resources give on captured tables, on the server or on a slot; and everyday grants beside them."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

_PRIVILEGES = ("SELECT", "ALL", "ALL PRIVILEGES", "INSERT, UPDATE", "SELECT (id, email)", "TRUNCATE", "TRIGGER", "MAINTAIN")
_TABLES = ("users", "public.users", 'public."users"', "TABLE orders", "only_mine, public.orders", "public.dbz_heartbeat", ":table", "%I.%I")
_EVERYBODY = (
    "PUBLIC",
    "public",
    '"public"',
    "app_rw, PUBLIC",
    "GROUP PUBLIC",
    "public WITH GRANT OPTION",
    "reporting,\n  Public GRANTED BY x",
)
_LATER = (
    "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO public",
    "alter default privileges for role app_owner in schema reports, public\n  grant select on tables to public",
    "ALTER DEFAULT PRIVILEGES FOR USER CURRENT_USER GRANT INSERT ON TABLES TO PUBLIC",
)
_WHOLE = (
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC",
    "grant select /* a; b */ on all\ntables in schema reports, public to public",
    "GRANT SELECT -- of everything\n ON ALL TABLES IN SCHEMA :schema TO PUBLIC",
    "GRANT EXECUTE ON FUNCTION pg_read_file(text), f(int, text) TO PUBLIC",
    "GRANT EXECUTE ON FUNCTION pg_catalog.pg_read_binary_file TO PUBLIC",
    "GRANT EXECUTE ON PROCEDURE pg_ls_waldir TO PUBLIC",
    "GRANT ALTER SYSTEM ON PARAMETER wal_level TO PUBLIC",
    "GRANT SET ON PARAMETER session_replication_role TO PUBLIC",
)
_DEFINER = """CREATE FUNCTION {name}() RETURNS void LANGUAGE sql SECURITY DEFINER AS $$ SELECT {call}('debezium_slot') $$;"""
_OF_SLOTS = ("pg_drop_replication_slot", "pg_replication_slot_advance", "pg_logical_slot_get_changes", "pg_logical_slot_get_binary_changes")


def harmful_statements() -> Iterator[str]:
    """Yield statements that give everybody what is captured, or the server itself."""
    for table in _TABLES:
        yield f"GRANT SELECT ON {table} TO PUBLIC;"
    for privileges, everybody in itertools.product(_PRIVILEGES, _EVERYBODY):
        yield f"grant {privileges} on users to {everybody};"
    yield from (f"{one};" for one in (*_LATER, *_WHOLE))
    yield from (_DEFINER.format(name="ours", call=call) for call in _OF_SLOTS)
    yield "\\set everybody public\nGRANT SELECT ON users TO :everybody;"
    yield "DO $$ BEGIN EXECUTE 'GRANT SELECT ON public.users TO PUBLIC'; END $$;"
    yield "DO $$ BEGIN EXECUTE 'GRANT SELECT ON ' || t || ' TO public'; END $$;"


def everyday_statements() -> Iterator[str]:
    """Yield grants of every day: to named roles, on what is not captured, and what PUBLIC has anyway."""
    for privileges, role in itertools.product(_PRIVILEGES, ("app_rw", '"PUBLIC"', "publicity", "audit, public_reader", ":role")):
        yield f"GRANT {privileges} ON users TO {role};"
    for said in ("USAGE ON SCHEMA public", "ALL ON SCHEMA public", "CONNECT ON DATABASE ecommerce", "TEMPORARY ON DATABASE ecommerce"):
        yield f"GRANT {said} TO PUBLIC;"
    for said in (
        "EXECUTE ON FUNCTION public.slugify(text)",
        "USAGE ON TYPE mood",
        "SELECT ON pg_stat_statements",
        "SELECT ON reports.daily",
    ):
        yield f"GRANT {said} TO PUBLIC;"
    yield "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO PUBLIC;"
    yield "GRANT SELECT ON ALL TABLES IN SCHEMA reports TO PUBLIC;"
    yield "ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO PUBLIC;"
    yield "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO app_rw;"
    yield "ALTER DEFAULT PRIVILEGES IN SCHEMA reports GRANT SELECT ON TABLES TO PUBLIC;"
    yield "REVOKE ALL ON users FROM PUBLIC; GRANT SELECT ON users TO app_rw;"
    yield "-- GRANT SELECT ON users TO PUBLIC;\nSELECT 1;"
    yield "/* GRANT SELECT ON users TO PUBLIC; */ SELECT 1;"
    yield "# how to open it: GRANT SELECT ON users TO PUBLIC\npsql -c 'SELECT 1'"
    yield "GRANT app_rw TO deploy; -- to public, later"
    yield _DEFINER.format(name="ours", call="pg_drop_replication_slot") + "\nREVOKE EXECUTE ON FUNCTION ours() FROM PUBLIC;"
    yield _DEFINER.format(name="ours", call="pg_drop_replication_slot").replace("SECURITY DEFINER", "SECURITY INVOKER")


def carriers(statement: str) -> Iterator[Declared]:
    """Yield the objects by which a statement reaches a server: files, Secrets, Jobs with psql, hooks and variables."""
    for kind, place, text in (
        ("ConfigMap", "data", statement),
        ("Secret", "stringData", statement),
        ("Secret", "data", base64.b64encode(statement.encode()).decode()),
    ):
        made = extra(kind, "init", {})
        made.inputs[place] = {"10-init.sql": text}  # type: ignore[index]
        yield made
    run = {"command": ["sh", "-c", f"psql -h postgresql -d ecommerce <<'END'\n{statement}\nEND\n"]}
    variable = {"command": ["/bin/tool"], "env": [{"name": "SQL", "value": statement}]}
    for said in (run, variable):
        yield extra("Job", "init", {"template": {"spec": pod(container(**said), restartPolicy="Never")}}, "batch/v1")


def provided(database: object, **inputs: Any) -> Declared:
    """Return a grant of the provider for PostgreSQL, on all tables of a captured schema by default."""
    kind = "DefaultPrivileges" if "owner" in inputs else "Grant"
    said = {"role": "public", "database": database, "schema": "public", "objectType": "table", "privileges": ["SELECT"], **inputs}
    token = f"postgresql:index/{kind[0].lower()}{kind[1:]}:{kind}"
    return Declared(urn=f"urn::{token}", type=token, name="g", inputs={key: value for key, value in said.items() if value is not None})


def harmful_resources(database: str) -> Iterator[Declared]:
    """Yield resources of the provider that do likewise."""
    yield provided(database)
    yield from (provided(database, objects=objects) for objects in ([], ["users"], ["other", "orders"], [UNKNOWN], UNKNOWN))
    yield provided(UNKNOWN)
    yield provided(database, schema=UNKNOWN)
    yield provided(database, objectType="column", objects=["users"], columns=["email"])
    yield provided(database, objectType="function", objects=["pg_read_file(text)"])
    yield provided(database, owner="app_owner")
    yield provided(database, owner="app_owner", schema=None)
    yield provided(database, owner=UNKNOWN)
    inputs = {"name": "ours", "securityDefiner": True, "body": "SELECT pg_drop_replication_slot('debezium_slot')"}
    yield Declared(urn="urn::f", type="postgresql:index/function:Function", name="f", inputs=inputs)


def everyday_resources(database: str) -> Iterator[Declared]:
    """Yield everyday resources of the provider: named roles, other databases and objects, and rights that are taken."""
    for role in ("reporting", UNKNOWN):
        yield provided(database, role=role)
        yield provided(database, role=role, owner="app_owner")
    yield provided(database, privileges=[])
    yield provided("marketing")
    yield provided(database, schema="reports")
    yield provided(database, objects=["countries"])
    yield provided(database, objectType="sequence")
    yield provided(database, objectType="schema", privileges=["USAGE"])
    yield provided(database, objectType="database", schema=None, privileges=["CONNECT"])
    yield provided(database, owner="app_owner", objectType="sequence")
    yield provided(database, owner="app_owner", schema="reports")
    inputs = {"name": "ours", "securityDefiner": False, "body": "SELECT pg_drop_replication_slot('debezium_slot')"}
    yield Declared(urn="urn::f", type="postgresql:index/function:Function", name="f", inputs=inputs)


def elsewhere(statement: str, *, reaches: bool) -> Iterator[Declared]:
    """Yield a script and the Job that runs it in another namespace, on the stack's server or on one of its own."""
    files = extra("ConfigMap", "init", {}, namespace="web")
    files.inputs["data"] = {"init.sql": statement}  # type: ignore[index]
    host = f"postgresql.{NAMESPACE}.svc" if reaches else "postgresql.web"
    said = container(command=["psql", "-h", host, "-f", "/init.sql"])
    yield from (files, extra("Job", "init", {"template": {"spec": pod(said, restartPolicy="Never")}}, "batch/v1", "web"))


def some(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    (database,) = {name for one in bench.of_kind("Connector") if (name := bench.inputs(one)["config"].get("database.dbname"))}
    for at, one in enumerate(carriers("GRANT SELECT ON users TO PUBLIC;")):
        yield f"grants: {one.kind} {at}", "grants-exact", bench.with_more(one)
    for at, said in enumerate((*_LATER, *_WHOLE)):
        yield f"grants: statement {at}", "grants-exact", bench.with_more(next(carriers(f"{said};")))
    for at, one in enumerate(harmful_resources(database)):
        yield f"grants: resource {at}", "grants-exact", bench.with_more(one)
    for at, said in enumerate(itertools.islice(everyday_statements(), 45, None)):
        yield f"grants: everyday statement {at}", None, bench.with_more(next(carriers(said)))
    for at, one in enumerate(everyday_resources(database)):
        yield f"grants: everyday resource {at}", None, bench.with_more(one)
