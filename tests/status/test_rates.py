"""Rates between two looks: measured where both looks know a count, and absent where a count began anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.epoch.facts import Server, Unanswered
from pipeline.status.facts import Database, Snapshot
from pipeline.status.rates import UNMEASURED, Rates, rates
from pipeline.status.words import byte_rate
from tests.status.snapshots import HEALTHY, MIB, NOW, ORDERS, PLACES, SLOT, SOURCE, TABLE, USERS, seen

LATER = replace(
    HEALTHY,
    taken=NOW + 10,
    database=Database(server=Server(system="7", end=0x1A2B4C + 20 * MIB, slot=SLOT), heartbeat_s=3.0),
    worker=replace(HEALTHY.worker, source=replace(SOURCE, position=0x1A2B3C + 10 * MIB)),
    brokers=replace(HEALTHY.brokers, ends={**dict.fromkeys(PLACES, 15), ("iceberg-control", 0): 9_000}),
    archive={USERS: replace(TABLE, rows=1244), ORDERS: TABLE},
)


def test_a_rate_is_a_difference_by_seconds() -> None:
    assert rates(HEALTHY, LATER) == Rates(written=2 * MIB, read=MIB, changes=2.0, archived=1.0)
    assert seen(LATER, HEALTHY).rates.archived == 1.0
    assert seen(LATER).rates == UNMEASURED
    assert seen(LATER, HEALTHY).as_json()["perSecond"] == {"written": 2 * MIB, "read": MIB, "changes": 2.0, "archived": 1.0}


@pytest.mark.parametrize(
    "now",
    [HEALTHY, replace(LATER, epoch=2), replace(LATER, taken=NOW - 1)],
    ids=["at the same moment", "in another epoch", "before"],
)
def test_looks_that_do_not_follow_each_other_give_no_rate(now: Snapshot) -> None:
    assert rates(HEALTHY, now) == UNMEASURED


def test_what_one_look_does_not_know_has_no_rate() -> None:
    away = Unanswered("away")
    assert rates(HEALTHY, replace(LATER, database=away)).written is None
    assert rates(replace(HEALTHY, worker=away), LATER).read is None
    assert rates(HEALTHY, replace(LATER, brokers=away)).changes is None
    assert rates(HEALTHY, replace(LATER, archive={USERS: TABLE, ORDERS: away})).archived is None
    assert rates(replace(HEALTHY, archive={}), replace(LATER, archive={})).archived is None


def test_a_count_that_began_anew_has_no_rate() -> None:
    assert rates(replace(LATER, taken=NOW), replace(HEALTHY, taken=NOW + 10)) == UNMEASURED


def test_small_rates_are_not_zero() -> None:
    assert byte_rate(512) == "0.5 KiB/s"
    assert byte_rate(3 * MIB / 2) == "1.5 MiB/s"
