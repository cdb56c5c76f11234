"""Further keys of a stack: what can drop, re-route, hide or rename rows is refused, and what is known to be harmless is accepted."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import pytest

from pipeline.recording.recorder import ROOT
from stack.configs.allowed import declared_problems, further_problems
from stack.configs.keys import KINDS, own, table
from stack.configs.standing import FREE, standings
from stack.configs.verdict import connector_problems
from tests.connector_configs import RENDERED, changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stack.configs.keys import Kind

_OTHER = {"boolean": ("true", "false"), "int": ("7", "8"), "long": ("7", "8"), "short": ("7", "8"), "double": ("0.25", "0.75")}
_KINDS = [kind for kind in KINDS if kind != "postgresql"]
_PREFIXES = {
    "producer.override.": "kafka-producer",
    "consumer.override.": "kafka-consumer",
    "value.converter.": "avro-converter",
    "driver.": "postgresql-driver",
    "iceberg.catalog.": "iceberg-catalog",
    "iceberg.tables.write-props.": "iceberg-write",
    "iceberg.kafka.": "kafka-consumer",
    "producer.": "kafka-producer",
    "consumer.": "kafka-consumer",
    "offset.storage.": "kafka-topic",
}


def prefixes(kind: Kind) -> Iterator[str]:
    """Yield the prefixes that a kind reads."""
    for prefix in _PREFIXES:
        if kind == "worker":
            use = prefix in {"producer.", "consumer.", "offset.storage."}
        else:
            use = kind in {"debezium", "s3", "iceberg"} and prefix in {"producer.override.", "consumer.override.", "value.converter."}
            use = use or (kind == "debezium" and prefix == "driver.") or (kind == "iceberg" and prefix.startswith("iceberg."))
        if use:
            yield prefix


def program_keys(kind: Kind, *, only_closed: bool) -> Iterator[tuple[str, str]]:
    """Yield every key of the program's alone, each with a value that it does not have."""
    lists = [("", name) for name in _names(kind)] + [(prefix, _PREFIXES[prefix]) for prefix in prefixes(kind)]
    for prefix, name in lists:
        known = _table(name)
        for key, one in standings(name).items():
            entry = known.get(key)
            if one.reason and not one.is_fixed and not (only_closed and one.is_open) and "(" not in key:
                if prefix == "iceberg.kafka." and key in own(kind):
                    continue
                choices = (*(entry.valid if entry else ()), *_OTHER.get(entry.type if entry else "", ()), "something", "org.example.Other")
                accepted = {value.lower() for value in (*one.values, (entry.default or "") if entry and not one.values else "")}
                yield prefix + key, next(choice for choice in choices if choice.lower() not in accepted)


def _names(kind: Kind) -> tuple[str, ...]:
    from stack.configs.keys import OWN  # noqa: PLC0415 - beside its one use

    return OWN[kind]


def _table(name: str) -> dict[str, object]:
    return {} if name in {"postgresql-driver", "iceberg-catalog", "iceberg-write"} else dict(table(name))


@pytest.mark.parametrize("kind", _KINDS)
def test_every_key_of_the_programs_alone_is_refused_in_a_stack(kind: Kind, tally: Callable[[str, str, int, int], None]) -> None:
    tried = dict(program_keys(kind, only_closed=False))
    missed = [key for key, value in tried.items() if not further_problems(kind, {key: value}, changed(RENDERED[kind], **{key: value}))]
    assert missed == []
    tally("further keys", "harmful", len(tried), 0)


@pytest.mark.parametrize("kind", _KINDS)
def test_a_key_that_harms_any_connector_is_refused_by_whoever_declares_it(kind: Kind, tally: Callable[[str, str, int, int], None]) -> None:
    tried = dict(program_keys(kind, only_closed=True))
    missed = [key for key, value in tried.items() if not declared_problems(kind, changed(RENDERED[kind], **{key: value}))]
    assert missed == []
    tally("declared keys", "harmful", len(tried), 0)


@pytest.mark.parametrize("kind", _KINDS)
def test_the_value_that_applies_anyway_is_accepted(kind: Kind) -> None:
    for name in _names(kind):
        for key, one in standings(name).items():
            default = own(kind)[key].default if key in own(kind) else None
            value = one.values[0] if one.values else default
            if one.reason and not one.is_fixed and value is not None:
                assert further_problems(kind, {key: value}, changed(RENDERED[kind], **{key: value})) == [], key


