"""The screen shows four hops, what is late with the next command, and the reason of what is not known."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.epoch.facts import Unanswered
from pipeline.status import screen
from pipeline.status.facts import Lag, Waiting
from pipeline.status.words import bytes_, span
from tests.status.snapshots import HEALTHY, MIB, NOW, ORDERS, PLACES, SLOT, USERS, seen, snapshot, with_slot

WHOLE = """\
Stack prod, epoch 1, 2026-05-01 12:00:00 UTC: HEALTHY

Database  slot reserved, active, 2.0 MiB of log kept, 1.5 GiB until it is lost
          log written up to 0/1A2B4C, read up to 0/1A2B3C, a commit 4 s ago; last heartbeat committed 3 s ago
          certificates: postgresql 364 days left, postgresql-ca 3650 days left
Kafka     postgres-cdc-connector RUNNING, 1 of 1 task(s) RUNNING
          3 of 3 brokers, every copy in sync
          no backfill runs
Archive   s3-sink-connector RUNNING, 3 of 3 task(s) RUNNING
          table           rows  files     last commit  behind in Kafka  oldest change not archived
          public.users   1,234      5  60 minutes ago          nothing                        none
          public.orders  1,234      5  60 minutes ago          nothing                        none
          dead letters: 0 open, 0 replayed, 0 dropped
Schemas   2 subject(s), 3 version(s)"""


def test_a_healthy_stack_is_shown_hop_by_hop() -> None:
    assert "\n".join(screen.lines(seen(HEALTHY))) == WHOLE


def test_what_is_late_stands_below_with_the_next_command() -> None:
    late = snapshot(
        lags={**dict.fromkeys(PLACES, Lag(records=0)), PLACES[0]: Lag(records=40, since=NOW - 600)},
        waiting={USERS: Waiting(since=NOW - 605), ORDERS: Waiting(since=None)},
    )
    shown = screen.lines(seen(late))
    assert shown[0].endswith("LATE OR IN DOUBT")
    assert "public.users   1,234      5  60 minutes ago   40, 10 minutes                  10 minutes" in shown[10]
    assert shown[-2:] == [
        "LATE  Archive: 1 table(s) are late: a change of public.users waits for 10 minutes (limit 90 s)",
        "      next: .venv/bin/python -m pipeline status --watch --stack prod",
    ]


def test_what_is_not_known_is_said_with_its_reason_and_never_as_a_number() -> None:
    reason = Unanswered("the brokers do not answer")
    silent = snapshot(brokers=reason, lags=reason, waiting=dict.fromkeys((USERS, ORDERS), reason))
    shown = "\n".join(screen.lines(seen(silent)))
    assert "          the brokers do not answer" in shown
    assert shown.count("not known                   not known") == 2
    assert "nothing" not in shown


def test_a_slot_is_shown_with_the_measured_time_until_it_is_lost() -> None:
    before = with_slot(replace(SLOT, safe=1535 * MIB))
    shown = screen.lines(seen(replace(HEALTHY, taken=NOW + 10), before))
    assert shown[2].endswith("1.5 GiB until it is lost (in 4 hours at the rate of the last two looks)")


def test_json_holds_every_fact_and_reasons_in_place_of_facts() -> None:
    whole = json.loads(json.dumps(seen(snapshot(subjects=Unanswered("away"))).as_json()))
    assert whole["exitCode"] == 1
    assert whole["facts"]["subjects"] == {"unknown": "away"}
    assert whole["facts"]["brokers"]["ends"] == {"/".join(map(str, place)): 10 for place in PLACES}
    assert whole["facts"]["dead_letters"]["counts"] == {"open": 0, "replayed": 0, "dropped": 0}
    assert whole["concerns"][0]["next"].startswith(".venv/bin/python -m pipeline doctor")


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (119, "119 s"), (120, "2 minutes"), (7200, "2 hours"), (172_800, "2 days"), (100_000, "28 hours")]
)
def test_spans_are_written_in_the_largest_unit_with_two(seconds: float, text: str) -> None:
    assert span(seconds) == text
    assert bytes_(1536 * MIB) == "1.5 GiB"
