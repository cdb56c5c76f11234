"""Parameters of PostgreSQL that statements, scripts and the provider set for a role, a database, a session or the whole server."""

from __future__ import annotations

import base64
import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

# Whose sessions: the pipeline's roles and database, everybody, and whoever runs it.
OF_PIPELINE = (
    "ROLE debezium",
    "ROLE app_rw",
    'USER "debezium"',
    "ROLE ALL",
    "ROLE ALL IN DATABASE ecommerce",
    "DATABASE ecommerce",
    "ROLE CURRENT_USER",
    'ROLE :"role"',
    "ROLE $ROLE",
    "ROLE %I",
)
OF_OTHERS = ("ROLE analyst", 'USER "report-reader"', "ROLE grafana IN DATABASE ecommerce", "DATABASE metabase")
# Parameters that take more memory than the server has, whoever has them.
HEAVY = (
    ("work_mem", "'64MB'"),
    ("work_mem", "65536"),
    ("WORK_MEM", "'0x10000'"),
    ("maintenance_work_mem", "'1GB'"),
    ("temp_buffers", "'256MB'"),
    ("hash_mem_multiplier", "100"),
    ("logical_decoding_work_mem", "'1GB'"),
    ("work_mem", "'64 megabytes'"),
    ("work_mem", "'$SIZE'"),
)
# Parameters that harm the pipeline where its own sessions have them, and those that any role harms it with.
HARMFUL_TO_ITSELF = (
    ("default_transaction_read_only", "on"),
    ("search_path", "shop, audit"),
    ("search_path", "public_x"),
    ("statement_timeout", "'10ms'"),
    ("idle_session_timeout", "'1s'"),
)
HARMFUL_BY_ANYBODY = (
    ("session_replication_role", "replica"),
    ("session_replication_role", "'replica'"),
    ("synchronous_commit", "off"),
    ("zero_damaged_pages", "on"),
    ("password_encryption", "md5"),
    ("log_statement", "'all'"),
    ("log_min_duration_statement", "0"),
    ("wal_level", "replica"),
    ("fsync", "off"),
    ("autovacuum", "off"),
    ("log_connections", "on"),
)
HARMLESS = (
    ("work_mem", "'4MB'"),
    ("search_path", '"$user", public'),
    ("search_path", "public"),
    ("statement_timeout", "'5min'"),
    ("synchronous_commit", "remote_apply"),
    ("default_transaction_isolation", "'repeatable read'"),
    ("session_replication_role", "origin"),
    ("random_page_cost", "1.1"),
    ("timezone", "'Europe/Berlin'"),
    ("work_mem", "DEFAULT"),
    ("plpgsql.extra_warnings", "'all'"),
    ("recovery", "simple"),
)
HARMLESS_TO_OTHERS = (
    ("default_transaction_read_only", "on"),
    ("search_path", "shop, audit"),
    ("statement_timeout", "'2s'"),
    ("idle_session_timeout", "'10s'"),
    ("datestyle", "'SQL, DMY'"),
    ("bytea_output", "escape"),
)


def statement(target: str, name: str, value: str) -> Iterator[str]:
    """Yield a statement in the spellings that the server takes."""
    yield f"ALTER {target} SET {name} = {value};"
    yield f"alter {target}\n  -- for reports\n  set {name.lower()} TO {value}"
    yield f'ALTER /* a * comment */ {target} SET "{name.lower()}" TO {value};'


def held(text: str, *, kind: str = "ConfigMap", namespace: str = "data-ingestion") -> Declared:
    """Return a ConfigMap or a Secret with a script."""
    made = extra(kind, "tune", {}, namespace=namespace)
    data = {"data": {"init.sql": text if kind == "ConfigMap" else base64.b64encode(text.encode()).decode()}}
    return Declared(urn=made.urn, type=made.type, name=made.name, inputs={"metadata": made.inputs["metadata"], **data})


def job(text: str, *, command: bool = True) -> Declared:
    """Return a Job with a statement in its command or in a variable."""
    more: dict[str, Any] = {"command": ["psql", "-c", text]} if command else {"env": [{"name": "AFTER", "value": text}]}
    return extra("Job", "tune", {"template": {"spec": pod(container(**more), restartPolicy="Never")}}, "batch/v1")


def places(said: str) -> Iterator[Declared]:
    """Yield the resources in which a statement may stand."""
    yield held(f"BEGIN;\n{said};\nCOMMIT;")
    yield held(said, kind="Secret")
    yield job(said)
    yield job(said, command=False)
    in_shell = said.replace('"', '\\"')
    shell = ["sh", "-c", f'psql --dbname=ecommerce --no-psqlrc -c "{in_shell}"']
    yield extra("Job", "tune", {"template": {"spec": pod(container(command=shell), restartPolicy="Never")}}, "batch/v1")


def of_provider(kind: str, name: str, **inputs: Any) -> Declared:
    """Return a role or a database of the provider for PostgreSQL."""
    token = f"postgresql:index/{kind.lower()}:{kind}"
    return Declared(urn=f"urn::{token}::{name}", type=token, name="made", inputs={"name": name, **inputs})


def cases(targets: tuple[str, ...], *said: tuple[str, str], kinds: int = 5) -> Iterator[tuple[str, Declared]]:
    """Yield every parameter for some targets, each in one of the spellings and in one of the first places, in turn."""
    for at, (target, (name, value)) in enumerate(itertools.product(targets, said)):
        written = [*statement(target, name, value)][at % 3]
        yield f"{at} {written!r}", [*places(written)][at % kinds]


