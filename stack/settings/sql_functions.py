"""Functions of SQL that a default or a check may call: their arguments, the type of their result, and what others need."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from stack.settings.sql_operators import LITERAL, Typed
from stack.settings.sql_tokens import SqlError
from stack.settings.sql_types import takes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Signature = tuple[str, ...]

_TABLE = Path(__file__).parent / "sql_functions.txt"
# Functions beside those of the table: their value changes within a statement, or the grammar has them.
_BESIDE: Mapping[str, tuple[Signature, ...]] = {
    "clock_timestamp": (("timestamptz",),),
    "gen_random_uuid": (("uuid",),),
    "random": (("float",),),
    "timeofday": (("text",),),
    # words of the grammar, the first of which calls btrim
    "trim": (("text", "text"), ("text", "text", "text")),
    "overlay": (("text", "text", "int", "text"), ("text", "text", "int", "int", "text")),
    "position": (("text", "text", "int"),),
    # what SIMILAR TO becomes in the output of pg_dump
    "similar_to_escape": (("text", "text"), ("text", "text", "text")),
}
# Functions with any number of arguments of any type, each with the type of its result.
_OF_ANY = {"concat": "text", "concat_ws": "text", "format": "text", "num_nonnulls": "int", "num_nulls": "int"}
_FIRST_IS_TEXT = {"concat_ws", "format"}
_SAME = {"coalesce", "greatest", "least"}
# What PostgreSQL makes of an argument by itself.
_WIDER = {
    "int": {"int", "numeric", "float"},
    "numeric": {"numeric", "float"},
    "date": {"date", "timestamp", "timestamptz"},
    "timestamp": {"timestamp", "timestamptz"},
}
# The types that PostgreSQL prefers where several fit.
_PREFERRED = {"float", "timestamptz", "text", "bool", "interval"}
# Words of the grammar for which there is no function of that name.
_WORDS = {*_SAME, "cast", "extract", "nullif", "trim"}
_USE_UUID = "write gen_random_uuid(), which needs no extension"
# Functions of extensions, which the program does not create, and of objects that a preview does not know.
_ELSEWHERE = {
    **{f"uuid_generate_{version}": f"is a function of uuid-ossp; {_USE_UUID}" for version in ("v1", "v1mc", "v3", "v4", "v5")},
    **{f"uuid_{name}": f"is a function of uuid-ossp; {_USE_UUID}" for name in ("nil", "ns_dns", "ns_url")},
    **dict.fromkeys(
        ("armor", "crypt", "digest", "gen_random_bytes", "gen_salt", "hmac", "pgp_sym_decrypt", "pgp_sym_encrypt"),
        f"is a function of pgcrypto, an extension that the program does not create; for a random value {_USE_UUID}, for a digest md5()",
    ),
    **dict.fromkeys(("similarity", "unaccent"), "is a function of an extension that the program does not create; remove it"),
    "nextval": "needs a sequence that the program does not create; set identity: true on the column",
    "uuidv7": f"is a function of PostgreSQL 18; {_USE_UUID}",
}


@functools.cache
def _functions() -> Mapping[str, tuple[Signature, ...]]:
    """Return the signatures of each function: the families of its arguments, and of its result as the last."""
    found: dict[str, list[Signature]] = {name: list(signatures) for name, signatures in _BESIDE.items()}
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            name, _, rest = line.partition("(")
            arguments, _, result = rest.partition("): ")
            found.setdefault(name, []).append((*(one for one in arguments.split(", ") if one), result))
    return {name: tuple(signatures) for name, signatures in found.items()}


def is_known(name: str) -> bool:
    """Return whether a function is one of PostgreSQL's own that a default or a check may call: it changes nothing."""
    return name in _functions() or name in _OF_ANY


def called_by_name(name: str, given: Sequence[Typed]) -> Typed:
    """Return the type of the result of a function whose name is in quotes, as ``pg_dump`` writes one that is a word of the grammar.

    Raises:
        SqlError: For a word of the grammar that is no function, and as ``called`` does.
    """
    if name in _WORDS:
        message = f'"{name}"() in quotes is no function'
        raise SqlError(message)
    return called(name, given)


def called(name: str, given: Sequence[Typed]) -> Typed:
    """Return the type of a function's result.

    Raises:
        SqlError: For a function that is not known, or other arguments than it takes.
    """
    if name in _SAME and given:
        kind = next((one.kind for one in given if one.kind not in {LITERAL, "null"}), "text")
        return Typed(max(one.as_(kind) for one in given))
    if name in _OF_ANY and given:
        if name in _FIRST_IS_TEXT:
            _fit(name, given[:1], ("text", ""))
        return Typed(_OF_ANY[name])
    if name in _ELSEWHERE:
        message = f"{name}() {_ELSEWHERE[name]}"
        raise SqlError(message)
    signatures = [one for one in _functions().get(name, ()) if len(one) == len(given) + 1]
    if not signatures:
        message = f"{name}() with {len(given)} argument(s) is no function that a preview knows"
        raise SqlError(message)
    fitting = [one for one in signatures if all(map(_takes, given, one))]
    if not fitting:
        _fit(name, given, signatures[0])
    _refuse_choice(name, given, [one for one in signatures if all(map(_may_take, given, one))])
    return Typed(_best(given, fitting)[-1])


def _takes(one: Typed, wanted: str) -> bool:
    if wanted == "int" and one.kind in {LITERAL, "null"}:
        return False  # the server may have a form for each of its types of whole numbers, and cannot choose
    if one.kind == "null":
        return True
    return takes(wanted, one.literal or "") if one.kind == LITERAL else wanted in _WIDER.get(one.kind, {one.kind})


def _may_take(one: Typed, wanted: str) -> bool:
    return one.kind in {LITERAL, "null"} or _takes(one, wanted)


def _fit(name: str, given: Sequence[Typed], signature: Signature) -> None:
    """Refuse the first argument that does not fit."""
    for one, wanted in zip(given, signature, strict=False):
        if not _takes(one, wanted):
            message = f"{name}() takes no value of type {one.kind}" if one.kind != LITERAL else f"{one.literal!r} is no {wanted}"
            raise SqlError(message)


def _best(given: Sequence[Typed], fitting: Sequence[Signature]) -> Signature:
    """Return the signature that PostgreSQL chooses: most arguments as they are, then most of preferred types (Documentation, 10.3)."""

    def rank(signature: Signature) -> tuple[int, int]:
        as_they_are = sum(one.kind == wanted for one, wanted in zip(given, signature, strict=False))
        preferred = sum(wanted in _PREFERRED for one, wanted in zip(given, signature, strict=False) if one.kind != wanted)
        return as_they_are, preferred

    return max(fitting, key=rank)


def _refuse_choice(name: str, given: Sequence[Typed], possible: Sequence[Signature]) -> None:
    """Refuse a value without a type where forms differ and none takes text, which PostgreSQL would choose first."""
    for place, one in enumerate(given):
        wanted = {signature[place] for signature in possible}
        if one.kind in {LITERAL, "null"} and len(wanted) > 1 and "text" not in wanted:
            message = f"PostgreSQL cannot choose between the forms of {name}(): cast its argument, for example '…'::{min(wanted)}"
            raise SqlError(message)
