"""Flags of a Java process, in the order in which it reads them, and the resulting heap.

Order and meaning are those of java(1) of JDK 21 and of Kafka's and Confluent's start scripts. A flag that this model cannot follow is an
error, never a default.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stack.capacity import jvm_scripts, jvm_variables
from stack.capacity.commands import basename, environment, programs, split, texts
from stack.capacity.quantity import MIB
from stack.capacity.repeated import several
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

# Read before the command line, by the java launcher in front of it, and by the JVM after it (java(1)).
_TOOL, _LAUNCHER, _LAST = "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"
# Read by OpenJ9 in front of the command line; other JVMs ignore them
_OF_OPENJ9 = ("OPENJ9_JAVA_OPTIONS", "IBM_JAVA_OPTIONS")
# Suffixes of the variables of kafka-run-class and schema-registry-run-class, in the order of their command line.
_OF_SCRIPTS = ("HEAP_OPTS", "JVM_PERFORMANCE_OPTS", "JMX_OPTS", "LOG4J_OPTS", "OPTS")
# Tools of the JDK, and those of languages on it, hand on what stands behind -J.
_LOOKS_LIKE_FLAGS = re.compile(r"(^|\s|-Dorg\.gradle\.jvmargs=[\"']?)(-J)?-(Xm[xsn]|mx|ms|XX:|Xss)")
_WITH_VALUE = {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--add-modules", "--add-opens", "--add-exports", "--add-reads"}
# Flags that come from elsewhere, and those that derive the heap from the machine; with a fixed maximum the second do nothing. MaxRAM takes
# the place of the machine's memory, and is followed.
_ELSEWHERE = re.compile(r"@|-XX:(VMOptionsFile|Flags)=|-XX:\+(AggressiveHeap|ReadVMOptionsFile)")
_OF_MACHINE = re.compile(r"-XX:(MaxRAMFraction|MinRAMFraction|InitialRAMFraction|DefaultMaxRAMFraction)=|-XX:-UseContainerSupport")
_MAXIMUM = ("-Xmx", "-mx", "-XX:MaxHeapSize=")
_INITIAL = ("-Xms", "-ms", "-XX:InitialHeapSize=")
_MINIMUM = ("-Xms", "-ms", "-XX:MinHeapSize=")
# Left to the generation whose size is not set.
_LEAST_GENERATION = 8 * MIB
_YOUNG = ("-Xmn", "-XX:NewSize=")
# Below this HotSpot uses MinRAMPercentage; MaxRAMPercentage never results in less (arguments.cpp, set_heap_size).
_SMALL_HEAP = 126 * MIB


class FlagError(ValueError):
    """A flag that the JVM would refuse as well, or that this model cannot follow."""


def script_of(container: Mapping[str, Any]) -> jvm_scripts.Script | None:
    """Return the start script that assembles the flags: the one in the command, or that of a known image without a command."""
    return jvm_scripts.of_commands(container) or (None if java_programs(container) else jvm_scripts.of_image(container))


def java_programs(container: Mapping[str, Any]) -> list[list[str]]:
    """Return the programs of a container that are ``java`` itself, each from that word on."""
    return [program for program in programs(container) if basename(program[0]) == "java"]


def is_java(container: Mapping[str, Any]) -> bool:
    """Return whether a container runs Java: by command, by flags in arguments or environment, or as an image with a known start script."""
    if java_programs(container) or script_of(container) is not None:
        return True
    values = environment(container)
    if {_TOOL, _LAUNCHER, _LAST, *_OF_OPENJ9} & set(values) or jvm_variables.heap_variables(container):
        return True
    return any(_LOOKS_LIKE_FLAGS.search(text) for text in (*texts(container), *map(str, values.values())))


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
    scripts = jvm_scripts.at_once(container)
    if scripts > 1 or (scripts and started):
        message = f"starts {scripts + len(started)} programs of Java at once in one container; use one container for each"
        raise FlagError(message)
    at_once = several(container, "java") if started else None
    if at_once:
        message = f"starts Java {at_once}, as often as its input says; start it once, in a container of its own"
        raise FlagError(message)
    command = _until_main_class(started[0]) if started else []
    script = script_of(container)
    if script is not None:
        command = _of_script(container, script)
    elif not started:
        command = _of_entry_point(container)
    before = [flag for name in (_TOOL, *_OF_OPENJ9, _LAUNCHER) for flag in _known(container, name)]
    flags = [*before, *command, *_known(container, _LAST)]
    fixed = last(flags, *_MAXIMUM) is not None
    for flag in flags:
        if _ELSEWHERE.match(flag) or "$" in flag or (_OF_MACHINE.match(flag) and not fixed):
            message = f"{_safe(flag)} changes memory in a way that this check cannot follow; set -Xmx and the other bounds directly"
            raise FlagError(message)
    return flags


def _safe(flag: str) -> str:
    """Return a flag without its value, for messages: the value may be a credential."""
    return re.split(r"[=$@]", flag)[0] or flag[:1]


def _known(container: Mapping[str, Any], name: str) -> list[str]:
    values = environment(container)
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


def _of_script(container: Mapping[str, Any], script: jvm_scripts.Script) -> list[str]:
    """Return the flags of a script's variables in its order; Debezium's images hand their own HEAP_OPTS on."""
    values = environment(container)
    ordered = [f"{script.variables}{end}" for end in _OF_SCRIPTS if f"{script.variables}{end}" in values]
    flags = [flag for name in ordered for flag in _known(container, name)]
    by_image = _known(container, "HEAP_OPTS")
    heap = values.get(f"{script.variables}HEAP_OPTS")
    if script.is_build:
        flags = [*flags, *jvm_scripts.build_flags(container)]
    own = [f"-Xmx{script.heap_mib}m"] if script.heap_mib else []
    return [*by_image, *flags] if heap or by_image else [*own, *flags]


def _of_entry_point(container: Mapping[str, Any]) -> list[str]:
    """Return all flags in variables and arguments: an image's own entry point may pass on any of them."""
    values = {name: value for name, value in environment(container).items() if name not in {_TOOL, _LAUNCHER, _LAST, *_OF_OPENJ9}}
    unclear = [
        name for name, value in values.items() if re.search(r"JAVA|JVM|HEAP", name) and (value is None or isinstance(value, Unknown))
    ]
    if unclear:
        message = f"{unclear[0]} is not known at preview and may decide Java's memory; set a plain value"
        raise FlagError(message)
    found = [str(value) for value in values.values() if value is not None and _LOOKS_LIKE_FLAGS.search(str(value))]
    found += [text for text in texts(container) if _LOOKS_LIKE_FLAGS.search(text)]
    heaps = [size(text, f"{name}=") for name, text in jvm_variables.heap_variables(container).items()]
    return [*([f"-Xmx{max(heaps)}"] if heaps else []), *(flag.removeprefix("-J") for text in found for flag in split(text))]


