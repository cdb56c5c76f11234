"""Values of PostgreSQL's parameters as the server reads them: numbers with units, counts, and its own defaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.configs.keys import in_lower_case
from stack.configs.postgres_numbers import BYTES, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.configs.keys import Key


class ParameterError(ValueError):
    """A parameter whose value PostgreSQL would refuse as well, or that is unknown at preview."""


def _keys() -> Mapping[str, Key]:
    return in_lower_case("postgresql")


def is_known(name: str) -> bool:
    """Return whether the server has a parameter of this name in lower case."""
    return name in _keys()


def size(parameters: Mapping[str, str], name: str) -> int:
    """Return a parameter in bytes; negative where it means "no bound" or "the value of another parameter".

    Raises:
        ParameterError: If PostgreSQL would refuse it.
    """
    key, text = _keys()[name], _text(parameters, name)
    own = re.fullmatch(r"(\d*)([A-Za-z]+)", key.unit)
    one = int(own[1] or 1) * BYTES[own[2]] if own else 1
    number, unit = parsed(text)
    if number is None or (unit and unit not in BYTES):
        message = f"{name} is not a size that PostgreSQL accepts; write for example 128MB (the case of the unit matters)"
        raise ParameterError(message)
    given = number * (BYTES[unit] / one if unit else 1)
    _in_range(name, key, given)
    return -1 if given < 0 else round(given) * one


def count(parameters: Mapping[str, str], name: str) -> int:
    """Return a parameter that is a whole number.

    Raises:
        ParameterError: If PostgreSQL would refuse it.
    """
    return round(_number(parameters, name, "a whole number"))


def factor(parameters: Mapping[str, str], name: str) -> float:
    """Return a parameter that is a number.

    Raises:
        ParameterError: If PostgreSQL would refuse it.
    """
    return _number(parameters, name, "a number")


def _number(parameters: Mapping[str, str], name: str, what: str) -> float:
    number, unit = parsed(_text(parameters, name))
    if number is None or unit:
        message = f"{name} is not {what}"
        raise ParameterError(message)
    _in_range(name, _keys()[name], number)
    return number


def word(parameters: Mapping[str, str], name: str) -> str:
    """Return a parameter that is a word, in lower case; empty where the default is none."""
    return parameters.get(name, _keys()[name].default or "").strip().lower()


def is_on(parameters: Mapping[str, str], name: str) -> bool:
    """Return whether a switch is on; PostgreSQL takes each unique beginning of ``true`` and ``yes``."""
    text = word(parameters, name)
    return text in {"on", "1"} or (bool(text) and ("true".startswith(text) or "yes".startswith(text)))


def libraries(parameters: Mapping[str, str]) -> set[str]:
    """Return the libraries that the server loads at its start."""
    names = parameters.get("shared_preload_libraries", "").split(",")
    return {name.strip().strip('"').removeprefix("$libdir/").removesuffix(".so") for name in names if name.strip()}


def _text(parameters: Mapping[str, str], name: str) -> str:
    return parameters.get(name, _keys()[name].default or "")


def _in_range(name: str, key: Key, number: float) -> None:
    least, most = key.least, key.most
    if (least is not None and round(number) < least) or (most is not None and number > most + 0.5):
        message = f"{name} is outside the range that PostgreSQL accepts ({least:g} to {most:g}{f' of {key.unit}' if key.unit else ''})"
        raise ParameterError(message)
