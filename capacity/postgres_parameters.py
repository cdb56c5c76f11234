"""Actual parameters of a PostgreSQL server, from its command line and its configuration file.

Options are those of postgres(1) of PostgreSQL 17, entry points those of the official image.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from capacity.commands import basename, image_name, programs, words
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_IMAGES = {"postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "spilo"}
_ENTRY_POINTS = {"docker-entrypoint.sh", "entrypoint.sh"}
_SHORT_OPTIONS = {"-B": "shared_buffers", "-N": "max_connections", "-S": "work_mem", "-c": ""}
_OF_DATA = re.compile(r"/var/lib/postgresql(/\S*)?/postgresql\.conf$")


class ParameterError(ValueError):
    """A parameter whose value PostgreSQL would refuse as well, or that is unknown at preview."""


def is_postgres(container: Mapping[str, Any]) -> bool:
    """Return whether a container runs the server itself: by the command ``postgres``, or by the official image's entry point."""
    if container.get("command"):
        started = programs(container)
        return any(basename(one[0]) == "postgres" or (basename(one[0]) in _ENTRY_POINTS and _starts_server(one[1:])) for one in started)
    return image_name(container)[1] in _IMAGES and _starts_server([str(word) for word in container.get("args") or []])


def _starts_server(arguments: list[str]) -> bool:
    """Return whether an entry point with these arguments starts the server, not a client."""
    return not arguments or arguments[0].startswith("-") or basename(arguments[0]) == "postgres"


def config_file(container: Mapping[str, Any]) -> str | None:
    """Return the path of the configuration file on the command line, or None."""
    command_line = _words(container)
    named = [word.partition("=")[2] for word in command_line if re.match(r"--config[-_]file=", word)]
    named += [value.partition("=")[2] for value in _assignments(command_line) if value.startswith("config_file=")]
    return named[-1] if named else None


def _words(container: Mapping[str, Any]) -> list[str]:
    return words(container)


def _assignments(command_line: list[str]) -> list[str]:
    """Return the assignments by ``-c name=value``, ``-B``, ``-N`` and ``-S`` on a command line, each in one word or two."""
    assignments = []
    for word, after in pairwise([*command_line, ""]):
        for option, name in _SHORT_OPTIONS.items():
            value = after if word == option else word.removeprefix(option) if word.startswith(option) else ""
            if name and re.match(r"\d", value):
                assignments.append(f"{name}={value}")
            elif not name and "=" in value:
                assignments.append(value.strip())
    return assignments


def default_files(paths: Iterable[str]) -> list[str]:
    """Return the mounted files that a server reads by default: those in its data directory."""
    return [path for path in paths if _OF_DATA.search(path)]


def as_read(written: Mapping[str, str]) -> dict[str, str]:
    """Normalize parameters from the spelling in the file to the values that the server reads."""
    return {name.lower(): value.strip().strip("'") for name, value in written.items()}


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
    values: dict[str, str] = {}
    for line in file.splitlines():
        if re.match(r"\s*include(_dir|_if_exists)?\b", line):
            message = "its configuration includes other files, which are invisible at preview; put all parameters into one file"
            raise ParameterError(message)
        match = re.match(r"\s*([A-Za-z_.]+)\s*(?:=|\s)\s*('(?:[^']|'')*'|[^#]+)", line)
        if match:
            values[match[1].lower()] = match[2].strip().strip("'")
    command_line = _words(container)
    for assignment in _assignments(command_line):
        name, _, value = assignment.partition("=")
        values[name.strip().lower()] = value.strip().strip("'")
    for word in command_line:
        match = re.match(r"--([a-z_-]+)=(.*)", word)
        if match:
            values[match[1].replace("-", "_")] = match[2]
    return values
