"""Causes in words: what made the sink set a record aside, and what to do next. Pure; of the error itself only the name of a column."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipeline.dlq.letter import Letter


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
# Classes of the errors of the sink's own transform, see docs/adr/0028
SPECIAL_VALUE: Final = "dataingestion.connect.SpecialValueException"
UNFITTING_VALUE: Final = "dataingestion.connect.UnfittingValueException"
# That of the transform that judges rows, see docs/adr/0036
BROKEN_RULE: Final = "dataingestion.connect.BrokenRuleException"
_BROKEN: Final = re.compile(r"Row of \S{1,249} breaks ((?:[a-z_]\w{0,62}\.[A-Za-z]{1,9} ?)+)", re.ASCII)
UNAVAILABLE_VALUE: Final = "dataingestion.connect.UnavailableValueException"
_COLUMN: Final = re.compile(r"Column ([A-Za-z_]\w{0,62}) of [A-Za-z0-9._-]{1,249} holds ", re.ASCII)
_OF_A_COLUMN: Final = {
    SPECIAL_VALUE: Cause(
        "holds a value that the archive has no place for: infinity, NaN in numeric, or a time after the year 294246",
        "correct the row in the database, which sends it again, then drop this one",
    ),
    UNAVAILABLE_VALUE: Cause(
        "holds a long value that the change left as it was, and the log does not have it: the table, or its partition, was without FULL",
        "ALTER TABLE … REPLICA IDENTITY FULL, then update the row in the database, which sends it again, then drop this one",
    ),
    UNFITTING_VALUE: Cause(
        "holds a value that does not fit the column's type in the archive",
        "compare the column's type in the database with the table's model, change the model and run up, then replay it",
    ),
}
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
_RULES: Final = Cause(
    "it breaks a rule of its table",
    "correct the row in the database, which sends it again, then drop this one; or change the rule, run up, then replay it",
)
_OTHER: Final = Cause("the sink failed at it", "'show --values' shows the error; " + _REPAIR)


def cause(letter: Letter) -> Cause:
    """Return the cause of a letter."""
    if letter.origin is None:
        return _STRANGER
    if letter.origin.exception in _OF_A_COLUMN:
        found, named = _OF_A_COLUMN[letter.origin.exception], _COLUMN.search(letter.message)
        return replace(found, words=f"column {named[1]} {found.words}" if named else f"it {found.words}")
    if letter.origin.exception == BROKEN_RULE:
        rules = _BROKEN.search(letter.message)
        return replace(_RULES, words=f"{_RULES.words}: {rules[1].strip()}") if rules else _RULES
    told = [found for text, found in _TOLD if text in letter.message]
    return told[0] if told else _STAGES.get(letter.origin.stage, _OTHER)
