"""Judging of rows as the sink's keys say it: the same rules, tables and routes in every part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stack.configs.pair_rules import _quarantined, _routed
from stack.judgement.stack import specify
from stack.settings.quality import BROKEN_RULES
from stack.settings.shop import TABLES

if TYPE_CHECKING:
    from stack.specification.stack import Specification

JUDGED = ["order_items", "orders", "products"]


def stack(action: str, **archive: Any) -> Specification:
    return specify({"archive": {"bucket": "warehouse", "tasks": 1, **archive}, "quality": {"enabled": True, "action": action}})


def test_the_transform_is_the_last_of_the_programs_and_further_ones_stand_behind_it() -> None:
    own = stack("quarantine").archive.connectors[0].config["transforms"]
    assert own.endswith(",sound,quality")
    added = {"transforms": f"{own},tag", "transforms.tag.type": "org.apache.kafka.connect.transforms.InsertHeader"}
    added |= {"transforms.tag.header": "x", "transforms.tag.value.literal": "y"}
    assert stack("quarantine", extra=added).archive.connectors[0].config["transforms"].endswith(",quality,tag")
    with pytest.raises(ValueError, match=r"transforms\.quality\.action = .mark.: is fixed"):
        stack("quarantine", extra={"transforms.quality.action": "mark"})


def test_every_rule_of_the_tables_is_a_key_with_the_topic_of_its_table() -> None:
    specification = stack("deadLetter")
    names = specification.settings.names
    rules = {f"{names.topic(table)}.{rule.name}" for table in TABLES for rule in table.rules}
    prefix = "transforms.quality.rule."
    assert {key.removeprefix(prefix) for key in specification.archive.connectors[0].config if key.startswith(prefix)} == rules
    assert len(rules) == 6


def test_each_judged_table_has_a_quarantine_with_its_columns_and_a_route_that_matches_nothing_else() -> None:
    specification = stack("quarantine")
    config, tables = specification.archive.connectors[0].config, {table.name: table for table in specification.archive.tables}
    assert sorted(set(tables) - {table.archive_name for table in TABLES}) == [f"{name}_quarantine" for name in JUDGED]
    for name in JUDGED:
        good, bad = tables[name], tables[f"{name}_quarantine"]
        assert set(bad.columns) - set(good.columns) == {(BROKEN_RULES, "string")}
        assert not set(good.columns) - set(bad.columns)
        assert bad.partition_by == good.partition_by
        assert bad.location not in {table.location for table in specification.archive.tables if table is not bad}
    assert set(config["iceberg.tables"].split(",")) == {f"archive.{name}" for name in tables}
    topics = config["topics"].split(",")
    assert len(_quarantined(config, topics)) == len(JUDGED)
    assert _routed(config, topics) == []


def test_a_quarantined_row_that_no_route_takes_would_be_dropped_so_it_is_refused() -> None:
    config = dict(stack("quarantine").archive.connectors[0].config)
    config["transforms.quality.route.suffix"] = "/elsewhere"
    assert [problem.rule for problem in _routed(config, config["topics"].split(","))] == [
        f"rows of postgres.public.{name}/elsewhere would go to no table and be dropped silently"
        for name in ("products", "orders", "order_items")
    ]


def test_marked_rows_have_the_column_in_their_table_and_no_other_table_has_it() -> None:
    tables = {table.name: dict(table.columns) for table in stack("mark").archive.tables}
    assert {name for name, columns in tables.items() if BROKEN_RULES in columns} == set(JUDGED)
    assert len(tables) == len(TABLES)


def test_plain_files_are_judged_by_the_same_rules() -> None:
    parquet, iceberg = (stack("mark", format=name).archive.connectors[0].config for name in ("parquet", "iceberg"))
    of_both = [{key: value for key, value in config.items() if key.startswith("transforms.quality.")} for config in (parquet, iceberg)]
    assert of_both[0] == of_both[1] != {}
