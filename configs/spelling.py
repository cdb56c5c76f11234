"""Keys that nothing reads and values that nothing accepts: misspelt, superseded, on the wrong side, of the wrong type.

Connect, Debezium and the converters ignore a key they do not know; only a broker and PostgreSQL may complain.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from configs import superseded
from configs.keys import CONNECTORS, KINDS, PLACES, own, table
from configs.prefixes import family, is_free, numbered, prefixes
from configs.problems import Fault, problem
from configs.values import fault as value_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from configs.keys import Key, Kind
    from configs.prefixes import Family
    from problem import Problem

_LIKENESS = 0.78
_OF_WORKER = ("config.providers", "bootstrap.servers")
_NEVER = "nothing would read it"


def spelling_problems(kind: Kind, config: Mapping[str, str]) -> list[Problem]:
    """Every key that nothing reads and every value that is refused or misunderstood.

    Args:
        kind: What the configuration is for.
        config: The configuration as it is given to the software.

    Returns:
        One problem per key and rule.
    """
    problems = []
    for key, value in config.items():
        fault = _of_key(kind, config, key) or _of_value(kind, config, key, value)
        if fault:
            problems.append(problem(config, key, fault.rule, fault.cure, meant=fault.meant))
    return [*problems, *_untyped(kind, config)]


def _untyped(kind: Kind, config: Mapping[str, str]) -> list[Problem]:
    """Members of a chain whose class is not named; the worker refuses them."""
    chains = ("transforms", "predicates") if kind in CONNECTORS else ()
    keys = [f"{chain}.{alias.strip()}.type" for chain in chains for alias in config.get(chain, "").split(",") if alias.strip()]
    return [
        problem(config, key, "it stands in the list, so its class has to be named", "write it in full") for key in keys if key not in config
    ]


def _of_key(kind: Kind, config: Mapping[str, str], key: str) -> Fault | None:
    gone = superseded.advice(superseded.KEYS[kind], key)
    if gone:
        return gone
    if _known(kind, key) is not None or is_free(kind, config, key):
        return None
    found = family(kind, config, key)
    if found is not None:
        return _of_family(kind, found, key)
    elsewhere = _elsewhere(kind, key)
    if elsewhere is not None:
        return elsewhere
    cure, meant = _cure(kind, key)
    return Fault(f"is no key of {PLACES[kind]}, {_NEVER}", cure, meant)


def _of_family(kind: Kind, found: Family, key: str) -> Fault | None:
    rest = key.removeprefix(found.prefix)
    gone = superseded.advice(found.superseded, rest)
    if found.stray or gone or found.keys is None or rest in found.keys:
        return found.stray or gone
    near = nearest(rest, found.keys)
    meant = f"{found.prefix}{near}" if near else nearest(key, own(kind))
    return Fault(f"is no key that is read behind {found.prefix}", f"did you mean {meant}?" if meant else "remove it", meant)


def _of_value(kind: Kind, config: Mapping[str, str], key: str, value: str) -> Fault | None:
    entry = _known(kind, key)
    if entry is None:
        found = family(kind, config, key)
        entry = (found.keys or {}).get(key.removeprefix(found.prefix)) if found else None
    return value_fault(entry, value) if entry is not None else None


def _known(kind: Kind, key: str) -> Key | None:
    """What the software says about a key that has no prefix; PostgreSQL does not mind capitals."""
    if kind == "postgresql":
        return {name.lower(): entry for name, entry in own(kind).items()}.get(key.lower())
    return own(kind).get(key) or numbered(kind, key)


def _elsewhere(kind: Kind, key: str) -> Fault | None:
    """Why a key stands on the wrong side, if that is what is wrong with it."""
    if kind == "debezium" and key.startswith("errors.deadletterqueue."):
        return Fault("a source connector has no dead-letter queue, only a sink has", "remove it, and keep errors.tolerance at none")
    if kind == "debezium" and key in {"topics", "topics.regex"}:
        return Fault("a source is not told its topics, they follow from topic.prefix and the tables", "remove it")
    others = [other for other in KINDS if other != kind and (key in own(other) or superseded.advice(superseded.KEYS[other], key))]
    runs_in_connect = (*CONNECTORS, "worker")
    related = [other for other in others if (other in runs_in_connect) == (kind in runs_in_connect)] or others
    if not related or (kind in CONNECTORS and _client_prefix(kind, key)):
        return _client_prefix(kind, key)
    return Fault(f"is a key of {' and of '.join(PLACES[other] for other in related)}, not of {PLACES[kind]}", "move it there or remove it")


def _client_prefix(kind: Kind, key: str) -> Fault | None:
    """How a setting of a Kafka client is written in this place."""
    client, _, rest = key.partition(".")
    if kind == "worker" and rest.startswith("override."):
        return Fault("is how a connector writes it", f"on the worker write {client}.{rest.removeprefix('override.')}")
    if kind not in CONNECTORS:
        return None
    if client in {"producer", "consumer", "admin"} and rest in table(f"kafka-{client}"):
        return Fault("is how the worker writes it", f"in a connector write {client}.override.{rest}")
    name, prefix = ("kafka-producer", "producer.override.") if kind == "debezium" else ("kafka-consumer", "consumer.override.")
    return (
        Fault("is a setting of the connector's Kafka client", f"write {prefix}{key}")
        if key in table(name) and key not in _OF_WORKER
        else None
    )


def _cure(kind: Kind, key: str) -> tuple[str, str]:
    """What to write instead, and the key that was probably meant."""
    near = nearest(key, own(kind)) or _near_prefix(kind, key)
    if near:
        return f"did you mean {near}?", near
    if kind == "debezium" and key.startswith("database."):
        return f"a property of the JDBC driver is written driver.{key.removeprefix('database.')}", ""
    return "remove it", ""


def _near_prefix(kind: Kind, key: str) -> str:
    for prefix in prefixes(kind):
        parts = prefix.count(".")
        head, rest = ".".join(key.split(".")[:parts]), ".".join(key.split(".")[parts:])
        if rest and nearest(head, [prefix.rstrip(".")]):
            return f"{prefix}{rest}"
    return ""


def nearest(key: str, known: Iterable[str]) -> str:
    """The known key that is most like this one, or nothing if none is like it."""
    found = difflib.get_close_matches(key, known, n=1, cutoff=_LIKENESS)
    return found[0] if found else ""
