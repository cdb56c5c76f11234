"""Expressions in CEL whose value follows from themselves and a few known facts; any other part may have any value."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from policy.cel_tokens import LITERALS, tokens


class Open:
    """A value that only a request tells."""


OPEN: Final = Open()
_RELATIONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LITERALS: Final = {"true": True, "false": False, "null": None}
_ON_TEXT: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": lambda text, part: part in text,
}
# Longest expression that is read, in characters, and deepest nesting; beyond them it may have any value
_LONGEST: Final = 10_000
_DEEPEST: Final = 60


def value(expression: str, facts: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any value of CEL
    """Return the value of an expression; ``OPEN`` where it depends on what is not known, or cannot be read.

    Args:
        expression: The expression.
        facts: Known values by the names of variables, of which maps are not complete.
    """
    if len(expression) > _LONGEST:
        return OPEN
    try:
        reader = _Reader(tokens(expression), facts)
        found = reader.choice()
        return found if reader.at == len(reader.tokens) else OPEN
    except (ValueError, IndexError, TypeError, KeyError, RecursionError):
        return OPEN


class _Reader:
    """Reads an expression and computes it in one go."""

    def __init__(self, tokens: list[tuple[str, str]], facts: Mapping[str, Any]) -> None:
        self.tokens, self.facts, self.at, self.depth = tokens, facts, 0, 0

    def sign(self, *signs: str) -> str:
        """Take one of some signs; empty where another one stands."""
        if self.at < len(self.tokens) and self.tokens[self.at][1] in signs and self.tokens[self.at][0] != "text":
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def must(self, sign: str) -> None:
        if not self.sign(sign):
            message = f"{sign} is missing"
            raise ValueError(message)

    def choice(self) -> Any:  # noqa: ANN401 - any value of CEL
        self.depth += 1
        if self.depth > _DEEPEST:
            message = "too deep"
            raise ValueError(message)
        found = self.either()
        if self.sign("?"):
            first = self.choice()
            self.must(":")
            second = self.choice()
            same = first is second or (not isinstance(first, Open) and not isinstance(second, Open) and first == second)
            found = first if found is True or same else second if found is False else OPEN
        self.depth -= 1
        return found

    def either(self) -> Any:  # noqa: ANN401 - any value of CEL
        return self.joined("||", self.both, decides=True)

    def both(self) -> Any:  # noqa: ANN401 - any value of CEL
        return self.joined("&&", self.relation, decides=False)

    def joined(self, sign: str, part: Callable[[], Any], *, decides: bool) -> Any:  # noqa: ANN401 - any value of CEL
        """Read parts between signs, of which one that has the deciding value decides, whatever the others are."""
        parts = [part()]
        while self.sign(sign):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        if any(one is decides for one in parts):
            return decides
        return not decides if all(one is (not decides) for one in parts) else OPEN

    def relation(self) -> Any:  # noqa: ANN401 - any value of CEL
        begin = self.at
        first = self.sum()
        while sign := self.sign(*_RELATIONS, "in"):
            middle = self.at
            second = self.sum()
            if sign == "in":
                known = (
                    not isinstance(first, Open) and isinstance(second, (list, Mapping)) and not any(isinstance(one, Open) for one in second)
                )
                first = first in second if known or second == [] else OPEN
            elif isinstance(first, (Open, Mapping)) or isinstance(second, (Open, Mapping)):
                # a value is the same as itself, whatever it is
                same = self.tokens[begin : middle - 1] == self.tokens[middle : self.at]
                first = sign in {"==", "<=", ">="} if same else OPEN
            elif isinstance(first, bool) != isinstance(second, bool) or (isinstance(first, str) != isinstance(second, str)):
                first = {"==": False, "!=": True}.get(sign, OPEN)
            else:
                first = _RELATIONS[sign](first, second)
        return first

    def sum(self) -> Any:  # noqa: ANN401 - any value of CEL
        found = self.unary()
        while sign := self.sign("+", "-", "*", "/", "%"):
            more = self.unary()
            # only texts are put together: policies compute with nothing that is known
            found = found + more if sign == "+" and isinstance(found, str) and isinstance(more, str) else OPEN
        return found

    def unary(self) -> Any:  # noqa: ANN401 - any value of CEL
        if self.sign("!"):
            found = self.unary()
            return not found if isinstance(found, bool) else OPEN
        if self.sign("-"):
            found = self.unary()
            return -found if isinstance(found, (int, float)) else OPEN
        return self.member()

    def member(self) -> Any:  # noqa: ANN401 - any value of CEL
        found = self.primary()
        while sign := self.sign(".", "?.", "[", "[?"):
            if sign in {"[", "[?"}:
                key = self.choice()
                self.must("]")
                found = _inside(found, key)
                continue
            name = self.name()
            found = self.called(name, found) if self.sign("(") else _inside(found, name)
        return found

    def name(self) -> str:
        kind, name = self.tokens[self.at]
        if kind != "name":
            message = "a name is missing"
            raise ValueError(message)
        self.at += 1
        return name

    def arguments(self, end: str = ")") -> list[Any]:
        found: list[Any] = []
        while not self.sign(end):
            found.append(self.choice())
            if not self.sign(","):
                self.must(end)
                break
        return found

    def called(self, name: str, on: object) -> Any:  # noqa: ANN401 - any value of CEL
        arguments = self.arguments()
        known = isinstance(on, str) and len(arguments) == 1 and isinstance(arguments[0], str)
        if name in _ON_TEXT and known:
            return _ON_TEXT[name](str(on), arguments[0])
        if name == "size" and isinstance(on, (str, list)):
            return len(on)
        if name in {"all", "exists"} and arguments:
            empty, each = on == [], arguments[-1]
            if empty or each is (name == "all"):
                return name == "all"
            return each if isinstance(on, list) and isinstance(each, bool) else OPEN
        return OPEN

    def primary(self) -> Any:  # noqa: ANN401 - any value of CEL
        if self.sign("("):
            found = self.choice()
            self.must(")")
            return found
        if self.sign("["):
            return self.arguments("]")
        if self.sign("{"):
            while not self.sign("}"):
                self.choice()
                self.sign(":", ",")
            return OPEN
        self.sign(".")
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind in LITERALS:
            return LITERALS[kind](text)
        if kind != "name":
            message = "a value is missing"
            raise ValueError(message)
        return self.named(text)

    def named(self, name: str) -> Any:  # noqa: ANN401 - any value of CEL
        if not self.sign("("):
            return _LITERALS[name] if name in _LITERALS else self.facts.get(name, OPEN)
        (found, *more) = self.arguments() or [OPEN]
        if name == "size" and isinstance(found, (str, list)) and not more:
            return len(found)
        # a field whose value is known is there
        if name == "has" and not isinstance(found, (Open, Mapping)):
            return True
        return found if name in {"dyn", "string"} and isinstance(found, str) else OPEN


def _inside(found: object, key: object) -> Any:  # noqa: ANN401 - any value of CEL
    if isinstance(found, Mapping):
        return found.get(key, OPEN) if isinstance(key, str) else OPEN
    if isinstance(found, list) and isinstance(key, int) and not isinstance(key, bool) and 0 <= key < len(found):
        return found[key]
    return OPEN
