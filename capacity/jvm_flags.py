"""Flags of a Java process, in the order in which it reads them, and the resulting heap.

Order and meaning are those of java(1) of JDK 21 and of Kafka's and Confluent's start scripts. A flag that this model cannot follow is an
error, never a default.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from capacity.commands import basename, image_name, programs, split, variables
from capacity.quantity import MIB
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

# Read before the command line, by the java launcher in front of it, and by the JVM after it (java(1)).
_TOOL, _LAUNCHER, _LAST = "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"
# Suffixes of the variables of kafka-run-class and schema-registry-run-class, in the order of their command line.
_OF_SCRIPTS = ("HEAP_OPTS", "JVM_PERFORMANCE_OPTS", "JMX_OPTS", "LOG4J_OPTS", "OPTS")
_LOOKS_LIKE_FLAGS = re.compile(r"(^|\s)-(Xm[xsn]|mx|ms|XX:|Xss)")
_WITH_VALUE = {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports", "--add-reads"}
_NOT_FOLLOWED = re.compile(
    r"@|-XX:(VMOptionsFile|Flags|MaxRAM|MaxRAMFraction|MinRAMFraction|InitialRAMFraction)=|-XX:\+AggressiveHeap|-XX:-UseContainerSupport"
)
# Default heap of each start script in MiB (from the scripts of Kafka 4.3 and Confluent 8.1).
_SCRIPT_HEAPS = {
    "kafka-server-start": 1024,
    "connect-distributed": 2048,
    "connect-standalone": 2048,
    "connect-mirror-maker": 2048,
    "kafka-run-class": 256,
    "schema-registry-start": 512,
}
_IMAGE_SCRIPTS = {
    "cp-kafka": "kafka-server-start",
    "cp-server": "kafka-server-start",
    "cp-kafka-connect": "connect-distributed",
    "cp-kafka-connect-base": "connect-distributed",
    "cp-server-connect": "connect-distributed",
    "cp-schema-registry": "schema-registry-start",
    "apache/kafka": "kafka-server-start",
    "bitnami/kafka": "kafka-server-start",
    "debezium/kafka": "kafka-server-start",
    "debezium/connect": "connect-distributed",
}
# Below this HotSpot uses MinRAMPercentage; MaxRAMPercentage never results in less (arguments.cpp, set_heap_size).
_SMALL_HEAP = 126 * MIB


class FlagError(ValueError):
    """A flag that the JVM would refuse as well, or that this model cannot follow."""


def script_of(container: Mapping[str, Any]) -> str | None:
    """Return the start script that assembles the flags: the one in the command, or that of a known image without a command."""
    for program in programs(container):
        for word in program:
            script = basename(word).removesuffix(".sh")
            if script in _SCRIPT_HEAPS:
                return script
    if container.get("command"):
        return _IMAGE_SCRIPTS.get(image_name(container)[1]) if "/etc/confluent/docker/run" in str(container["command"]) else None
    owner, name = image_name(container)
    return _IMAGE_SCRIPTS.get(name) or _IMAGE_SCRIPTS.get(f"{owner}/{name}")


def java_programs(container: Mapping[str, Any]) -> list[list[str]]:
    """Return the programs of a container that are ``java`` itself, each from that word on."""
    return [program for program in programs(container) if basename(program[0]) == "java"]


def is_java(container: Mapping[str, Any]) -> bool:
    """Return whether a container runs Java: by command, by flags in arguments or environment, or as an image with a known start script."""
    if java_programs(container) or script_of(container) is not None:
        return True
    values = variables(container)
    if {_TOOL, _LAUNCHER, _LAST} & set(values):
        return True
    texts = [str(word) for place in ("command", "args") for word in container.get(place) or []]
    return any(_LOOKS_LIKE_FLAGS.search(text) for text in (*texts, *map(str, values.values())))


def flags_of(container: Mapping[str, Any]) -> list[str]:
    """Return the JVM's flags in the order in which it reads them; the last one of a kind counts.

    Raises:
        FlagError: If flags may come from a source that is invisible at preview, or the container starts several Java processes.
    """
    if container.get("envFrom"):
        message = "envFrom may contain flags that are invisible at preview; list the variables one by one in env"
        raise FlagError(message)
    started = java_programs(container)
    if len(started) > 1:
        message = f"starts Java {len(started)} times in one container; use one container for each"
        raise FlagError(message)
    command = _until_main_class(started[0]) if started else []
    script = script_of(container)
    if script is not None:
        command = _of_script(container, script)
    elif not started:
        command = _of_entry_point(container)
    flags = [*_known(container, _TOOL), *_known(container, _LAUNCHER), *command, *_known(container, _LAST)]
    for flag in flags:
        if _NOT_FOLLOWED.match(flag) or "$" in flag:
            message = f"{_safe(flag)} changes memory in a way that this check cannot follow; set -Xmx and the other bounds directly"
            raise FlagError(message)
    return flags


def _safe(flag: str) -> str:
    """Return a flag without its value, for messages: the value may be a credential."""
    return re.split(r"[=$@]", flag)[0] or flag[:1]


def _known(container: Mapping[str, Any], name: str) -> list[str]:
    values = variables(container)
    if name not in values:
        return []
    value = values[name]
    if value is None or isinstance(value, Unknown):
        message = f"{name} is not known at preview and decides Java's memory; set a plain value"
        raise FlagError(message)
    return list(split(str(value)))


def _until_main_class(program: list[str]) -> list[str]:
    """Return the options of a ``java`` command, without the arguments of its program."""
    options: list[str] = []
    rest = iter(program[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word in {"-jar", "-m", "--module"} or not word.startswith(("-", "@", "$")):
            break
        else:
            options.append(word)
    return options


def _of_script(container: Mapping[str, Any], script: str) -> list[str]:
    names = list(variables(container))
    ordered = [name for end in _OF_SCRIPTS for name in names if name.endswith(f"_{end}") and _end_of(name) == end]
    flags = [flag for name in ordered for flag in _known(container, name)]
    sets_heap = any(name.endswith("HEAP_OPTS") for name in names)
    return flags if sets_heap else [f"-Xmx{_SCRIPT_HEAPS[script]}m", *flags]


def _end_of(name: str) -> str:
    return next(end for end in _OF_SCRIPTS if name.endswith(f"_{end}"))


def _of_entry_point(container: Mapping[str, Any]) -> list[str]:
    """Return all flags in variables and arguments: an image's own entry point may pass on any of them."""
    values = {name: value for name, value in variables(container).items() if name not in {_TOOL, _LAUNCHER, _LAST}}
    unclear = [
        name for name, value in values.items() if re.search(r"JAVA|JVM|HEAP", name) and (value is None or isinstance(value, Unknown))
    ]
    if unclear:
        message = f"{unclear[0]} is not known at preview and may decide Java's memory; set a plain value"
        raise FlagError(message)
    texts = [str(value) for value in values.values() if value is not None and _LOOKS_LIKE_FLAGS.search(str(value))]
    texts += [str(word) for place in ("command", "args") for word in container.get(place) or [] if _LOOKS_LIKE_FLAGS.search(str(word))]
    return [flag for text in texts for flag in split(text)]


