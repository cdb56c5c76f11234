"""What in PostgreSQL's parameters loses committed rows, stops logical replication or lets it fill the volume."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from configs.problems import problem
from configs.rules import AtLeast, OneOf, broken, number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from problem import Problem

_ON = ("on", "true", "yes", "1")
# Libraries of PostgreSQL's own contrib modules that may be preloaded; no other is in the image.
_PRELOADED = {
    "auto_explain",
    "pg_prewarm",
    "pg_stat_statements",
    "passwordcheck",
    "auth_delay",
    "basic_archive",
}

_RULES = (
    OneOf("wal_level", ("logical",), "replica", "changes could not be decoded from the write-ahead log", "write logical"),
    AtLeast("max_replication_slots", 1, 10, "the connector needs a slot", "write 4"),
    AtLeast("max_wal_senders", 2, 10, "the connector and a base backup each need one", "write 6"),
    OneOf(
        "password_encryption",
        ("scram-sha-256",),
        "scram-sha-256",
        ("md5 hashes are as good as the password to whoever reads them, and pg_hba.conf asks for SCRAM"),
        ("write scram-sha-256"),
    ),
    OneOf(
        "ssl",
        _ON,
        "off",
        ("connections would be plain text, and the connector, which verifies the server, could not connect"),
        ("write on"),
    ),
    OneOf("fsync", _ON, "on", "after a crash of the machine committed rows would be gone that the archive has already", "write on"),
    OneOf("full_page_writes", _ON, "on", "a crash could leave torn pages that nothing repairs", "write on"),
    OneOf(
        "synchronous_commit",
        ("on", "true", "yes", "1", "local", "remote_write", "remote_apply"),
        "on",
        ("after a crash committed rows would be gone that the archive has already"),
        ("write on"),
    ),
    OneOf("zero_damaged_pages", ("off", "false", "no", "0"), "off", "damaged rows would vanish without an error", "remove it"),
    OneOf("autovacuum", _ON, "on", "tables would grow until the server stops to protect its transaction ids", "write on"),
)


def postgres_problems(parameters: Mapping[str, str]) -> list[Problem]:
    """Everything in ``postgresql.conf`` that breaks capture or loses committed rows. Memory is not judged here.

    Args:
        parameters: Parameters and values as they stand in the file, quotes included.

    Returns:
        One problem per parameter and rule.
    """
    given = {key.lower(): value for key, value in parameters.items()}
    problems = broken(given, _RULES)
    kept = given.get("max_slot_wal_keep_size", "-1").strip().strip("'")
    if kept.startswith("-"):
        rule, cure = (
            ("a stopped connector would hold back write-ahead log until the volume is full and the database stops"),
            ("write for example 1536MB"),
        )
        problems.append(problem(given, "max_slot_wal_keep_size", rule, cure))
    if re.fullmatch(r"'?0+[a-z]*'?", given.get("wal_sender_timeout", "60s").strip()):
        rule, cure = "a connector that vanished would hold its slot for ever, and its successor could not start", "write 60s"
        problems.append(problem(given, "wal_sender_timeout", rule, cure))
    if number(given, "max_wal_senders", 10) < number(given, "max_replication_slots", 10):
        problems.append(problem(given, "max_wal_senders", "every slot in use needs a sender", "write max_replication_slots or more"))
    return [*problems, *_libraries(given)]


def _libraries(given: Mapping[str, str]) -> list[Problem]:
    text = given.get("shared_preload_libraries", "").strip().strip("'")
    absent = sorted({name.strip().strip('"') for name in text.split(",") if name.strip()} - _PRELOADED)
    if not absent:
        return []
    rule, cure = f"the image does not have {', '.join(absent)}, and the server would not start", "remove it, or build an image with it"
    return [problem(given, "shared_preload_libraries", rule, cure)]
