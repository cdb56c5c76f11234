"""Known causes in a worker's stack trace: the relevant lines, the cure, and how long the cause may pass by itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from stack.configs.secrecy import without_passwords

_LINES: Final = 4
_LINE_LENGTH: Final = 400
# Characters of a trace that are searched at each end, and of a line before it is cut
_READ: Final = 50_000
_LINE_READ: Final = 4_000
# Seconds for causes that do not pass by themselves
_SECOND_LOOK: Final = 10.0


@dataclass(frozen=True, slots=True)
class Cause:
    """A known cause of an error.

    Attributes:
        pattern: Pattern that matches its messages.
        cure: Action that removes the cause.
        patience: Seconds for which the worker may refuse a new configuration for this cause before that is an error.
    """

    pattern: re.Pattern[str]
    cure: str
    patience: float

    @property
    def may_pass(self) -> bool:
        """True if waiting beyond the second attempt may help."""
        return self.patience > _SECOND_LOOK


def _cause(pattern: str, cure: str, patience: float = _SECOND_LOOK) -> Cause:
    return Cause(re.compile(pattern, re.IGNORECASE), cure, patience)


CAUSES: Final = (
    _cause(
        r"Could not read properties from file|NoSuchFileException|Could not read directory|Could not find config provider"
        r"|is not under the allowed",
        "the worker cannot resolve a ${provider:path:key} reference; check that the Secret exists, is mounted, and that the "
        "worker allows the path",
        patience=120.0,  # the kubelet refreshes a mounted Secret within about 90 s
    ),
    _cause(
        r"DatabaseWentBackException",
        "bring back the database to which the position belongs, and restart the connector; to keep this one, run "
        "'python -m pipeline epoch begin', which begins with a new slot and a snapshot; see 'A database that went back in time' in "
        "docs/operations.md",
    ),
    _cause(
        r"UncapturedTableException",
        "do what the message says for each table; the source is restarted by itself. If rows changed meanwhile, read the table again: "
        "'python -m pipeline backfill start --table SCHEMA.TABLE'; see 'A table that is no longer captured' in docs/operations.md",
    ),
    _cause(
        r"Failed to properly convert (data|default) value for",
        "Debezium has no form for a value of the column that the message names, and stops instead of writing NULL; correct the value, or "
        "leave the column out ('make tables', leftOut), then run 'python -m pipeline epoch begin --cause operator', which begins with a "
        "new slot and a snapshot",
    ),
    _cause(
        r"password authentication failed|Access denied for user|no password was provided",
        "the database refuses the role's password; check that the worker mounts the Secret with which the role was created",
    ),
    _cause(
        r"role \S{1,200} does not exist|roles? LOGIN and REPLICATION|must be superuser or replication role",
        "the role must exist and have LOGIN and REPLICATION: ALTER ROLE … LOGIN REPLICATION",
    ),
    _cause(r"database \S{1,200} does not exist", "the database is missing; check database.dbname and that the seed script ran"),
    _cause(
        r"publication .{1,200} does not exist",
        "the publication is missing; the table owner must create it: CREATE PUBLICATION … FOR TABLE …",
    ),
    _cause(r"wal_level", "set wal_level=logical and restart PostgreSQL"),
    _cause(
        r"replication slot .{1,200} is active|slot .{1,200} (already )?in use",
        "another connection holds the slot, often a killed worker's: the server releases it after wal_sender_timeout (60 s); "
        "otherwise see pg_stat_replication",
        patience=75.0,
    ),
    _cause(
        r"all replication slots are in use|too many replication slots",
        "drop an unused slot (pg_replication_slots) or raise max_replication_slots",
    ),
    _cause(
        r"UnknownTopicOrPartition|topic[^\n]{0,300}(not present in metadata|does not exist|is missing)"
        r"|This server does not host this topic-partition",
        "the topic is missing, and brokers do not create topics by themselves; declare it and let the connector depend on it",
    ),
    _cause(r"NoSuchBucket|bucket does not exist", "the bucket is missing; check its name, or let the connector depend on it"),
    _cause(
        r"InvalidAccessKeyId|SignatureDoesNotMatch|InvalidClientTokenId|is not authorized to perform|AccessDenied"
        r"|Forbidden",
        "the object store refuses the worker's identity; check the mounted key, the role's trust, the policy on the prefix",
        patience=60.0,  # identities are eventually consistent
    ),
    _cause(
        r"NoSuchTableException|Table does not exist",
        "the Iceberg table is missing; declare it and let the sink depend on it",
    ),
    _cause(
        r"Unauthorized; error code: 401|401 Unauthorized",
        "the registry refuses the user; check …basic.auth.user.info of both converters",
    ),
    _cause(
        r"RecordTooLargeException|MESSAGE_TOO_LARGE|larger than the max message size|which is the value of the max\.request\.size",
        "a row is larger than streaming.topics.maxRecordMib, which is the producer's max.request.size and the topic's max.message.bytes: "
        "raise it in the stack file and run up, whose plan says what memory that takes; the connector goes on with this row and loses "
        "none, as long as source.slotWalKeepMib holds the changes since",
    ),
    _cause(
        r"OutOfMemoryError: Cannot reserve \d{1,12} bytes of direct buffer memory|Direct buffer memory",
        "rows are too large for the worker's buffers outside the heap: raise streaming.connect.jvm.directMib, or lower archive.tasks",
    ),
    _cause(
        r"OutOfMemoryError",
        "the worker is out of heap or metaspace; check the memory of its pod, and lower tasks.max or the buffers",
    ),
    _cause(
        r"UnknownHostException|could not be resolved|Name or service not known|No resolvable bootstrap urls",
        "the host name does not resolve inside the worker's pod; check the Service's name and the DNS policy",
        patience=30.0,
    ),
    _cause(
        r"Connection refused|connection attempt failed|Connection to \S{1,300} refused|Connect timed out|java.net.ConnectException"
        r"|Unable to connect",
        "nothing answers there from the worker's pod; check the address, the port and the network policy between them",
        patience=30.0,
    ),
)


def known_cause(text: str) -> Cause | None:
    """Return the first known cause in a text; of a very long one, only the beginning and the end are read."""
    text = text if len(text) <= 2 * _READ else f"{text[:_READ]}\n{text[-_READ:]}"
    return next((cause for cause in CAUSES if cause.pattern.search(text)), None)


def trimmed(trace: str) -> str:
    """Return the first line and the first ``Caused by`` lines of a Java trace, without passwords."""
    lines = trace.strip().splitlines()
    kept = lines[:1] + [line.strip() for line in lines[1:] if line.startswith("Caused by:")]
    return "\n".join(without_passwords(line[:_LINE_READ])[:_LINE_LENGTH] for line in kept[:_LINES])


def explained(trace: str) -> str:
    """Return a trimmed trace, with the cure below if known."""
    cause = known_cause(trace)
    return trimmed(trace) + (f"\nWhat to do: {cause.cure}" if cause else "")
