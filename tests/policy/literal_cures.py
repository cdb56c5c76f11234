"""Cures of single keys, followed to the letter: set a value, remove the key, write another one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.policy.judging import copied

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policy.declared import Declared
    from policy.rule import Violation
    from stack.problem import Problem

# Sentences, each with the value that they name; a key without a value is removed, and a key may be renamed
_SET: Final = re.compile(r"set (?:'([^']*)'|([\w.:/+-]+))(?:$|[;,]| or (?:more|less)\b)")
_RANGE: Final = re.compile(r"(?:set a number from|use) (-?\d+)(?: to -?\d+| or (?:more|less))")
_RENAME: Final = re.compile(r"(?:did you mean|write) ([a-z][\w.-]+\.[\w.-]+|[a-z]+_[a-z_]+)\b\??(?: \(|$)")
_REMOVE: Final = re.compile(r"remove it\b")


def change(cure: str) -> Callable[[str, str], tuple[str, str] | None] | None:
    """Return what a cure says about a key and its value: key and value afterwards, None for a removed key; None if it names neither."""
    renamed, ranged, valued = _RENAME.match(cure), _RANGE.match(cure), _SET.match(cure)
    if renamed:
        return lambda _key, value: (renamed[1], value)
    if ranged:
        return lambda key, _value: (key, ranged[1])
    if valued:
        return lambda key, _value: (key, valued[1] or valued[2])
    return (lambda _key, _value: None) if _REMOVE.match(cure) else None


def followed(resources: Sequence[Declared], violation: Violation) -> list[Declared] | None:
    """Return a stack in which the cure of one key is followed; None if the cure or the key is not to be followed to the letter."""
    says, key = change(violation.problem.cure), violation.problem.key
    if says is None or not key:
        return None
    (target,) = [one for one in resources if one.urn == violation.urn]
    (fresh,) = copied([target])
    inputs: Any = fresh.inputs
    files = inputs.get("data") or {}
    if not _in_mapping(inputs.get("config"), key, says) and not any(_in_file(files, file, violation.problem, says) for file in files):
        return None
    return [fresh if one is target else one for one in resources]


def _in_mapping(config: Any, key: str, says: Callable[[str, str], tuple[str, str] | None]) -> bool:
    if not isinstance(config, dict) or key not in config:
        return False
    after = says(key, str(config.pop(key)))
    if after is not None:
        config[after[0]] = after[1]
    return True


def _in_file(files: Any, file: str, problem: Problem, says: Callable[[str, str], tuple[str, str] | None]) -> bool:
    """Follow a cure in a file that has the key with the refused value; of several brokers, one may differ."""
    lines = re.compile(rf"^{re.escape(problem.key)}(\s*=\s*)(.*)$", re.MULTILINE)
    text = files[file]
    found = lines.search(text) if isinstance(text, str) else None
    if not found or found[2].strip("'") != str(problem.value).strip("'"):
        return False
    after = says(problem.key, found[2])
    files[file] = lines.sub(lambda _line: f"{after[0]}{found[1]}{after[1]}" if after else "", text)
    return True
