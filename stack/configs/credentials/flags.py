"""Credentials behind flags in texts: a shell's line, or a list of words in JSON or YAML."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.judging import is_credential, may_be_credential
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import bare, is_elsewhere, is_referred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Reading

# Separator of two words of a command: in a shell, or in a list of JSON, Python or YAML
_NEXT: Final = r"[\"']?(?:[ \t]*+,\s*+|[ \t]++(?:\\\n\s*+)?|\n\s*+-\s++)"
_ARGUMENT = re.compile(_NEXT + r"(?=[^\s-])")
# The literal stands first, so that the search for it costs little; what must stand before it follows
_SHORT = re.compile(r"-p(?<![\w-]-p)(?<!mkdir -p)(?<!psql -p)" + _NEXT + r"(?![\"']?[-/$])(?=\S)")
_LOGIN = re.compile(rf"-(?<![\w-]-)(?:u|U|-user|-proxy-user)(?:=|{_NEXT})?+" + r"(?=[\"']?[^\s:\"'/,]{1,200}:)")
_VALUE = re.compile(r"\"(?:\\.|[^\"\\])*+(?:\"|$)|'[^']*+(?:'|$)|\S++")


def spans(reading: Reading, *, doubtful: bool) -> Iterator[Span]:
    """Yield the arguments of flags with the name of a credential.

    Args:
        reading: A command, or a file with commands.
        doubtful: Whether to yield what only may be a credential.
    """
    text = reading.text
    if "-" not in text:
        return
    for found in reading.names:
        if found.word[0] != "-":
            continue
        name = found.word.lstrip("-")
        argument = _ARGUMENT.match(text, found.end) if len(found.word) - len(name) in _DASHES and len(name) > 1 else None
        if argument and may_be_credential(name, "x1"):
            value = _VALUE.match(text, argument.end())
            plain = bare(value[0].rstrip(",]")) if value else ""
            if value and plain and "=" not in plain.strip("=") and may_be_credential(name, plain):
                yield Span(
                    value.start(),
                    value.start() + len(value[0].rstrip(",]")),
                    sure=found.word.startswith("--") and is_credential(name, plain),
                )
    for pattern in (_SHORT, _LOGIN) if doubtful else ():
        for flag in pattern.finditer(text):
            value = _VALUE.match(text, flag.end())
            plain = bare(value[0]) if value else ""
            if value and plain and not is_referred(plain) and not is_elsewhere(plain.rpartition(":")[2]):
                yield Span(*value.span(), sure=False)


_DASHES: Final = {1, 2}