@pytest.mark.parametrize("kind", _KINDS)
def test_a_number_outside_its_range_is_refused_and_the_cure_is_accepted(kind: Kind, tally: Callable[[str, str, int, int], None]) -> None:
    tried = 0
    for prefix, name in [("", name) for name in _names(kind)] + [(prefix, _PREFIXES[prefix]) for prefix in prefixes(kind)]:
        for rest, one in standings(name).items():
            if one.within is None or (prefix == "iceberg.kafka." and rest in own(kind)):
                continue
            key, (least, most) = prefix + rest, one.within
            # an upper end of the type itself is the spelling check's
            for value in (str(math.ceil(least) - 1), *([str(math.floor(most) + 1)] if most < 2**31 - 1 else [])):
                if value not in one.values:
                    (problem,) = further_problems(kind, {key: value}, changed(RENDERED[kind], **{key: value}))
                    assert problem.cure == f"set a number from {least} to {most}"
                    tried += 1
            for number in (*one.values, least, most):
                text = str(number) if number in one.values or isinstance(number, int) else f"{number:g}"
                assert further_problems(kind, {key: text}, changed(RENDERED[kind], **{key: text})) == [], key
    tally("numbers of keys", "harmful", tried, 0)


# Numbers of protocols that no client of the pipeline speaks, of statistics and of quotas: none of them stops anything.
_WITHOUT_RANGE = re.compile(
    r"group\.(consumer|share|streams)\..*|share\.coordinator\..*|share\.fetch\..*|metrics\..*|controller\.performance\..*|.*quota\.window\..*"
)
# Words of a key whose value is a number, for lists without a table of types.
_NUMBER = re.compile(
    r"(-ms|\.ms|timeout|MiB|fields|queries|size|bytes|threads|retries|retry|max|min|threshold|count|level|limit)", re.IGNORECASE
)


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "stack" / "configs" / "standings").glob("*.toml")))
def test_no_number_is_free(name: str) -> None:
    types = {key: entry.type for listed in _TYPED for key, entry in table(listed).items()}
    free = [key for key, one in standings(name).items() if one == FREE and not _WITHOUT_RANGE.fullmatch(key)]
    assert [key for key in free if types.get(key) in {"int", "long", "short", "double"}] == []
    assert [key for key in free if key not in types and _NUMBER.search(key)] == []


_TYPED = (
    *("debezium-postgres", "connect-source", "connect-sink", "s3-sink", "iceberg-sink", "avro-converter", "json-converter"),
    *("kafka-topic", "kafka-broker", "kafka-producer", "kafka-consumer", "kafka-admin", "connect-worker"),
)


@pytest.mark.parametrize("key", ["driver.socketTimeout", "driver.loginTimeout"])
@pytest.mark.parametrize("value", ["soon", "1 min", "0x10", "nan", "-inf", ""])
def test_a_value_that_is_no_number_is_refused_where_no_table_has_its_type(key: str, value: str) -> None:
    assert further_problems("debezium", {key: value}, changed(RENDERED["debezium"], **{key: value}))


@pytest.mark.parametrize(
    ("kind", "prefix"), [("iceberg", "iceberg.kafka."), ("iceberg", "producer.override."), ("s3", "producer.override.")]
)
@pytest.mark.parametrize("value", ["0", "1"])
def test_a_sinks_producer_waits_for_all_copies(kind: Kind, prefix: str, value: str) -> None:
    wrong = connector_problems(changed(RENDERED[kind], **{f"{prefix}acks": value}))
    assert [problem.key for problem in wrong] == [f"{prefix}acks"]
    assert connector_problems(changed(RENDERED[kind], **{f"{prefix}acks": "all"})) == []


@pytest.mark.parametrize("kind", _KINDS)
def test_a_reference_hides_no_value_from_a_preview(kind: Kind) -> None:
    hidden = "${env:ANY}"
    for key in dict(program_keys(kind, only_closed=False)):
        assert further_problems(kind, {key: hidden}, changed(RENDERED[kind], **{key: hidden})), key


def test_a_table_that_a_list_does_not_know_is_left_to_its_owner() -> None:
    foreign = {"value.converter": "org.example.Converter", "value.converter.anything": "x", "iceberg.hadoop.fs.any": "x"}
    assert declared_problems("iceberg", foreign) == []
    assert len(further_problems("iceberg", {"iceberg.hadoop.fs.any": "x"}, changed(RENDERED["iceberg"], **foreign))) == 1
