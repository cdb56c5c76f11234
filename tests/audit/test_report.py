"""The verdict, its exit code and the JSON follow from the findings; what could not be judged is never clean."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pipeline.audit.report import Finding, Hop, Kind, Report, TableReport, Verdict
from pipeline.reading.log_position import lsn_number, lsn_text

TABLE = TableReport(name="public.users", archive="users", counts={"kafka": {"rows": 1200}}, found={}, findings=())
REPORT = Report(stack="dev", began="2026-01-01T08:00:00+00:00", seconds=3.0, parts=("kafka", "archive"), tables=(TABLE,))


def with_finding(kind: Kind, report: Report = REPORT) -> Report:
    finding = Finding(kind=kind, hop=Hop.ARCHIVE, text="says so", topic="t", partition=0, offset=5, lsn="0/1A", key={"id": "7"})
    return replace(report, tables=(replace(TABLE, found={kind.value: 3}, findings=(finding,)),))


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_makes_faults_but_orphans_and_gaps(kind: Kind) -> None:
    expected = Verdict.CLEAN if kind in {Kind.ORPHAN_FILE, Kind.GAP} else Verdict.FAULTS
    assert with_finding(kind).verdict is expected


def test_faults_of_which_none_is_named_are_faults() -> None:
    """As with `--limit 0`."""
    unnamed = replace(REPORT, tables=(replace(TABLE, found={Kind.MISSING.value: 3}),))
    assert unnamed.verdict is Verdict.FAULTS
    assert "and 3 more" in "\n".join(unnamed.lines())


def test_what_could_not_be_judged_is_undecided_and_a_fault_outweighs_it() -> None:
    for undecided in (replace(REPORT, undecided=("no answer",)), replace(REPORT, tables=(replace(TABLE, undecided=("no answer",)),))):
        assert undecided.verdict is Verdict.UNDECIDED
        assert "undecided: no answer" in "\n".join(undecided.lines())
    assert with_finding(Kind.MISSING, replace(REPORT, undecided=("no answer",))).verdict is Verdict.FAULTS
    assert [verdict.exit_code for verdict in (Verdict.CLEAN, Verdict.FAULTS, Verdict.UNDECIDED)] == [0, 1, 3]


def test_the_json_has_its_documented_form() -> None:
    found = json.loads(json.dumps(with_finding(Kind.MISSING).as_json()))
    assert set(found) == {"form", "verdict", "stack", "began", "seconds", "parts", "tables", "undecided"}
    assert set(found["tables"][0]) == {"name", "archive", "counts", "found", "findings", "undecided"}
    finding = {"kind", "hop", "text", "number", "topic", "partition", "offset", "lsn", "op", "key", "file", "columns"}
    assert set(found["tables"][0]["findings"][0]) == finding
    assert (found["form"], found["verdict"]) == (1, "faults")


def test_people_read_the_name_of_the_row_and_how_many_more_there_are() -> None:
    text = "\n".join(with_finding(Kind.MISSING).lines())
    assert "missing (archive): t/0/5 at 0/1A id=7: says so" in text
    assert "and 2 more" in text
    assert "kafka: 1,200 rows" in text


def test_a_position_of_the_log_is_spelt_as_postgresql_does() -> None:
    assert lsn_text(0x16_B374D848) == "16/B374D848"
    assert lsn_number("16/B374D848") == 0x16_B374D848
