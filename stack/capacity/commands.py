"""Command of a container as a list of words, through a shell or not, with its variables expanded."""

from __future__ import annotations

import functools
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from stack.capacity.wrappers import ASKING, IN_FRONT, SHELL_VALUES, SHELLS, WITH_SCRIPT
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_VARIABLE = re.compile(r"\$\(([A-Za-z_]\w*)\)|\$\{([A-Za-z_]\w*)(?::?-[^}]*)?\}|\$([A-Za-z_]\w*)")
_BETWEEN = {"&&", "||", ";", "|", "&", "(", ")", "{", "}", "then", "do", "else", "!"}
# Words before which, or behind which, assignments stand.
_SETTING = {*SHELLS, *IN_FRONT, "declare", "export", "readonly", "typeset", "eval"}
_VALUED = SHELL_VALUES.union(*(valued for valued, _skipped in IN_FRONT.values()))
# Programs that only print their words
_PRINTS = {"echo", "printf"}
# What hands printed words on: pipes, files, substitutions, and the arguments of a script
_HANDS_ON = re.compile(r"[|<>`]|\$\(|\$\{?[@*0-9]")
_TO_THE_LOG = re.compile(r"\|\||[12&]?>>?\s*(&[12]|/dev/(null|stdout|stderr)\b|/proc/(1|self)/fd/[12]\b)")
# Option of a shell behind which a script stands
_SCRIPT = re.compile(r"-\w*c")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=.*", re.DOTALL)


