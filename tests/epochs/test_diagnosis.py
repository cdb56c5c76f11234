"""The judgement finds each break by what one part shows, and calls nothing broken that is only away, new or unfinished."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.epoch.diagnosis import State, diagnosis
from pipeline.epoch.facts import Source, Unanswered, source
from stack.settings.names import CONTROL_TOPIC, Names
from stack.settings.seams import Seam
from tests.epochs.stacks import ORDERS, SERVER, SLOT, SOURCE, USERS, facts, with_slot

if TYPE_CHECKING:
    from pipeline.epoch.diagnosis import Verdict
    from pipeline.epoch.facts import Facts

AWAY = Unanswered("it does not answer")
NEW = replace(USERS, epoch=2, position=None, changed=None, control={})


def judged(found: Facts, epoch: int = 1, seams: tuple[Seam, ...] = ()) -> Verdict:
    return diagnosis(Names().of_epoch(epoch), seams, found)


def test_a_history_without_a_break_is_whole() -> None:
    assert judged(facts()).state is State.WHOLE


@pytest.mark.parametrize(("active", "idle_s"), [(True, None), (False, 5.0), (False, None)], ids=["read", "just left", "before 17"])
def test_a_slot_may_have_advanced_since_the_position_was_asked_for(*, active: bool, idle_s: float | None) -> None:
    assert judged(with_slot(replace(SLOT, active=active, inactive_s=idle_s, confirmed=1002))).state is State.WHOLE


@pytest.mark.parametrize(
    ("found", "cause", "text"),
    [
        (with_slot(replace(SLOT, wal_status="lost", restart=None, retained=None)), "lost-slot", "debezium_slot is lost"),
        (with_slot(replace(SLOT, invalidation="idle_timeout")), "lost-slot", "invalidation_reason idle_timeout"),
        (with_slot(None), "missing-slot", "does not exist, and the log was read up to 0/3E8"),
        (facts(source=AWAY, server=replace(SERVER, slot=None)), "missing-slot", "read up to 0/3DE"),
        (
            facts(source=replace(SOURCE, state="FAILED", log_gone=True), server=replace(SERVER, slot=replace(SLOT, restart=1001))),
            "missing-slot",
            "or another client has advanced it: it sends only changes after 0/3E9, and the source has read up to 0/3E8 only",
        ),
        (
            with_slot(replace(SLOT, active=False, inactive_s=90, confirmed=1002)),
            "missing-slot",
            "it sends only changes after 0/3EA, and the source has read up to 0/3E8 only",
        ),
        (
            facts(source=replace(SOURCE, state="FAILED", log_gone=True), server=replace(SERVER, slot=replace(SLOT, confirmed=1002))),
            "missing-slot",
            "it sends only changes after 0/3EA",
        ),
        (facts(control={}), "lost-brokers", "iceberg-control ends at offset 0 of partition 0, and the archived table of public.users was"),
        (facts(control={CONTROL_TOPIC: {0: 39}}, source=AWAY, server=AWAY), "lost-brokers", "ends at offset 39"),
        (facts(source=Source(state=None), tables=()), "lost-brokers", "has the slot debezium_slot, and the worker has no connector"),
        (facts(server=replace(SERVER, system="8000")), "restored-database", "its system identifier is 8000"),
        (facts(server=replace(SERVER, end=999)), "restored-database", "its log ends at 0/3E7, before the stored position 0/3E8"),
        (facts(source=source("FAILED", "a.b.DatabaseWentBackException: its slot", None)), "restored-database", "its slot"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_break_is_found_with_its_cause(found: Facts, cause: str, text: str) -> None:
    verdict = judged(found)
    assert (verdict.state, verdict.cause) == (State.BROKEN, cause)
    assert text in verdict.text


def test_lost_brokers_come_before_what_follows_from_them() -> None:
    """Without brokers there is no stored position, and a restored database explains a missing slot."""
    assert judged(facts(control={}, source=Source(state=None), server=replace(SERVER, slot=None))).cause == "lost-brokers"
    assert judged(facts(server=replace(SERVER, end=10, slot=None))).cause == "restored-database"


@pytest.mark.parametrize(
    "found",
    [
        facts(source=AWAY),
        facts(control=AWAY),
        facts(tables=AWAY),
        facts(server=AWAY),
        facts(source=Source(state=None), server=replace(SERVER, slot=None), tables=(ORDERS,)),
    ],
    ids=["worker", "brokers", "archive", "database", "no connector and no slot"],
)
def test_what_cannot_be_seen_is_undecided(found: Facts) -> None:
    assert judged(found).state is State.UNDECIDED


@pytest.mark.parametrize(
    "found",
    [
        facts(source=Source(state="RUNNING"), server=replace(SERVER, slot=None), tables=(ORDERS,), control={CONTROL_TOPIC: {0: 0}}),
        facts(source=replace(SOURCE, state="FAILED", reason="password authentication failed")),
        facts(source=replace(SOURCE, state="STOPPED")),
        facts(tables=(), control={}),
        with_slot(replace(SLOT, wal_status="unreserved", active=False)),
    ],
    ids=["first start", "another failure", "stopped", "format parquet", "not lost yet"],
)
def test_what_is_no_break_is_whole(found: Facts) -> None:
    assert judged(found).state is State.WHOLE


def test_a_slot_that_advances_while_the_parts_are_asked_is_the_same_one() -> None:
    assert judged(with_slot(replace(SLOT, restart=1001))).state is State.WHOLE


@pytest.mark.parametrize("table", [USERS, NEW], ids=["before the tables", "behind the tables"])
def test_an_epoch_of_the_file_that_has_not_begun_is_unfinished(table: object) -> None:
    found = facts(source=Source(state=None), server=replace(SERVER, slot=None), tables=(table,), control={})
    # the control topic of the new epoch holds no position of any table yet
    found = replace(found, tables=tuple(replace(one, control={}) for one in found.archived))
    assert judged(found, epoch=2).state is State.UNFINISHED


def test_an_epoch_whose_workers_were_ended_for_it_is_unfinished() -> None:
    found = facts(source=AWAY, server=replace(SERVER, slot=None), tables=(replace(USERS, control={}),), control={})
    assert judged(found, epoch=2, seams=(Seam(epoch=2, cause="lost-brokers"),)).state is State.UNFINISHED
    assert judged(found, epoch=2).state is State.UNDECIDED


def test_a_second_loss_of_the_brokers_is_a_break_of_the_second_epoch() -> None:
    found = facts(source=Source(state=None), tables=(replace(USERS, epoch=2),), control={})
    assert judged(found, epoch=2, seams=(Seam(epoch=2, cause="lost-brokers"),)).cause == "lost-brokers"
