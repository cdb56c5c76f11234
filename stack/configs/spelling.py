"""Keys that nothing reads and values that nothing accepts: misspelt, superseded, misplaced, of the wrong type.

Connect, Debezium and the converters ignore unknown keys; only brokers and PostgreSQL may report them.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from stack.configs import superseded
from stack.configs.keys import CONNECTORS, KINDS, PLACES, own, table
from stack.configs.nearest import nearest
from stack.configs.prefixes import family, is_free, numbered, prefixes
from stack.configs.problems import Fault, problem
from stack.configs.values import fault as value_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from stack.configs.keys import Key, Kind
    from stack.configs.prefixes import Family
    from stack.problem import Problem

    Compare = Callable[[str, Iterable[str]], str]

# Unknown keys of one configuration that are compared with all known ones, a millisecond each.
_SUGGESTIONS = 100
_OF_WORKER = ("config.providers", "bootstrap.servers")
_NEVER = "nothing would read it"


def spelling_problems(kind: Kind, config: Mapping[str, str]) -> list[Problem]:
    """Check a configuration for keys that nothing reads and for values that are refused or misread.

    Args:
        kind: Kind of the configuration.
        config: The configuration as the software reads it.

    Returns:
        One problem per key and rule.
    """
    problems: list[Problem] = []
    for key, value in config.items():
        compare = nearest if len(problems) < _SUGGESTIONS else _none
        fault = _of_key(kind, config, key, compare) or _of_value(kind, config, key, value)
        if fault:
            problems.append(problem(config, key, fault.rule, fault.cure, meant=fault.meant))
    return [*problems, *_untyped(kind, config)]


def _untyped(kind: Kind, config: Mapping[str, str]) -> list[Problem]:
    """Check for members of a chain without a class; the worker refuses them."""
    chains = ("transforms", "predicates") if kind in CONNECTORS else ()
    keys = [f"{chain}.{alias.strip()}.type" for chain in chains for alias in config.get(chain, "").split(",") if alias.strip()]
    return [problem(config, key, "a member of the list needs a class", "set its full name") for key in keys if key not in config]


def _of_key(kind: Kind, config: Mapping[str, str], key: str, compare: Compare) -> Fault | None:
    gone = superseded.advice(superseded.KEYS[kind], key, present=config)
    if gone:
        return gone
    if _known(kind, key) is not None or is_free(kind, config, key):
        return None
    behind = family(kind, config, key)
    if behind is not None:
        return _of_family(kind, behind, config, key, compare)
    elsewhere = _elsewhere(kind, key)
    if elsewhere is not None:
        return elsewhere
    cure, meant = _cure(kind, key, compare)
    return Fault(f"is not a key of {PLACES[kind]}, {_NEVER}", cure, meant)


def _of_family(kind: Kind, behind: Family, config: Mapping[str, str], key: str, compare: Compare) -> Fault | None:
    rest = key.removeprefix(behind.prefix)
    gone = superseded.advice(behind.superseded, rest, prefix=behind.prefix, present=config)
    if behind.stray or gone or behind.keys is None or rest in behind.keys:
        return behind.stray or gone
    near = compare(rest, behind.keys)
    meant = f"{behind.prefix}{near}" if near else compare(key, own(kind))
    return Fault(f"is not a key that is read after {behind.prefix}", f"did you mean {meant}?" if meant else "remove it", meant)


def _of_value(kind: Kind, config: Mapping[str, str], key: str, value: str) -> Fault | None:
    entry = _known(kind, key)
    if entry is None:
        behind = family(kind, config, key)
        entry = (behind.keys or {}).get(key.removeprefix(behind.prefix)) if behind else None
    return value_fault(entry, value) if entry is not None else None


def _known(kind: Kind, key: str) -> Key | None:
    """Return the definition of a key without a prefix, or None; PostgreSQL ignores case."""
    if kind == "postgresql":
        return _without_case(kind).get(key.lower())
    return own(kind).get(key) or numbered(kind, key)


@functools.cache
def _without_case(kind: Kind) -> Mapping[str, Key]:
    return {name.lower(): entry for name, entry in own(kind).items()}


def _elsewhere(kind: Kind, key: str) -> Fault | None:
    """Return the fault of a key that belongs to another kind of configuration, or None."""
    if kind == "debezium" and key.startswith("errors.deadletterqueue."):
        return Fault("a source connector has no dead-letter queue, only a sink has", "remove it, and leave errors.tolerance at none")
    if kind == "debezium" and key in {"topics", "topics.regex"}:
        return Fault("a source has no list of topics, they follow from topic.prefix and the tables", "remove it")
    others = [other for other in KINDS if other != kind and (key in own(other) or superseded.advice(superseded.KEYS[other], key))]
    runs_in_connect = (*CONNECTORS, "worker")
    related = [other for other in others if (other in runs_in_connect) == (kind in runs_in_connect)] or others
    if not related or (kind in CONNECTORS and _client_prefix(kind, key)):
        return _client_prefix(kind, key)
    return Fault(f"is a key of {' and of '.join(PLACES[other] for other in related)}, not of {PLACES[kind]}", "move it there or remove it")


def _client_prefix(kind: Kind, key: str) -> Fault | None:
    """Return the fault of a Kafka client's setting without the prefix that it needs here, or None."""
    client, _, rest = key.partition(".")
    if kind == "worker" and rest.startswith("override."):
        return Fault("is the spelling in a connector", f"on the worker write {client}.{rest.removeprefix('override.')}")
    if kind not in CONNECTORS:
        return None
    if client in {"producer", "consumer", "admin"} and rest in table(f"kafka-{client}"):
        return Fault("is the spelling on the worker", f"in a connector write {client}.override.{rest}")
    name, prefix = ("kafka-producer", "producer.override.") if kind == "debezium" else ("kafka-consumer", "consumer.override.")
    return (
        Fault("is a setting of the connector's Kafka client", f"write {prefix}{key}")
        if key in table(name) and key not in _OF_WORKER
        else None
    )


def _cure(kind: Kind, key: str, compare: Compare) -> tuple[str, str]:
    """Return the cure of an unknown key, and the key that was probably intended or an empty string."""
    near = compare(key, own(kind)) or _near_prefix(kind, key, compare)
    if near:
        return f"did you mean {near}?", near
    if kind == "debezium" and key.startswith("database."):
        return f"a property of the JDBC driver is written driver.{key.removeprefix('database.')}", ""
    return "remove it", ""


def _near_prefix(kind: Kind, key: str, compare: Compare) -> str:
    words, of_length = key.split("."), dict[int, list[str]]()
    for prefix in prefixes(kind):
        of_length.setdefault(prefix.count("."), []).append(prefix.rstrip("."))
    for parts, known in of_length.items():
        near = compare(".".join(words[:parts]), known) if len(words) > parts else ""
        if near:
            return ".".join((near, *words[parts:]))
    return ""


def _none(_key: str, _known: Iterable[str]) -> str:
    return ""
