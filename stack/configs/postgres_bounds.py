"""Parameters of a captured PostgreSQL server that stop it, starve its housekeeping, or write rows and passwords into its log."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.keys import table
from stack.configs.postgres_numbers import counted, side, unquoted
from stack.configs.problems import problem
from stack.configs.rules import OneOf, broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.problem import Problem

_ON = ("on", "true", "yes", "1")
_OFF = ("off", "false", "no", "0")
_WRITTEN = "statements, with the rows and passwords in them, would be written to the log"
# Connections that remain for the program: the connector's, the catalog's, the exporter's and those of applications.
_NEEDED = 10
# What leaves fewer connections, each with its cure; the first one that is set is named.
_LEAVING = {"superuser_reserved_connections": "set 3", "reserved_connections": "remove it", "max_connections": "set 30"}

_RULES = (
    OneOf("track_counts", _ON, "on", "without counts autovacuum does not start, and tables would grow", "set on"),
    OneOf("log_statement", ("none", "ddl"), "none", _WRITTEN, "set none or ddl"),
    *(
        OneOf(key, _OFF, "off", _WRITTEN, "set off")
        for key in (
            *("debug_print_parse", "debug_print_plan", "debug_print_rewritten"),
            *("log_parser_stats", "log_planner_stats", "log_executor_stats", "log_statement_stats"),
        )
    ),
    OneOf(
        "log_min_messages", ("info", "notice", "warning", "error", "log", "fatal", "panic"), "warning", _WRITTEN, "set warning, the default"
    ),
    OneOf("default_transaction_read_only", _OFF, "off", "no row could be written", "set off"),
)


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter with a smallest and a largest value, as the server reads them; a negative value is off and judged elsewhere."""

    key: str
    least: str
    most: str
    rule: str
    cure: str


_SIZES = (("max", "set 1GB, the default"), ("min", "set 80MB, the default"))
# Parameters of autovacuum, each with its largest accepted and its usual value.
_LAZY = (
    ("vacuum_scale_factor", "1", "0.2"),
    ("vacuum_threshold", "1000000", "50"),
    ("freeze_max_age", "1500000000", "200000000"),
    ("multixact_freeze_max_age", "1500000000", "400000000"),
)
_BOUNDS = (
    Bound(
        "max_slot_wal_keep_size",
        "64MB",
        "",
        "a connector that stops for a moment loses its slot, and with it changes",
        "set 64MB or more, for example 1536MB",
    ),
    Bound("autovacuum_naptime", "1s", "1h", "tables would grow between two rounds of autovacuum", "set from 1s to 1h, for example 1min"),
    Bound(
        "scram_iterations",
        "1024",
        "1000000",
        "a password would be hashed too few times to resist guessing, or for so long that logins fail",
        "set from 1024 to 1000000, for example 4096",
    ),
    Bound("max_replication_slots", "2", "", "the connector and an audit each need a slot", "set 4"),
    Bound("max_wal_senders", "2", "", "the connector and a base backup each need a sender", "set 6"),
    *(Bound(f"{end}_wal_size", "32MB", "", "the server starts only with two segments of the log, 32 MB", cure) for end, cure in _SIZES),
    *(
        Bound(f"autovacuum_{name}", "0", most, "autovacuum would let tables grow to several times their rows", f"set {usual}")
        for name, most, usual in _LAZY
    ),
    Bound("temp_file_limit", "64MB", "", "sorts and new indexes of larger tables would fail", "set 1GB or more, or -1"),
    Bound("log_min_duration_statement", "10ms", "", _WRITTEN, "set 10ms or more, for example 1s, or remove it"),
)


def bound_problems(lowered: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the parameters outside their bounds.

    Args:
        lowered: Parameters with names in lower case, and values as written in the file.
    """
    yield from broken(lowered, _RULES)
    known = table("postgresql")
    for one in _BOUNDS:
        key = known[one.key]
        is_on = one.key in lowered and side(key, lowered[one.key], "0") >= 0
        if is_on and side(key, lowered[one.key], one.least, one.most):
            yield problem(lowered, one.key, one.rule, one.cure)
    ciphers = unquoted(lowered.get("ssl_ciphers", ""))
    if ciphers and not _are_known(ciphers):
        rule, cure = "OpenSSL knows none of these ciphers, and the server would not start", "remove it, or set HIGH:!aNULL"
        yield problem(lowered, "ssl_ciphers", rule, cure)
    elif ciphers and not _are_strong(ciphers):
        rule = "contains ciphers without encryption, or that do not prove who the server is (NULL, aNULL, ALL, @SECLEVEL=0)"
        yield problem(lowered, "ssl_ciphers", rule, "remove it, or set HIGH:!aNULL")
    named = next((name for name in _LEAVING if name in lowered), None)
    left = number(lowered, "max_connections") - reserved(lowered)
    if 0 < left < _NEEDED and named is not None:
        rule = f"{left} connections would be left, and the pipeline needs {_NEEDED}"
        yield problem(lowered, named, rule, _LEAVING[named])


def number(lowered: Mapping[str, str], key: str) -> int:
    """Return a whole number in any spelling of the server; its default where it is absent, or none (the check of spelling reports that)."""
    known = table("postgresql")[key]
    return round(counted(known, lowered.get(key, known.default or "0")))


def reserved(lowered: Mapping[str, str]) -> int:
    """Return the number of connections that are kept for superusers and other roles."""
    return number(lowered, "superuser_reserved_connections") + number(lowered, "reserved_connections")


def _are_known(ciphers: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.set_ciphers(ciphers)
    except (ssl.SSLError, ValueError):
        return False
    return True


def _are_strong(ciphers: str) -> bool:
    """Return whether a list of ciphers that OpenSSL knows has none that hides nothing or proves nothing, at any level of security."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # the level of the server's own OpenSSL need not be that of this machine
    context.set_ciphers(f"{ciphers}:@SECLEVEL=0")
    weak = any(one["strength_bits"] == 0 or one.get("auth") == "auth-null" for one in context.get_ciphers())
    return not weak and "@SECLEVEL=0" not in ciphers.upper()
