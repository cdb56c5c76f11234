"""Timeouts of PostgreSQL with which a pipeline still works: ranges between "ends everything" and "ends nothing"."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.keys import Key, in_lower_case
from stack.configs.postgres_numbers import amount, side, unquoted
from stack.configs.problems import problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.problem import Problem

_FIRST_READING = "the first reading of the tables could never end"


@dataclass(frozen=True, slots=True)
class Range:
    """A parameter with a smallest and a largest value; 0, which switches a timeout off, is no value of it.

    Attributes:
        key: Name of the parameter.
        least: Smallest accepted value, as the server reads it.
        rule: Reason why a smaller one is wrong.
        most: Largest accepted value; by default the server's own.
        above: Reason why a larger one is wrong.
        usual: A value that many servers have, in the same unit as the smallest where that is short.
    """

    key: str
    least: str
    rule: str
    most: str = ""
    above: str = ""
    usual: str = ""


RANGES = (
    Range("statement_timeout", "5s", f"{_FIRST_READING}, nor any longer statement", usual="300s"),
    Range("lock_timeout", "500ms", "statements would fail at every short lock of another", usual="5000ms"),
    Range("transaction_timeout", "1min", _FIRST_READING, usual="60min"),
    Range(
        "idle_in_transaction_session_timeout",
        "10s",
        "the connector waits for Kafka within its transaction of the first reading",
        usual="600s",
    ),
    Range("idle_session_timeout", "30s", "the connector's session rests between its heartbeats, and pools rest for longer", usual="3600s"),
    Range(
        "wal_sender_timeout",
        "10s",
        "the server would disconnect a busy connector, which reports every 10 s",
        "30min",
        "a lost connector would hold its slot for as long, and its replacement could not start",
    ),
    Range("wal_receiver_timeout", "10s", "a standby would disconnect from a busy server", usual="60s"),
    Range("authentication_timeout", "3s", "a login under load takes longer, with TLS and SCRAM", usual="60s"),
    Range("tcp_keepalives_idle", "5s", "short pauses of the network would end connections", usual="60s"),
    Range("tcp_keepalives_count", "2", "one lost packet would end a connection", usual="5"),
    Range("tcp_user_timeout", "5s", "short pauses of the network would end connections", usual="30s"),
    Range(
        "client_connection_check_interval",
        "100ms",
        "the server would do little else than ask whether its clients are there",
        usual="10000ms",
    ),
    Range("idle_replication_slot_timeout", "1h", "a connector that is down for longer loses its slot, and with it changes", usual="24h"),
)
# Parameters that the server in the image does not have.
_LATER = {"idle_replication_slot_timeout": Key(type="integer", context="sighup", unit="s", most=2147483647)}


@functools.cache
def _keys() -> dict[str, Key]:
    known = in_lower_case("postgresql")
    return {one.key: known.get(one.key) or _LATER[one.key] for one in RANGES}


def is_zero(lowered: Mapping[str, str], key: str) -> bool:
    """Return whether a timeout is 0, and so off, in whatever unit; a fraction is rounded as the server rounds it."""
    return key in lowered and amount(_keys()[key], unquoted(lowered[key])) == 0


def range_problems(parameters: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the timeouts outside their range.

    Args:
        parameters: Names, and values as written in the file or on a command line.
    """
    lowered = {key.lower(): value for key, value in parameters.items()}
    for one in RANGES:
        key = _keys()[one.key]
        if one.key not in lowered or side(key, lowered[one.key], "1") < 0:
            continue  # absent, off, or negative, which the check of spelling reports
        beyond = side(key, lowered[one.key], one.least, one.most or str(key.most))
        if beyond:
            # the server's own maximum is no advice
            ends = f"from {one.least} to {one.most}" if one.most else f"{one.least} or more"
            usual = f", for example {one.usual}" if one.usual else ""
            yield problem(lowered, one.key, one.rule if beyond < 0 else one.above or "is no value", f"set {ends}{usual}, or remove it")
