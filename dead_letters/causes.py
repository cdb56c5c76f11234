"""Causes in words: what made the sink set a record aside, and what to do next. Pure, and without any text of the error itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dead_letters.letter import Letter


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause.

    Attributes:
        words: What happened.
        step: What to do next.
    """

    words: str
    step: str


_STRANGER: Final = Cause("nothing says where it comes from: Connect did not write it", "find out who writes to this topic, then drop it")
_REPAIR: Final = "mend that, then replay it"
# Texts that only Kafka's and Confluent's own code writes into a trace, and what each means
_TOLD: Final = (
    ("Unknown magic byte", Cause("its bytes are no Avro", "find out who writes such records to the topic, then drop it")),
    (
        "error code: 40403",
        Cause("the registry did not know its schema", "register the schema again, or restore the registry, then replay it"),
    ),
    (
        "error code: 40401",
        Cause("the registry did not know its subject", "register the schema again, or restore the registry, then replay it"),
    ),
    (
        "Could not find class",
        Cause("its schema names a Java class that the worker lacks", "find out who writes such records to the topic, then drop it"),
    ),
)
_STAGES: Final = {
    "KEY_CONVERTER": Cause("its key could not be decoded", "see below what the registry says today; " + _REPAIR + ", or drop it"),
    "VALUE_CONVERTER": Cause("its value could not be decoded", "see below what the registry says today; " + _REPAIR + ", or drop it"),
    "HEADER_CONVERTER": Cause("one of its headers could not be decoded", "find out who writes such headers, then drop it"),
    "TRANSFORMATION": Cause("a transform of the sink failed", "compare its schema with the table and the sink's transforms; " + _REPAIR),
    "TASK_PUT": Cause("the sink could not write it", "compare its schema with the archive's table; " + _REPAIR),
}
_OTHER: Final = Cause("the sink failed at it", "'show --values' shows the error; " + _REPAIR)


def cause(letter: Letter) -> Cause:
    """Return the cause of a letter."""
    if letter.origin is None:
        return _STRANGER
    told = [found for text, found in _TOLD if text in letter.message]
    return told[0] if told else _STAGES.get(letter.origin.stage, _OTHER)
