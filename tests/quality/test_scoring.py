"""Scores of a table: the worst figure, never better than a part of it, and never good without knowledge."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.quality.measuring import Window
from pipeline.quality.report import Report, TableReport
from pipeline.quality.scoring import Counts, Scores, Verdict, scores, verdict

FIGURES = ("completeness", "uniqueness", "timeliness", "validity")
WHOLE = Counts(records=100, missing=0, rows=100, distinct=100, late=0, judged=90, invalid=0, letters=0, unmarked=0, rules=2)


def changed(**changes: Any) -> Counts:
    return Counts(**{name: getattr(WHOLE, name) for name in Counts.__slots__} | changes)


@st.composite
def any_counts(draw: st.DrawFn) -> Counts:
    rows = draw(st.integers(0, 1000))
    judged = draw(st.integers(0, rows))
    invalid = draw(st.integers(0, judged))
    records = draw(st.none() | st.integers(0, 1000))
    return Counts(
        records=records,
        missing=draw(st.integers(0, records)) if records else 0,
        rows=rows,
        distinct=draw(st.integers(min(rows, 1), rows)),
        late=draw(st.integers(0, rows)),
        judged=judged,
        invalid=invalid,
        letters=draw(st.integers(0, 5)),
        unmarked=draw(st.integers(0, invalid)),
        rules=draw(st.integers(0, 3)),
    )


@given(any_counts())
def test_every_figure_is_a_share_and_the_score_is_the_worst_of_them(counts: Counts) -> None:
    found = scores(counts)
    figures = [getattr(found, name) for name in FIGURES if name != "validity" or counts.rules]
    assert all(figure is None or 0 <= figure <= 1 for figure in figures)
    assert found.score == (None if None in figures else min(figures))


@given(any_counts(), st.integers(1, 100), st.integers(1, 100))
def test_what_is_not_known_is_never_good(counts: Counts, one: int, other: int) -> None:
    found = scores(counts)
    judged = verdict(found, max(one, other), min(one, other))
    if judged is Verdict.GOOD:
        assert found.score is not None
        assert found.score * 100 >= max(one, other)
    if found.score is None:
        assert judged is not Verdict.GOOD


@given(any_counts())
def test_a_row_that_is_missing_or_twice_is_critical_however_many_there_are(counts: Counts) -> None:
    found = scores(counts)
    if (counts.records and counts.missing) or counts.distinct < counts.rows:
        assert verdict(found, 1, 1) is Verdict.CRITICAL


@pytest.mark.parametrize(
    ("counts", "score", "judged"),
    [
        (WHOLE, 1.0, Verdict.GOOD),
        (changed(late=5), 0.95, Verdict.GOOD),
        (changed(late=6), 0.94, Verdict.WARNING),
        (changed(late=21), 0.79, Verdict.CRITICAL),
        (changed(invalid=9), 0.9, Verdict.WARNING),
        (changed(letters=10), 0.9, Verdict.WARNING),
        (changed(missing=1), 0.99, Verdict.CRITICAL),
        (changed(distinct=99), 0.99, Verdict.CRITICAL),
        (changed(records=None), None, Verdict.UNKNOWN),
        (changed(records=None, late=50), None, Verdict.CRITICAL),
        (changed(rows=0, distinct=0, judged=0, records=0), None, Verdict.UNKNOWN),
        (changed(rules=0), 1.0, Verdict.GOOD),
        (changed(judged=0), None, Verdict.UNKNOWN),
    ],
)
def test_a_mean_hides_nothing(counts: Counts, score: float | None, judged: Verdict) -> None:
    assert scores(counts).score == score
    assert verdict(scores(counts), 95, 80) is judged


def report(*tables: Counts | None) -> Report:
    made = tuple(
        TableReport(
            name=f"public.t{number}", counts=counts, owner="data team" if number else "", reasons=() if counts else ("Kafka is away",)
        )
        for number, counts in enumerate(tables)
    )
    return Report("prod", Window(begin=0, end=1, late_ms=300_000), 95, 80, made)


def test_the_exit_code_is_that_of_the_worst_table() -> None:
    assert report(WHOLE).exit_code == 0
    assert report(WHOLE, None).exit_code == 3
    assert report(WHOLE, None, changed(late=6)).exit_code == 1
    assert report().exit_code == 3


def test_the_screen_names_the_owner_the_reason_and_the_next_command_and_rounds_nothing_up() -> None:
    lines = list(report(changed(records=100_000, missing=1), changed(invalid=9), None).lines())
    assert lines[1].split() == [
        "public.t0",
        "99.99",
        "%",
        "critical",
        "99.99",
        "%",
        "100.00",
        "%",
        "100.00",
        "%",
        "100.00",
        "%",
        "100",
        "-",
    ]
    assert lines[2].split()[-2:] == ["data", "team"]
    assert lines[3].split()[:3] == ["public.t2", "unknown", "unknown"]
    assert (
        "public.t0: 1 record(s) of Kafka are neither in the archive nor dead letters: python -m pipeline audit --stack prod names them"
        in lines
    )
    assert "public.t1: 9 row(s) break a rule of the table" in lines
    assert "public.t2: Kafka is away" in lines


def test_the_json_has_the_score_and_what_it_is_made_of() -> None:
    (table,) = report(changed(invalid=9)).as_json()["tables"]
    assert (table["score"], table["verdict"], table["validity"], table["owner"]) == (0.9, "warning", 0.9, None)
    assert table["counts"]["invalid"] == 9


def test_unknown_figures_are_no_part_of_scores() -> None:
    assert Scores(completeness=1, uniqueness=1, timeliness=1, validity=None).score is None
    assert Scores(completeness=1, uniqueness=1, timeliness=1, validity=None, has_rules=False).score == 1