def harmful_sessions(bench: Workbench) -> Iterator[Made]:
    """Yield parameters for sessions that break the memory of the server or the pipeline."""
    for name, one in cases((*OF_PIPELINE, *OF_OTHERS), *HEAVY):
        yield f"sessions, memory: {name}", "postgres-fits", bench.with_more(one)
    for name, one in (*cases(OF_PIPELINE, *HARMFUL_TO_ITSELF, *HARMFUL_BY_ANYBODY), *cases(OF_OTHERS, *HARMFUL_BY_ANYBODY)):
        yield f"sessions: {name}", "postgres-config", bench.with_more(one)
    for name, value in (("session_replication_role", "replica"), ("default_transaction_read_only", "on"), ("port", "6000")):
        yield f"ALTER SYSTEM SET {name}", "postgres-config", bench.with_more(held(f"ALTER SYSTEM SET {name} = {value};"))
    for name, value in (("work_mem", "'64MB'"), ("shared_buffers", "'8GB'"), ("max_connections", "2000")):
        yield f"ALTER SYSTEM SET {name} = {value}", "postgres-fits", bench.with_more(held(f"ALTER SYSTEM SET {name} = {value};"))
    for text in (
        "SET maintenance_work_mem = '2GB'; CREATE INDEX i ON t (a);",
        "BEGIN; SET LOCAL work_mem TO '1GB';",
        "SELECT set_config('work_mem', '1GB', false);",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET work_mem = '1GB' AS $$ SELECT 1 $$;",
        "DO $$ BEGIN EXECUTE 'ALTER ROLE analyst SET work_mem = ''64MB'''; END $$;",
        "ls /tmp/*; psql -c 'ALTER ROLE ALL SET work_mem = 65536'; ls */tmp",
        "psql --no-psqlrc -c 'ALTER ROLE ALL SET work_mem = 65536'",
        "ALTER ROLE analyst CONNECTION LIMIT 20; ALTER ROLE analyst SET work_mem = '64MB';",
    ):
        yield f"sessions, memory: {text}", "postgres-fits", bench.with_more(held(text))
    yield "a role by a provider", "postgres-config", bench.with_more(of_provider("Role", "debezium", statementTimeout=100))
    yield "a path by a provider", "postgres-config", bench.with_more(of_provider("Role", "app_rw", searchPaths=["shop"]))
    yield (
        "a mode by a provider",
        "postgres-config",
        bench.with_more(of_provider("Role", "reader", parameters={"session_replication_role": "replica"})),
    )
    logged = of_provider("Role", "reader", parameters={"log_min_duration_statement": 0})
    yield "a log by a provider", "postgres-config", bench.with_more(logged)
    yield "memory by a provider", "postgres-fits", bench.with_more(of_provider("Role", "analyst", parameters={"work_mem": "64MB"}))


def harmless_sessions(bench: Workbench) -> Iterator[Made]:
    """Yield everyday parameters for sessions, in files: a stack without unused room accepts no further Job."""
    for name, one in (*cases((*OF_PIPELINE, *OF_OTHERS), *HARMLESS, kinds=2), *cases(OF_OTHERS, *HARMLESS_TO_OTHERS, kinds=2)):
        yield f"sessions, everyday: {name}", None, bench.with_more(one)
    for text in (
        "CREATE ROLE analyst LOGIN CONNECTION LIMIT 2; ALTER ROLE analyst SET work_mem = '6MB';",
        "-- ALTER ROLE app_rw SET work_mem = '64MB';",
        "/*\nALTER SYSTEM SET fsync = off;\nALTER ROLE ALL SET work_mem = '1GB';\n*/",
        "--ALTER SYSTEM SET fsync = off",
        "# ALTER SYSTEM SET work_mem = '64MB'",
        "/* ALTER DATABASE ecommerce SET work_mem = '64MB'; */ SELECT 1;",
        "SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_catalog.set_config('search_path', '', false);",
        "SET session_replication_role = replica; SET maintenance_work_mem = '32MB';",
        "ALTER ROLE app_rw RESET work_mem; ALTER ROLE app_rw SET work_mem TO DEFAULT;",
        "UPDATE servers SET work_mem_mb = 65536 WHERE id = 1;",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = '' AS $$ SELECT 1 $$;",
        "ALTER DATABASE ecommerce SET TABLESPACE fast;",
    ):
        yield f"sessions, everyday: {text}", None, bench.with_more(held(text))
    elsewhere = held("ALTER ROLE app_rw SET work_mem = '64MB';", namespace="web")
    yield "sessions, everyday: in another namespace", None, bench.with_more(elsewhere)
    yield "a role by a provider, everyday", None, bench.with_more(of_provider("Role", "reader", statementTimeout=2000, connectionLimit=5))
    none = of_provider("Role", "debezium", statementTimeout=0, idleInTransactionSessionTimeout=0, searchPaths=[])
    yield "a role by a provider without limits", None, bench.with_more(none)
    bounded = of_provider("Role", "analyst", parameters={"work_mem": "8MB"}, connectionLimit=1)
    yield "memory by a provider, everyday", None, bench.with_more(bounded)
    yield "a database by a provider", None, bench.with_more(of_provider("Database", "metabase", connectionLimit=20, owner="metabase"))


def some(bench: Workbench) -> Iterator[Made]:
    """Yield some of both."""
    for made in (harmful_sessions, harmless_sessions):
        yield from itertools.islice(made(bench), 0, None, 5)
