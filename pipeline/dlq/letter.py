"""A dead letter, read from a record of the dead-letter topic: the original record, and why the sink set it aside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Prefix of the headers in which Connect says why it has set a record aside.
CONNECT_HEADERS: Final = "__connect.errors."
# Header of a record that was put back: how often that was done.
REPLAYS_HEADER: Final = "__dead_letters.replays"

_HIDDEN: Final = "not readable"
_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")
_CLASS: Final = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
_STAGE: Final = re.compile(r"[A-Z_]{1,40}")
_CAUSED_BY: Final = re.compile(r"(?m)^(?:Caused by: )?([A-Za-z_$][\w.$]{0,200})(?::|$)", re.ASCII)
_LONGEST_NUMBER: Final = 18


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Position of a record in the dead-letter topic, written ``PARTITION:OFFSET``."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Return it as the commands read it."""
        return f"{self.partition}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the dead-letter topic as it is.

    Attributes:
        place: Its position.
        timestamp_ms: Its time; Connect keeps that of the original record.
        key: Key, or None.
        value: Value, or None.
        headers: Names and values of the headers, in their order.
    """

    place: Place
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    @property
    def last_headers(self) -> Mapping[str, bytes]:
        """Return the last header of each name: the sink appends its own to those of the record."""
        return {name: value for name, value in self.headers if value is not None}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a dead letter comes from. Text that does not look as Connect writes it is not taken over: it could be a value.

    Attributes:
        topic: Topic of the original record.
        partition: Its partition.
        offset: Its offset.
        connector: Sink that has set it aside.
        stage: Step of the sink that failed, such as ``VALUE_CONVERTER``.
        exception: Class of the error.
        chain: Classes of the errors behind it, outermost first.
    """

    topic: str
    partition: int
    offset: int
    connector: str
    stage: str
    exception: str
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter.

    Attributes:
        record: The record in the dead-letter topic.
        origin: Where it comes from; None for a record that Connect has not written.
        message: The error's own message and trace, which can hold values of the row.
        replays: How often the original record has been put back so far.
    """

    record: Record
    origin: Origin | None
    message: str
    replays: int

    @property
    def place(self) -> Place:
        """Return its position in the dead-letter topic."""
        return self.record.place

    @property
    def own_headers(self) -> list[tuple[str, bytes | None]]:
        """Return the headers of the original record."""
        return [header for header in self.record.headers if not header[0].startswith(CONNECT_HEADERS) and header[0] != REPLAYS_HEADER]

    @property
    def cause(self) -> tuple[str, str]:
        """Return the stage and the class of the error, without its package."""
        if self.origin is None:
            return "", ""
        return self.origin.stage, self.origin.exception.rpartition(".")[2]


def letter(record: Record) -> Letter:
    """Read a dead letter; nothing in a record makes this fail, since anybody may have written it."""
    headers = record.last_headers
    texts = {
        name.removeprefix(CONNECT_HEADERS): value.decode(errors="replace")
        for name, value in headers.items()
        if name.startswith(CONNECT_HEADERS)
    }
    trace = texts.get("exception.stacktrace", "")
    message = "\n".join(part for part in (texts.get("exception.message", ""), trace) if part)
    return Letter(record, _origin(texts, trace), message, _number(headers.get(REPLAYS_HEADER, b"0").decode(errors="replace")) or 0)


def _origin(texts: Mapping[str, str], trace: str) -> Origin | None:
    topic, partition, offset = texts.get("topic", ""), _number(texts.get("partition", "")), _number(texts.get("offset", ""))
    if not _TOPIC.fullmatch(topic) or partition is None or offset is None:
        return None
    return Origin(
        topic,
        partition,
        offset,
        _shaped(_TOPIC, texts.get("connector.name", "")),
        _shaped(_STAGE, texts.get("stage", "")),
        _shaped(_CLASS, texts.get("exception.class.name", "")),
        tuple(found[1] for found in _CAUSED_BY.finditer(trace) if "." in found[1]),
    )


def _shaped(pattern: re.Pattern[str], text: str) -> str:
    return text if pattern.fullmatch(text) else _HIDDEN


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None
