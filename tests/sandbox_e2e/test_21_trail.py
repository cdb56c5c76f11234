"""The trail: a deed of each kind is found again with who, when and what, by the commands of docs/trail.md, and no value with it."""

from __future__ import annotations

import json
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from sandbox import connectors
from sandbox.paths import CHECKOUT
from stack.settings.names import Names
from stack.specification.logs import LINE
from stack.specification.streaming.registry import OPERATOR_USER
from tests.command_blocks import tried

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.sandbox

(BLOCK,) = tried("tried by tests/sandbox_e2e/test_21_trail.py")
SINK = Names.sink_connector
SCHEMA = '{"type": "record", "name": "seen", "fields": [{"name": "a", "type": "int"}]}'


@pytest.fixture(scope="module")
def began() -> datetime:
    """Return when the deeds began."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def subject(outputs: dict[str, Any]) -> str:
    """Return the name of a schema that is registered and removed."""
    name = f"trail-{time.time_ns()}"
    url, login = outputs["registry"]["url"], urllib3.make_headers(basic_auth=f"{OPERATOR_USER}:{outputs['registry']['password']}")
    for method, path, body in (("POST", "/versions", {"schema": SCHEMA}), ("DELETE", "", None), ("DELETE", "?permanent=true", None)):
        answer = urllib3.request(method, f"{url}/subjects/{name}{path}", headers=login, json=body, timeout=30.0, retries=False)
        assert answer.status == 200, answer.data
    return name


@pytest.fixture(scope="module")
def value() -> str:
    """Return a value that no line may hold."""
    return f"not-for-a-log-{time.time_ns()}"


@pytest.fixture
def found(began: datetime, outputs: dict[str, Any], owner_sql: Callable[[str], str], subject: str, value: str) -> list[str]:
    """Do a deed of each kind, type what the page shows, and return the lines since."""
    assert subject
    owner_sql(f"UPDATE users SET first_name = '{value}' WHERE false")
    connectors.client(outputs).resume(SINK)
    script = f"shopt -s expand_aliases\n{BLOCK.script}"
    # one line of the page after the other: each finds something
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=CHECKOUT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert value not in "".join(line for line in done.stdout.splitlines() if not line.startswith("{"))
    return [line for line in done.stdout.splitlines() if _when(line) >= began]


def _when(line: str) -> datetime:
    read = LINE.match(line)
    text = read["time"] if read else json.loads(line)["requestReceivedTimestamp"].rstrip("Z")
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_deed_of_each_kind_is_found_again_with_who_and_what(found: list[str], subject: str) -> None:
    whole = "\n".join(found)
    assert "postgres@[local] LOG:  AUDIT: SESSION," in whole
    assert ",WRITE,UPDATE,TABLE,public.users,<not logged>" in whole
    resumed = [line for line in found if f"PUT /connectors/{SINK}/resume" in line]
    assert resumed
    assert all("[trail] INFO: operator at " in line for line in resumed)
    deeds = [line for line in found if subject in line]
    assert any('action="registerSchemaUnderSubject"' in line and f'principal_id="{OPERATOR_USER}"' in line for line in deeds), deeds
    assert len(deeds) >= 3
    entered = [json.loads(line) for line in found if line.startswith("{")]
    assert [one for one in entered if one["objectRef"]["name"] == "postgresql-0" and one["user"]["username"] == "sandbox-admin"]
    assert all("requestObject" not in one for one in entered)


def test_no_program_writes_a_line_for_its_rows(found: list[str]) -> None:
    names = Names()
    of_rows = [line for line in found if "AUDIT: " in line and any(f" {role}@" in line for role in (names.app_role, names.debezium_role))]
    assert of_rows == []
