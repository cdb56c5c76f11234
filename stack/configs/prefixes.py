"""Keys with a prefix: the part of the software that reads them, and the keys it knows."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.classes import AVRO_CONVERTER, CONFLUENT_AVRO_CONVERTER, JSON_CONVERTER
from stack.configs.keys import CONNECTORS, Key, classes, own, table
from stack.configs.problems import Fault
from stack.configs.superseded import TRANSFORM_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.configs.keys import Kind
    from stack.configs.superseded import Superseded

_CONVERTERS = {AVRO_CONVERTER: "avro-converter", CONFLUENT_AVRO_CONVERTER: "avro-converter", JSON_CONVERTER: "json-converter"}


_CLIENTS: Mapping[str, tuple[str, ...]] = {
    "producer.override.": ("kafka-producer",),
    "consumer.override.": ("kafka-consumer",),
    "admin.override.": ("kafka-admin",),
}
_ANY_CLIENT = ("kafka-producer", "kafka-consumer", "kafka-admin")
_WORKER_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "producer.": ("kafka-producer",),
    "consumer.": ("kafka-consumer",),
    "admin.": ("kafka-admin",),
    **{f"{part}.storage.": ("kafka-topic",) for part in ("config", "offset", "status")},
}
_SMT = {"type": Key("class", required=True), "predicate": Key("string"), "negate": Key("boolean", "false")}
_PREDICATE = {"type": Key("class", required=True)}
_GROUP = {"include": Key("list"), "exclude": Key("list"), "replication.factor": Key("short"), "partitions": Key("int")}
_ROUTE = {name: Key("string") for name in ("route-regex", "id-columns", "partition-by", "commit-branch")}

# Patterns of keys that the software accepts under any name.
_FREE: Mapping[Kind, tuple[str, ...]] = {
    "debezium": (r"driver\.\w.*", r"column\.mask\.hash(\.v2)?\.[^.]+\.with\.salt\..+", r"snapshot\.select\.statement\.overrides\..+"),
    "s3": (),
    "iceberg": (r"iceberg\.(catalog|hadoop|tables\.auto-create-props|tables\.write-props)\.\w.*",),
    "worker": (r"config\.providers\.[\w-]+\.(class|param\..+)", r"metrics\.context\..+", r"(admin\.)?listeners\.https\.ssl\..+"),
    "broker": (
        r"listener\.name\.\w+\..*(ssl|sasl|principal|connections?)\..+",
        r"config\.providers\.[\w-]+\.(class|param\..+)",
        r"metrics\.context\..+",
        r"(rsm|rlmm)\.config\..+",
        r"super\.users|allow\.everyone\.if\.no\.acl\.found",  # read by the authorizer
    ),
    "topic": (),
    "postgresql": (r"\w+\.\w+",),  # a parameter of an extension: the server accepts any
}

_NUMBERED = {r"column\.mask\.with\.\d+\.chars": Key("list"), r"column\.truncate\.to\.\d+\.chars": Key("list")}


@dataclass(frozen=True, slots=True)
class Family:
    """Keys behind one prefix.

    Attributes:
        prefix: The prefix, with its dot.
        keys: Known keys behind it, or None where any key is accepted.
        superseded: Keys behind it that are no longer known.
        stray: Reason why nothing reads these keys, or None.
    """

    prefix: str
    keys: Mapping[str, Key] | None
    superseded: tuple[Superseded, ...] = ()
    stray: Fault | None = None


def is_free(kind: Kind, config: Mapping[str, str], key: str) -> bool:
    """Return whether some part of the software accepts a key of any name here."""
    if any(re.fullmatch(expression, key) for expression in _FREE[kind]):
        return True
    if kind == "s3" and key.startswith("s3.credentials.provider."):
        return "AwsAssumeRoleCredentialsProvider" not in config.get("s3.credentials.provider.class", "AwsAssumeRoleCredentialsProvider")
    if kind != "debezium":
        return False
    aliases = [alias for listed in ("converters", "post.processors") for alias in _listed(config, listed)]
    return any(key.startswith(f"{alias}.") for alias in aliases)


def numbered(kind: Kind, key: str) -> Key | None:
    """Return the definition of a key with a number in its name, or None."""
    matching = (entry for expression, entry in _NUMBERED.items() if kind == "debezium" and re.fullmatch(expression, key))
    return next(matching, None)


def family(kind: Kind, config: Mapping[str, str], key: str) -> Family | None:
    """Return the family to which a key belongs by its prefix, or None."""
    if kind == "worker":
        return _converter(config, key) or (None if ".override." in key else _fixed(_WORKER_PREFIXES, key))
    if kind not in CONNECTORS:
        return None
    return (
        _converter(config, key)
        or _fixed(_CLIENTS, key)
        or _chained(config, key, "transforms", _SMT)
        or _chained(config, key, "predicates", _PREDICATE)
        or (_of_source(config, key) if kind == "debezium" else None)
        or (_of_iceberg(key) if kind == "iceberg" else None)
    )


def prefixes(kind: Kind) -> tuple[str, ...]:
    """Return the prefixes of a kind that contain no alias, for suggestions."""
    if kind == "worker":
        return ("key.converter.", "value.converter.", "config.providers.", *_WORKER_PREFIXES)
    if kind not in CONNECTORS:
        return ()
    of_kind = {
        "debezium": ("topic.creation.", "driver.", "signal.consumer."),
        "iceberg": ("iceberg.table.", "iceberg.catalog.", "iceberg.kafka."),
    }
    return ("key.converter.", "value.converter.", "header.converter.", "transforms.", "predicates.", *_CLIENTS, *of_kind.get(kind, ()))


def _listed(config: Mapping[str, str], key: str) -> dict[str, None]:
    return _parts(config.get(key, ""))


@functools.lru_cache(maxsize=64)
def _parts(text: str) -> dict[str, None]:
    """Return the parts of a list in their order; cached, since every key behind a prefix asks for the same list."""
    return dict.fromkeys(part.strip() for part in text.split(",") if part.strip())


def _together(names: tuple[str, ...]) -> dict[str, Key]:
    return {key: entry for name in names for key, entry in table(name).items()}


def _fixed(known: Mapping[str, tuple[str, ...]], key: str) -> Family | None:
    return next((Family(prefix, _together(names)) for prefix, names in known.items() if key.startswith(prefix)), None)


def _converter(config: Mapping[str, str], key: str) -> Family | None:
    for side in ("key", "value", "header"):
        prefix = f"{side}.converter."
        if key.startswith(prefix) and key != f"{prefix}plugin.version":
            if f"{side}.converter" not in config:
                rule = f"{side}.converter is not set here, so the worker's own is used and nothing reads this key"
                return Family(prefix, None, stray=Fault(rule, "set the class as well"))
            name = _CONVERTERS.get(config[f"{side}.converter"])
            return Family(prefix, table(name) if name else None)
    return None


def converter_table(config: Mapping[str, str], key: str) -> tuple[str, str] | None:
    """Return the prefix of a converter's key and the name of the table of its class, or None for any other key and class."""
    for side in ("key", "value", "header"):
        prefix = f"{side}.converter."
        name = _CONVERTERS.get(config.get(f"{side}.converter", ""))
        if name and key.startswith(prefix):
            return prefix, name
    return None


