"""Credentials by their place: statements of SQL, .netrc, .pgpass, htpasswd, lists of users, tables with a column of passwords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.judging import is_credential
from stack.configs.credentials.names import Sense, sense
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import bare, is_elsewhere, is_referred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Reading

_SQL = re.compile(
    r"(?i)\b(?:password|passwd|identified\s+(?:with\s+\S+\s+)?(?:by|as)(?:\s+password)?)[ \t]*(?:=|\(|as|to)?[ \t]*(?:N|E)?"
    r"('(?:''|[^'\n])+'|\$\w*\$[^$\n]+\$\w*\$|\"[^\"\n]+\"(?=[ \t]*(?:;|$|replace|account|default)))"
)
_CRYPT = re.compile(
    r"(?i)\b(?:(?:crypt|encrypt|pgp_sym_encrypt|hash_password|alter_user)\s*\(|set_config\s*\(\s*'[\w.]*(?:password|secret|token|key)'\s*,)\s*'([^'\n]{3,200})'"
)
_INSERT = re.compile(r"(?is)\binsert\s+into\s+[\w.\"`\[\]]{1,200}\s*\(([^()]{1,2000})\)\s*values\s*((?:\([^()]{1,2000}\)[\s,]*){1,50})")
_ROW = re.compile(r"\(([^()]*)\)")
_FIELD = re.compile(r"\s*('(?:''|[^'])*'|[^,]*)\s*(?:,|$)")
_NETRC = re.compile(r"\b(?:machine\s+\S+|default)\s+login\s+\S+(?:\s+account\s+\S+)?\s+password\s+(\S+)|\blogin\s+\S+\s+password\s+(\S+)")
_PGPASS = re.compile(r"(?m)^(?!#)[^:\s]{1,255}:(?:\*|\d{2,5}):[^:\s]{1,64}:[^:\s]{1,64}:(\S{1,500})[ \t]*$")
_USERLIST = re.compile(r"(?m)^[ \t]*\"([^\"\s]{1,64})\"[ \t]+\"([^\"\n]{3,500})\"[ \t]*$")
_USERS = re.compile(r"(?m)^[ \t]*(?!#)([\w.@-]{1,64})(?::|=|[ \t]*:[ \t]+|[ \t]*=[ \t]*)([^\s:,]{3,200})(?:,[\w, ]+)?[ \t]*$")
_CSV = re.compile(r"([\w\"-][\w \"-]{0,80}+(?:[,;\t][\w \"-]{1,80}+)+)\n")
_OF_USERS: Final = re.compile(r"(?i)(^|[/._-])(\.?htpasswd|passwords?|passwd|shadow|userlist|\.git-credentials|sasl_passwd)([._-]|$)")


def spans(reading: Reading, file: str = "") -> Iterator[Span]:  # noqa: C901 - one branch for each form
    """Yield the credentials of a text that show by their place in a known format.

    Args:
        reading: Content of a file, or a statement.
        file: Name of the file, where there is one.
    """
    text, lowered = reading.text, reading.lowered
    if "'" in text or '"' in text or "$$" in text:
        yield from (
            Span(*found.span(1)) for found in _SQL.finditer(text) if not is_elsewhere(found[1].strip("$")) and len(bare(found[1])) > 1
        )
        if "crypt" in lowered or "set_config" in lowered:
            yield from (Span(*found.span(1)) for found in _CRYPT.finditer(text))
    if "insert" in lowered:
        yield from _in_rows(text)
    if "login" in lowered:
        for found in _NETRC.finditer(text):
            group = 1 if found[1] else 2
            if not is_referred(found[group]):
                yield Span(*found.span(group), sure=not is_elsewhere(found[group]))
    if ":" in text:
        yield from (Span(*found.span(1)) for found in _PGPASS.finditer(text) if not is_elsewhere(found[1]) and not found[1].isdigit())
    if _OF_USERS.search(file):
        for pattern in (_USERLIST, _USERS):
            yield from (
                Span(*found.span(2)) for found in pattern.finditer(text) if not is_elsewhere(found[2]) and found[2] not in {"x", "*", "!"}
            )
    elif '" "' in text:
        yield from (
            Span(*found.span(2)) for found in _USERLIST.finditer(text) if found[2].startswith(("md5", "SCRAM")) or "userlist" in file
        )
    yield from _in_table(text)


def _in_rows(text: str) -> Iterator[Span]:
    """Yield the values of a statement's columns with the name of a credential."""
    for statement in _INSERT.finditer(text):
        columns = [bare(column) for column in statement[1].split(",")]
        secret = {at for at, column in enumerate(columns) if sense(column) in {Sense.PASSWORD, Sense.TOKEN}}
        for row in _ROW.finditer(text, statement.start(2), statement.end(2)) if secret else ():
            for at, field in enumerate(_FIELD.finditer(text, row.start(1), row.end(1))):
                if at in secret and field[1].startswith("'") and is_credential(columns[at], field[1]):
                    yield Span(*field.span(1))


def _in_table(text: str) -> Iterator[Span]:
    """Yield the values below a heading with the name of a credential, in a table with commas, semicolons or tabs."""
    heading = _CSV.match(text)
    if not heading:
        return
    separator = next(sign for sign in ",;\t" if sign in heading[1])
    columns = [bare(column) for column in heading[1].split(separator)]
    secret = {at for at, column in enumerate(columns) if sense(column) in {Sense.PASSWORD, Sense.TOKEN}}
    at = heading.end() if secret else len(text)
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        fields, start = text[at:end].split(separator), at
        for column, field in enumerate(fields if len(fields) == len(columns) else ()):
            if column in secret and is_credential(columns[column], field):
                yield Span(start, start + len(field))
            start += len(field) + 1
        at = end + 1
