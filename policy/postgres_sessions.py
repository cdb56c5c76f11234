"""Parameters that statements and resources set for the sessions of a role, of a database, of a script, or for the whole server."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policy.postgres_statements import GAP, VALUE, is_commented, texts
from stack.capacity import pods
from stack.capacity.postgres_sessions import Sessions
from stack.capacity.postgres_values import is_known
from stack.configs.postgres_numbers import unquoted
from stack.configs.postgres_sessions import of_sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.unknown import Unknown

ROLE, DATABASE, SERVER, SCRIPT = "role", "database", "server", "script"

_NAME = r"(:?\\?\"[^\"\n]{1,80}\"|'[^'\n]{1,80}'|[^\s;\"']{1,80})"
_VALUE = rf"(?:[eE]?(?:{VALUE})|\\?\"[^\"\n]{{0,80}}\")"
_SET = rf"\\?\"?([a-z_]\w{{0,62}})\\?\"?\s{{0,20}}(?:=|\bto\b)\s{{0,20}}({_VALUE}(?:\s{{0,9}},\s{{0,9}}{_VALUE}){{0,9}})"
_OF_NAMED = re.compile(
    rf"\balter{GAP}(role|user|database){GAP}{_NAME}(?:{GAP}in{GAP}database{GAP}{_NAME})?{GAP}set{GAP}{_SET}", re.IGNORECASE
)
_OF_SERVER = re.compile(rf"\balter{GAP}system{GAP}set{GAP}{_SET}", re.IGNORECASE)
_OF_SCRIPT = re.compile(rf"\bset{GAP}(?:local{GAP}|session{GAP})?{_SET}", re.IGNORECASE)
_BY_FUNCTION = re.compile(r"\bset_config\s{0,9}\(\s{0,9}'(\w{1,63})'\s{0,9},\s{0,9}('[^'\n]{0,80}')", re.IGNORECASE)
_LIMIT = re.compile(
    rf"\b(?:create|alter){GAP}(role|user|database){GAP}{_NAME}[^;]{{0,400}}?\bconnection{GAP}limit\s{{0,20}}=?\s{{0,20}}(\d{{1,9}})\b",
    re.IGNORECASE,
)
# Parts of the names of parameters with which a session takes more memory.
_OF_MEMORY = ("_mem", "max_stack_depth", "parallel_", "temp_buffers")
# Names that are everybody's, or whoever runs the statement.
_ANYBODY = {"all", "current_role", "current_user", "session_user"}
_PLAIN = re.compile(r"[a-z_][\w.@-]{0,80}", re.IGNORECASE)
# Properties of the resources of a provider for PostgreSQL, and the parameters that they set.
_OF_ROLE = {
    "idleInTransactionSessionTimeout": "idle_in_transaction_session_timeout",
    "searchPaths": "search_path",
    "statementTimeout": "statement_timeout",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """Parameters that one text or resource sets for somebody.

    Attributes:
        kind: ``role``, ``database``, ``server`` for ALTER SYSTEM, or ``script`` for a session that sets them for itself.
        name: Name of the role or the database; empty for everybody, whoever runs it, and a name that is not known.
        parameters: Names in lower case, and values as written.
    """

    kind: str
    name: str
    parameters: Mapping[str, str]

    @property
    def about(self) -> str:
        """Name for messages."""
        return {SERVER: "ALTER SYSTEM", SCRIPT: "a script's own session"}.get(self.kind) or f"{self.kind} {self.name or '(any)'}"


def is_of_provider(resource: Declared) -> bool:
    """Return whether a resource stands in a database: one of the provider for PostgreSQL."""
    return resource.type.startswith("postgresql:")


@functools.lru_cache(maxsize=4096)
def settings(resource: Declared) -> tuple[Setting, ...]:
    """Return what a resource sets for sessions, or for the server by ALTER SYSTEM."""
    if is_of_provider(resource):
        return tuple(_of_resource(resource))
    return tuple(one for text in texts(resource) for one in _of_text(text))


@functools.lru_cache(maxsize=4096)
def limits(resource: Declared) -> Mapping[tuple[str, str], int]:
    """Return the largest number of connections of each role and database that a resource limits."""
    if is_of_provider(resource):
        most = resource.inputs.get("connectionLimit")
        whole = isinstance(most, (int, float)) and not isinstance(most, bool) and most >= 0
        return {(resource.kind.lower(), _name_of(resource)): int(most)} if whole and most is not None else {}
    found: dict[tuple[str, str], int] = {}
    for text in texts(resource):
        if "connection" in text.lower():
            found |= {(_kind(one[1]), _plain(one[2])): int(one[3]) for one in _LIMIT.finditer(text)}
    return {key: most for key, most in found.items() if key[1]}


def _of_resource(resource: Declared) -> Iterator[Setting]:
    """Read a role or a database of the provider, with parameters by name where its version has them."""
    kind = resource.kind.lower()
    if kind not in {ROLE, DATABASE}:
        return
    further = resource.inputs.get("parameters")
    said = {str(name).lower(): value for name, value in further.items()} if isinstance(further, Mapping) else {}
    # the provider writes no timeout of 0, which is none
    said |= {name: resource.inputs[key] for key, name in _OF_ROLE.items() if resource.inputs.get(key) not in (None, 0)}
    parameters = {name: written for name, value in said.items() if is_known(name) and (written := _written(value))}
    if parameters:
        yield Setting(kind, _name_of(resource), parameters)


def _written(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _name_of(resource: Declared) -> str:
    name = resource.inputs.get("name")
    return name if isinstance(name, str) else ""


def _of_text(text: str) -> Iterator[Setting]:
    lowered = text.lower()
    if "set" not in lowered:
        return
    taken = set[int]()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for one in _OF_NAMED.finditer(text) if "alter" in lowered else ():
        taken.add(one.start(4))
        _keep(found, text, one, (_kind(one[1]), _plain(one[2])), one[4], one[5])
    for one in _OF_SERVER.finditer(text) if "system" in lowered else ():
        taken.add(one.start(1))
        _keep(found, text, one, (SERVER, ""), one[1], one[2])
    for pattern in (_OF_SCRIPT, _BY_FUNCTION) if any(part in lowered for part in _OF_MEMORY) else ():
        for one in pattern.finditer(text):
            if one.start(1) not in taken:
                _keep(found, text, one, (SCRIPT, ""), one[1], one[2])
    yield from (Setting(kind, name, parameters) for (kind, name), parameters in found.items())


def _keep(
    found: dict[tuple[str, str], dict[str, str]], text: str, one: re.Match[str], target: tuple[str, str], name: str, written: str
) -> None:
    """Keep one parameter; the last value of a text counts, as in the server."""
    value = re.sub(r"^[eE](?=')", "", written)
    if is_known(name.lower()) and value.lower() != "default" and not is_commented(text, one.start()):
        found.setdefault(target, {})[name.lower()] = value


def _kind(word: str) -> str:
    return DATABASE if word.lower() == DATABASE else ROLE


def _plain(written: str) -> str:
    """Return a name as the server has it; empty for everybody, and where a variable or a program gives it."""
    if written[0] in "\"'\\:":
        name = written.strip("\"'\\")  # a variable of psql keeps its colon
        return name if _PLAIN.fullmatch(name) else ""
    lowered = written.lower()
    return lowered if _PLAIN.fullmatch(lowered) and lowered not in _ANYBODY else ""


def declared_settings(record: Record, namespace: str | Unknown) -> list[tuple[Declared, Setting]]:
    """Return what the resources of a namespace, and those of the provider, set for sessions or by ALTER SYSTEM."""
    return record.once(
        ("settings of sessions", namespace), lambda: [(one, found) for one in _tuning(record, namespace) for found in settings(one)]
    )


def tuned(record: Record, namespace: str | Unknown) -> list[Sessions]:
    """Return the sessions of a namespace's servers that have parameters of their own, each with a limit that its own resource sets.

    A limit of another resource does not count: that one may be declared later, and the pack judges what it has seen.
    """
    return [
        Sessions(
            f"{one.about} in {resource.title}" if one.kind == SCRIPT else one.about,
            {name: unquoted(value) for name, value in of_sessions(one.parameters).items()},
            1 if one.kind == SCRIPT else limits(resource).get((one.kind, one.name)),
        )
        for resource, one in declared_settings(record, namespace)
        if one.kind != SERVER
    ]


def _tuning(record: Record, namespace: str | Unknown) -> list[Declared]:
    """Return the resources that may set parameters of the servers in a namespace."""
    near = record.of_kind("ConfigMap", "Secret", *pods.POD_KINDS, namespace=namespace)
    return [*near, *(one for one in record.resources.values() if is_of_provider(one))]
