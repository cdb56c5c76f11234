"""Memory that the settings of databases, caches and brokers of others let them take, in bytes.

What a command line says counts before a variable, and that before a file, as in each of these servers; of several files the largest counts.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stack.capacity.commands import basename, environment, image_name, programs, split
from stack.capacity.server_tables import SERVERS, Part, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stack.capacity.server_tables import Unit

_VALUE: Final = r"""["']?((?:\d{1,20}(?:\.\d{1,6})?|\.\d{1,6})[ ]?(?:[kmgtKMGT]?[iI]?[bB]?)%?)(?![\w.])"""
_BETWEEN: Final = r"""["']?[ \t]*[=:,>\n]?[ \t\n]*"""
_SIZE: Final = re.compile(r"(\d*(?:\.\d+)?)\s*([kmgt]?)(i?)(b?)(%?)", re.IGNORECASE)
# Values of a switch that is off
_OFF: Final = {"0", "off", "false", "no"}
# A value of Erlang that is absolute or a share: in a term, and behind the command that sets it
_TERM: Final = re.compile(r"(vm_memory_high_watermark)[\s,]*\{\s*(absolute|relative)\s*,\s*")
_COMMAND: Final = re.compile(r"set_vm_memory_high_watermark(\s+absolute)?\s")
# Flags of memcached without a value, which may stand in one word before -m
_SWITCHES: Final = "dvVkMLhiSFAXZNrs"
# Programs that only prepare, and then start what follows them or what the image has
_ENTRY: Final = re.compile(r".*(\.sh|entrypoint|(^|[-_])(run|start|setup|init)([-_].*)?)$")
# Files of flags for Java, as images of Elasticsearch, OpenSearch, Logstash, Cassandra and Trino read them.
_OPTION_FILES: Final = re.compile(r".*/(jvm[\w.-]*\.options|jvm\.options\.d/[^/]+\.options|jvm\.config)")
_HEAP_LINE: Final = re.compile(
    r"(?m)^[ \t]*(?:\d+(?:-\d*)?:)?(-Xmx|-XX:MaxHeapSize=|-Xms|-XX:InitialHeapSize=)(\d{1,19}[kmgtKMGT]?)[ \t]*$"
)
_HEAP_FLAG: Final = re.compile(r"(^|[\s=\"'])-(Xmx|XX:MaxHeapSize=)\S")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that sizes a part of a server's memory.

    Attributes:
        server: Name of the server.
        name: Name of the setting.
        value: Value as written.
        place: Path of its file; empty for a command line or a variable.
        size: Bytes that the server may take by all of its settings.
        besides: Bytes of these that other settings decide.
        by_machine: Whether the setting takes a share of the machine, so that no size of the container bounds it.
    """

    server: str
    name: str
    value: str
    place: str
    size: int
    besides: int = 0
    by_machine: bool = False


def settings(container: Mapping[str, Any], files: Mapping[str, str], limit: int) -> Iterator[Setting]:
    """Yield the largest setting of each server in a container, with the memory that all of them allow it.

    Args:
        container: The container in Kubernetes' own spelling.
        files: Texts of its mounted files, by path.
        limit: Memory available to the container in bytes, the base of shares.
    """
    started = programs(container)
    for server in SERVERS:
        told = _told(container, started, server)
        if told is None:
            continue
        told = f"{told}\n{_scripts(container)}"
        switch = _by_machine(server, told, container, files, limit)
        if switch:
            yield switch
            continue
        found = [one for part in server.parts if (one := _of_part(server, part, told, container, files, limit)) is not None]
        if found:
            largest = max(found, key=lambda one: one.size)
            total = sum(one.size for one in found)
            yield Setting(server.name, largest.name, largest.value, largest.place, total, total - largest.size)
    yield from _heaps(container, files)


def _heaps(container: Mapping[str, Any], files: Mapping[str, str]) -> Iterator[Setting]:
    """Yield the largest heap in a file of Java's options, unless a variable or a flag sets another."""
    said = [str(value) for value in environment(container).values()] + [str(word) for word in container.get("args") or []]
    if any(_HEAP_FLAG.search(text) for text in said):
        return
    heaps = [
        Setting("Java", match[1].rstrip("="), match[2], path, bytes_of(match[2], "bytes", 0))
        for path, text in files.items()
        if _OPTION_FILES.fullmatch(path)
        for match in _HEAP_LINE.finditer(text)
    ]
    if heaps:
        yield max(heaps, key=lambda one: one.size)


def _told(container: Mapping[str, Any], started: Sequence[Sequence[str]], server: Server) -> str | None:
    """Return the arguments of a server, one a line; None where the container, which starts some programs, does not run it."""
    names, images = set(server.programs.split()), set(server.images.split())
    for program in started:
        first = basename(program[0])
        behind = program[1:] if first in names else program[2:] if len(program) > 1 and basename(program[1]) in names else None
        if behind is not None and (first in names or _ENTRY.fullmatch(first)):
            return "\n".join(behind)
    folder, image = image_name(container)
    if not images & {image, f"{folder}/{image}"}:
        return None
    if container.get("command"):
        return "" if all(_ENTRY.fullmatch(basename(program[0])) for program in started) else None
    words = [str(word) for word in container.get("args") or []]
    at_once = not words or words[0].startswith("-") or basename(words[0]) in names or _ENTRY.fullmatch(basename(words[0]))
    return "\n".join(words) if at_once else None


def _by_machine(server: Server, told: str, container: Mapping[str, Any], files: Mapping[str, str], limit: int) -> Setting | None:
    """Return the switch by which a server takes a share of the machine: its last word on the command line, else in a file."""
    values = environment(container)
    further = "\n".join(word for name in server.flags for word in split(str(values.get(name) or "")))
    for path, text in (("", f"{told}\n{further}"), *files.items()) if server.by_machine else ():
        found = list(_switch(server.by_machine, of_flags=not path).finditer(text))
        if found:
            is_on = (found[-1][2] or "on").lower() not in _OFF and not found[-1][1].lower().startswith(("skip", "disable"))
            return Setting(server.name, found[-1][1], found[-1][2] or "on", path, limit + 1, by_machine=True) if is_on else None
    return None


@functools.lru_cache(maxsize=16)
def _switch(names: str, *, of_flags: bool) -> re.Pattern[str]:
    listed = "|".join(re.escape(name).replace(r"\-", "[-_]") for name in names.split())
    begin = r"(?:^|[\s\"'])--" if of_flags else r"(?m)^[ \t]*"
    return re.compile(rf"{begin}((?:skip-|disable-)?(?:{listed}))(?![\w-])(?:[ \t]*=[ \t]*[\"']?(\w+))?", re.IGNORECASE)


def _scripts(container: Mapping[str, Any]) -> str:
    """Return the scripts of a container and of its hook: what they write into a file, or set by a client, counts for their server."""
    hook = container.get("lifecycle")
    for step in ("postStart", "exec", "command"):
        hook = hook.get(step) if isinstance(hook, Mapping) else None
    listed = [container.get("command"), container.get("args"), hook]
    return "\n".join(str(text) for texts in listed if isinstance(texts, (list, tuple)) for text in texts if " " in str(text))


def _of_part(server: Server, part: Part, told: str, container: Mapping[str, Any], files: Mapping[str, str], limit: int) -> Setting | None:
    """Return what sets a part: the last flag, else a variable, else the largest value in a file."""
    values = {name: text for name, text in environment(container).items() if isinstance(text, str) and "$" not in text}
    further = "\n".join(word for name in server.flags for word in split(values.get(name, "")))
    name = part.names.split()[0]
    flags = [*_found(part, f"{told}\n{further}", of_flags=True)]
    if flags:
        written, value = flags[-1]
        return Setting(server.name, written, value, "", bytes_of(value, part.unit, limit))
    for variable, sets in server.variables.items():
        if sets == name and values.get(variable):
            return Setting(server.name, variable, values[variable], "", bytes_of(values[variable], part.unit, limit))
    found = [
        Setting(server.name, written, value, path, bytes_of(value, part.unit, limit))
        for path, text in files.items()
        for written, value in _found(part, text, of_flags=False)
    ]
    return max(found, key=lambda one: one.size, default=None)


def _found(part: Part, text: str, *, of_flags: bool) -> Iterator[tuple[str, str]]:
    """Yield every name and value of a part in a command line, or in a file."""
    for match in _pattern(part, of_flags=of_flags).finditer(_as_keys(text) if "watermark" in part.names else text):
        yield (f"-{part.short}" if match[1] is None else match[1]), next(one for one in match.groups()[1:] if one is not None)


def _as_keys(text: str) -> str:
    """Return a text in which the terms of Erlang and the commands that set RabbitMQ's watermark stand as its keys do."""
    named = _COMMAND.sub(lambda one: f"vm_memory_high_watermark{'.absolute' if one[1] else ''} ", text)
    return _TERM.sub(r"\1.\2 ", named)


@functools.lru_cache(maxsize=256)
def _pattern(part: Part, *, of_flags: bool) -> re.Pattern[str]:
    """Return the pattern of a part: in a file, its name begins a line, which no comment does."""
    names = "|".join(re.escape(name).replace(r"\-", "[-_]").replace("_", "[-_]") for name in part.names.split())
    names = names.replace("[-[-_]]", "[-_]")
    begin = r"(?:^|[\s,(=\"'])(?:-D|-{0,2})" if of_flags else r"(?m)^[ \t\-\[\"'<{]*(?:[\w.]{1,60}\.)?(?<![\w])"
    long = rf"{begin}({names})(?![\w-]){_BETWEEN}{_VALUE}"
    if part.short and of_flags:
        long = rf"{long}|(?m:^)-[{_SWITCHES}]*{part.short}[\n=]?(\d+[kmgKMG]?[bB]?)(?!\w)"
    return re.compile(long, re.IGNORECASE)


def bytes_of(text: str, unit: Unit, limit: int) -> int:
    """Return the bytes of a size as a server reads it; 0 where it bounds nothing.

    Args:
        text: The size as written: a number with or without a unit, or a share.
        unit: Meaning of a number without a unit.
        limit: Base of shares in bytes.
    """
    found = _SIZE.fullmatch(text.strip("\"' "))
    if not found or not found[1]:
        return 0
    number, letter, binary, ending, share = float(found[1]), found[2].lower(), found[3], found[4], found[5]
    if share or unit == "percent" or (not letter and (unit == "ratio" or (unit == "decimal" and 0 < number < 1))):
        return int(limit * (number / 100 if share or unit == "percent" else number))
    if not letter:
        return int(number * {"MiB": 1024**2, "GiB": 1024**3}.get(unit, 1))
    is_decimal = not binary and (unit == "decimal" or (unit == "redis" and not ending))
    return int(number * (1000 if is_decimal else 1024) ** " kmgt".index(letter))
