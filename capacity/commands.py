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
# Programs that start another one: their options with a value in the next word, and how many words of their own precede it.
_IN_FRONT: Mapping[str, tuple[set[str], int]] = {
    "exec": ({"-a"}, 0),
    **dict.fromkeys(("nohup", "setsid", "catatonit", "docker-init", "winpty", "command", "builtin"), (set[str](), 0)),
    "env": ({"-u", "-C", "--unset", "--chdir"}, 0),
    "time": ({"-f", "-o"}, 0),
    "tini": ({"-p", "-e"}, 0),
    "dumb-init": ({"-r", "--rewrite"}, 0),
    "nice": ({"-n"}, 0),
    "ionice": ({"-c", "-n"}, 0),
    "stdbuf": ({"-i", "-o", "-e"}, 0),
    "taskset": ({"-c"}, 0),
    "numactl": ({"-N", "-m", "-C"}, 0),
    "sudo": ({"-u", "-g"}, 0),
    "runuser": ({"-u", "-g"}, 0),
    "setpriv": ({"--reuid", "--regid", "--groups"}, 0),
    "timeout": ({"-k", "-s"}, 1),
    **dict.fromkeys(("gosu", "su-exec", "chroot", "s6-setuidgid", "setuser"), (set[str](), 1)),
    "chpst": ({"-u", "-U", "-e"}, 0),
}
# Options of a shell with a value in the next word.
_SHELL_VALUES = {"-o", "+o", "-O", "+O", "--rcfile", "--init-file"}
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=.*", re.DOTALL)


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
    written = _with_scripts(written)
    expanded: list[str] = []
    for word in written:
        text = _VARIABLE.sub(lambda match: _value(match, values), str(word))
        expanded += split(text) if text != str(word) and " " in text else (text,)
    return expanded


def _with_scripts(written: list[Any]) -> list[Any]:
    """Return the words with the script of each shell split: what follows its options, for the first program, else what follows -c."""
    for at, word in enumerate(written):
        if basename(str(word)) in _SHELLS and (at == 0 or any(re.fullmatch(r"-\w*c", str(one)) for one in written[at + 1 :])):
            rest = iter(written[at + 1 :])
            script: list[str] = []
            for text in rest:
                if str(text) in _SHELL_VALUES:
                    next(rest, None)
                elif not str(text).startswith(("-", "+")) or script:
                    script.append(str(text))
            kept = [text for text in script if not text.startswith("-")] if at == 0 else script
            return [*written[: at + 1], *(part for text in kept for part in split_script(text))]
    return written


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


def split_script(text: str) -> tuple[str, ...]:
    """Split a script into words like ``split``; a line's end separates commands, unless a backslash continues the line."""
    return split(text.replace("\\\n", " ").replace("\n", "\n ; ")) if "\n" in text else split(text)


def basename(word: str) -> str:
    """Return the last part of a path."""
    return word.rpartition("/")[2]


def programs(container: Mapping[str, Any]) -> list[list[str]]:
    """Return the programs that a container's command starts, each with its arguments; none when the image's entry point decides."""
    started: list[list[str]] = []
    current: list[str] = []
    for word in words(container):
        if word in _BETWEEN:
            started.append(current)
            current = []
        elif current and basename(current[0]) in _SHELLS:
            if not word.startswith("-"):
                started.append(current)
                current = [word]
        else:
            current.append(word)
    return [program for written in [*started, current] if (program := _started(written))]


def _started(written: list[str]) -> list[str]:
    """Return a command from the program on that it ends up running: without assignments, and without programs that start others."""
    at, valued, skipped, in_front = 0, set[str](), 0, False
    while at < len(written):
        word = written[at]
        if _ASSIGNMENT.fullmatch(word):
            at += 1
        elif in_front and word.startswith("-"):
            at += 2 if word in valued else 1
        elif skipped:
            at, skipped = at + 1, skipped - 1
        elif basename(word) in _IN_FRONT or word == "--":
            valued, skipped = _IN_FRONT.get(basename(word), (set[str](), 0))
            at, in_front = at + 1, True
        elif basename(word) in _SHELLS and in_front and at + 1 < len(written):
            at += 1
        else:
            return written[at:]
    return []


def image_name(container: Mapping[str, Any]) -> tuple[str, str]:
    """Return the last two parts of an image's path without tag and digest: ``confluentinc``, ``cp-kafka``."""
    path = str(container.get("image") or "").partition("@")[0]
    folder, _, last = path.rpartition("/")
    return basename(folder), last.partition(":")[0]
