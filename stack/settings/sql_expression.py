"""Types of the SQL expressions in defaults and checks, as far as a preview can know them without a server.

An expression that this module does not know is refused: PostgreSQL would refuse most of them too, and its init container never ends then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.settings.sql_forms import case, collated, quantified, spoken
from stack.settings.sql_functions import called, called_by_name
from stack.settings.sql_operators import LITERAL, Typed, added, calculated, cast, comparable, joined, texts
from stack.settings.sql_tokens import Reader, SqlError
from stack.settings.sql_types import NUMBERS, TIMES, family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.sql_tokens import Token

_COMPARISONS = ("=", "<>", "!=", "<=", ">=", "<", ">")
# LIKE and ILIKE are ~~ and ~~* where pg_dump writes them
_MATCHES = ("!~~*", "!~~", "~~*", "~~", "!~*", "!~", "~*", "~")
_MOST_LEVELS = 40
_WORDS: Mapping[str, str] = {
    "current_timestamp": "timestamptz",
    "localtimestamp": "timestamp",
    "current_date": "date",
    **dict.fromkeys(("current_user", "session_user", "user", "current_role"), "text"),
    **dict.fromkeys(("true", "false"), "bool"),
}
_FIELDS = {"epoch", "year", "month", "day", "hour", "minute", "second", "dow", "doy", "week", "quarter", "century", "isodow", "isoyear"}


def default_value(reader: Reader) -> Typed:
    """Read a default, which may use no column.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    return _Parser(reader, {}, in_default=True).whole()


def check_condition(reader: Reader, columns: Mapping[str, str]) -> None:
    """Read the condition of a check, which may use the table's columns.

    Raises:
        SqlError: If PostgreSQL would refuse it.
    """
    _Parser(reader, columns).condition().as_("bool")


