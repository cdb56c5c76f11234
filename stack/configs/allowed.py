"""Refusal of keys that are not known to be harmless: further keys of a stack, and keys of any declared configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stack.configs.keys import OWN, Key, own, table
from stack.configs.prefixes import converter_table, numbered
from stack.configs.problems import problem
from stack.configs.standing import FOREIGN, FREE, JUDGED, Standing, standings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stack.configs.keys import Kind
    from stack.problem import Problem

_HARMLESS = "is not known to be harmless"
_CLIENTS = {
    "producer.override.": "kafka-producer",
    "consumer.override.": "kafka-consumer",
    "admin.override.": "kafka-admin",
}
_OF_WORKER = {
    "producer.": "kafka-producer",
    "consumer.": "kafka-consumer",
    "admin.": "kafka-admin",
    **{f"{store}.storage.": "kafka-topic" for store in ("config", "offset", "status")},
}
_OF_ICEBERG = {
    "iceberg.kafka.": "kafka-consumer",
    "iceberg.catalog.": "iceberg-catalog",
    "iceberg.tables.write-props.": "iceberg-write",
}
_ROUTE = re.compile(r"iceberg\.table\..+\.(?P<last>[\w-]+)")
_ROUTED: Mapping[str, Standing] = {
    "route-regex": Standing(reason="it decides which rows reach the table", is_fixed=True, is_open=True),
    "partition-by": Standing(reason="the program declares its tables with their partitions", is_open=True),
    "id-columns": Standing(reason="it changes which rows count as the same"),
    "commit-branch": Standing(reason="rows on a branch are hidden from every reader of the table"),
}
_MASKED = Standing(reason="it changes the values of columns")
_CREATED = Standing(reason="it creates topics beside the declared ones", is_open=True)
_SELECTED = Standing(reason="it decides which existing rows are read")


def further_problems(kind: Kind, further: Mapping[str, str], rendered: Mapping[str, str]) -> list[Problem]:
    """Check the further keys of a stack: each must be known to be harmless, in its own configuration.

    Args:
        kind: Kind of the configuration.
        further: Further keys of the stack.
        rendered: The whole configuration, which contains them.

    Returns:
        One problem per key; none for those that ``fixed_problems`` returns.
    """
    return _problems(kind, further, rendered, is_own=True)


def fixed_problems(kind: Kind, further: Mapping[str, str], rendered: Mapping[str, str]) -> list[Problem]:
    """Return the further keys that no stack may set, whatever their value: other parts of the program depend on them."""
    found = {key: standing(kind, rendered, key) for key in further} if kind != "postgresql" else {}
    return [problem(further, key, f"is fixed: {known.reason}", "remove it") for key, known in found.items() if known and known.is_fixed]


def declared_problems(kind: Kind, config: Mapping[str, str]) -> list[Problem]:
    """Check every key of a declared configuration, which may be another than the program's own.

    Args:
        kind: Kind of the configuration.
        config: The configuration.

    Returns:
        One problem per key. Names, addresses and forms of rows are left to the author of the declaration.
    """
    return _problems(kind, config, config, is_own=False)


def standing(kind: Kind, config: Mapping[str, str], key: str) -> Standing | None:
    """Return the standing of a key, or None for a key that no list contains."""
    for name in OWN[kind]:
        if key in standings(name):
            return standings(name)[key]
    if key in own(kind):
        return None
    if kind == "worker":
        return _of_worker(config, key)
    return _of_connector(kind, config, key) if kind in {"debezium", "s3", "iceberg"} else _elsewhere(kind, key)


def _problems(kind: Kind, keys: Iterable[str], config: Mapping[str, str], *, is_own: bool) -> list[Problem]:
    if kind == "postgresql":
        return []
    return [found for key in keys if (found := _problem(kind, config, key, is_own=is_own)) is not None]


def _problem(kind: Kind, config: Mapping[str, str], key: str, *, is_own: bool) -> Problem | None:
    known = standing(kind, config, key)
    if known is None:
        return problem(config, key, _HARMLESS, "remove it")
    if known.is_fixed or (known.is_open and not is_own):
        return None
    entry = _definition(kind, config, key)
    value = config[key]
    if known.is_judged:
        return _judged(known, config, key, entry)
    if not known.reason or _same(entry, value, _accepted(known, entry)):
        return None
    accepted = [text for text in _accepted(known, entry) if text]
    return problem(config, key, f"{_HARMLESS}: {known.reason}", f"remove it{f', or set {accepted[0]}' if accepted else ''}")


def _judged(known: Standing, config: Mapping[str, str], key: str, entry: Key | None) -> Problem | None:
    value = config[key]
    numbers = entry is not None and entry.type in {"int", "long", "short", "double", "boolean"}
    if "${" in value and (known.within or numbers or (entry is not None and entry.valid)):
        return problem(config, key, f"{_HARMLESS}: a preview does not see the value of a reference", "write the value")
    if known.within is None or _same(entry, value, known.values):
        return None
    least, most = known.within
    number = _number(value)
    if number is None and entry is not None:
        return None  # the spelling check reports it
    if number is not None and least <= number <= most:
        return None
    rule = f"{_HARMLESS} outside the range from {least} to {most}"
    return problem(config, key, rule, f"set a number from {least} to {most}")


def _number(value: str) -> float | None:
    text = value.strip()
    if re.fullmatch(r"[+-]?[0-9]{1,30}", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return None


def _accepted(known: Standing, entry: Key | None) -> tuple[str, ...]:
    """Return the values that a key of the program's alone may have: the program's own, or else the software's default."""
    return known.values or ((entry.default,) if entry is not None and entry.default is not None else ())


