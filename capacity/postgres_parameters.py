"""The parameters that a PostgreSQL server really starts with: from its command line and its file.

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
    """A parameter whose value PostgreSQL would not take either, or that is not known at preview."""


def is_postgres(container: Mapping[str, Any]) -> bool:
    """Whether a container runs the server itself: its command is `postgres`, or the official image's entry point starts it."""
    if container.get("command"):
        started = programs(container)
        return any(basename(one[0]) == "postgres" or (basename(one[0]) in _ENTRY_POINTS and _starts_server(one[1:])) for one in started)
    return image_name(container)[1] in _IMAGES and _starts_server([str(word) for word in container.get("args") or []])


def _starts_server(arguments: list[str]) -> bool:
    """Whether an entry point with these arguments starts the server, and not a client."""
    return not arguments or arguments[0].startswith("-") or basename(arguments[0]) == "postgres"


def config_file(container: Mapping[str, Any]) -> str | None:
    """Path of the configuration file named on the command line, or None."""
    given = _words(container)
    named = [word.partition("=")[2] for word in given if re.match(r"--config[-_]file=", word)]
    named += [value.partition("=")[2] for value in _assignments(given) if value.startswith("config_file=")]
    return named[-1] if named else None


def _words(container: Mapping[str, Any]) -> list[str]:
    return words(container)


def _assignments(given: list[str]) -> list[str]:
    """What `-c name=value`, `-B`, `-N` and `-S` say on a command line, both in one word and in two."""
    found = []
    for word, after in pairwise([*given, ""]):
        for option, name in _SHORT_OPTIONS.items():
            value = after if word == option else word.removeprefix(option) if word.startswith(option) else ""
            if name and re.match(r"\d", value):
                found.append(f"{name}={value}")
            elif not name and "=" in value:
                found.append(value.strip())
    return found


def default_files(paths: Iterable[str]) -> list[str]:
    """Of the files that a container mounts, those that a server reads without being told: in its data directory."""
    return [path for path in paths if _OF_DATA.search(path)]


def as_read(written: Mapping[str, str]) -> dict[str, str]:
    """Parameters as the server reads them, from parameters as they are written in its file."""
    return {name.lower(): value.strip().strip("'") for name, value in written.items()}


def parameters(container: Mapping[str, Any], file: str | Unknown) -> dict[str, str]:
    """The parameters a server starts with: its file, and over it the command line.

    Args:
        container: The container in Kubernetes' own spelling.
        file: Text of its configuration file, empty when it has none.

    Raises:
        ParameterError: If the file is not known at preview.
    """
    if isinstance(file, Unknown):
        message = "its configuration file is not known at preview; render it from plain values"
        raise ParameterError(message)
    found: dict[str, str] = {}
    for line in file.splitlines():
        if re.match(r"\s*include(_dir|_if_exists)?\b", line):
            message = "its configuration includes other files, which nobody sees at preview; write the parameters into one file"
            raise ParameterError(message)
        match = re.match(r"\s*([A-Za-z_.]+)\s*(?:=|\s)\s*('(?:[^']|'')*'|[^#]+)", line)
        if match:
            found[match[1].lower()] = match[2].strip().strip("'")
    given = _words(container)
    for assignment in _assignments(given):
        name, _, value = assignment.partition("=")
        found[name.strip().lower()] = value.strip().strip("'")
    for word in given:
        match = re.match(r"--([a-z_-]+)=(.*)", word)
        if match:
            found[match[1].replace("-", "_")] = match[2]
    return found
