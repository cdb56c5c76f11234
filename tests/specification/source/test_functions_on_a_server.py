"""Functions in defaults: every form of the table, and whatever else the preview accepts, is one that the server takes."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from stack.settings.default_sql import default_fault
from stack.settings.sql_functions import _functions
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.existing_database.server import Server

ONE = {
    "int": "1",
    "numeric": "1.5",
    "float": "random()",
    "bool": "true",
    "text": "'a'::text",
    "uuid": "gen_random_uuid()",
    "date": "current_date",
    "timestamp": "localtimestamp",
    "timestamptz": "now()",
    "interval": "interval '1 day'",
}
ATOMS = (*ONE.values(), "'a'", "'day'", "'2026-01-01'", "'1'", "null", "-2", "lower('X')")
# as schemas have them, with the cure of those that need something else
EVERYDAY = (
    ("text", "to_char(now(), 'YYYY-MM-DD')"),
    ("text", "upper(substr(md5(random()::text), 1, 8))"),
    ("text", "lpad('7', 4, '0')"),
    ("text", "replace(gen_random_uuid()::text, '-', '')"),
    ("text", "concat_ws('-', 'a', 'b')"),
    ("text", "format('%s-%s', 'a', 1)"),
    ("text", "current_schema()"),
    ("text", "regexp_replace('a1', '[0-9]', '')"),
    ("date", "date(now())"),
    ("date", "make_date(2026, 1, 31)"),
    ("date", "date_trunc('month', now())::date"),
    ("date", "to_date('2026-01-31', 'YYYY-MM-DD')"),
    ("timestamptz", "now() + make_interval(0, 1)"),
    ("timestamptz", "date_trunc('day', now(), 'UTC')"),
    ("timestamptz", "make_timestamptz(2026, 1, 31, 0, 0, 0)"),
    ("bigint", "floor(random() + 1)::bigint"),
    ("integer", "char_length('abc')"),
    ("double precision", "date_part('hour', now())"),
    ("double precision", "pi()"),
)
ELSEWHERE = (
    ("uuid", "uuid_generate_v4()", "gen_random_uuid()"),
    ("text", "crypt('a', gen_salt('bf'))", "pgcrypto"),
    ("text", "encode(gen_random_bytes(8), 'hex')", "pgcrypto"),
    ("bigint", "nextval('things_id_seq')", "identity: true"),
    ("varchar(100)", "repeat('x', 1000)", "need not fit"),
    ("integer", "power(10, 12)", "need not fit"),
    ("text", "pg_read_file('/etc/passwd')", "no function"),
    ("text", "current_setting('none.such')", "no function"),
    ("date", "date_bin('1 day', '2026-01-01', '2026-01-01')", "cannot choose"),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield a server of this machine's PostgreSQL."""
    programs = servers.installed()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed (apt-get install postgresql)")
    with servers.of_this_machine(programs) as running:
        yield running


def refused_by(server: Server, defaults: list[str]) -> list[str]:
    """Return the answers of the server to columns with these defaults."""
    lines = [f"CREATE TEMP TABLE t (a boolean DEFAULT {one}); DROP TABLE t;" for one in defaults]
    done = server.psql("\\set ON_ERROR_STOP off\n" + "\n".join(lines))
    return [line for line in done.stderr.splitlines() if "ERROR" in line and 'table "t" does not exist' not in line]


def test_every_function_of_the_table_is_one_of_the_server(server: Server, figure: Callable[[str], None]) -> None:
    forms = [(name, signature) for name, signatures in _functions().items() for signature in signatures]
    # between the arguments of position without quotes stands a word
    called = {name: f'"{name}"' if name == "position" else name for name, _ in forms}
    calls = [f"({called[name]}({', '.join(ONE[kind] for kind in kinds)}) IS NOT NULL)" for name, (*kinds, _result) in forms]
    assert [call for call in calls if default_fault("boolean", call)] == []
    assert refused_by(server, calls) == []
    figure(f"functions in defaults: {len(forms)} forms of {len(_functions())} functions, as the server has them")


def test_what_the_preview_accepts_of_any_call_is_what_the_server_takes(server: Server, figure: Callable[[str], None]) -> None:
    chance = random.Random(15)  # noqa: S311 - reproducible choices
    lengths = {name: sorted({len(one) - 1 for one in signatures}) for name, signatures in _functions().items()}
    drawn = [
        f"({name}({', '.join(chance.choices(ATOMS, k=chance.choice(lengths[name])))}) IS NOT NULL)" for name in lengths for _ in range(60)
    ]
    accepted = [one for one in dict.fromkeys(drawn) if default_fault("boolean", one) is None]
    assert refused_by(server, accepted) == []
    assert len(accepted) > 500
    figure(f"functions in defaults: {len(accepted)} of {len(drawn)} random calls accepted, all of them by the server too")


@pytest.mark.parametrize(("sql_type", "default"), EVERYDAY)
def test_everyday_functions_are_accepted_and_stored(server: Server, sql_type: str, default: str) -> None:
    assert default_fault(sql_type, default) is None
    assert not server.psql(f"CREATE TEMP TABLE t (a {sql_type} NOT NULL DEFAULT {default}); INSERT INTO t DEFAULT VALUES;").stderr


@pytest.mark.parametrize(("sql_type", "default", "told"), ELSEWHERE)
def test_functions_that_need_something_else_are_refused_with_the_cure(sql_type: str, default: str, told: str) -> None:
    assert told in str(default_fault(sql_type, default))
