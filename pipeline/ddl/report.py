"""Verdicts as lines for people, and as plain values for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.ddl.judge import exit_code
from pipeline.ddl.subjects import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.ddl.judge import Judged
    from pipeline.ddl.stack import Stack
    from pipeline.ddl.subjects import Subject
    from pipeline.ddl.verdict import Verdict

_SHOWN: Final = 200
_SUMMARY: Final = {
    0: "It follows by itself.",
    1: "Not before the steps above: it needs them, or stops or loses something.",
    2: "Not all of it can be judged: what is unknown is named above.",
}


def lines(stack: Stack, judged: Sequence[Judged]) -> Iterator[str]:
    """Yield the report for people."""
    kind = "its own database" if stack.is_managed else "an existing database"
    yield f"Stack {stack.name}: {kind}, {len(stack.tables)} captured tables, registry at level {stack.level}{_assumed(stack)}"
    for one in judged:
        yield ""
        yield f"{one.statement.number}. {_short(one.statement.text)}"
        for verdict in one.verdicts:
            yield from _verdict(verdict)
    yield ""
    yield _SUMMARY[exit_code(list(judged))]


def _assumed(stack: Stack) -> str:
    return "" if stack.level_is_told else " (assumed: an existing registry has its own; --level says which)"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]} …"


def _verdict(verdict: Verdict) -> Iterator[str]:
    place = f"{verdict.table}: " if verdict.table else ""
    yield f"   {verdict.outcome.title.upper()}  {place}{verdict.what}"
    for sentence in verdict.reason:
        yield f"     {sentence}"
    for number, step in enumerate(verdict.steps, start=1):
        yield f"     step {number}: {step}"
    for subject in verdict.subjects:
        yield from (f"     {line}" for line in _subject(subject))
    for title, parts in (("archive", verdict.archive), ("PostgreSQL", verdict.database), ("model", verdict.model)):
        yield from (f"     {title}: {part}" for part in parts)


def _subject(subject: Subject) -> Iterator[str]:
    if subject.answer is Answer.SAME:
        yield f"registry: {subject.name}: unchanged"
        return
    takes = f"; {subject.least} takes it" if subject.answer is Answer.REFUSED else ""
    yield f"registry: {subject.name}: {subject.answer.value} at level {subject.level}{takes}"
    for name, before, after in subject.changed:
        yield f"  {name}: {_field(before)} -> {_field(after)}"
    for conflict in subject.conflicts:
        yield f"  {conflict.field or 'schema'}: {'BACKWARD' if conflict.backward else 'FORWARD'}: {conflict.reason}"


def _field(field: Any) -> str:  # noqa: ANN401 - a field of an Avro schema
    if field is None:
        return "none"
    kind = field["type"]
    types = kind if isinstance(kind, list) else [kind]
    shown = " or ".join(str(one.get("logicalType", one["type"])) + _digits(one) if isinstance(one, dict) else one for one in types)
    return f"{shown} with a default" if "default" in field else shown


def _digits(schema: dict[str, Any]) -> str:
    return f"({schema['precision']},{schema['scale']})" if "precision" in schema else ""


def values(stack: Stack, judged: Sequence[Judged]) -> dict[str, Any]:
    """Return the report for programs."""
    return {
        "stack": stack.name,
        "level": str(stack.level),
        "levelIsAssumed": not stack.level_is_told,
        "exitCode": exit_code(list(judged)),
        "statements": [
            {
                "number": one.statement.number,
                "statement": one.statement.text,
                "exitCode": one.exit_code,
                "verdicts": [_values(verdict) for verdict in one.verdicts],
            }
            for one in judged
        ],
    }


def _values(verdict: Verdict) -> dict[str, Any]:
    return {
        "action": verdict.what,
        "table": verdict.table,
        "outcome": verdict.outcome.name.lower(),
        "reason": list(verdict.reason),
        "steps": list(verdict.steps),
        "registry": [
            {
                "subject": subject.name,
                "level": str(subject.level),
                "answer": subject.answer.name.lower(),
                "before": subject.before,
                "after": subject.after,
                "conflicts": [
                    {"field": one.field, "direction": "backward" if one.backward else "forward", "reason": one.reason}
                    for one in subject.conflicts
                ],
                "leastLevel": str(subject.least),
            }
            for subject in verdict.subjects
        ],
        "archive": list(verdict.archive),
        "database": list(verdict.database),
        "model": list(verdict.model),
    }
