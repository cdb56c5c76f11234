"""A schedule is taken or refused as Kubernetes does it, and one that never comes due is refused too."""

from __future__ import annotations

import pytest

from stack.settings.schedule import longest_pause, schedule_fault


@pytest.mark.parametrize(
    "text",
    [
        "17 * * * *",
        "*/5 1-3 * * mon-fri",
        "0 0 1-31/2 JAN,feb ?",
        "@hourly",
        "@daily",
        "@weekly",
        "1,2,30/10 0 * * 6",
        "0 0 29 2 *",
        "0 0 31 4 5",
    ],
)
def test_a_schedule_of_a_cron_job_is_taken(text: str) -> None:
    """With a day of the week, either of the two days is enough."""
    assert schedule_fault(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 fields"),
        ("17 * * *", "4 fields"),
        ("0 17 * * * *", "6 fields"),
        ("@every 1h", "2 fields"),
        ("@never", "1 fields"),
        ("TZ=Europe/Rome 1 * * * *", "6 fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of month"),
        ("* * * 13 *", "month"),
        ("* * * * 7", "day of week"),
        ("5-1 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("*-5 * * * *", "minute"),
        ("1, * * * *", "minute"),
        ("* * * sun *", "month"),
        ("0 0 30 2 *", "never comes due"),
        ("0 0 31 4,6 *", "never comes due"),
    ],
)
def test_another_text_is_refused_with_the_reason(text: str, why: str) -> None:
    assert why in str(schedule_fault(text))


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("17 * * * *", 1),
        ("*/15 * * * *", 0.25),
        ("0,10 * * * *", 5 / 6),
        ("@daily", 24),
        ("0 9-17 * * *", 16),
        ("0 9-17 * * mon-fri", 64),
        ("@weekly", 168),
        ("0 0 1 * *", 31 * 24),
        ("0 0 1 * mon", 168),
        ("0 0 */2 * *", 48),
        ("@yearly", 366 * 24),
        ("0 0 29 2 *", 1461 * 24),
    ],
)
def test_the_longest_time_between_two_runs_is_known(text: str, hours: float) -> None:
    """Over months, leap years and week-ends; a day of the month and one of the week together come more often."""
    assert longest_pause(text) == hours * 3600


def test_a_text_is_not_repeated() -> None:
    """Whatever stands in the wrong place may be a credential."""
    assert "hunter2" not in str(schedule_fault("hunter2 * * * *"))
