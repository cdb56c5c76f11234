"""The sandbox judges its rows for a while: bad ones lower the scores of both checkpoints, and what is wrong is told with the table's owner.

In the end the settings are what they were. The quarantine stays in the catalog, so that audits go on finding its rows.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import EqualTo

from pipeline.reading.saved_outputs import STACK
from sandbox.equality import connect, wait_until_equal
from sandbox.paths import CHECKOUT
from sandbox.stack_settings import settings
from stack.settings.shop import TABLES
from tests.sandbox_e2e import alert_faults as made
from tests.sandbox_e2e import runbook
from tests.sandbox_e2e.drill import Drill, Fault, check
from tests.sandbox_e2e.watching import Prometheus, forwarded, until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from pyiceberg.table import Table as ArchivedTable

    from pipeline.reading.archive import Archive
    from stack.settings.tables import Table

    Command = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = [pytest.mark.sandbox, pytest.mark.long]

STACK_FILE = CHECKOUT / f"Pulumi.{STACK}.yaml"
OWNER = "users team, users@example.com"
# A rule that the database does not know
RULE = {"pattern": "[^!]*"}
QUALITY = {"enabled": True, "lateAfterS": 60, "windowMinutes": 15, "owners": {"public.users": OWNER}}
# The judged tables hold more files open, and the heap of the sandbox is for three tasks without
TASKS = 2
GOOD, BAD = 30, 10
SCORED_S = 60.0 + 300.0 + 120.0
# A check every five minutes, the wait of the alert, and the first message
TOLD_S = 60.0 + 300.0 + 600.0 + 120.0
# The longest of a window, a check, and what was before
OVER_S = 15 * 60.0 + 300.0 + 300.0
LONGEST_S = 300.0


@dataclass(frozen=True)
class Users:
    """Users that were written.

    Attributes:
        bad: E-mail addresses of those that break the rule.
        good: Those of the others.
        fault: The bad ones, as the fault that they are.
    """

    bad: list[str]
    good: list[str]
    fault: Fault


def judged(text: str) -> str:
    """Return a stack file with rules, whose tables outlive what it no longer declares."""
    tables = [_with_rule(table) for table in TABLES]
    return _changed(text, {"quality": QUALITY}, source={"tables": tables}, archive={"tasks": TASKS, "destroyWithStack": False})


def kept(text: str) -> str:
    """Return a stack file whose tables outlive what it no longer declares."""
    return _changed(text, {}, archive={"destroyWithStack": False})


def _changed(text: str, sections: dict[str, Any], **keys: dict[str, Any]) -> str:
    content = yaml.safe_load(text)
    for name, section in sections.items():
        content["config"][f"data-ingestion:{name}"] = section
    for name, changed in keys.items():
        content["config"][f"data-ingestion:{name}"] |= changed
    return yaml.safe_dump(content)


def _with_rule(table: Table) -> dict[str, Any]:
    model: dict[str, Any] = table.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for column in model["columns"]:
        if (table.name, column["name"]) == ("users", "last_name"):
            column["quality"] = RULE
    return model


@pytest.fixture(scope="module")
def prometheus(outputs: dict[str, Any], archive: Archive, command: Command) -> Iterator[Prometheus]:
    """Yield Prometheus' API while rows are judged, and put the settings back."""
    before = STACK_FILE.read_text(encoding="utf-8")
    try:
        _up(command, judged(before))
        with forwarded("prometheus", 9090) as url:
            yield Prometheus(url)
    finally:
        # first without the tables, which the catalog keeps, and then as it was, whatever came of the first
        try:
            _up(command, kept(before))
        finally:
            _up(command, before)
        wait_until_equal(outputs, archive, TABLES, LONGEST_S)


