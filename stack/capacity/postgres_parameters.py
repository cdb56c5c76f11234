"""Actual parameters of a PostgreSQL server, from its command line and its configuration file.

Options are those of postgres(1) of PostgreSQL 17, entry points those of the official image.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stack.capacity.commands import basename, image_name, programs, split, variables, words
from stack.capacity.postgres_values import ParameterError, is_known
from stack.unknown import Unknown

__all__ = ["IMAGES", "ParameterError", "as_read", "config_file", "default_files", "is_postgres", "of_variables", "parameters", "written"]

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Images by the last part of their name whose entry point starts the server.
IMAGES = {"postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "spilo"}
_ENTRY_POINTS = {"docker-entrypoint.sh", "entrypoint.sh"}
_SERVERS = {"postgres", "postmaster"}
# The program that starts and stops a server, what it is told to start one, and its options whose value are the server's own.
_CONTROL, _STARTS, _HANDED = "pg_ctl", {"start", "restart"}, {"-o", "--options"}
# Options with a value, as the server's getopt reads them, and the parameters that some of them set.
_WITH_VALUE = "BCcDdfhkNprStWv"
_SHORT_OPTIONS = {"B": "shared_buffers", "N": "max_connections", "S": "work_mem", "p": "port", "h": "listen_addresses"}
_SWITCHES = {"F": ("fsync", "off"), "l": ("ssl", "on")}
_INCLUDE = re.compile(r"\s*include(_dir|_if_exists)?\b", re.IGNORECASE)
_OF_DATA = re.compile(r"/var/lib/postgresql(/\S*)?/postgresql\.conf$")
_LINE = re.compile(r"\s*([A-Za-z_][\w$.]*)\s*(?:=|\s)\s*('(?:[^'\\]|''|\\.)*'|[^#]+)")
# Variables of the official image and of Bitnami's with further options; the first are written into the file by initdb.
_INITDB, _FLAGS = "POSTGRES_INITDB_ARGS", "POSTGRESQL_EXTRA_FLAGS"
_CLIENTS = "PGOPTIONS"
# Beginning of the variables by which the images of Bitnami and of Red Hat set a parameter.
_OF_IMAGE = "POSTGRESQL_"


def is_postgres(container: Mapping[str, Any]) -> bool:
    """Return whether a container runs the server itself: by the command ``postgres``, or by the official image's entry point."""
    if container.get("command"):
        started = programs(container)
        return any(
            basename(one[0]) in _SERVERS
            or (basename(one[0]) in _ENTRY_POINTS and _starts_server(one[1:]))
            or (basename(one[0]) == _CONTROL and not _STARTS.isdisjoint(one))
            for one in started
        )
    return image_name(container)[1] in IMAGES and _starts_server([str(word) for word in container.get("args") or []])


def _starts_server(arguments: list[str]) -> bool:
    """Return whether an entry point with these arguments starts the server, not a client."""
    return not arguments or arguments[0].startswith("-") or basename(arguments[0]) in _SERVERS


def config_file(container: Mapping[str, Any]) -> str | None:
    """Return the path of the configuration file on the command line, or None."""
    return _assigned(_command_line(container)).get("config_file")


def _command_line(container: Mapping[str, Any]) -> list[str]:
    """Return the words of a command; behind ``pg_ctl`` those that it hands to the server, which stand in one word behind ``-o``."""
    found = words(container)
    if _CONTROL not in map(basename, found):
        return found
    return [part for before, word in zip(["", *found], found, strict=False) for part in (split(word) if before in _HANDED else [word])]


def _assigned(command_line: list[str]) -> dict[str, str]:
    """Return the parameters that a command line sets, by ``-c``, ``--set``, ``--name`` and short options, as getopt reads them."""
    values: dict[str, str] = {}
    rest = iter(command_line)
    for word in rest:
        if word == "--set":
            _assign(values, next(rest, ""))
        elif word.startswith("--"):
            _assign(values, word[2:].removeprefix("set="))
        elif word.startswith("-"):
            _short(values, word[1:], rest)
    return values


def _short(values: dict[str, str], letters: str, rest: Iterator[str]) -> None:
    """Read one word of short options; the last may have its value in the next word."""
    for at, letter in enumerate(letters):
        if letter in _WITH_VALUE:
            value = letters[at + 1 :] or next(rest, "")
            if letter == "c":
                _assign(values, value)
            elif letter in _SHORT_OPTIONS:
                values[_SHORT_OPTIONS[letter]] = value.strip()
            return
        if letter in _SWITCHES:
            name, value = _SWITCHES[letter]
            values[name] = value


def _assign(values: dict[str, str], text: str) -> None:
    """Add an assignment; PostgreSQL reads a hyphen in a name as an underscore, and names in any case."""
    name, separator, value = text.partition("=")
    if separator:
        values[_normal(name).replace("-", "_")] = _unquoted(value)


def _normal(name: str) -> str:
    return name.strip().strip("\"'").lower()


def _unquoted(value: str) -> str:
    text = value.strip()
    return text[1:-1].replace("''", "'") if len(text) > 1 and text[0] == text[-1] == "'" else text


def default_files(paths: Iterable[str]) -> list[str]:
    """Return the mounted files that a server reads by default: those in its data directory."""
    return [path for path in paths if _OF_DATA.search(path)]


def as_read(written: Mapping[str, str]) -> dict[str, str]:
    """Normalize parameters from the spelling in the file to the values that the server reads."""
    return {_normal(name): _unquoted(value) for name, value in written.items()}


def written(file: str) -> dict[str, str]:
    """Return the parameters of a file by their names in lower case, with values as they are written there; the last line counts."""
    return {match[1].lower(): match[2].strip() for line in file.splitlines() if (match := _LINE.match(line))}


def parameters(container: Mapping[str, Any], file: str | Unknown) -> dict[str, str]:
    """Return the parameters of a server: those in its file, overridden by the command line.

    Args:
        container: The container in Kubernetes' own spelling.
        file: Text of its configuration file, empty when it has none.

    Raises:
        ParameterError: If the file is unknown at preview, or includes other files.
    """
    if isinstance(file, Unknown):
        message = "its configuration file is not known at preview; render it from plain values"
        raise ParameterError(message)
    values = _assigned(_of_variable(container, _INITDB)) if not file else {}
    if any(_INCLUDE.match(line) for line in file.splitlines()):
        message = "its configuration includes other files, which are invisible at preview; put all parameters into one file"
        raise ParameterError(message)
    values |= as_read(written(file))
    values |= _assigned(_of_variable(container, _FLAGS))
    return values | _assigned(_command_line(container))


def of_variables(container: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that a container's variables may set: those of its image, and the options of its clients."""
    by_image = image_name(container)[1] != "postgres"
    named = {
        name.removeprefix(_OF_IMAGE).lower(): value
        for name, value in variables(container).items()
        if by_image and name.startswith(_OF_IMAGE)
    }
    known = {name: value for name, value in named.items() if isinstance(value, str) and is_known(name)}
    return known | _assigned(_of_variable(container, _CLIENTS))


def _of_variable(container: Mapping[str, Any], name: str) -> list[str]:
    value = variables(container).get(name)
    return list(split(value)) if isinstance(value, str) else []
