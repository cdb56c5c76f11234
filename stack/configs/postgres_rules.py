"""Rules for PostgreSQL: parameters that lose committed rows, stop logical replication or let it fill the volume."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.configs.credentials.detector import shows_credential
from stack.configs.postgres_bounds import bound_problems, number, reserved
from stack.configs.postgres_ranges import is_zero, range_problems
from stack.configs.problems import problem
from stack.configs.rules import OneOf, broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stack.problem import Problem

# A command that only writes the passphrase
_ECHO = re.compile(r"'?\s*(?:\S*/)?(?:echo|printf)\b")
_ON = ("on", "true", "yes", "1")
# Contrib libraries of PostgreSQL that can be preloaded, and the trail's; the image has no others.
_PRELOADED = {
    "auto_explain",
    "pg_prewarm",
    "pg_stat_statements",
    "passwordcheck",
    "auth_delay",
    "basic_archive",
    "pgaudit",
}

_RULES = (
    OneOf("wal_level", ("logical",), "replica", "changes cannot be decoded from the write-ahead log", "set logical"),
    OneOf(
        "password_encryption",
        ("scram-sha-256",),
        "scram-sha-256",
        ("an md5 hash can be used in place of the password, and pg_hba.conf requires SCRAM"),
        ("set scram-sha-256"),
    ),
    OneOf(
        "ssl",
        _ON,
        "off",
        ("connections would be plain text, and the connector, which verifies the server, could not connect"),
        ("set on"),
    ),
    OneOf("fsync", _ON, "on", "a crash of the machine can lose committed rows that the archive already has", "set on"),
    OneOf("full_page_writes", _ON, "on", "a crash could leave torn pages that nothing repairs", "set on"),
    OneOf(
        "synchronous_commit",
        ("on", "true", "yes", "1", "local", "remote_write", "remote_apply"),
        "on",
        ("a crash can lose committed rows that the archive already has"),
        ("set on"),
    ),
    OneOf("zero_damaged_pages", ("off", "false", "no", "0"), "off", "damaged rows would disappear without an error", "remove it"),
    OneOf(
        "huge_pages",
        ("try", "off", "false", "no", "0"),
        "try",
        "without reserved huge pages, which a pod has to ask for by name, the server does not start",
        "set try",
    ),
    OneOf("autovacuum", _ON, "on", "tables would grow until the server stops to protect its transaction ids", "set on"),
)


def postgres_problems(parameters: Mapping[str, str]) -> list[Problem]:
    """Check ``postgresql.conf`` for parameters that break capture or lose committed rows. Memory is not checked here.

    Args:
        parameters: Parameters and values as written in the file, quotes included.

    Returns:
        One problem per parameter and rule.
    """
    lowered = {key.lower(): value for key, value in parameters.items()}
    problems = broken(lowered, _RULES)
    retained = lowered.get("max_slot_wal_keep_size", "-1").strip().strip("'")
    if retained.startswith("-"):
        rule, cure = (
            ("a stopped connector retains write-ahead log until the volume is full and the database stops"),
            ("set a limit, for example 1536MB"),
        )
        problems.append(problem(lowered, "max_slot_wal_keep_size", rule, cure))
    if is_zero(lowered, "wal_sender_timeout"):
        rule, cure = "a lost connector would hold its slot forever, and its replacement could not start", "set 60s"
        problems.append(problem(lowered, "wal_sender_timeout", rule, cure))
    if number(lowered, "max_wal_senders") < number(lowered, "max_replication_slots"):
        problems.append(problem(lowered, "max_wal_senders", "every slot in use needs a sender", "set at least max_replication_slots"))
    problems += [*range_problems(lowered), *bound_problems(lowered)]
    return [*problems, *_starting(lowered), *absent_libraries(lowered, ("shared_preload_libraries",)), *_literal_credentials(lowered)]


def _literal_credentials(lowered: Mapping[str, str]) -> list[Problem]:
    """Check for credentials in commands and connection strings: the file is a ConfigMap, and every role may see some parameters."""
    rule, cure = "contains a credential in plain text", "read it in the command from a file of a mounted Secret"
    return [
        problem(lowered, key, rule, cure)
        for key, value in lowered.items()
        if shows_credential(value) or (key == "ssl_passphrase_command" and _ECHO.match(value))
    ]


def _starting(lowered: Mapping[str, str]) -> list[Problem]:
    """Check for parameters with which the server does not start, or fills its volume."""
    problems = []
    kept = reserved(lowered)
    if kept >= number(lowered, "max_connections"):
        rule, cure = f"{kept} connections are reserved, and the server starts only with more", f"set more than {kept}"
        problems.append(problem(lowered, "max_connections", rule, cure))
    if _is_on(lowered, "archive_mode") and not (_text(lowered, "archive_command") or _text(lowered, "archive_library")):
        rule, cure = "without a command nothing takes the write-ahead log away, and it fills the volume", "set off"
        problems.append(problem(lowered, "archive_mode", rule, cure))
    by_name = re.fullmatch(r"[^%]*(%[aAuwHdjV][^%]*)*", _text(lowered, "log_filename") or "%Y")
    if _is_on(lowered, "logging_collector") and not (by_name and _is_on(lowered, "log_truncate_on_rotation")):
        rule, cure = "log files would stay on the volume until it is full", "set off: messages then go to the pod's log"
        problems.append(problem(lowered, "logging_collector", rule, cure))
    return problems


def _text(lowered: Mapping[str, str], key: str) -> str:
    return lowered.get(key, "").strip().strip("'").strip()


def _is_on(lowered: Mapping[str, str], key: str) -> bool:
    return _text(lowered, key).lower() in (*_ON, "always")


def absent_libraries(lowered: Mapping[str, str], keys: Iterable[str]) -> list[Problem]:
    """Check for libraries that the server loads and the image does not contain."""
    problems = []
    for key in keys:
        names = {name.strip().strip('"').removeprefix("$libdir/") for name in _text(lowered, key).split(",") if name.strip()}
        absent = sorted(names - _PRELOADED)
        if absent:
            rule = f"the image does not contain {', '.join(absent)}, so the server would not start"
            problems.append(problem(lowered, key, rule, "remove it"))
    return problems
