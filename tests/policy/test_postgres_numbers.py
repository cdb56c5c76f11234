"""Numbers below what the pipeline needs are refused by whatever route, and in whatever spelling, they reach PostgreSQL."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from policy.declared import Declared
from stack.judgement.stack import SettingsError, parse
from tests.policy.judging import by_pack, by_plan
from tests.policy.test_postgres_config import CAPTURED, LIMITS, RULE, file, refused, server
from tests.policy.workbench import container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Parameters with numbers that are too small, and with everyday ones, each in several spellings
LOW = {
    "max_replication_slots": ("0", "00", "'0'", "0x0", "0.4", "'0.2'", "1"),
    "max_wal_senders": ("0", "1", "'1'", "0x1", "1.4", "01", "'0x0'"),
    "max_connections": ("4", "'5'", "0x8", "12"),
    "max_slot_wal_keep_size": ("1", "'1MB'", "0x10"),
    "max_wal_size": ("2", "'16MB'", "0x1F"),
    "min_wal_size": ("2", "'31MB'"),
}
ENOUGH = {
    "max_replication_slots": ("4", "'5'", "0x8", "10"),
    "max_wal_senders": ("6", "'10'", "0x10", "4"),
    "max_connections": ("30", "'100'"),
    "max_slot_wal_keep_size": ("'1GB'", "1024"),
    "max_wal_size": ("'1GB'", "2048"),
    "min_wal_size": ("80", "'256MB'"),
}
MORE = "max_replication_slots = 4\nmax_wal_senders = 16\nmax_wal_size = 1GB\nmax_connections = 30\n"


def cases(table: dict[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Yield names, in several spellings, and values."""
    for at, (name, values) in enumerate(table.items()):
        for value in values:
            yield (name, name.upper(), name.title())[at % 3], value


def bitnami(**variables: str) -> Declared:
    """Return a captured server of an image that reads its parameters from variables."""
    env = [{"name": name, "value": value} for name, value in {"POSTGRESQL_WAL_LEVEL": "logical", **variables}.items()]
    one = container(memory="2Gi", image="bitnami/postgresql:17.2.0", command=None, env=env)
    return extra("StatefulSet", "db", {"template": {"spec": pod(one)}}, "apps/v1")


def script(text: str, name: str = "after.sql", namespace: str = "data-ingestion") -> Declared:
    """Return a ConfigMap with a script."""
    made = extra("ConfigMap", "scripts", {}, namespace=namespace)
    return Declared(urn=made.urn, type=made.type, name=made.name, inputs={"metadata": made.inputs["metadata"], "data": {name: text}})


def job(command: list[Any], **more: Any) -> Declared:
    """Return a Job that runs a command."""
    spec = pod(container(command=command, **more), restartPolicy="Never")
    return extra("Job", "tune", {"template": {"spec": spec}}, "batch/v1")


