"""Rules for the chain of transforms: each must be known to keep every row, its topic, its key and its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.classes import ARCHIVED_NAMES, INSERT_FIELD, QUALITY, SOUND_VALUES, TRUNCATE_MARKS, UNWRAP
from stack.configs.keys import classes
from stack.configs.problems import problem
from stack.configs.rules import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.problem import Problem

_KAFKA = "org.apache.kafka.connect.transforms."
TIMESTAMP_CONVERTER = f"{_KAFKA}TimestampConverter"
HEADER_FROM = f"{_KAFKA}HeaderFrom"
# Transforms that only touch headers, which the archive does not contain.
_HEADERS = (f"{_KAFKA}InsertHeader", f"{_KAFKA}DropHeaders")
# The image's own: names of tables and columns in the archive; marks of TRUNCATE; dead letters, or rows as they are; and the same for
# rows that break rules, which can have another route to a table (pair_rules.py) and never another topic.
_OWN = (ARCHIVED_NAMES, QUALITY, SOUND_VALUES, TRUNCATE_MARKS)
_ALLOWED = (UNWRAP, INSERT_FIELD, TIMESTAMP_CONVERTER, HEADER_FROM, *_OWN, *_HEADERS)
# Fields of InsertField, each with the name of the field that it adds.
_INSERTED = ("topic.field", "partition.field", "offset.field", "timestamp.field", "static.field")

# Effects of the best known other transforms; every further one is code that has not been read.
_REASONS: Mapping[str, str] = {
    f"{_KAFKA}Filter": "it drops every row to which it applies",
    f"{_KAFKA}RegexRouter": "it sends rows to topics that nothing reads",
    f"{_KAFKA}TimestampRouter": "it sends rows to topics that nothing reads",
    f"{_KAFKA}MaskField": "it replaces values, and the archive would never have them",
    f"{_KAFKA}ReplaceField": "it leaves out or renames columns",
    f"{_KAFKA}ExtractField": "it leaves out all columns but one",
    f"{_KAFKA}Flatten": "it renames columns",
    f"{_KAFKA}HoistField": "it puts the row inside another column",
    f"{_KAFKA}Cast": "it changes types, and cuts values that do not fit",
    f"{_KAFKA}SetSchemaMetadata": "it changes the name under which the registry holds a schema",
    f"{_KAFKA}ValueToKey": "it changes the key of a row, by which changes are ordered",
}
_UNWRAP_REASONS: Mapping[str, str] = {
    "drop.fields.from.key": "it changes the key of a row, by which changes are ordered",
    "drop.fields.header.name": "it leaves out columns",
    "drop.fields.keep.schema.compatible": "it leaves out columns",
    "route.by.field": "it sends rows to topics that nothing reads",
}
_HARMLESS = "is not known to be harmless"
_PARTIAL = f"{_HARMLESS}: rows to which the transform does not apply would arrive in another form"


def chain_problems(config: Mapping[str, str]) -> list[Problem]:
    """Check the chain of transforms of a connector that this program knows.

    Args:
        config: The connector's configuration.

    Returns:
        One problem per key.
    """
    return [*_predicates(config), *_members(config), *_fields(config)]


def written_fields(config: Mapping[str, str], field: str) -> set[str]:
    """Return the names of the fields into which the chain writes one property of the Kafka record, such as ``topic.field``."""
    keys = (f"transforms.{alias}.{field}" for alias in listed(config, "transforms") if _class(config, alias)[0] == INSERT_FIELD)
    return {_name(config[key]) for key in keys if key in config}


def inserted(config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the key and the name of each field that the chain adds, in its order."""
    for alias in listed(config, "transforms"):
        yield from _of_member(config, alias)


def _of_member(config: Mapping[str, str], alias: str) -> Iterator[tuple[str, str]]:
    if _class(config, alias)[0] == INSERT_FIELD:
        keys = (f"transforms.{alias}.{field}" for field in _INSERTED)
        yield from ((key, _name(config[key])) for key in keys if config.get(key))


def _class(config: Mapping[str, str], alias: str) -> tuple[str, str]:
    """Return the class of a transform and the part of the record to which it applies: Key, Value or an empty string."""
    name, _, part = config.get(f"transforms.{alias}.type", "").strip().partition("$")
    return name, part


def _name(field: str) -> str:
    """Return the name of a field without Connect's mark for required (!) or optional (?)."""
    return field.strip().removesuffix("!").removesuffix("?")


def _predicates(config: Mapping[str, str]) -> Iterator[Problem]:
    if config.get("predicates", "").strip():
        yield problem(config, "predicates", _PARTIAL, "remove it, with the keys that begin with predicates.")
    for key in config:
        if key.startswith("transforms.") and key.endswith((".predicate", ".negate")):
            yield problem(config, key, _PARTIAL, "remove it")


def _members(config: Mapping[str, str]) -> Iterator[Problem]:
    added: set[str] = set()
    for alias in listed(config, "transforms"):
        key = f"transforms.{alias}.type"
        name, part = _class(config, alias)
        if key not in config:
            continue  # the spelling check reports it
        cure = f"remove {alias} from transforms, and its keys"
        if name not in _ALLOWED:
            reason = _REASONS.get(name, "it can drop rows, or change their topic, key or values")
            yield problem(config, key, f"{_HARMLESS}: {reason}", cure)
        elif part == "Key":
            yield problem(config, key, f"{_HARMLESS}: it changes the key of a row, by which changes are ordered", cure)
        elif name == TIMESTAMP_CONVERTER and config.get(f"transforms.{alias}.field", "").strip() not in added:
            rule = f"{_HARMLESS}: it changes the values of a column, and no earlier transform adds this field"
            yield problem(config, f"transforms.{alias}.field", rule, cure)
        else:
            yield from _keys(config, f"transforms.{alias}.", name)
        added |= {field for _key, field in _of_member(config, alias)}


def _keys(config: Mapping[str, str], prefix: str, name: str) -> Iterator[Problem]:
    """Yield the problems of the keys of one transform whose class is known."""
    if name == UNWRAP:
        for key, reason in _UNWRAP_REASONS.items():
            default = classes()[UNWRAP][key].default if key in classes()[UNWRAP] else None
            if config.get(prefix + key, "").strip() not in {"", default}:
                yield problem(config, prefix + key, f"{_HARMLESS}: {reason}", "remove it")
    if name == HEADER_FROM and config.get(f"{prefix}operation", "").strip().lower() != "copy":
        yield problem(config, f"{prefix}operation", f"{_HARMLESS}: a moved field is missing in the archive", "set copy")


def _fields(config: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the fields that are added twice: Connect refuses the second one in every row."""
    seen: set[str] = set()
    for key, name in inserted(config):
        if name in seen:
            rule = f"an earlier transform adds {name} already, and Connect refuses every row"
            yield problem(config, key, rule, "choose another name")
        seen.add(name)
