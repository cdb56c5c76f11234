"""The flags that reach a Java process, in the order in which it reads them, and the heap that follows from them.

Order and meaning are those of java(1) of JDK 21 and of Kafka's and Confluent's start scripts. A flag that this model does not follow is an
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

# Read before the command line, by the `java` launcher in front of it, and by the JVM after it (java(1)).
_TOOL, _LAUNCHER, _LAST = "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"
# Ends of the variables of kafka-run-class and schema-registry-run-class, in the order in which these put them on the command line.
_OF_SCRIPTS = ("HEAP_OPTS", "JVM_PERFORMANCE_OPTS", "JMX_OPTS", "LOG4J_OPTS", "OPTS")
_LOOKS_LIKE_FLAGS = re.compile(r"(^|\s)-(Xm[xsn]|mx|ms|XX:|Xss)")
_WITH_VALUE = {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports", "--add-reads"}
_NOT_FOLLOWED = re.compile(
    r"@|-XX:(VMOptionsFile|Flags|MaxRAM|MaxRAMFraction|MinRAMFraction|InitialRAMFraction)=|-XX:\+AggressiveHeap|-XX:-UseContainerSupport"
)
# Heap in MiB that a start script asks for when nobody sets one (from the scripts of Kafka 4.3 and Confluent 8.1).
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
# Where HotSpot turns from `MinRAMPercentage` to `MaxRAMPercentage`, and the least that the latter gives (arguments.cpp, set_heap_size).
_SMALL_HEAP = 126 * MIB


class FlagError(ValueError):
    """A flag whose value the JVM would not take either, or that this model cannot follow."""


def script_of(container: Mapping[str, Any]) -> str | None:
    """The start script that brings the flags together: the one in the command, or that of a known image without a command."""
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
    """The programs of a container that are `java` itself, each from that word on."""
    return [program for program in programs(container) if basename(program[0]) == "java"]


def is_java(container: Mapping[str, Any]) -> bool:
    """Whether a container runs Java: by its command, by flags in arguments or environment, or as a known image with a start script."""
    if java_programs(container) or script_of(container) is not None:
        return True
    values = variables(container)
    if {_TOOL, _LAUNCHER, _LAST} & set(values):
        return True
    texts = [str(word) for place in ("command", "args") for word in container.get(place) or []]
    return any(_LOOKS_LIKE_FLAGS.search(text) for text in (*texts, *map(str, values.values())))


def flags_of(container: Mapping[str, Any]) -> list[str]:
    """The JVM's flags in the order in which it reads them; the last one of a kind counts.

    Raises:
        FlagError: If flags may come from where nobody can see them, or there is more than one Java process.
    """
    if container.get("envFrom"):
        message = "envFrom may hold flags that nobody sees at preview; name the variables one by one in env"
        raise FlagError(message)
    started = java_programs(container)
    if len(started) > 1:
        message = f"starts Java {len(started)} times in one container; give each a container of its own"
        raise FlagError(message)
    command = _until_main_class(started[0]) if started else []
    script = script_of(container)
    if script is not None:
        command = _of_script(container, script)
    elif not started:
        command = _of_entry_point(container)
    told = [*_known(container, _TOOL), *_known(container, _LAUNCHER), *command, *_known(container, _LAST)]
    for flag in told:
        if _NOT_FOLLOWED.match(flag) or "$" in flag:
            message = f"{_safe(flag)} decides memory in a way that cannot be followed here; write -Xmx and the other bounds themselves"
            raise FlagError(message)
    return told


def _safe(flag: str) -> str:
    """A flag as it may stand in a message: what follows it may be anything."""
    return re.split(r"[=$@]", flag)[0] or flag[:1]


def _known(container: Mapping[str, Any], name: str) -> list[str]:
    values = variables(container)
    if name not in values:
        return []
    value = values[name]
    if value is None or isinstance(value, Unknown):
        message = f"{name} is not known at preview, and Java's memory follows from it; give a plain value"
        raise FlagError(message)
    return list(split(str(value)))


def _until_main_class(program: list[str]) -> list[str]:
    """The options of a `java` command, without what it hands to the program."""
    found: list[str] = []
    rest = iter(program[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif word in {"-jar", "-m", "--module"} or not word.startswith(("-", "@", "$")):
            break
        else:
            found.append(word)
    return found


def _of_script(container: Mapping[str, Any], script: str) -> list[str]:
    names = list(variables(container))
    ordered = [name for end in _OF_SCRIPTS for name in names if name.endswith(f"_{end}") and _end_of(name) == end]
    told = [flag for name in ordered for flag in _known(container, name)]
    heap_told = any(name.endswith("HEAP_OPTS") for name in names)
    return told if heap_told else [f"-Xmx{_SCRIPT_HEAPS[script]}m", *told]


def _end_of(name: str) -> str:
    return next(end for end in _OF_SCRIPTS if name.endswith(f"_{end}"))


def _of_entry_point(container: Mapping[str, Any]) -> list[str]:
    """Flags in variables and arguments that an image's own entry point may pass on; which one it reads nobody sees, so all count."""
    values = {name: value for name, value in variables(container).items() if name not in {_TOOL, _LAUNCHER, _LAST}}
    unclear = [
        name for name, value in values.items() if re.search(r"JAVA|JVM|HEAP", name) and (value is None or isinstance(value, Unknown))
    ]
    if unclear:
        message = f"{unclear[0]} is not known at preview, and Java's memory may follow from it; give a plain value"
        raise FlagError(message)
    texts = [str(value) for value in values.values() if value is not None and _LOOKS_LIKE_FLAGS.search(str(value))]
    texts += [str(word) for place in ("command", "args") for word in container.get(place) or [] if _LOOKS_LIKE_FLAGS.search(str(word))]
    return [flag for text in texts for flag in split(text)]


def last(flags: list[str], *prefixes: str) -> str | None:
    """What follows the last flag with one of the prefixes, or None."""
    found = [flag.removeprefix(prefix) for flag in flags for prefix in prefixes if flag.startswith(prefix)]
    return found[-1] if found else None


def size(text: str, flag: str) -> int:
    """A size as Java reads it, in bytes.

    Raises:
        FlagError: If Java would not read it.
    """
    match = re.fullmatch(r"(\d+)([kKmMgGtT]?)", text)
    if not match or int(match[1]) == 0:
        message = f"what stands after {flag} is not a size that Java reads; write for example {flag}512m"
        raise FlagError(message)
    scale: int = 1024 ** " kmgt".index(match[2].lower() or " ")
    return int(match[1]) * scale


def heap_of(flags: list[str], limit: int) -> tuple[int, bool]:
    """The largest heap in bytes, and whether it follows from the container's limit.

    Args:
        flags: See `flags_of`.
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
            message = f"what stands after -XX:{name}= is not a number"
            raise FlagError(message) from None
    most, least = shares
    return int(least if least < _SMALL_HEAP else max(most, _SMALL_HEAP)), True