def routes(name: str, value: str) -> Iterator[tuple[str, tuple[Declared, ...]]]:
    """Yield the ways in which a parameter reaches a captured server."""
    plain, good = value.strip("'"), file(CAPTURED + MORE)
    for line in (f"{name} = {value}", f"{name}={value} # a comment", f"{name} {value}", f"\t{name}\t=\t{value}"):
        yield f"file: {line!r}", (server(), file(f"{CAPTURED}{MORE}{line}\n"))
    later = f"{CAPTURED}{name} = {value}\n{MORE}{name} = {value}\n"
    yield "file: the last of three lines", (server(), file(later.replace(f"{name} = ", f"{name.lower()} = ", 1)))
    for words in ([f"-c{name}={plain}"], ["-c", f"{name}={plain}"], [f"--{name.replace('_', '-')}={plain}"], ["--set", f"{name}={plain}"]):
        yield f"command line: {words}", (server(*words), good)
    yield "flags", (server(env=[{"name": "POSTGRESQL_EXTRA_FLAGS", "value": f"-c {name}='{plain}'"}]), good)
    yield "options of clients", (server(env=[{"name": "PGOPTIONS", "value": f"-c {name}={plain}"}]), good)
    kept = {"POSTGRESQL_MAX_SLOT_WAL_KEEP_SIZE": "1GB", "POSTGRESQL_MAX_REPLICATION_SLOTS": "4"}
    yield "a variable of the image", (bitnami(**{**kept, f"POSTGRESQL_{name.upper()}": plain}),)
    for said in (
        f"ALTER SYSTEM SET {name} = {value};",
        f"alter  system\nset {name.lower()} to {value}",
        f'ALTER SYSTEM SET "{name.lower()}" = {value}',
    ):
        yield f"SQL: {said!r}", (server(), good, script(f"SELECT 1;\n{said}"))
        yield f"SQL in a command: {said!r}", (server(), good, job(["psql", "-c", said]))
    yield "SQL in a shell", (server(), good, job(["sh", "-c", f'psql -c "ALTER SYSTEM SET {name} = {value}" && pg_ctl restart']))
    hook = {"postStart": {"exec": {"command": ["psql", "-c", f"ALTER /* a comment */ SYSTEM SET {name} = {value}"]}}}
    yield "SQL in a hook", (server(lifecycle=hook), good)
    yield "a script of sed", (server(), good, script(f'sed -i "s/^#*{name}.*/{name} = {plain}/" $PGDATA/postgresql.conf', "tune.sh"))
    yield "SQL in a variable", (server(), good, job(["tool"], env=[{"name": "AFTER", "value": f"ALTER SYSTEM SET {name} = {value}"}]))
    yield "a line in a script", (server(), good, script(f'echo "{name} = {plain}" >> "$PGDATA/postgresql.auto.conf"', "init.sh"))
    for further in ("postgresql.auto.conf", "override.conf"):
        both = file(CAPTURED + MORE)
        both.inputs["data"][further] = f"# further\n{name} = {value}\n"
        yield f"a further file {further}", (server(), both)
    yield "options of pg_ctl", (server(), good, job(["sh", "-c", f'pg_ctl -D /data -o "-c {name}={plain}" start']))


def named(resources: tuple[Declared, ...], name: str) -> bool:
    """Return whether plan and pack refuse a stack with a message about a parameter, in agreement and in every order."""
    told = [one.message for one in by_plan(resources, LIMITS) if one.rule == RULE]
    for order in itertools.permutations(resources):
        found = [message for rule, message in by_pack(order, LIMITS) if rule == RULE]
        assert bool(found) == bool(told), [one.title for one in order]
    return any(name.lower() in message.lower() for message in told)


@pytest.mark.full
def test_a_number_below_what_the_pipeline_needs_is_refused_by_every_route(tally: Callable[[str, str, int, int], None]) -> None:
    tried = [(f"{name} {value}, {way}", name, found) for name, value in cases(LOW) for way, found in routes(name, value)]
    assert [way for way, name, found in tried if not named(found, name)] == []
    tally("numbers of PostgreSQL", "harmful", len(tried), 0)


@pytest.mark.full
def test_an_everyday_number_is_accepted_by_every_route(tally: Callable[[str, str, int, int], None]) -> None:
    tried = [(f"{name} {value}, {way}", found) for name, value in cases(ENOUGH) for way, found in routes(name, value)]
    assert [way for way, found in tried if refused(*found)] == []
    tally("numbers of PostgreSQL", "harmless", len(tried), 0)


@pytest.mark.parametrize(("name", "value"), [*cases({key: values for key, values in LOW.items() if key.startswith("max_w")})])
def test_a_stack_file_with_such_a_number_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"archive": {"bucket": "archive"}, "source": {"parameters": {name: value}}})
    assert {problem.key.lower() for problem in caught.value.problems} == {name.lower()}


def test_statements_elsewhere_are_free() -> None:
    said = script("ALTER SYSTEM SET max_wal_senders = 0;", namespace="web")
    assert not refused(said)
    assert not refused(server(), file(CAPTURED), said)
    assert not refused(server(), file("shared_buffers = 128MB\n"), script("ALTER SYSTEM SET max_wal_senders = 0;"))
    assert not refused(server(), file(CAPTURED), script("-- never ALTER SYSTEM SET anything\nSELECT max_wal_senders = 0;"))
