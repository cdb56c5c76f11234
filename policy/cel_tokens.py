"""Tokens of expressions in CEL, and the values of its literals."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<float>\d+\.\d+(?:[eE][+-]?\d+)?)|(?P<int>0x[0-9a-fA-F]+|\d+)u?|(?P<text>[rR]?(?:\"\"\".*?\"\"\"|'''.*?'''"""
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<sign>&&|\|\||[=!<>]=|\?\.|\[\?|[-+*/%!<>()\[\]{}.,:?]))""",
    re.DOTALL,
)
_COMMENT: Final = re.compile(r"//[^\n]*")


def tokens(expression: str) -> list[tuple[str, str]]:
    """Return kind and text of each token of an expression.

    Raises:
        ValueError: If it is none.
    """
    found, at = [], 0
    text = (_COMMENT.sub(" ", expression) if "//" in expression and "://" not in expression else expression).rstrip()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            message = "not an expression"
            raise ValueError(message)
        found.append((token.lastgroup, token[token.lastgroup]))
        at = token.end()
    return found


def _text(written: str) -> str:
    raw = written[:1] in "rR"
    body = written[1:] if raw else written
    quotes = 3 if body[:3] in {'"""', "'''"} else 1
    inner = body[quotes:-quotes]
    return inner if raw or "\\" not in inner else re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), inner)


LITERALS: Final[Mapping[str, Callable[[str], Any]]] = {
    "int": lambda text: int(text, 16 if "x" in text else 10),
    "float": float,
    "text": _text,
}
