"""The commands as people type them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.existing_database import commands
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from sandbox import lifecycle
from stack.judgement.stack import specify_text
from stack.specification.source.external_sql import script

if TYPE_CHECKING:
    from pathlib import Path

STACKS = ("dev", "sandbox")


def operate(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pipeline``."""
    environment = {**os.environ, **variables}
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def stack(name: str) -> Stack:
    """Return a stack as its file configures it."""
    return Stack(name, specify_text(stack_config(ROOT, name).values), ROOT)


def test_missing_tools_are_reported_by_the_exit_code_and_a_cure(tmp_path: Path) -> None:
    """Without any tool on PATH and without credentials, the laptop's stack cannot be deployed."""
    done = operate("doctor", "--stack", "dev", PATH=str(tmp_path), HOME=str(tmp_path), KUBECONFIG=str(tmp_path / "none"))
    assert done.returncode == 1, done.stderr
    for told in ("✗ Docker", "✗ Kind", "docker is not on PATH", "→ make cluster", "would stop 'up' of dev"):
        assert told in done.stdout
    assert done.stderr == ""


def test_a_library_that_sets_warning_filters_is_loaded_before_the_probes_run_side_by_side() -> None:
    """Otherwise a warning of urllib3 about SOCKS reaches the terminal in some runs."""
    program = (
        "import sys\n"
        "from pipeline.doctor import commands\n"
        "assert 'requests' not in sys.modules\n"
        "commands.findings = lambda listed: print('requests' in sys.modules, file=sys.stderr) or iter(())\n"
        "commands.doctor('dev', as_json=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stderr == "True\n"


@pytest.mark.full
def test_programs_get_the_same_as_json(tmp_path: Path) -> None:
    done = operate("doctor", "--stack", "dev", "--json", PATH=str(tmp_path), HOME=str(tmp_path), KUBECONFIG=str(tmp_path / "none"))
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["failures"] == sum(check["level"] == "failure" for check in told["findings"]) > 0
    assert [(check["group"], check["name"]) for check in told["findings"]] == [(check.group, check.name) for check in checks(stack("dev"))]
    assert all(check["cure"] for check in told["findings"] if check["level"] in {"failure", "warning"})


@pytest.mark.sandbox
def test_no_check_of_the_running_sandbox_would_stop_up() -> None:
    done = operate("doctor", "--stack", "sandbox")
    assert done.returncode == 0, done.stdout
    assert "Nothing would stop 'up' of sandbox" in done.stdout


@pytest.mark.parametrize("command", ["doctor", "sql", "tables"])
def test_an_unknown_stack_is_exit_code_two(command: str) -> None:
    done = operate(command, "--stack", "nowhere")
    assert done.returncode == 2
    assert "error: " in done.stderr
    assert "Pulumi.nowhere.yaml does not exist" in done.stderr


@pytest.mark.parametrize("command", ["sql", "tables"])
def test_commands_for_existing_databases_refuse_a_stack_with_a_managed_one(command: str) -> None:
    done = operate(command, "--stack", "dev")
    assert done.returncode == 2
    assert "source.kind external (docs/external-database.md)" in done.stderr


def test_the_sql_is_printed_for_the_stack_that_is_named() -> None:
    done = operate("sql", "--stack", "prod")
    assert done.returncode == 0, done.stderr
    target = stack("prod").target
    assert target is not None
    assert done.stdout == script(target.names, target.tables, target.host, target.port, target.wal_keep_mib, catalog=False)


def test_an_existing_database_is_checked_and_a_managed_one_is_not() -> None:
    assert [any(check.group == "Database" for check in checks(stack(name))) for name in (*STACKS, "prod")] == [False, False, True]


def test_tables_can_be_written_before_their_file_exists() -> None:
    """The stack file may already name it."""
    values = {"data-ingestion:source": json.dumps({"kind": "external", "tables": "tables/none.yaml"}), "other": "1"}
    assert commands._before_tables(values) == {"data-ingestion:source": json.dumps({"kind": "external"}), "other": "1"}


def test_a_laptop_needs_docker_and_a_throw_away_machine_needs_debian() -> None:
    laptop, sandbox = ({check.group for check in checks(stack(name), lifecycle.checks)} for name in STACKS)
    assert "Docker and Kind" in laptop - sandbox
    assert "AWS" in laptop - sandbox
    assert {"This machine", "Object store"} <= sandbox - laptop


@pytest.mark.parametrize("name", STACKS)
def test_every_check_has_a_unique_name_within_its_group(name: str) -> None:
    names = [(check.group, check.name) for check in checks(stack(name), lifecycle.checks) if check.name != "disk"]
    assert len(names) == len(set(names))
