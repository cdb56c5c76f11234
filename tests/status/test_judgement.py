"""Every state of a stack has its level and names the next command; a part that is silent is in doubt, never healthy and never lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline.dlq.ledger import State
from pipeline.epoch.diagnosis import State as History
from pipeline.epoch.diagnosis import Verdict
from pipeline.epoch.facts import Unanswered
from pipeline.status.facts import Brokers, DeadLetters, Lag, Waiting, Worker
from pipeline.status.levels import Level
from pipeline.status.view import until_lost
from tests.status.snapshots import (
    CONNECTORS,
    DAY,
    HEALTHY,
    MIB,
    NOW,
    ORDERS,
    PLACES,
    SLOT,
    SOURCE,
    USERS,
    seen,
    snapshot,
    with_connector,
    with_slot,
)

if TYPE_CHECKING:
    from pipeline.status.facts import Snapshot

SILENT = Unanswered("it does not answer")
BROKERS = Brokers(there=3, expected=3)
LOST_SLOT = replace(SLOT, active=False, wal_status="lost", restart=None, retained=None, safe=None)
BROKEN = Verdict(History.BROKEN, "the slot is lost", "lost-slot")


def lagging(**lag: float) -> Snapshot:
    return snapshot(lags={**dict.fromkeys(PLACES, Lag(records=0)), PLACES[0]: Lag(**lag)})  # type: ignore[arg-type] # of the test


LATE = {
    "inactive slot": (
        with_slot(replace(SLOT, active=False, inactive_s=300)),
        "nobody reads the replication slot for 5 minutes",
        "epoch show",
    ),
    "slot about to be lost": (with_slot(replace(SLOT, wal_status="unreserved", safe=-5)), "at the next checkpoint", "epoch show"),
    "slot half used": (with_slot(replace(SLOT, retained=1000 * MIB, safe=536 * MIB)), "1000.0 MiB of log are kept", "epoch show"),
    "silent source": (
        snapshot(worker=Worker(connectors=CONNECTORS, source=replace(SOURCE, read=int((NOW - 600) * 1000)))),
        "the source has read nothing for 10 minutes",
        "epoch show",
    ),
    "old heartbeat": (
        snapshot(database=replace(HEALTHY.database, heartbeat_s=600.0)),  # type: ignore[type-var] # known here
        "committed 10 minutes ago",
        "epoch show",
    ),
    "paused sink": (with_connector(1, state="PAUSED", tasks=("PAUSED",) * 3), "s3-sink-connector is PAUSED", "pulumi up"),
    "missing task": (with_connector(1, tasks=("RUNNING", "UNASSIGNED", "RUNNING")), "2 of 3 tasks", "pulumi up"),
    "missing broker": (snapshot(brokers=replace(BROKERS, there=2)), "2 of 3 brokers", "doctor"),
    "missing copy": (snapshot(brokers=replace(BROKERS, under_replicated=(("a", 3),))), "lack a copy in sync: a/3", "doctor"),
    "deleted marks": (lagging(records=0, deleted=2), "unless they were marks", "audit"),
    "late table": (
        snapshot(waiting={USERS: Waiting(since=NOW - 600), ORDERS: Waiting(since=None)}),
        "a change of public.users waits for 10 minutes (limit 90 s)",
        "status --watch",
    ),
    "open dead letter": (snapshot(dead_letters=DeadLetters(counts={State.OPEN: 2}, expired=0)), "2 dead letter(s) are open", "dlq list"),
    "certificate": (snapshot(certificates={"postgresql": NOW + 3 * DAY}), "expires in 3 days", "pulumi up"),
    "unfinished epoch": (snapshot(history=Verdict(History.UNFINISHED, "has not begun")), "has not begun", "epoch begin"),
}
LOST = {
    "lost slot": (
        snapshot(database=with_slot(LOST_SLOT).database, history=BROKEN),
        "the history is broken: the slot is lost",
        "epoch begin",
    ),
    "lost slot of a history that cannot be judged": (with_slot(LOST_SLOT), "the replication slot is lost", "epoch show"),
    "absent slot": (with_slot(None), "the replication slot does not exist", "epoch show"),
    "failed task": (with_connector(0, tasks=("FAILED",), reason="java.lang.Error"), "1 failed task(s) of 1: java.lang.Error", "pulumi up"),
    "failed connector": (with_connector(1, state="FAILED", tasks=()), "s3-sink-connector is FAILED", "pulumi up"),
    "stopped connector": (with_connector(1, state="STOPPED", tasks=()), "is STOPPED", "pulumi up"),
    "missing connector": (with_connector(0, state=None, tasks=()), "postgres-cdc-connector does not exist", "pulumi up"),
    "missing topic": (snapshot(brokers=replace(BROKERS, missing=("a",))), "topics do not exist: a", "epoch show"),
    "no leader": (snapshot(brokers=replace(BROKERS, leaderless=(("a", 1), ("a", 2)))), "2 partition(s) have no leader: a/1, …", "doctor"),
    "deleted records": (lagging(records=3, since=NOW, deleted=2), "up to 2 records of postgres.public.users/0 were deleted", "audit"),
    "expired dead letters": (snapshot(dead_letters=DeadLetters(counts={}, expired=4)), "up to 4 dead letters were deleted", "dlq list"),
    "expired certificate": (snapshot(certificates={"postgresql": NOW - 3 * DAY}), "has expired 3 days ago", "pulumi up"),
}


def test_a_healthy_stack_has_no_concern() -> None:
    assert seen(HEALTHY).concerns == ()
    assert seen(HEALTHY).level is Level.HEALTHY


@pytest.mark.parametrize("name", LATE)
def test_what_is_late_or_in_doubt_is_named_with_the_next_command(name: str) -> None:
    facts, text, command = LATE[name]
    found = seen(facts)
    assert [one.level for one in found.concerns] == [Level.LATE]
    assert text in found.concerns[0].text
    assert command in found.concerns[0].next
    assert "--stack prod" in found.concerns[0].next


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_or_stopped_is_named_with_the_next_command(name: str) -> None:
    facts, text, command = LOST[name]
    found = seen(facts)
    assert found.level is Level.LOST
    assert [one.level for one in found.concerns] == [Level.LOST], "each thing is named once"
    assert text in found.concerns[0].text
    assert command in found.concerns[0].next


@pytest.mark.parametrize(
    "facts",
    [
        snapshot(waiting={USERS: Waiting(since=NOW - 30), ORDERS: Waiting(since=None)}),
        lagging(records=400, since=NOW - 3),
        lagging(records=0, deleted=1),
        with_slot(replace(SLOT, safe=None)),
        snapshot(worker=Worker(connectors=CONNECTORS, source=replace(SOURCE, read=int((NOW - 600) * 1000), snapshot=True))),
    ],
    ids=[
        "a change on its way",
        "records on their way",
        "the mark of a transaction was deleted",
        "a slot without bound",
        "a first snapshot",
    ],
)
def test_what_is_usual_is_no_concern(facts: Snapshot) -> None:
    assert seen(facts).concerns == ()


@pytest.mark.parametrize("part", ["worker", "database", "brokers", "lags", "dead_letters", "subjects", "certificates", "backfill"])
def test_a_silent_part_is_in_doubt_and_the_reason_is_shown_once(part: str) -> None:
    found = seen(snapshot(**{part: SILENT}))
    assert [(one.level, one.text) for one in found.concerns] == [(Level.LATE, SILENT.reason)]
    assert "doctor --stack prod" in found.concerns[0].next


def test_a_credential_in_a_reason_is_not_shown() -> None:
    (concern,) = seen(with_connector(0, tasks=("FAILED",), reason="a.b.C: password=hunter2abc")).concerns
    assert "hunter2abc" not in concern.text


def test_a_silent_table_hides_no_other_one() -> None:
    found = seen(snapshot(archive={**HEALTHY.archive, USERS: SILENT}, waiting={USERS: SILENT, ORDERS: Waiting(since=NOW - 600)}))
    assert {one.text.partition(":")[0] for one in found.concerns} == {SILENT.reason, "1 table(s) are late"}


def test_a_stack_of_which_no_part_answers_cannot_be_asked() -> None:
    parts = ("worker", "database", "brokers", "lags", "dead_letters", "subjects", "certificates", "backfill")
    silent = dict.fromkeys((USERS, ORDERS), SILENT)
    assert seen(snapshot(**dict.fromkeys(parts, SILENT), archive=silent, waiting=silent)).level is Level.SILENT


def test_the_time_until_the_slot_is_lost_is_that_of_two_looks_and_never_invented() -> None:
    before, after = with_slot(SLOT), replace(with_slot(replace(SLOT, safe=1534 * MIB - 100)), taken=NOW + 10)
    assert until_lost(before, after) == pytest.approx((1534 * MIB - 100) / 10)
    assert seen(after).left_s is None, "one look measures nothing"
    assert until_lost(before, replace(before, taken=NOW + 10)) is None, "nothing shrinks"
    assert until_lost(with_slot(replace(SLOT, safe=None)), after) is None
    assert until_lost(snapshot(database=SILENT), after) is None
    soon = replace(with_slot(replace(SLOT, retained=536 * MIB, safe=1000 * MIB)), taken=NOW + 10)
    (concern,) = seen(soon, before).concerns
    assert concern.text == "the replication slot is lost in 19 s at the rate of the last two looks"
    burst = replace(with_slot(replace(SLOT, retained=102 * MIB, safe=1434 * MIB)), taken=NOW + 10)
    assert seen(burst, before).left_s == pytest.approx(143.4)
    assert seen(burst, before).concerns == (), "a slot that is read moves on in steps"


def test_the_database_is_judged_by_its_slot_although_the_worker_is_silent() -> None:
    found = seen(snapshot(worker=SILENT, database=with_slot(None).database))
    assert [one.level for one in found.concerns] == [Level.LOST, Level.LATE]
