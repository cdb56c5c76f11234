"""Transforms that can drop, re-route, hide or rename rows are refused wherever they stand in the chain; harmless ones are accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.keys import classes
from stack.configs.verdict import connector_problems
from tests.connector_configs import ICEBERG, S3, SOURCE, changed

if TYPE_CHECKING:
    from collections.abc import Callable

KAFKA = "org.apache.kafka.connect.transforms."
ENDS = {"debezium": SOURCE, "s3": S3, "iceberg": ICEBERG}
HARMLESS = {
    f"{KAFKA}InsertField$Value": {"static.field": "environment", "static.value": "prod"},
    f"{KAFKA}InsertHeader": {"header": "environment", "value.literal": "prod"},
    f"{KAFKA}DropHeaders": {"headers": "traceparent"},
    f"{KAFKA}HeaderFrom$Value": {"fields": "id", "headers": "id", "operation": "copy"},
}
FURTHER = (
    *("io.debezium.transforms.ByLogicalTableRouter", "io.debezium.transforms.Filter", "io.debezium.transforms.ContentBasedRouter"),
    *("io.debezium.transforms.outbox.EventRouter", "io.debezium.transforms.TimezoneConverter", "io.debezium.transforms.HeaderToValue"),
    *("io.debezium.transforms.partitions.PartitionRouting", "io.confluent.connect.transforms.Filter$Value", "org.example.Drop"),
    *(
        "io.confluent.connect.transforms.TombstoneHandler",
        "io.aiven.kafka.connect.transforms.ExtractTopic$Value",
        "io.debezium.transforms.SchemaChangeEventFilter",
    ),
)
WITHOUT_PARTS = {f"{KAFKA}Filter", f"{KAFKA}RegexRouter", f"{KAFKA}TimestampRouter", f"{KAFKA}InsertHeader", f"{KAFKA}DropHeaders"}
ALLOWED = {key.partition("$")[0] for key in HARMLESS} | {"io.debezium.transforms.ExtractNewRecordState"}


def with_transform(config: dict[str, str], name: str, *, first: bool = False, **keys: str) -> dict[str, str]:
    """Return a configuration with one more transform at one end of its chain."""
    chain = f"more,{config['transforms']}" if first else f"{config['transforms']},more"
    added = {f"transforms.more.{key}": value for key, value in keys.items()}
    return changed(config, transforms=chain, **{"transforms.more.type": name}, **added)


def harmful() -> list[tuple[str, str]]:
    """Return the classes of all transforms but the harmless ones, each in its variants."""
    known = [name for name in classes() if ".predicates." not in name and name not in ALLOWED]
    kafka = [f"{name}{part}" for name in known for part in (("",) if name in WITHOUT_PARTS else ("$Key", "$Value"))]
    return [(end, name) for end in ENDS for name in (*kafka, f"{KAFKA}InsertField$Key", f"{KAFKA}HeaderFrom$Key", *FURTHER)]


@pytest.mark.parametrize(("end", "name"), harmful(), ids=str)
@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
def test_a_transform_that_is_not_known_to_be_harmless_is_refused(end: str, name: str, first: bool) -> None:  # noqa: FBT001 - a table's column
    problems = connector_problems(with_transform(ENDS[end], name, first=first))
    assert any("is not known to be harmless" in problem.rule and problem.key.startswith("transforms.more.") for problem in problems)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("name", HARMLESS)
def test_a_transform_that_only_adds_is_accepted(end: str, name: str) -> None:
    extra = {"replace.null.with.default": "false"} if "Field" in name or "From" in name else {}
    assert connector_problems(with_transform(ENDS[end], name, **HARMLESS[name], **extra)) == []


@pytest.mark.parametrize("end", ENDS)
def test_every_transform_of_the_program_applies_to_all_rows(end: str, tally: Callable[[str, str, int, int], None]) -> None:
    config = ENDS[end]
    aliases = config["transforms"].split(",")
    for alias in aliases:
        for key in ("predicate", "negate"):
            told = connector_problems(changed(config, **{f"transforms.{alias}.{key}": "true"}))
            assert any("would arrive in another form" in problem.rule for problem in told)
    told = connector_problems(changed(config, predicates="p", **{"predicates.p.type": f"{KAFKA}predicates.RecordIsTombstone"}))
    assert any(problem.key == "predicates" for problem in told)
    tally("transforms", "harmful", 2 * len(harmful()) // len(ENDS), 0)
    tally("transforms", "harmless", len(HARMLESS), 0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("drop.fields.from.key", "true"),
        ("drop.fields.header.name", "dropped"),
        ("drop.fields.keep.schema.compatible", "false"),
        ("route.by.field", "table"),
    ],
)
def test_a_key_of_the_unwrapping_that_leaves_out_or_reroutes_is_refused(key: str, value: str) -> None:
    (problem,) = connector_problems(changed(SOURCE, **{f"transforms.unwrap.{key}": value}))
    assert problem.key == f"transforms.unwrap.{key}"
    assert "is not known to be harmless" in problem.rule


def test_a_moved_field_is_refused() -> None:
    moved = {**HARMLESS[f"{KAFKA}HeaderFrom$Value"], "operation": "move", "replace.null.with.default": "false"}
    (problem,) = connector_problems(with_transform(S3, f"{KAFKA}HeaderFrom$Value", **moved))
    assert "a moved field is missing" in problem.rule


def test_a_field_that_two_transforms_add_is_refused() -> None:
    again = {"static.field": "__topic?", "static.value": "x", "replace.null.with.default": "false"}
    (problem,) = connector_problems(with_transform(S3, f"{KAFKA}InsertField$Value", **again))
    assert "Connect refuses every row" in problem.rule


@pytest.mark.parametrize("field", ["created_at", "__source_ts_ms", "month"])
def test_a_time_of_a_column_is_not_converted(field: str) -> None:
    """Only the parts of the hour, which the chain itself adds, are converted."""
    keys = {"field": field, "target.type": "string", "format": "yyyy", "replace.null.with.default": "false"}
    assert connector_problems(with_transform(ICEBERG, f"{KAFKA}TimestampConverter$Value", first=True, **keys)) != []


@pytest.mark.parametrize("field", ["__source_table", "__op", "__kafka_offset", "type", "id"])
def test_only_the_topic_chooses_a_table(field: str) -> None:
    """Values of any other field fit no route, which is a pattern of topics."""
    (problem,) = connector_problems(changed(ICEBERG, **{"iceberg.tables.route-field": field}))
    assert problem.key == "iceberg.tables.route-field"
    assert "every row would be dropped" in problem.rule
