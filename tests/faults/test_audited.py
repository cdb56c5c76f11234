"""What the audit has found makes a run bad, and a clean audit says nothing."""

from __future__ import annotations

from pipeline.audit.report import Finding, Hop, Kind, Report, TableReport
from sandbox.faults.audited import worded


def report(*findings: Finding, undecided: tuple[str, ...] = ()) -> Report:
    found = {finding.kind.value: finding.number for finding in findings}
    table = TableReport(name="public.users", archive="users", counts={}, found=found, findings=findings)
    return Report(stack="sandbox", began="2026-11-29T01:00:00Z", seconds=1.0, parts=("kafka",), tables=(table,), undecided=undecided)


def test_a_clean_audit_has_no_words() -> None:
    assert worded(report()) == []


def test_an_orphan_file_of_a_killed_worker_is_no_fault() -> None:
    assert worded(report(Finding(kind=Kind.ORPHAN_FILE, hop=Hop.FILES, text="no snapshot names it"))) == []


def test_a_missing_row_is_named() -> None:
    (line,) = worded(report(Finding(kind=Kind.MISSING, hop=Hop.ARCHIVE, text="not archived", key={"id": "7"})))
    assert "public.users names 1 faults" in line
    assert "id=7" in line


def test_what_could_not_be_decided_is_said() -> None:
    assert worded(report(undecided=("Kafka does not answer",))) == ["the audit could not decide: Kafka does not answer"]
