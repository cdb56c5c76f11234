"""Rules for PostgreSQL: parameters that lose committed rows, stop logical replication or let it fill the volume."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from configs.credentials.detector import shows_credential
from configs.problems import problem
from configs.rules import AtLeast, OneOf, broken, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from problem import Problem

# A command that only writes the passphrase
_ECHO = re.compile(r"'?\s*(?:\S*/)?(?:echo|printf)\b")
_ON = ("on", "true", "yes", "1")
# Contrib libraries of PostgreSQL that can be preloaded; the image has no others.
_PRELOADED = {
    "auto_explain",
    "pg_prewarm",
    "pg_stat_statements",
    "passwordcheck",
    "auth_delay",
    "basic_archive",
}

_RULES = (
    OneOf("wal_level", ("logical",), "replica", "changes cannot be decoded from the write-ahead log", "set logical"),
    AtLeast("max_replication_slots", 1, 10, "the connector needs a slot", "set 4"),
    AtLeast("max_wal_senders", 2, 10, "the connector and a base backup each need a sender", "set 6"),
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
    if re.fullmatch(r"'?0+[a-z]*'?", lowered.get("wal_sender_timeout", "60s").strip()):
        rule, cure = "a lost connector would hold its slot forever, and its replacement could not start", "set 60s"
        problems.append(problem(lowered, "wal_sender_timeout", rule, cure))
    if number(lowered, "max_wal_senders", 10) < number(lowered, "max_replication_slots", 10):
        problems.append(problem(lowered, "max_wal_senders", "every slot in use needs a sender", "set at least max_replication_slots"))
    return [*problems, *_libraries(lowered), *_literal_credentials(lowered)]


def _literal_credentials(lowered: Mapping[str, str]) -> list[Problem]:
    """Check for credentials in commands and connection strings: the file is a ConfigMap, and every role may see some parameters."""
    rule, cure = "contains a credential in plain text", "read it in the command from a file of a mounted Secret"
    return [
        problem(lowered, key, rule, cure)
        for key, value in lowered.items()
        if shows_credential(value) or (key == "ssl_passphrase_command" and _ECHO.match(value))
    ]


def _libraries(lowered: Mapping[str, str]) -> list[Problem]:
    text = lowered.get("shared_preload_libraries", "").strip().strip("'")
    absent = sorted({name.strip().strip('"') for name in text.split(",") if name.strip()} - _PRELOADED)
    if not absent:
        return []
    rule, cure = f"the image does not contain {', '.join(absent)}, so the server would not start", "remove it, or build an image with it"
    return [problem(lowered, "shared_preload_libraries", rule, cure)]