class _Parser:
    """Parser of an expression by precedence, lowest first."""

    def __init__(self, reader: Reader, columns: Mapping[str, str], *, in_default: bool = False) -> None:
        self._reader, self._columns, self._level, self._in_default = reader, columns, 0, in_default

    def _bracketed(self, *words: str) -> bool:
        """Move over words that PostgreSQL takes in a default only in brackets."""
        found = self._reader.skip(*words)
        if found and self._in_default and self._level == 1:
            message = f"{' '.join(words)!r} needs brackets around it all"
            raise SqlError(message)
        return found

    def whole(self) -> Typed:
        typed = self.condition()
        if self._reader.next is not None:
            message = f"{self._reader.next.text!r} is out of place"
            raise SqlError(message)
        return typed

    def condition(self) -> Typed:
        self._level += 1
        if self._level > _MOST_LEVELS:
            message = "it has too many levels"
            raise SqlError(message)
        typed = self._negated()
        while self._bracketed("and") or self._bracketed("or"):
            typed.as_("bool")
            self._negated().as_("bool")
            typed = Typed("bool")
        self._level -= 1
        return typed

    def _negated(self) -> Typed:
        if not self._bracketed("not"):
            return self._comparison()
        self._negated().as_("bool")
        return Typed("bool")

    def _comparison(self) -> Typed:  # noqa: C901, PLR0912 - one branch for each operator
        left = self._sum()
        while True:
            if self._bracketed("is"):
                self._bracketed("not")
                if self._reader.skip("distinct", "from"):
                    comparable(left, self._sum())
                elif not self._reader.skip("null"):
                    left.as_("bool")
                    if not (self._reader.skip("true") or self._reader.skip("false")):
                        self._reader.need("null")
            elif any(self._reader.skip(sign) for sign in _COMPARISONS):
                if not quantified(self._reader, left, self.condition, self._type):
                    comparable(left, self._sum())
            elif any(self._reader.skip(sign) for sign in _MATCHES):
                texts(left, self._sum())
            else:
                negated = self._bracketed("not")
                if self._bracketed("in"):
                    for one in self._arguments():
                        comparable(left, one)
                elif self._bracketed("between"):
                    comparable(left, self._sum())
                    self._reader.need("and")
                    comparable(left, self._sum())
                elif self._bracketed("like") or self._bracketed("ilike") or self._bracketed("similar", "to"):
                    texts(left, self._sum())
                elif negated:
                    message = "'not' is out of place"
                    raise SqlError(message)
                else:
                    return left
            left = Typed("bool")

    def _sum(self) -> Typed:
        left = self._product()
        while (sign := self._reader.next) is not None and sign.kind == "sign" and sign.text in {"+", "-", "||"}:
            self._reader.take()
            left = joined(left, self._product()) if sign.text == "||" else added(left, self._product(), sign.text)
        return left

    def _product(self) -> Typed:
        left = self._signed()
        while self._reader.skip("*") or self._reader.skip("/") or self._reader.skip("%"):
            left = calculated(left, self._signed())
        return left

    def _signed(self) -> Typed:
        if self._reader.skip("-"):
            typed = self._signed()
            if typed.kind not in NUMBERS and typed.kind != "interval":
                message = "'-' is out of place"
                raise SqlError(message)
            return Typed(typed.kind, None if typed.literal is None else f"-{typed.literal}")
        self._reader.skip("+")
        return self._cast()

    def _cast(self) -> Typed:
        typed = self._atom()
        while True:
            if self._reader.skip("::"):
                typed = cast(self._type(), typed)
            elif self._bracketed("collate"):
                collated(self._reader, typed)
            elif self._bracketed("at", "time", "zone"):
                self._cast().as_("text")
                if typed.kind not in {"timestamp", "timestamptz"}:
                    message = "'at time zone' needs a time"
                    raise SqlError(message)
                typed = Typed("timestamp" if typed.kind == "timestamptz" else "timestamptz")
            else:
                return typed

    def _atom(self) -> Typed:
        token = self._reader.take()
        if token.kind == "string":
            return Typed(LITERAL, token.text)
        if token.kind == "number":
            return Typed("int" if token.text.isdigit() else "numeric", token.text)
        if token == ("sign", "("):
            typed = self.condition()
            self._reader.need(")")
            return typed
        if token.kind == "name" and self._reader.next == ("sign", "("):
            return called_by_name(token.text, self._arguments())
        if token.kind == "name" and token.text in self._columns:
            return Typed(self._columns[token.text])
        if token.kind == "word":
            return self._named(token)
        message = f"{token.text!r} is out of place"
        raise SqlError(message)

    def _named(self, token: Token) -> Typed:
        following = self._reader.next
        if token.text == "case":
            return case(self._reader, self.condition)
        if token.text in _WORDS:
            if token.text in {"current_timestamp", "localtimestamp"} and self._reader.skip("("):
                self._reader.take()
                self._reader.need(")")
            return Typed(_WORDS[token.text])
        if token.text == "null":
            return Typed("null")
        if following is not None and following.kind == "string" and family(token.text):
            return Typed(Typed(LITERAL, self._reader.take().text).as_(family(token.text) or "text"))
        if following == ("sign", "("):
            return self._called(token.text)
        if token.text in self._columns:
            return Typed(self._columns[token.text])
        message = f"{token.text!r} is no value" + ("" if self._columns else "; a text stands in single quotes inside of those of YAML")
        raise SqlError(message)

    def _called(self, name: str) -> Typed:
        if name == "cast":
            self._reader.need("(")
            typed = self.condition()
            self._reader.need("as")
            typed = cast(self._type(), typed)
            self._reader.need(")")
            return typed
        if name == "extract":
            self._reader.need("(")
            field = self._reader.take().text
            self._reader.need("from")
            moment = self.condition()
            self._reader.need(")")
            if field not in _FIELDS or moment.kind not in {*TIMES, "interval"}:
                message = f"extract takes no {field!r} from a value of type {moment.kind}"
                raise SqlError(message)
            return Typed("numeric")
        given = spoken(name, self._reader, self.condition, self._sum)
        return called(name, self._arguments() if given is None else given)

    def _arguments(self) -> list[Typed]:
        self._reader.need("(")
        given: list[Typed] = []
        while not self._reader.skip(")"):
            if given:
                self._reader.need(",")
            given.append(self.condition())
        return given

    def _type(self) -> str:
        token = self._reader.take()
        if token == ("name", "char"):
            message = 'the type "char" in quotes is one byte, and no type of the archive'
            raise SqlError(message)
        name = token.text
        for more in (("precision",), ("varying",), ("with", "time", "zone"), ("without", "time", "zone")):
            if self._reader.skip(*more):
                name = " ".join((name, *more))
        if self._reader.skip("("):
            name += f"({self._reader.take().text}"
            if self._reader.skip(","):
                name += f",{self._reader.take().text}"
            self._reader.need(")")
            name += ")"
        return name
