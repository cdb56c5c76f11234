"""Rights that statements and resources give to PUBLIC, which is every role of a PostgreSQL server."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policy.lists import listed
from policy.postgres_sessions import is_of_provider
from policy.postgres_statements import is_commented, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

TABLE, SCHEMA, DEFAULT, FUNCTION, PARAMETER = "table", "tables of a schema", "later tables", "function", "parameter"

# Longest statement that is read, in characters, and in how many places its grantees are looked for: comments may show others before them
_LONGEST: Final = 6000
_MOST: Final = 20
_LINE: Final = re.compile(r"--[^\n]*(?:\n|$)")
_GRANT: Final = re.compile(r"\bgrant\b", re.IGNORECASE)
_ON: Final = re.compile(r"\bon\b", re.IGNORECASE)
# A name, also in quotes of SQL within those of a shell, of a variable of psql, or of a program
_NAME: Final = r"\\?[\"']?[\w$:%{}]{1,80}\\?[\"']?"
_TO: Final = re.compile(rf"\bto\s+((?:group\s+)?{_NAME}(?:\s*,\s*(?:group\s+)?{_NAME})*)", re.IGNORECASE)
_GROUP: Final = re.compile(r"group\s+", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"(?::\\?[\"']?|\$\{?)(\w{1,63})")
_SET: Final = re.compile(r"\b(\w{1,63})[\s=]{1,9}[\"']{0,2}public\b", re.IGNORECASE)
_BEFORE: Final = re.compile(r"\balter\s+default\s+privileges\b([^;]*)$", re.IGNORECASE)
_IN_SCHEMA: Final = re.compile(r"\bin\s+schema\s+(.*)$", re.IGNORECASE | re.DOTALL)
_FOR_ROLE: Final = re.compile(r"\bfor\s+(?:role|user)\s+((?:[^\s,]+\s*,\s*)*[^\s,]+)", re.IGNORECASE)
_KIND: Final = re.compile(
    r"(?:(all\s+(?:tables|\w+)\s+in\s+schema)|(table|function|procedure|routine|parameter|sequence|database|schema|language|type|domain"
    r"|large\s+object|tablespace|foreign\s+(?:data\s+wrapper|server)))\b",
    re.IGNORECASE,
)
_FUNCTIONS: Final = {"function", "procedure", "routine"}
_ARGUMENTS: Final = re.compile(r"\([^()]*\)")


@dataclass(frozen=True, slots=True)
class Grant:
    """Rights that a statement or resource gives to PUBLIC.

    Attributes:
        kind: What they are on: one of the constants of this module.
        names: Tables, schemas, functions or parameters; none for all.
        creators: Roles whose later tables are meant; none for the one that runs the statement.
        database: Database of a resource of a provider; empty where it is not known.
    """

    kind: str
    names: tuple[str, ...]
    creators: tuple[str, ...] = ()
    database: str = ""


@functools.lru_cache(maxsize=4096)
def grants(resource: Declared) -> tuple[Grant, ...]:
    """Return the rights that a resource gives to PUBLIC: by the texts of a Kubernetes object, or as a resource of a provider."""
    if is_of_provider(resource):
        return tuple(_of_provider(resource))
    return tuple(found for text in texts(resource) for found in _of_text(text))


def _of_text(text: str) -> Iterator[Grant]:
    if "public" not in text.lower():
        return
    variables = _variables(text)
    begins, read = [one.start() for one in _GRANT.finditer(text)], Counter[int]()
    for to in _TO.finditer(text) if begins else ():
        at = begins[bisect_left(begins, to.start()) - 1] if begins[0] < to.start() else None
        if at is None or to.start() - at > _LONGEST or not _has_everybody(to[1], variables):
            continue
        read[at] += 1
        if read[at] > _MOST or is_commented(text, at):
            continue
        found = _of_statement(_bare(text[at : to.start()]))
        if found is not None:
            before = _BEFORE.search(_bare(text[max(at - 600, 0) : at]))
            yield from _by_default(found, before[1]) if before else [found]


def _bare(text: str) -> str:
    """Return a statement with a blank for each comment."""
    pieces, at = [], 0
    while (begin := text.find("/*", at)) >= 0 and (end := text.find("*/", begin + 2)) >= 0:
        pieces.append(text[at:begin])
        at = end + 2
    return _LINE.sub(" ", " ".join([*pieces, text[at:]]))


def _of_statement(statement: str) -> Grant | None:
    """Read what stands between GRANT and TO."""
    on = _ON.search(statement)
    if on is None or ";" in statement:
        return None
    said = statement[on.end() :].strip()
    kind = _KIND.match(said)
    rest = said[kind.end() :] if kind else said
    if kind is None or (kind[2] or "").lower() == TABLE:
        return Grant(TABLE, _names(rest))
    if kind[1]:
        return Grant(SCHEMA, _names(rest)) if "tables" in kind[1].lower() else None
    word = kind[2].lower()
    if word in _FUNCTIONS:
        return Grant(FUNCTION, _names(_ARGUMENTS.sub("", rest)))
    return Grant(PARAMETER, _names(rest)) if word == PARAMETER else None


def _variables(text: str) -> set[str]:
    """Return the words that a text sets to PUBLIC, as variables of psql or of a shell."""
    return {one[1] for one in _SET.finditer(text)}


def _has_everybody(grantees: str, variables: set[str]) -> bool:
    if not variables and "public" not in grantees.lower():
        return False
    return any(_is_everybody(_GROUP.sub("", one.strip().replace("\\", ""), count=1), variables) for one in grantees.split(","))


def _is_everybody(grantee: str, variables: set[str]) -> bool:
    """Return whether a grantee is PUBLIC: in quotes of SQL in small letters only; a variable is what the same text sets it to."""
    if grantee[0] == grantee[-1] == '"':
        return grantee == '"public"'
    found = _VARIABLE.match(grantee)
    return grantee.strip("\"'").lower() == "public" if found is None else found[1] in variables


def _names(said: str) -> tuple[str, ...]:
    """Return names as the server has them, with those that a program computes as they are written."""
    return tuple(_plain(one) for one in said.split(",") if one.strip())


def _plain(name: str) -> str:
    parts = name.strip().replace("\\", "").split(".")
    return ".".join(part[1:-1] if part[:1] == part[-1:] == '"' else part.lower() for part in parts)


def _by_default(found: Grant, before: str) -> Iterator[Grant]:
    """Yield rights on later tables; on other later objects they are none that count."""
    if found.kind == TABLE and found.names == ("tables",):
        schemas, roles = _IN_SCHEMA.search(before), _FOR_ROLE.search(before)
        yield Grant(DEFAULT, _names(schemas[1]) if schemas else (), _names(roles[1]) if roles else ())


def _of_provider(resource: Declared) -> Iterator[Grant]:
    """Read a grant or default privileges of the provider for PostgreSQL; without privileges they take some away."""
    inputs = resource.inputs
    if resource.kind not in {"Grant", "DefaultPrivileges"} or str(inputs.get("role")).lower() != "public" or inputs.get("privileges") == []:
        return
    kind, database, schema = str(inputs.get("objectType")).lower(), _text(inputs.get("database")), inputs.get("schema")
    schemas = () if schema is None else (_text(schema) or "?",)
    if resource.kind == "DefaultPrivileges":
        owner = inputs.get("owner")
        yield from [Grant(DEFAULT, schemas, (_text(owner),) if _text(owner) else (), database)] if kind == TABLE else []
    elif kind in {TABLE, "column"}:
        objects = [f"{_text(schema) or '?'}.{_text(one) or '?'}" for one in listed(inputs.get("objects"))]
        yield Grant(TABLE, tuple(objects), database=database) if objects else Grant(SCHEMA, schemas, database=database)
    elif kind in _FUNCTIONS:
        yield Grant(FUNCTION, tuple(_text(one).partition("(")[0] for one in listed(inputs.get("objects"))), database=database)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
