"""A new epoch: what begins anew has another name in every place that knows it, what goes on keeps its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stack.judgement.stack import SettingsError
from tests.declared import CONNECTOR, GATE, ICEBERG_TABLE, TOPIC, Declared, variant

if TYPE_CHECKING:
    from collections.abc import Mapping

SANDBOX_STREAMING: dict[str, Any] = {"kafka": {"cpuMillicores": 50}, "registry": {"kind": "apicurio", "cpuMillicores": 50}}


def _declared(epoch: int | None) -> Declared:
    further = {} if epoch is None else {"epoch": epoch}
    return variant("sandbox", streaming={**SANDBOX_STREAMING, **further})


def _inputs(declared: Declared, kind: str) -> dict[str, Mapping[str, Any]]:
    return {resource.name: resource.inputs for resource in declared.recording.of_type(kind)}


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


@pytest.fixture(scope="module")
def first() -> Declared:
    """Return the resources of a stack that says nothing of an epoch."""
    return _declared(None)


@pytest.fixture(scope="module")
def third() -> Declared:
    """Return the resources of the third epoch."""
    return _declared(3)


def test_the_first_epoch_has_the_names_of_a_stack_without_one(first: Declared) -> None:
    source, sink = first.source_config, first.sink_config
    assert source["slot.name"] == "debezium_slot"
    assert "database.initial.statements" not in source
    assert sink["iceberg.control.topic"] == "iceberg-control"
    assert sink["transforms.place.static.value"] == "1"
    (gate,) = _inputs(first, GATE).values()
    assert gate.get("epoch") is None
    (position,) = _inputs(first, "kafkaconnect:index:GroupPosition").values()
    assert position.get("connector") is None
    assert all("data-ingestion.epoch" not in table["properties"] for table in _inputs(first, ICEBERG_TABLE).values())
    assert _declared(1).recording.resources == first.recording.resources


def test_a_later_epoch_has_new_names_where_a_position_is_stored_under_a_name(first: Declared, third: Declared) -> None:
    source, sink = third.source_config, third.sink_config
    assert source["slot.name"] == "debezium_slot_epoch3"
    assert sink["iceberg.control.topic"] == "iceberg-control-epoch3"
    before, after = _inputs(first, CONNECTOR), _inputs(third, CONNECTOR)
    assert before["streaming-source-connector"]["name"] != after["streaming-source-connector"]["name"]
    assert before["archive-sink-connector"]["name"] == after["archive-sink-connector"]["name"], "its group keeps its place"


def test_other_keys_of_source_and_sink_are_those_of_the_first_epoch(first: Declared, third: Declared) -> None:
    """So that topics, groups, routes and tables go on."""
    assert _changed(first.source_config, third.source_config) == {"slot.name", "database.initial.statements"}
    assert _changed(first.sink_config, third.sink_config) == {"iceberg.control.topic", "transforms.place.static.value"}


def test_the_source_of_a_later_epoch_drops_the_slots_of_all_earlier_ones_and_not_its_own(third: Declared) -> None:
    statement = third.source_config["database.initial.statements"]
    assert re.findall("'(.+?)'", statement) == ["debezium_slot", "debezium_slot_epoch2"]


def test_no_topic_goes_with_an_epoch(first: Declared, third: Declared) -> None:
    """A protected topic cannot be deleted."""
    before, after = ({topic["name"] for topic in _inputs(one, TOPIC).values()} for one in (first, third))
    assert after - before == {"iceberg-control-epoch2", "iceberg-control-epoch3"}
    assert before <= after


def test_the_coordinator_has_a_position_in_the_topic_of_its_epoch(third: Declared) -> None:
    (position,) = _inputs(third, "kafkaconnect:index:GroupPosition").values()
    assert position["topic"] == third.sink_config["iceberg.control.topic"]
    assert position["connector"] == "s3-sink-connector", "its consumers are members of the group"


def test_tables_and_gate_name_a_later_epoch(third: Declared) -> None:
    tables = _inputs(third, ICEBERG_TABLE)
    assert {table["properties"]["data-ingestion.epoch"] for table in tables.values()} == {"3"}
    (gate,) = _inputs(third, GATE).values()
    assert gate["epoch"] == 3


def test_tables_repeat_the_breaks_that_the_stack_file_describes() -> None:
    seams = [
        {"epoch": 2, "cause": "lost-slot", "system": "7346", "position": "0/4A1B2C8", "lastChange": "2026-05-01T12:00:00+00:00"},
        {"epoch": 3, "cause": "lost-brokers"},
    ]
    declared = variant("sandbox", streaming={**SANDBOX_STREAMING, "epoch": 3, "seams": seams})
    for table in _inputs(declared, ICEBERG_TABLE).values():
        assert {key: value for key, value in table["properties"].items() if key.startswith("data-ingestion.epoch")} == {
            "data-ingestion.epoch": "3",
            "data-ingestion.epoch.2.cause": "lost-slot",
            "data-ingestion.epoch.2.system": "7346",
            "data-ingestion.epoch.2.position": "0/4A1B2C8",
            "data-ingestion.epoch.2.last-change-at": "2026-05-01T12:00:00+00:00",
            "data-ingestion.epoch.3.cause": "lost-brokers",
        }


def test_an_epoch_without_a_described_break_has_the_resources_of_before(third: Declared) -> None:
    assert variant("sandbox", streaming={**SANDBOX_STREAMING, "epoch": 3, "seams": []}).recording.resources == third.recording.resources


@pytest.mark.parametrize(
    ("epoch", "seams", "told"),
    [
        (1, [{"epoch": 2, "cause": "operator"}], "seams has a break before epoch 2, and epoch is 1; set epoch to 2"),
        (2, [{"epoch": 2, "cause": "operator"}, {"epoch": 2, "cause": "lost-slot"}], "seams has 2 breaks before epoch 2"),
        (2, [{"epoch": 2, "cause": "bad luck"}], "cause"),
        (2, [{"epoch": 1, "cause": "operator"}], "epoch"),
        (2, [{"epoch": 2, "cause": "operator", "position": "4A1B2C8"}], "must be a position in the write-ahead log"),
        (2, [{"epoch": 2, "cause": "operator", "lastChange": "yesterday"}], "must be a time with its offset from UTC"),
        (2, [{"epoch": 2, "cause": "operator", "system": "one"}], "must be a system identifier"),
    ],
)
def test_a_break_that_is_none_is_refused(epoch: int, seams: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(SettingsError, match=rf"(?s)streaming.*{re.escape(told)}"):
        variant("dev", streaming={"epoch": epoch, "seams": seams})


def test_the_source_of_a_later_epoch_waits_for_the_sink_and_that_of_the_first_does_not(first: Declared, third: Declared) -> None:
    """The sink labels rows, and would give those of the new snapshot the old number."""
    for declared, waits in ((first, False), (third, True)):
        (source,) = (one for one in declared.recording.resources if one.name == "streaming-source-connector")
        (sink,) = (one for one in declared.recording.resources if one.name == "archive-sink-connector")
        assert (sink.urn in declared.recording.upstream(source.urn)) is waits


def test_both_formats_write_the_number_into_each_row() -> None:
    config = variant("dev", streaming={"epoch": 2}, archive={"bucket": "warehouse", "format": "parquet"}).sink_config
    assert (config["transforms.place.static.field"], config["transforms.place.static.value"]) == ("__epoch", "2")


def test_every_archived_table_has_the_column(first: Declared) -> None:
    for table in _inputs(first, ICEBERG_TABLE).values():
        assert {"name": "__epoch", "type": "int", "required": False} in [{"required": False, **column} for column in table["columns"]]


@pytest.mark.parametrize("epoch", [0, -1, 100, "2", 1.5, True])
def test_an_epoch_that_is_none_is_refused(epoch: Any) -> None:
    with pytest.raises(SettingsError, match=r"streaming\.epoch"):
        variant("dev", streaming={"epoch": epoch})


def test_a_later_epoch_without_a_snapshot_is_refused() -> None:
    assert variant("dev", source={"debezium": {"snapshotMode": "no_data"}})
    with pytest.raises(SettingsError, match=r"no_data and streaming\.epoch is 2"):
        variant("dev", streaming={"epoch": 2}, source={"debezium": {"snapshotMode": "no_data"}})


def test_a_slot_whose_name_leaves_no_room_for_the_epoch_is_refused() -> None:
    names = {"slot": "s" * 60}
    assert variant("dev", names=names)
    with pytest.raises(SettingsError, match="PostgreSQL accepts 1 to 63"):
        variant("dev", names=names, streaming={"epoch": 2})