def last(flags: list[str], *prefixes: str) -> str | None:
    """Return the value of the last flag with one of the prefixes, or None."""
    values = [flag.removeprefix(prefix) for flag in flags for prefix in prefixes if flag.startswith(prefix)]
    return values[-1] if values else None


def size(text: str, flag: str) -> int:
    """Parse a size as Java does; return bytes.

    Raises:
        FlagError: If Java would refuse it.
    """
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,19})([kKmMgGtT]?)", text)
    number = int(match[1], 16 if match[1][:2] in {"0x", "0X"} else 10) if match else 0
    if not match or number == 0:
        message = f"the value of {flag} is not a size that Java accepts; write for example {flag}512m"
        raise FlagError(message)
    scale: int = 1024 ** " kmgt".index(match[2].lower() or " ")
    return number * scale


def by_environment(container: Mapping[str, Any]) -> bool:
    """Return whether a variable of the JVM itself sets a size of the heap; HotSpot treats these unlike flags on the command line."""
    flags = [*_known(container, _TOOL), *_known(container, _LAST)]
    return any(last(flags, *names) is not None for names in (_MAXIMUM, _INITIAL, _MINIMUM))


def heap_of(flags: list[str], limit: int, *, raised: bool = False) -> tuple[int, bool]:
    """Return the maximum heap in bytes, and whether it follows from the container's limit.

    A first or least heap raises the maximum where nothing sets that (arguments.cpp, ``set_heap_size``), and so do sizes of generations.

    Args:
        flags: The JVM's flags; see ``flags_of``.
        limit: The container's limit in bytes.
        raised: Whether a first heap above a fixed maximum raises that; else HotSpot does not start. See ``by_environment``.
    """
    first = max(_at_least(flags, *_INITIAL), _at_least(flags, *_MINIMUM))
    explicit = last(flags, *_MAXIMUM)
    if explicit is not None:
        fixed = size(explicit, "-Xmx")
        return max(fixed, first) if raised else fixed, False
    machine = last(flags, "-XX:MaxRAM=")
    memory = limit if machine is None else size(machine, "-XX:MaxRAM=")
    most, least = _share(flags, memory, "Max", 25.0), _share(flags, memory, "Min", 50.0)
    by_share = int(least if least < _SMALL_HEAP else max(most, _SMALL_HEAP))
    begun = int(_share(flags, memory, "Initial", 0.0))
    generations = _at_least(flags, *_YOUNG) + _at_least(flags, "-XX:OldSize=")
    if generations:
        generations += _LEAST_GENERATION
    ceiling = last(flags, "-XX:ErgoHeapSizeLimit=")
    if ceiling is not None:
        by_share = min(by_share, size(ceiling, "-XX:ErgoHeapSizeLimit="))
    return max(by_share, first, min(begun, by_share), generations), True


def _at_least(flags: list[str], *prefixes: str) -> int:
    """Return the size of the last flag with one of the prefixes; 0 without one, and where it says so itself."""
    text = last(flags, *prefixes)
    return 0 if text is None or re.fullmatch(r"0+[kKmMgGtT]?", text) else size(text, prefixes[0])


def _share(flags: list[str], memory: int, which: str, absent: float) -> float:
    """Return a share of the memory, by the percentage or by its predecessor, a fraction, which counts where no percentage is set."""
    percentage, fraction = (last(flags, f"-XX:{which}RAM{form}=") for form in ("Percentage", "Fraction"))
    try:
        share = float(percentage) if percentage is not None else 100 / int(fraction) if fraction is not None else absent
    except (ValueError, ZeroDivisionError):
        message = f"the value of -XX:{which}RAMPercentage= is not a number"
        raise FlagError(message) from None
    if not 0 <= share <= 100:  # noqa: PLR2004 - percent
        message = f"the value of -XX:{which}RAMPercentage= is not between 0 and 100"
        raise FlagError(message)
    return memory * share / 100
