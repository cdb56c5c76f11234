"""Timeouts that end everything, or nothing, are refused in every spelling of PostgreSQL; everyday ones are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.keys import table
from stack.configs.postgres_numbers import amount
from stack.configs.postgres_ranges import RANGES, range_problems
from stack.configs.postgres_rules import postgres_problems
from tests.connector_configs import POSTGRES, changed
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# spellings of a timeout of nearly nothing, for units of ms and of s
TINY_MS = ("1", "'1'", "1ms", "'1ms'", "'0.001s'", "1000us", "0.7", "'1.4 ms'", "0x1", "01", "1e0", "+1", "50", "'0.05s'", ".05s")
TINY_S = ("1", "'1s'", "1000ms", "'0.02min'", "0x1")
USUAL = {
    "statement_timeout": ("10s", "30s", "'60s'", "5min", "'1h'", "30000", "1d", "2147483647"),
    "lock_timeout": ("1s", "2s", "5000", "'10s'", "1min"),
    "transaction_timeout": ("5min", "1h", "1d"),
    "idle_in_transaction_session_timeout": ("10s", "30s", "60000", "10min", "1h", "1d"),
    "idle_session_timeout": ("5min", "1h", "1d", "60000"),
    "wal_sender_timeout": ("10s", "30s", "60s", "1min", "60000", "'5min'", "30min"),
    "wal_receiver_timeout": ("30s", "60s", "60000", "5min"),
    "authentication_timeout": ("10", "30s", "'1min'", "600"),
    "tcp_keepalives_idle": ("10", "60", "'300'", "30s", "7200"),
    "tcp_keepalives_count": ("3", "5", "9"),
    "tcp_user_timeout": ("10000", "30s", "'1min'"),
    "client_connection_check_interval": ("1s", "10s", "1min"),
    "idle_replication_slot_timeout": ("1d", "12h", "'7d'"),
}
IN_SECONDS = {"authentication_timeout", "tcp_keepalives_idle", "idle_replication_slot_timeout"}


def tiny() -> Iterator[tuple[str, str]]:
    """Yield timeouts of nearly nothing."""
    for one in RANGES:
        if one.key == "tcp_keepalives_count":
            yield one.key, "1"
        else:
            yield from ((one.key, value) for value in (TINY_S if one.key in IN_SECONDS else TINY_MS))
    yield from (("wal_sender_timeout", value) for value in ("1h", "25h", "'2d'", "2147483647"))


def usual() -> Iterator[tuple[str, str]]:
    """Yield everyday timeouts, none among them."""
    for key, values in USUAL.items():
        yield from ((key, value) for value in values)
        if key not in {"wal_sender_timeout", "authentication_timeout"}:
            yield from ((key, value) for value in ("0", "'0'", "0s" if key != "tcp_keepalives_count" else "0"))


def test_a_timeout_of_nearly_nothing_is_refused_and_an_everyday_one_is_not(tally: Callable[[str, str, int, int], None]) -> None:
    harmful, harmless = [*tiny()], [*usual()]
    for key, value in harmful:
        assert [problem.key for problem in postgres_problems(changed(POSTGRES, **{key: value}))] == [key], (key, value)
        assert [problem.key for problem in range_problems({key.upper(): value})] == [key], (key, value)
    assert [one for one in harmless if list(range_problems(dict([one])))] == []
    assert [one for one in harmless if postgres_problems(changed(POSTGRES, **dict([one])))] == []
    tally("timeouts of PostgreSQL", "harmful", len(harmful), 0)
    tally("timeouts of PostgreSQL", "harmless", len(harmless), 0)


def test_a_message_names_the_ends_in_one_unit_and_a_usual_value() -> None:
    (problem,) = range_problems({"statement_timeout": "'1ms'"})
    assert str(problem) == (
        "statement_timeout = \"'1ms'\": the first reading of the tables could never end, nor any longer statement; "
        "set 5s or more, for example 300s, or remove it"
    )
    (problem,) = range_problems({"wal_sender_timeout": "1"})
    assert "set from 10s to 30min, or remove it" in str(problem)


@pytest.mark.parametrize("value", ["0", "'0'", "0ms", "'0.0004s'", "0.2", "100us"])
def test_a_sender_that_waits_for_ever_is_refused_in_every_spelling(value: str) -> None:
    assert [problem.key for problem in postgres_problems(changed(POSTGRES, wal_sender_timeout=value))] == ["wal_sender_timeout"]


def test_the_server_reads_the_values_likewise(figure: Callable[[str], None]) -> None:
    """By ``pg_settings`` of a session that sets each value to a timeout that does not end the session."""
    programs = servers.installed()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    key = "wal_sender_timeout"
    values = sorted({value for name, value in (*tiny(), *usual()) if name not in IN_SECONDS})
    script = "".join(f"SET {key} = {_literal(value)}; SELECT setting FROM pg_settings WHERE name = '{key}';\n" for value in values)
    with servers.of_this_machine(programs) as server:
        said = server.sql(script).split()
    for value, answer in zip(values, said, strict=True):
        assert amount(table("postgresql")[key], value.strip("'")) == float(answer), (value, answer)
    figure(f"timeouts of PostgreSQL: {len(values)} values read as the server reads them")


def _literal(value: str) -> str:
    return "'" + value.strip("'") + "'"
