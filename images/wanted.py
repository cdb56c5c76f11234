"""Requested contents of an image, from contents.toml: folders with Maven roots, single Maven files, wheels. Pure."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any, Final

_KEYS: Final = {"maven", "exclude", "file", "wheels", "inside", "pick", "services", "sources", "compiler", "against", "modules"}

# Keys that say nothing without each other, with what they say together
_TOGETHER: Final = (
    (("inside", "pick"), "a wheel, and which of its files"),
    (("sources", "compiler", "against"), "a folder of Java sources, their compiler, and the folders with the jars that they use"),
)

_TEXTS: Final = ("inside", "sources", "compiler")


class WantedError(ValueError):
    """A contents.toml cannot be used; the message names the folder, the key and the rule."""


@dataclass(frozen=True, kw_only=True)
class Folder:
    """One folder of an image's contents.

    Attributes:
        path: Folder below the contents; "." is the top.
        maven: Coordinates group:artifact:version, included with their whole run-time closure.
        exclude: group:artifact patterns excluded from the closure; ``*`` matches any.
        file: Coordinates group:artifact:type[:classifier]:version of single files, without their dependencies.
        wheels: Requirements whose wheels, dependencies included, are added as files.
        inside: A wheel project==version of which only some members are included.
        pick: Regular expressions for the names of these members.
        services: Java interface to its implementing classes, for the manifest that staging writes; one is a text, several are a list.
        sources: Folder of Java sources beside the contents.toml, which staging compiles to a jar in this folder.
        compiler: Coordinates of Eclipse's batch compiler, which the image does not contain.
        against: Folders whose jars the sources use, also those in their archives.
        modules: Modules of this program, which staging copies with all that they import.
    """

    path: str
    maven: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    inside: str = ""
    pick: tuple[str, ...] = ()
    services: tuple[tuple[str, tuple[str, ...]], ...] = ()
    sources: str = ""
    compiler: str = ""
    against: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()


def parse(text: str, name: str) -> tuple[Folder, ...]:
    """Parse a contents.toml; ``name`` is for messages. Raises WantedError."""
    return tuple(_folder(path, table, name) for path, table in tomllib.loads(text).items())


def _folder(path: str, table: Any, name: str) -> Folder:  # noqa: ANN401 - any type of TOML
    if not isinstance(table, dict) or not table or set(table) - _KEYS:
        message = f"{name}: [{path}] must be a table with some of {', '.join(sorted(_KEYS))}"
        raise WantedError(message)
    for keys, meaning in _TOGETHER:
        if 0 < len(set(keys) & set(table)) < len(keys):
            message = f"{name}: [{path}] needs {', '.join(f'`{key}`' for key in keys)} together: {meaning}"
            raise WantedError(message)
    lists = {key: tuple(map(str, value)) for key, value in table.items() if key not in {*_TEXTS, "services"}}
    inside, sources, compiler = (str(table.get(key, "")) for key in _TEXTS)
    services = tuple(sorted((str(key), _several(value)) for key, value in table.get("services", {}).items()))
    return Folder(path=path, services=services, inside=inside, sources=sources, compiler=compiler, **lists)


def _several(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - any type of TOML
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
