"""Log lines: one format for every process, and no value of a row in the database's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import pytest

from pipeline.recording.recorder import ROOT
from stack.judgement.stack import parse
from stack.settings.logs import LogSettings
from stack.specification import logs
from stack.specification.monitoring import pods, prometheus
from stack.specification.source.postgres import server_conf, server_parameters
from stack.specification.streaming import restarter
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.server import Server

LEVELS = get_args(LogSettings.model_fields["level"].annotation)
LINES = (
    "2026-11-29 22:15:01.250 UTC [WorkerSinkTask] WARN: a message",
    "2026-11-29 22:15:01.250 UTC [walsender] LOG:  a message",
    "2026-11-29 22:15:01.250 UTC [client backend] ann@10.244.0.7 ERROR:  a message",
    "2026-11-29 22:15:01.250 UTC [client backend] [unknown]@[local] LOG:  a message",
)
CONTINUED = ("\tat java.base/java.lang.Thread.run(Thread.java:1)", "Caused by: an exception", "", "[2026-11-29 22:15:01,250] INFO old (A)")
VALUE = "not-for-a-log"


@pytest.mark.parametrize("line", LINES)
def test_the_expression_takes_a_line_apart(line: str) -> None:
    found = logs.LINE.match(line)
    assert found is not None
    assert (found["time"], found["message"]) == ("2026-11-29 22:15:01.250", "a message")
    assert (found["who"] is None) == ("@" not in line)


def test_the_documents_have_the_expression() -> None:
    text = (ROOT / "docs" / "logs.md").read_text(encoding="utf-8")
    assert f"\n{logs.LINE.pattern}\n" in text


@pytest.mark.parametrize("line", CONTINUED)
def test_a_line_without_a_time_continues_the_one_before(line: str) -> None:
    assert logs.LINE.match(line) is None


@pytest.mark.parametrize("level", LEVELS)
def test_every_process_has_the_level_of_the_stack(level: str) -> None:
    given = parse({"archive": {"bucket": "archive"}, "logs": {"level": level}, "monitoring": {"enabled": True}})
    assert f"rootLogger.level = {level}\n" in logs.log4j(given.logs)
    assert logs.quarkus(given.logs)["quarkus.log.level"] == level.upper()
    assert f"--log.level={level}" in prometheus.command(given)
    assert f"--log.level={level}" in str(pods.alertmanager_pod(given))
    assert logs.postgresql(given.logs)["log_min_messages"] in {"error", "warning"}


def test_a_lower_level_is_not_raised_for_a_single_logger() -> None:
    assert set(re.findall(r"\.level = (\w+)", logs.log4j(LogSettings(level="error", trail=False)))) == {"error", "off"}


@pytest.mark.parametrize("level", LEVELS)
def test_the_trail_comes_at_every_level_and_not_at_all_where_it_is_off(level: str) -> None:
    has, lacks = LogSettings.model_validate({"level": level}), LogSettings.model_validate({"level": level, "trail": False})
    assert "logger.trail.level = info\n" in logs.log4j(has)
    assert "logger.trail.level = off\n" in logs.log4j(lacks)
    (category,) = (key for key in logs.quarkus(has) if "audit" in key)
    assert (logs.quarkus(has)[category], logs.quarkus(lacks)[category]) == ("INFO", "OFF")


def test_logs_go_to_standard_output_only() -> None:
    """The root file system is read-only, and a log in a volume would fill it."""
    assert set(re.findall(r"\.type = (\w+)", logs.log4j(LogSettings()))) == {"Console", "PatternLayout"}


def test_the_restarter_writes_the_same_format() -> None:
    assert restarter.environment("/login")["TIME"].endswith(" UTC")
    assert '"$(date -u "+$TIME") [restarter] WARN: ' in restarter.command()[-1]


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Return a server with the product's keys for its log."""
    keys = logs.postgresql(LogSettings())
    assert {key: server_parameters_of_a_stack()[key] for key in keys} == keys
    with servers.running(request.param) as running:
        running.configure(server_conf(keys))
        running.sql("CREATE TABLE things (id int PRIMARY KEY, name text NOT NULL CHECK (length(name) < 20))")
        yield running


def server_parameters_of_a_stack() -> dict[str, str]:
    """Return the parameters of the stack with defaults."""
    return server_parameters(parse({"archive": {"bucket": "archive"}}).source)


FAILING = (
    f"INSERT INTO things VALUES (1, '{VALUE}'), (1, '{VALUE}')",
    f"INSERT INTO things VALUES (2, '{VALUE}-and-so-much-more')",
    f"INSERT INTO things SELECT 3, NULL FROM (SELECT '{VALUE}') AS given",
    f"SELECT '{VALUE}' FROM nowhere",
    f"PREPARE one AS INSERT INTO things VALUES (4, $1); EXECUTE one ('{VALUE}'); EXECUTE one ('{VALUE}')",
)


@pytest.mark.parametrize("statement", FAILING)
def test_the_database_logs_a_failed_statement_without_its_values(server: Server, statement: str) -> None:
    log = server.folder / "log"
    before = log.stat().st_size
    assert server.psql(statement).returncode != 0
    written = log.read_text(encoding="utf-8")[before:]
    assert "ERROR: " in written
    assert VALUE not in written


def test_the_database_writes_the_format_once_it_has_read_its_keys(server: Server) -> None:
    server.restart()
    lines = (server.folder / "log").read_text(encoding="utf-8").splitlines()
    of_the_format = [line for line in lines if logs.LINE.match(line)]
    assert of_the_format
    assert lines[lines.index(of_the_format[0]) :] == of_the_format