def _up(command: Command, text: str) -> None:
    STACK_FILE.write_text(text, encoding="utf-8")
    done = command("up")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def users(prometheus: Prometheus, outputs: dict[str, Any], drill: Drill) -> Iterator[Users]:
    """Write good and bad users, which are deleted in the end: a deletion is never set aside."""
    assert settings().quality.enabled
    until("no counter of checked rows", lambda: "quality_rows_checked_total" in prometheus.names(), LONGEST_S)
    insert = "INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Judged', %s)"
    # of this run, since an earlier one may have been broken off
    emails = [f"judged-{uuid.uuid4().hex[:12]}-{number}@example.com" for number in range(GOOD + BAD)]
    fault = drill.fault("a quarter of the rows written breaks a rule")
    try:
        with connect(outputs) as database:
            for number, email in enumerate(emails):
                database.execute(insert, [email, "bad!" if number < BAD else "good"])
        yield Users(emails[:BAD], emails[BAD:], fault)
    finally:
        # by a connection of its own: the other would be idle for a quarter of an hour
        with connect(outputs) as database:
            database.execute("DELETE FROM users WHERE email = ANY(%s)", [emails])


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize("checkpoint", ["stream", "archive"])
def test_bad_rows_lower_the_score_of_each_checkpoint(prometheus: Prometheus, checkpoint: str) -> None:
    limit = settings().quality.warning_percent / 100
    query = f'min by (checkpoint, table) (data_quality_score{{checkpoint="{checkpoint}", table="public.users"}})'

    def is_low() -> bool:
        # a good score of the rows before comes first
        score = prometheus.value(query)
        return score is not None and score < limit

    until(f"no low score of the {checkpoint}", is_low, SCORED_S)


@pytest.mark.usefixtures("users")
def test_the_alert_waits_or_fires_with_the_owner_of_the_table(prometheus: Prometheus) -> None:
    def alerts() -> list[str]:
        found = [rule for rule in prometheus.rules() if rule["name"] == "QualityLow"]
        return [alert["labels"].get("owner") for rule in found for alert in rule["alerts"]]

    until("no alert about a low score", lambda: OWNER in alerts(), SCORED_S)


@pytest.mark.usefixtures("users")
def test_no_record_is_missing_or_twice(prometheus: Prometheus) -> None:
    figures = ("completeness", "uniqueness")
    query = 'data_quality_figure{{figure="{}", table="public.users"}}'
    assert {figure: prometheus.value(query.format(figure)) for figure in figures} == dict.fromkeys(figures, 1.0)


def test_rows_that_are_wrong_missing_or_twice_are_told_and_over_after_their_cures(
    drill: Drill, users: Users, outputs: dict[str, Any]
) -> None:
    """Another writer takes a row away from the archive and copies one into it; the owner of the table is told with each message."""
    gone, copied = users.good[0], users.good[1]
    missing, twice = drill.fault("a row is deleted in the archive by something else"), drill.fault("a row is copied into the archive")
    lost = _rows(outputs, gone)
    _commit(outputs, lambda table: table.delete(EqualTo("email", gone)))
    once = _rows(outputs, copied)
    _commit(outputs, lambda table: table.append(once))
    assert (len(lost), len(once)) == (1, 1)
    users.fault.tells("QualityVeryLow", within_s=TOLD_S)
    missing.tells("RowsMissing", within_s=TOLD_S)
    twice.tells("RowsTwice", within_s=TOLD_S)
    runbook.says("RowsTwice", "remove the rows that were written second")
    twice.cure("the second row removed")
    _commit(outputs, lambda table: table.overwrite(once, EqualTo("email", copied)))
    runbook.says("QualityVeryLow", "stop the writer")
    users.fault.cure("the rows corrected, the table read again")
    with connect(outputs) as database:
        database.execute("UPDATE users SET last_name = 'good' WHERE email = ANY(%s)", [users.bad])
    missing.cure("the table read again")
    runbook.follow("RowsMissing", "backfill start", table="public.users")
    assert runbook.command("QualityVeryLow", "backfill start")
    users.fault.ends("QualityVeryLow", "RowsMissing", "RowsTwice", within_s=OVER_S)
    # the change itself, which no present state of the row is, so that later audits find it
    _commit(outputs, lambda table: table.append(lost))
    check(users.fault, missing, twice)


def _rows(outputs: dict[str, Any], email: str) -> Any:
    return made.archived(outputs, "users").scan(row_filter=EqualTo("email", email)).to_arrow()


def _commit(outputs: dict[str, Any], change: Callable[[ArchivedTable], None]) -> None:
    """Change the table beside the sink, whose commits may come first."""

    def tried() -> bool:
        try:
            change(made.archived(outputs, "users"))
        except CommitFailedException:
            return False
        return True

    until("the sink always commits first", tried, LONGEST_S)
