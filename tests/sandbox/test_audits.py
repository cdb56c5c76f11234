"""The last run of the scheduled audit: how it ended, with what its pod says of it."""

from __future__ import annotations

from typing import Any

from sandbox.audits import last_run


def job(name: str, began: str | None, *conditions: dict[str, str]) -> dict[str, Any]:
    """Return a Job."""
    return {"metadata": {"name": name}, "status": {**({"startTime": began} if began else {}), "conditions": list(conditions)}}


def pod(of: str, message: str, finished: str) -> dict[str, Any]:
    """Return a pod that has ended."""
    ended = {"terminated": {"message": message, "finishedAt": finished}}
    return {"metadata": {"labels": {"batch.kubernetes.io/job-name": of}}, "status": {"containerStatuses": [{"state": ended}]}}


COMPLETE = {"type": "Complete", "status": "True"}
FAILED = {"type": "Failed", "status": "True", "reason": "PodFailurePolicy"}


def test_there_is_none_before_the_first() -> None:
    assert last_run([], []) is None
    assert last_run([job("audit-1", None)], []) is None


def test_the_last_run_is_shown_with_the_words_of_its_newest_pod() -> None:
    jobs = [job("audit-2", "2026-11-29T04:17:00Z", FAILED), job("audit-1", "2026-11-29T03:17:00Z", COMPLETE)]
    pods = [
        pod("audit-1", "clean", "2026-11-29T03:19:00Z"),
        pod("audit-2", "undecided: Kafka does not answer", "2026-11-29T04:18:00Z"),
        pod("audit-2", "data-ingestion: faults\npublic.users: 1 missing", "2026-11-29T04:19:00Z"),
    ]
    found = last_run(jobs, pods)
    assert found is not None
    assert found.is_wrong
    assert found.text == ("audit-2, 2026-11-29T04:17:00Z, FAILED (PodFailurePolicy): data-ingestion: faults | public.users: 1 missing")


def test_a_run_at_work_or_complete_is_not_wrong() -> None:
    for conditions, word in (([], "at work"), ([COMPLETE], "complete"), ([{"type": "Failed", "status": "False"}], "at work")):
        found = last_run([job("audit-1", "2026-11-29T03:17:00Z", *conditions)], [])
        assert found is not None
        assert (found.is_wrong, found.text) == (False, f"audit-1, 2026-11-29T03:17:00Z, {word}")