def _same(entry: Key | None, value: str, accepted: tuple[str, ...]) -> bool:
    text = value.strip()
    if entry is not None and (entry.any_case or entry.type == "boolean"):
        return text.lower() in {choice.lower() for choice in accepted}
    return text in accepted


def _definition(kind: Kind, config: Mapping[str, str], key: str) -> Key | None:
    """Return the definition of a key that a table contains, or None."""
    found = own(kind).get(key) or numbered(kind, key)
    if found is not None:
        return found
    behind = _behind(kind, config, key)
    return table(behind[1]).get(key.removeprefix(behind[0])) if behind and behind[1].startswith(("kafka-", "avro-", "json-")) else None


def _behind(kind: Kind, config: Mapping[str, str], key: str) -> tuple[str, str] | None:
    """Return the prefix of a key and the name of the list of the keys behind it, or None."""
    found = converter_table(config, key)
    if found is not None:
        return found
    fixed = _OF_WORKER if kind == "worker" else {**_CLIENTS, **(_OF_ICEBERG if kind == "iceberg" else {})}
    if kind == "debezium":
        fixed = {**fixed, "driver.": "postgresql-driver"}
    return next(((prefix, name) for prefix, name in fixed.items() if key.startswith(prefix)), None)


def _of_worker(config: Mapping[str, str], key: str) -> Standing | None:
    behind = _behind("worker", config, key)
    if behind is not None:
        return standings(behind[1]).get(key.removeprefix(behind[0]))
    return _elsewhere("worker", key)


def _of_connector(kind: Kind, config: Mapping[str, str], key: str) -> Standing | None:
    behind = _behind(kind, config, key)
    if behind is not None:
        prefix, name = behind
        rest = key.removeprefix(prefix)
        if prefix == "iceberg.kafka." and rest not in standings(name):  # the sink has clients of all three kinds
            return standings("kafka-producer").get(rest) or standings("kafka-admin").get(rest)
        return standings(name).get(rest, FOREIGN if name in {"iceberg-catalog", "iceberg-write", "postgresql-driver"} else None)
    if key.startswith(("transforms.", "predicates.")):
        return JUDGED
    route = _ROUTE.fullmatch(key) if kind == "iceberg" else None
    return _ROUTED.get(route["last"]) if route else _elsewhere(kind, key)


def _elsewhere(kind: Kind, key: str) -> Standing | None:
    """Return the standing of a key that has any name, behind a prefix or with a number in it."""
    if key.startswith("metrics.context."):
        return FREE
    if key.startswith("config.providers."):
        return JUDGED if kind == "worker" else FOREIGN
    if kind == "debezium" and (numbered(kind, key) or key.startswith("column.")):
        return _MASKED
    if kind == "debezium" and key.startswith("topic.creation."):
        return _CREATED
    return _SELECTED if key.startswith("snapshot.select.statement.overrides.") else FOREIGN