def _chained(config: Mapping[str, str], key: str, chain: str, always: Mapping[str, Key]) -> Family | None:
    """Return the family of a transform's or predicate's keys, ``transforms.<alias>.<key>``; the alias must be in the chain."""
    parts = key.split(".", 2)
    if parts[0] != chain or len(parts) < 3:  # noqa: PLR2004 - chain, alias, key
        return None
    prefix = f"{chain}.{parts[1]}."
    if parts[1] not in _listed(config, chain):
        return Family(
            prefix,
            None,
            stray=Fault(f"{parts[1]} is not in the list {chain}, so nothing reads this key", "add it to the list or remove the key"),
        )
    name = config.get(f"{prefix}type", "").partition("$")[0]
    known = classes().get(name)
    return Family(prefix, None if known is None else {**known, **always}, TRANSFORM_KEYS.get(name, ()))


def _of_source(config: Mapping[str, str], key: str) -> Family | None:
    groups = ["default", *_listed(config, "topic.creation.groups")]
    for group in groups:
        if key.startswith(f"topic.creation.{group}."):
            return Family(f"topic.creation.{group}.", {**own("topic"), **_GROUP})
    return Family("signal.consumer.", table("kafka-consumer")) if key.startswith("signal.consumer.") else None


def _of_iceberg(key: str) -> Family | None:
    if key.startswith("iceberg.kafka."):
        return Family("iceberg.kafka.", _together(_ANY_CLIENT))
    route = re.match(r"iceberg\.table\..+\.", key)
    return Family(route[0], _ROUTE) if route else None