def variables(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return a container's variables by name; the value is None with ``valueFrom``, ``UNKNOWN`` where it is unknown at preview."""
    values: dict[str, Any] = {}
    for entry in container.get("env") or []:
        values[str(entry.get("name"))] = entry.get("value") if "valueFrom" not in entry else None
    return values


def environment(container: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that a container's programs see: its own, and those that its command sets for them before it starts them."""
    values, written = variables(container), _Written.of(container)
    if any(isinstance(value, Unknown) for value in values.values()):
        return _assigned(values, written.all)
    # a value of another object is as good as none where a command adds to it
    return {**values, **dict(_environment(written))}


@functools.lru_cache(maxsize=4096)
def _environment(written: _Written) -> tuple[tuple[str, str], ...]:
    return tuple(_assigned(dict(written.values), written.all).items())


def _assigned(given: Mapping[str, Any], written: list[str]) -> dict[str, Any]:
    """Return variables as a command's assignments leave them."""
    values = dict(given)
    begins = True
    rest = iter(_with_scripts(written))
    for word in rest:
        if begins and word in _VALUED:
            next(rest, None)
        elif begins and _ASSIGNMENT.fullmatch(word):
            name, _, value = word.partition("=")
            value = _VARIABLE.sub(lambda match: _value(match, values), value)
            values[name.removesuffix("+")] = f"{values.get(name[:-1]) or ''}{value}" if name.endswith("+") else value
        elif not (begins and (word.startswith("-") or basename(word) in _SETTING)):
            begins = word in _BETWEEN or basename(word) in _SETTING
    return values


@dataclass(frozen=True)
class _Written:
    """Texts that decide a container's words, as the key of a cache: a dozen rules read the same few containers.

    Attributes:
        command: Words of the command; empty where the image's entry point decides.
        arguments: Words behind it.
        values: Names and values of the variables, where they are known.
    """

    command: tuple[str, ...]
    arguments: tuple[str, ...]
    values: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, container: Mapping[str, Any]) -> Self:
        command, arguments = (tuple(map(str, container.get(place) or [])) for place in ("command", "args"))
        known = {name: value for name, value in variables(container).items() if value is not None and not isinstance(value, Unknown)}
        return cls(command, arguments, tuple((name, str(value)) for name, value in known.items()))

    @property
    def all(self) -> list[str]:
        """Command and arguments."""
        return [*self.command, *self.arguments]


def words(container: Mapping[str, Any]) -> list[str]:
    """Return the words of a container's command and arguments, with a shell's script split into words and variables expanded.

    A variable with an unknown value stays unexpanded. What a command only prints to the log is left out.
    """
    return list(_words(_Written.of(container)))


@functools.lru_cache(maxsize=4096)
def _words(written: _Written) -> tuple[str, ...]:
    expanded = _expanded(written)
    return tuple(word for one in _commands(expanded) for word in one if not _prints([one])) if _only_logs(written) else expanded


def texts(container: Mapping[str, Any]) -> list[str]:
    """Return a container's command and arguments as written; their words, as ``words`` has them, where a command only prints some."""
    written = _Written.of(container)
    if _only_logs(written) and _prints(_commands(_expanded(written))):
        return words(container)
    return written.all


def _only_logs(written: _Written) -> bool:
    """Return whether what a command prints goes to the log alone, so that no program reads it."""
    given = written.all
    if not written.command or any(_HANDS_ON.search(_TO_THE_LOG.sub(" ", text)) for text in given):
        return False
    scripts = [at for at, text in enumerate(given) if _SCRIPT.fullmatch(text)]
    # what follows a script are its arguments, which it may run
    return not scripts or all(text.startswith("-") for text in given[scripts[0] + 1 : -1])


def in_order(container: Mapping[str, Any]) -> list[list[str]]:
    """Return the words of a container command by command, each with the word that ends it."""
    return _commands(_words(_Written.of(container)))


def _commands(expanded: Sequence[str]) -> list[list[str]]:
    """Return the words command by command, each with the word that ends it."""
    found: list[list[str]] = [[]]
    for word in expanded:
        if found[-1] and basename(found[-1][0]) in SHELLS and not word.startswith("-"):
            found.append([])
        found[-1].append(word)
        if word in _BETWEEN:
            found.append([])
    return found


def _prints(written: list[list[str]]) -> bool:
    """Return whether one of some commands only prints its words; ``printf -v`` sets a variable to them."""
    return any(basename(program[0]) in _PRINTS and program[1:2] != ["-v"] for program in _programs(written))


def _expanded(written: _Written) -> tuple[str, ...]:
    values = dict(written.values)
    expanded: list[str] = []
    for word in _with_scripts(written.all):
        text = _VARIABLE.sub(lambda match: _value(match, values), word)
        is_script = text != word or (expanded and expanded[-1] in {"eval", "-S", "--split-string"})
        # a shell splits no assignment
        expanded += split(text) if is_script and " " in text and not _ASSIGNMENT.fullmatch(word) else (text,)
    return tuple(expanded)


def _with_scripts(written: list[str], *, outermost: bool = True) -> list[str]:
    """Return the words with the script of each shell split: what follows its options, for the first program, else what follows -c.

    Scripts within a script are split likewise.
    """
    last = max((at for at, word in enumerate(written) if _SCRIPT.fullmatch(word)), default=-1)
    for at, word in enumerate(written):
        first = at == 0 and outermost and basename(word) in SHELLS
        if first or (at < last and basename(word) in WITH_SCRIPT):
            rest = iter(written[at + 1 :])
            valued = SHELL_VALUES | IN_FRONT.get(basename(word), (set(), 0))[0]
            script: list[str] = []
            for text in rest:
                if text in valued:
                    next(rest, None)
                elif not text.startswith(("-", "+")) or script:
                    script.append(text)
            kept = [text for text in script if not text.startswith("-")] if first else script
            parts = [part for text in kept for part in split_script(text)]
            return [*written[: at + 1], *(_with_scripts(parts, outermost=False) if len(parts) > len(kept) else parts)]
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
    return [list(program) for program in _programs_of(_Written.of(container))]


@functools.lru_cache(maxsize=4096)
def _programs_of(written: _Written) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, _programs(_commands(_words(written)))))


def _programs(written: list[list[str]]) -> list[list[str]]:
    started = [_started([word for word in one if word not in _BETWEEN]) for one in written]
    return [program for program in started if program]


def _started(written: list[str]) -> list[str]:
    """Return a command from the program on that it ends up running: without assignments, and without programs that start others."""
    at, valued, skipped, in_front = 0, set[str](), 0, False
    while at < len(written):
        word = written[at]
        if _ASSIGNMENT.fullmatch(word) or (at == 0 and word in ASKING):
            at += 1
        elif in_front and word.startswith("-"):
            at += 2 if word in valued else 1
        elif skipped:
            at, skipped = at + 1, skipped - 1
        elif basename(word) in IN_FRONT or word == "--":
            valued, skipped = IN_FRONT.get(basename(word), (set[str](), 0))
            at, in_front = at + 1, True
        elif basename(word) in SHELLS and in_front and at + 1 < len(written):
            at += 1
        else:
            return written[at:]
    return []


def image_name(container: Mapping[str, Any]) -> tuple[str, str]:
    """Return the last two parts of an image's path without tag and digest: ``confluentinc``, ``cp-kafka``."""
    path = str(container.get("image") or "").partition("@")[0]
    folder, _, last = path.rpartition("/")
    return basename(folder), last.partition(":")[0]