def last(flags: list[str], *prefixes: str) -> str | None:
    """Return the value of the last flag with one of the prefixes, or None."""
    values = [flag.removeprefix(prefix) for flag in flags for prefix in prefixes if flag.startswith(prefix)]
    return values[-1] if values else None


def size(text: str, flag: str) -> int:
    """Parse a size as Java does; return bytes.

    Raises:
        FlagError: If Java would refuse it.
    """
    match = re.fullmatch(r"(\d+)([kKmMgGtT]?)", text)
    if not match or int(match[1]) == 0:
        message = f"the value of {flag} is not a size that Java accepts; write for example {flag}512m"
        raise FlagError(message)
    scale: int = 1024 ** " kmgt".index(match[2].lower() or " ")
    return int(match[1]) * scale


def heap_of(flags: list[str], limit: int) -> tuple[int, bool]:
    """Return the maximum heap in bytes, and whether it follows from the container's limit.

    Args:
        flags: The JVM's flags; see ``flags_of``.
        limit: The container's limit in bytes.
    """
    explicit = last(flags, "-Xmx", "-mx", "-XX:MaxHeapSize=")
    if explicit is not None:
        return size(explicit, "-Xmx"), False
    shares = []
    for name, absent in (("MaxRAMPercentage", 25.0), ("MinRAMPercentage", 50.0)):
        text = last(flags, f"-XX:{name}=")
        try:
            shares.append(limit * (absent if text is None else float(text)) / 100)
        except ValueError:
            message = f"the value of -XX:{name}= is not a number"
            raise FlagError(message) from None
    most, least = shares
    return int(least if least < _SMALL_HEAP else max(most, _SMALL_HEAP)), True
