"""Wrong values of a stack file as problems: Pydantic's errors in the words of the settings, each with a cure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel

from stack.configs.credentials.values import looks_random
from stack.configs.nearest import nearest
from stack.configs.secrecy import HIDDEN, shown, told
from stack.problem import Problem
from stack.settings.model import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

_LONGEST_VALUE: Final = 100
_LONGEST_JUDGED: Final = 10_000
# Length of the place of one table: source, tables, its number.
_A_TABLE: Final = 3
# What a setting must be instead: by Pydantic's kind of error, rule and cure with the limits of the field.
_WORDS: Final = {
    "string_type": ("must be text", "write it in quotes"),
    "string_unicode": ("must be text of Unicode characters", "write others"),
    "int_type": ("must be a whole number", "write digits without quotes"),
    "int_from_float": ("must be a whole number", "write digits without a point"),
    "bool_type": ("must be true or false", "write one of them"),
    "greater_than": ("must be greater than {gt}", "raise it"),
    "greater_than_equal": ("must be greater than or equal to {ge}", "set it to {ge} or more"),
    "less_than_equal": ("must be less than or equal to {le}", "set it to {le} or less"),
    "too_short": ("must have at least {min_length} item(s)", "add one"),
    "too_long": ("must have at most {max_length} items", "remove the others"),
    "string_too_short": ("must have at least {min_length} characters", "write more"),
    "string_too_long": ("must have at most {max_length} characters", "shorten it"),
    "tuple_type": ("must be a list", "write each item on a line that begins with '-'"),
    "dict_type": ("must be a section of keys", "write each key on a line of its own below it"),
    "model_type": ("must be a section of keys", "write each key on a line of its own below it"),
}
# What may stand in the place of a number or a switch and is shown: an amount, a switch; any other word may be a misplaced credential
_AMOUNT: Final = re.compile(r"(?i)[-+]?[\d.,_]{1,20}\s?[a-z%]{0,3}|true|false|yes|no|on|off|none|null|auto|~|")
# A sign that names, addresses and amounts do not have, beside letters
_SIGN: Final = re.compile(r"(?=.*[A-Za-z])[^\s]*[!#$^&*?€§][^\s]*")
_SECTIONS: Final = {"tuple_type", "dict_type", "model_type"}
_CONTAINERS: Final = {dict: "a section of keys", list: "a list", str: "text", bool: "true or false"}


def problem_of(item: ErrorDetails) -> Problem:
    """Return one error of Pydantic as a problem."""
    kind, place = item["type"], [part for part in item["loc"] if part != "[key]"]
    path = path_of(place)
    if kind == "extra_forbidden":
        return _not_a_setting(place, path)
    if kind == "missing":
        return Problem(path=path, rule="is missing and has no default", cure=f"add it; docs/settings.md describes {path}")
    limits = item.get("ctx", {})
    cause = limits.get("error")
    if isinstance(cause, ValueError):
        return Problem(path=path, rule=told(str(cause)), value=_shown(place, item["input"]))
    if kind == "literal_error":
        return _not_one_of(place, item["input"], str(limits["expected"]))
    rule, cure = _WORDS.get(kind, (item["msg"], "see docs/settings.md"))
    if kind == "string_type" and isinstance(item["input"], dict | list):
        cure = "write a text"
    written = _kind(item["input"]) if kind in _SECTIONS else _shown(place, item["input"], amount=kind != "string_type")
    return Problem(path=path, rule=rule.format(**limits), cure=cure.format(**limits), value=written)


def path_of(place: Sequence[int | str]) -> str:
    """Return the path of a setting; a key that no terminal can show is escaped."""
    parts = [(told(str(part)[:_LONGEST_JUDGED]) if isinstance(part, str) else str(part))[:_LONGEST_VALUE] for part in place]
    return ".".join(text if text.isprintable() else repr(text)[1:-1] for text in parts)


def only_reflects_items(problem: ErrorDetails, others: Sequence[ErrorDetails]) -> bool:
    """Return whether "too short" only reflects invalid items, which have errors themselves: Pydantic counts valid items only."""
    place = problem["loc"]
    return problem["type"] == "too_short" and any(
        len(other["loc"]) > len(place) and other["loc"][: len(place)] == place for other in others
    )


def _shown(place: Sequence[int | str], value: Any, *, amount: bool = False) -> str | None:  # noqa: ANN401 - any value of a stack file
    """Return a single value for a message, or None where it may be a credential or is a whole section.

    Args:
        place: Keys down to the value.
        value: The value.
        amount: Whether the setting is a number or a switch, so that a word in its place is not known to be harmless.
    """
    if not place or place[0] == "rotation" or (isinstance(value, dict | list | tuple) and value):
        return None  # a word of rotation is easily taken for the password itself
    if list(place[:2]) == ["source", "tables"] and len(place) <= _A_TABLE:
        return None  # the path of any file may be given, also of one with credentials
    text = str(value)[:_LONGEST_JUDGED]
    if isinstance(value, str) and (looks_random(text) or _SIGN.fullmatch(text) or (amount and not _AMOUNT.fullmatch(text))):
        return None
    written = repr(value)[: _LONGEST_VALUE + 2]
    # judged whole, since the beginning of a credential says nothing by itself
    secret = shown(path_of(place), text) == HIDDEN or "@" in text.partition("@sha256:")[0] or told(text) != text
    return None if secret else written


def _kind(value: Any) -> str:  # noqa: ANN401 - any value of a stack file
    """Return what stands where a section was expected; the value itself may be a credential."""
    return next((words for kind, words in _CONTAINERS.items() if isinstance(value, kind)), "a number")


def _not_one_of(place: Sequence[int | str], value: Any, expected: str) -> Problem:  # noqa: ANN401 - any value of a stack file
    words = [word for word in expected.split("'") if word.strip() and word.strip() not in {",", "or"}]
    near = nearest(value, words)
    cure = f"did you mean {near}?" if near else f"write {words[0]}" if len(words) == 1 else "write one of them"
    return Problem(path=path_of(place), rule=f"must be one of {', '.join(words)}", cure=cure, value=_shown(place, value, amount=not near))


def _not_a_setting(place: Sequence[int | str], path: str) -> Problem:
    """Return the problem of an unknown key, with the most similar key of its section."""
    section: type[BaseModel] | None = Settings
    for part in place[:-1]:
        section = section_below(section, part)
    known = [field.alias or name for name, field in section.model_fields.items()] if section else []
    near = nearest(place[-1], known)
    cure = f"did you mean {near}?" if near else "check the spelling, or see docs/settings.md"
    return Problem(path=path, rule="is not a setting", cure=cure, meant=near)


def section_below(section: type[BaseModel] | None, part: int | str) -> type[BaseModel] | None:
    """Return the section below a key of a section, or for a list the section of its entries."""
    if section is None or isinstance(part, int):
        return section
    fields = {field.alias or name: field.annotation for name, field in section.model_fields.items()}
    candidates = [fields.get(part), *get_args(fields.get(part))]
    return next((item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)), None)
