"""A scheduled audit that could not work is refused before anything is created, with the key, the rule and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from stack.capacity import audit as sizes
from stack.judgement.stack import SettingsError, specify
from tests.declared import STACKS

if TYPE_CHECKING:
    from stack.problem import Problem

HOURLY = {"schedule": "17 * * * *"}


def refusals(sections: dict[str, Any]) -> dict[str, Problem]:
    """Return the problems of a stack by the path of their setting."""
    try:
        specify({"archive": {"bucket": "warehouse"}, **sections})
    except SettingsError as error:
        return {problem.path: problem for problem in error.problems}
    return {}


def test_a_stack_with_nothing_but_a_schedule_is_accepted() -> None:
    assert refusals({"audit": HOURLY}) == {}


@pytest.mark.parametrize(
    ("section", "path", "cure"),
    [
        ({"schedule": "17 * * *"}, "audit.schedule", ""),
        ({**HOURLY, "since": "2 h"}, "audit.since", ""),
        ({**HOURLY, "since": "366d"}, "audit.since", ""),
        ({**HOURLY, "since": "999999d"}, "audit.since", ""),
        ({**HOURLY, "diskMib": 1}, "audit.diskMib", f"raise it to {sizes.LEAST_DISK_MIB}"),
        ({**HOURLY, "listen": "0s"}, "audit.listen", ""),
        ({**HOURLY, "deadlineMinutes": 60}, "audit.deadlineMinutes", ""),
        ({**HOURLY, "namespace": "data-ingestion"}, "audit.namespace", "choose a namespace for the audit alone"),
        ({**HOURLY, "namespace": "default"}, "audit.namespace", "choose a namespace for the audit alone"),
        ({**HOURLY, "namespace": "kube-system"}, "audit.namespace", "choose a namespace for the audit alone"),
        ({**HOURLY, "memoryMib": 512}, "audit.memoryMib", f"raise it to {sizes.least_mib(4)}"),
        ({**HOURLY, "deadlineMinutes": 5}, "audit.deadlineMinutes", "raise it to 6"),
        ({**HOURLY, "listen": "2h"}, "audit.deadlineMinutes", "shorten audit.listen or archive.commitIntervalMs"),
        ({"schedule": "@weekly"}, "audit.since", "set it to 168h or more"),
        ({**HOURLY, "since": "59m"}, "audit.since", "set it to 1h or more"),
        ({"memoryMib": 2048}, "audit.memoryMib", "remove it"),
        ({"secrets": {"database": "audit"}}, "audit.secrets", "remove it"),
        ({**HOURLY, "secrets": {"database": "audit"}}, "audit.secrets.database", "remove it"),
        ({**HOURLY, "secrets": {"store": "audit"}}, "audit.secrets.store", "remove it"),
    ],
)
def test_what_cannot_work_is_refused(section: dict[str, Any], path: str, cure: str) -> None:
    found = refusals({"audit": section})
    assert set(found) == {path}
    assert found[path].cure.startswith(cure)


def test_the_smallest_memory_is_accepted_and_one_less_is_not() -> None:
    least = sizes.least_mib(4)
    assert refusals({"audit": {**HOURLY, "memoryMib": least}}) == {}
    assert set(refusals({"audit": {**HOURLY, "memoryMib": least - 1}})) == {"audit.memoryMib"}


def test_each_existing_system_needs_a_login_for_the_audit() -> None:
    """The program knows none of these passwords, and the worker's Secrets are in another namespace."""
    guest = STACKS["guest"][1]
    found = refusals({**guest, "audit": HOURLY})
    assert set(found) == {"audit.secrets.database", "audit.secrets.kafka", "audit.secrets.registry"}
    assert all("a Secret in the namespace data-ingestion-audit" in problem.cure for problem in found.values())
    secrets = {"database": "a", "kafka": "b", "registry": "c"}
    assert refusals({**guest, "audit": {**HOURLY, "secrets": secrets}}) == {}
    endpoint = {**STACKS["endpoint"][1], "audit": HOURLY}
    assert set(refusals(endpoint)) == {"audit.secrets.store"}


def test_an_archive_that_commits_seldom_needs_longer_runs() -> None:
    """What is on its way would be called missing."""
    archive = {"bucket": "warehouse", "format": "iceberg", "commitIntervalMs": 600_000}
    found = refusals({"archive": archive, "audit": HOURLY})
    assert found["audit.deadlineMinutes"].cure == "raise it to 44"


def test_a_name_or_word_of_the_audit_without_one_is_refused() -> None:
    assert set(refusals({"rotation": {"audit": "2026-11"}})) == {"rotation.audit"}
    assert set(refusals({"images": {"audit": "registry.example.com/audit:1"}})) == {"images.audit"}
    assert set(refusals({"audit": HOURLY, "names": {"debeziumRole": "audit"}})) == {"names.debeziumRole"}


def test_a_long_name_of_the_pipeline_needs_a_name_for_the_audit() -> None:
    names = {"namespace": "a" * 60}
    assert set(refusals({"audit": HOURLY, "names": names})) == {"audit.namespace"}
    assert refusals({"audit": {**HOURLY, "namespace": "audit"}, "names": names}) == {}
