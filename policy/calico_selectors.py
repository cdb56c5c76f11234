"""Selectors of Calico, as text (``app == 'web' && has(team)``), by meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_TOKEN = re.compile(
    r"""\s{0,100}(?:(?P<sign>&&|\|\||==|!=|[!(){},])|(?P<text>"[^"]{0,300}"|'[^']{0,300}')|(?P<word>[\w./-]{1,320}))""",
    re.ASCII,
)
# A longer selector counts as one that may select everything
_LONGEST = 2000
_DEEPEST = 50
_EVERYTHING = {"all", "global"}
_BY_TEXT: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda label, part: part in label,
    "starts": str.startswith,
    "ends": str.endswith,
}


@dataclass(frozen=True)
class Selector:
    """A condition on labels: one comparison, or a combination of others.

    Attributes:
        form: ``and``, ``or``, ``not``, ``all``, ``has``, ``in``, ``contains``, ``starts`` or ``ends``.
        parts: Conditions that are combined.
        key: Label of a comparison.
        values: Values of a comparison.
    """

    form: str
    parts: tuple[Selector, ...] = ()
    key: str = ""
    values: tuple[str, ...] = ()


def parse(text: object) -> Selector | None:
    """Return the condition of a selector, one that everything fulfils for an absent one, and None for one that cannot be read."""
    if text is None or text == "":
        return Selector("all")
    if not isinstance(text, str) or len(text) > _LONGEST:
        return None
    try:
        reader = _Reader(list(_tokens(text)))
        return reader.whole()
    except ValueError:
        return None


def may_select(selector: Selector | None, labels: Mapping[str, object]) -> bool:
    """Return whether a condition holds, or may hold, for labels; an unknown label may have every value."""
    return selector is None or _holds(selector, labels) is not False


def restricts(selector: Selector | None, always: frozenset[str] = frozenset(), *, denied: bool = False) -> bool:
    """Return whether a condition requires something: a label or value; an exclusion still selects nearly everything.

    Args:
        selector: A condition.
        always: Labels that everything has.
        denied: The condition is to be read as its contrary.
    """
    if selector is None:
        return False
    if selector.form == "not":
        return restricts(selector.parts[0], always, denied=not denied)
    if selector.form in {"and", "or"}:
        every = (selector.form == "or") != denied
        return (all if every else any)(restricts(part, always, denied=denied) for part in selector.parts)
    return not denied and selector.form != "all" and not (selector.form == "has" and selector.key in always)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError
        at = found.end()
        kind = str(found.lastgroup)
        yield kind, found[kind][1:-1] if kind == "text" else found[kind]


class _Reader:
    """Reader of one selector, from left to right; raises ValueError where it is none."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Selector:
        found = self._either()
        if self._at != len(self._tokens):
            raise ValueError
        return found

    def _next(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise ValueError
        self._at += 1
        return self._tokens[self._at - 1]

    def _takes(self, token: str) -> bool:
        taken = self._at < len(self._tokens) and self._tokens[self._at] in {("sign", token), ("word", token)}
        self._at += taken
        return taken

    def _must(self, token: str) -> None:
        if not self._takes(token):
            raise ValueError

    def _either(self) -> Selector:
        parts = [self._both()]
        while self._takes("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Selector("or", tuple(parts))

    def _both(self) -> Selector:
        parts = [self._one()]
        while self._takes("&&"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else Selector("and", tuple(parts))

    def _one(self) -> Selector:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError
        found = self._inner()
        self._depth -= 1
        return found

    def _inner(self) -> Selector:
        if self._takes("!"):
            return Selector("not", (self._one(),))
        if self._takes("("):
            found = self._either()
            self._must(")")
            return found
        kind, word = self._next()
        if kind != "word":
            raise ValueError
        if word in {*_EVERYTHING, "has"} and self._takes("("):
            key = self._next()[1] if word == "has" else ""
            self._must(")")
            return Selector("has", key=key) if word == "has" else Selector("all")
        return self._comparison(word)

    def _comparison(self, key: str) -> Selector:
        if self._takes("not"):
            self._must("in")
            return Selector("not", (Selector("in", key=key, values=self._set()),))
        _, sign = self._next()
        if sign == "in":
            return Selector("in", key=key, values=self._set())
        if sign in {"starts", "ends"}:
            self._must("with")
        elif sign not in {"==", "!=", "contains"}:
            raise ValueError
        kind, value = self._next()
        if kind != "text":
            raise ValueError
        if sign in {"==", "!="}:
            same = Selector("in", key=key, values=(value,))
            return same if sign == "==" else Selector("not", (same,))
        return Selector(sign, key=key, values=(value,))

    def _set(self) -> tuple[str, ...]:
        self._must("{")
        values: list[str] = []
        while not self._takes("}"):
            values.append(self._next()[1])
            self._takes(",")
        return tuple(values)


def _holds(selector: Selector, labels: Mapping[str, object]) -> bool | None:
    """Return whether a condition holds for labels, None if that depends on an unknown one."""
    if selector.form in {"and", "or"}:
        decides = selector.form == "or"
        parts = [_holds(part, labels) for part in selector.parts]
        return decides if decides in parts else None if None in parts else not decides
    if selector.form == "not":
        held = _holds(selector.parts[0], labels)
        return None if held is None else not held
    return selector.form == "all" or _compares(selector, labels.get(selector.key))


def _compares(selector: Selector, value: object) -> bool | None:
    if isinstance(value, Unknown):
        return None
    if value is None or selector.form == "has":
        return value is not None
    return str(value) in selector.values if selector.form == "in" else _BY_TEXT[selector.form](str(value), selector.values[0])
