"""Command of a container as a list of words, through a shell or not, with its variables expanded."""

from __future__ import annotations

import functools
import re
import shlex
from typing import TYPE_CHECKING, Any

from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHELLS = {"sh", "bash", "ash", "dash", "ksh", "zsh"}
_VARIABLE = re.compile(r"\$\(([A-Za-z_]\w*)\)|\$\{([A-Za-z_]\w*)(?::?-[^}]*)?\}|\$([A-Za-z_]\w*)")
_BETWEEN = {"&&", "||", ";", "|", "&", "(", ")", "{", "}", "then", "do", "else", "!"}
_IN_FRONT = {"exec", "nohup", "env", "time", "setsid", "tini", "--", "gosu", "su-exec"}


def variables(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container's variables by name; the value is None with ``valueFrom``, ``UNKNOWN`` where it is unknown at preview."""
    values: dict[str, Any] = {}
    for entry in container.get("env") or []:
        values[str(entry.get("name"))] = entry.get("value") if "valueFrom" not in entry else None
    return values


def words(container: Mapping[str, Any]) -> list[str]:
    """Return the words of a container's command and arguments, with a shell's script split into words and variables expanded.

    A variable with an unknown value stays unexpanded.
    """
    written = [word for place in ("command", "args") for word in container.get(place) or []]
    values = variables(container)
    if written and basename(str(written[0])) in _SHELLS:
        script = [str(word) for word in written[1:] if not str(word).startswith("-")]
        written = [str(written[0]), *(part for text in script for part in split(text))]
    expanded: list[str] = []
    for word in written:
        text = _VARIABLE.sub(lambda match: _value(match, values), str(word))
        expanded += split(text) if text != str(word) and " " in text else (text,)
    return expanded


def _value(match: re.Match[str], values: Mapping[str, Any]) -> str:
    value = values.get(match[1] or match[2] or match[3])
    return match[0] if value is None or isinstance(value, Unknown) else str(value)


@functools.lru_cache(maxsize=4096)
def split(text: str) -> tuple[str, ...]:
    """Split a shell's line into words; separators are separate words. Results are cached, since several rules split the same line."""
    spaced = re.sub(r"(&&|\|\||[;|()]|(?<![<>&])&(?!&))", r" \1 ", text)
    try:
        return tuple(shlex.split(spaced, comments=True))
    except ValueError:
        return tuple(spaced.split())


def basename(word: str) -> str:
    """Return the last part of a path."""
    return word.rpartition("/")[2]


def programs(container: Mapping[str, Any]) -> list[list[str]]:
    """Return the programs that a container's command starts, each with its arguments; none when the image's entry point decides."""
    started: list[list[str]] = [[]]
    for word in words(container):
        if word in _BETWEEN or (started[-1] and basename(started[-1][0]) in _SHELLS):
            started.append([])
        if word not in _BETWEEN and not (not started[-1] and (word in _IN_FRONT or re.fullmatch(r"[A-Za-z_]\w*=.*", word))):
            started[-1].append(word)
    return [program for program in started if program]


def image_name(container: Mapping[str, Any]) -> tuple[str, str]:
    """Return the last two parts of an image's path without tag and digest: ``confluentinc``, ``cp-kafka``."""
    path = str(container.get("image") or "").partition("@")[0]
    folder, _, last = path.rpartition("/")
    return basename(folder), last.partition(":")[0]
