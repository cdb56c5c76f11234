"""What is lost is said with its position, time and size; the state names every part, also one that does not answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.epoch.facts import Facts, Server, Source, Unanswered
from pipeline.epoch.words import loss, state
from stack.settings.names import Names
from stack.settings.seams import Seam
from tests.epochs.stacks import FACTS, SERVER, SOURCE, facts

FAR = facts(server=Server(system="7346", end=1000 + 3 * 1024 * 1024, slot=None))


@pytest.mark.parametrize("cause", ["lost-slot", "missing-slot"])
def test_a_slot_that_is_gone_loses_the_changes_after_a_position(cause: str) -> None:
    said = "\n".join(loss(Names(), cause, FAR))
    assert "Epoch 2 begins with a new slot (debezium_slot_epoch2) and a snapshot of every row of 2 tables" in said
    assert "Lost: changes after position 0/3E8; the last archived change was made at 2026-05-01T12:00:00+00:00, up to the snapshot" in said
    assert "written 3.0 MiB of log since that position" in said
    assert "inserted and deleted in between" in said
    assert "in Kafka" not in said


def test_lost_brokers_lose_what_was_in_kafka_too() -> None:
    said = "\n".join(loss(Names(), "lost-brokers", replace(FAR, source=Unanswered("away"))))
    assert "Lost: changes after position 0/3DE" in said
    assert "in Kafka and not yet in the archive are lost, too" in said


def test_of_a_restored_database_no_log_is_counted() -> None:
    said = "\n".join(loss(Names(), "restored-database", facts(server=replace(SERVER, system="8000"))))
    assert "The archive keeps the abandoned history up to position 0/3E8" in said
    assert "MiB" not in said


def test_a_wish_loses_nothing_before_the_stop() -> None:
    said = "\n".join(loss(Names(), "operator", FACTS))
    assert "The source stops at position 0/3E8" in said
    assert "Lost" not in said


def test_the_state_names_every_part() -> None:
    lines = state(Names(), (), FACTS)
    assert [line.split("  ")[0].strip() for line in lines] == ["Epoch", "Database", "Slot", "Source", "Control topic", "Archive", "Archive"]
    said = "\n".join(lines)
    for part in (
        "system 7346, written up to 0/4B0",
        "debezium_slot: reserved, active, holds back 0.0 MiB of log",
        "postgres-cdc-connector: RUNNING, has read up to 0/3E8 of system 7346",
        "iceberg-control ends at 41",
        "public.users: up to 0/3DE, last change at 2026-05-01T12:00:00+00:00",
        "public.orders: no row of epoch 1",
    ):
        assert part in said


def test_a_part_that_does_not_answer_is_said() -> None:
    away = Unanswered("the part is away")
    said = "\n".join(state(Names().of_epoch(2), (), Facts(source=away, control=away, tables=away, server=away)))
    assert said.count("the part is away") == 4
    assert "2, whose break is not described" in said


def test_the_present_epoch_is_shown_with_its_break() -> None:
    seams = (Seam(epoch=2, cause="lost-slot", position="0/3E8"), Seam(epoch=3, cause="operator"))
    assert state(Names().of_epoch(3), seams, facts(source=replace(SOURCE, state=None)))[0].endswith("3, since operator")
    assert state(Names().of_epoch(2), seams, facts(source=Source(state=None)))[0].endswith("2, since lost-slot behind position 0/3E8")
