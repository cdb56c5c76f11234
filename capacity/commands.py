"""What a container starts, word by word: through a shell or not, with its variables in place."""

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
    """Values of a container's variables by name; None for one that comes from elsewhere, UNKNOWN for one that is not known at preview."""
    found: dict[str, Any] = {}
    for entry in container.get("env") or []:
        found[str(entry.get("name"))] = entry.get("value") if "valueFrom" not in entry else None
    return found


def words(container: Mapping[str, Any]) -> list[str]:
    """The words of a container's command and arguments, those of a shell's script one by one, variables in their places.

    A variable whose value nobody can tell stays as it is written.
    """
    given = [word for place in ("command", "args") for word in container.get(place) or []]
    values = variables(container)
    if given and basename(str(given[0])) in _SHELLS:
        script = [str(word) for word in given[1:] if not str(word).startswith("-")]
        given = [str(given[0]), *(part for text in script for part in split(text))]
    expanded: list[str] = []
    for word in given:
        text = _VARIABLE.sub(lambda match: _value(match, values), str(word))
        expanded += split(text) if text != str(word) and " " in text else (text,)
    return expanded


def _value(match: re.Match[str], values: Mapping[str, Any]) -> str:
    value = values.get(match[1] or match[2] or match[3])
    return match[0] if value is None or isinstance(value, Unknown) else str(value)


@functools.lru_cache(maxsize=4096)
def split(text: str) -> tuple[str, ...]:
    """Words of a shell's line; its separators are words of their own. Kept: every rule that looks at a container asks again."""
    spaced = re.sub(r"(&&|\|\||[;|()]|(?<![<>&])&(?!&))", r" \1 ", text)
    try:
        return tuple(shlex.split(spaced, comments=True))
    except ValueError:
        return tuple(spaced.split())


def basename(word: str) -> str:
    """The last part of a path."""
    return word.rpartition("/")[2]


def programs(container: Mapping[str, Any]) -> list[list[str]]:
    """The programs that a container's command starts, each with its arguments; none when the image's own entry point decides."""
    found: list[list[str]] = [[]]
    for word in words(container):
        if word in _BETWEEN or (found[-1] and basename(found[-1][0]) in _SHELLS):
            found.append([])
        if word not in _BETWEEN and not (not found[-1] and (word in _IN_FRONT or re.fullmatch(r"[A-Za-z_]\w*=.*", word))):
            found[-1].append(word)
    return [program for program in found if program]


def image_name(container: Mapping[str, Any]) -> tuple[str, str]:
    """The last two parts of an image's path without tag and digest: ``confluentinc``, ``cp-kafka``."""
    path = str(container.get("image") or "").partition("@")[0]
    folder, _, last = path.rpartition("/")
    return basename(folder), last.partition(":")[0]
