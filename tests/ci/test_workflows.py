"""The workflows: valid, and safe to run on pull requests from forks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.recording.recorder import ROOT

BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SCRIPTS = sorted((ROOT / ".ci").glob("*.sh"))
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in WORKFLOWS}
LOADED: dict[str, dict[Any, Any]] = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
JOBS = {f"{name}, {job}": content for name, loaded in LOADED.items() for job, content in loaded["jobs"].items()}
STEPS = [(place, step) for place, job in JOBS.items() for step in job["steps"]]
WITH_SECRETS = [place for place, job in JOBS.items() if re.search(r"secrets\.|id-token|role-to-assume", yaml.safe_dump(job))]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_there_are_workflows_and_scripts() -> None:
    assert set(TEXTS) == {"preview.yml", "drift.yml", "test.yml"}
    assert {path.name for path in SCRIPTS} == {"preview.sh", "drift.sh", "publish.sh", "stack_and_file.sh"}


def test_workflows_keep_to_the_schema() -> None:
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *WORKFLOWS)
    assert done.returncode == 0, done.stdout


def test_an_audit_finds_nothing() -> None:
    done = run(BIN / "zizmor", "--offline", "--no-progress", *WORKFLOWS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_audit_finds_a_planted_mistake(tmp_path: Path) -> None:
    """An expression in a script, through which a pull request's title becomes a command."""
    bad = tmp_path / ".github" / "workflows" / "bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(TEXTS["preview.yml"].replace("make venv\n", "echo ${{ github.event.pull_request.title }}\n", 1))
    done = run(BIN / "zizmor", "--offline", "--no-progress", bad)
    assert done.returncode != 0
    assert "template-injection" in done.stdout


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_has_no_finding(script: Path) -> None:
    assert run("bash", "-n", script).returncode == 0
    done = run(BIN / "shellcheck", "--external-sources", script)
    assert done.returncode == 0, done.stdout


def test_scripts_in_workflows_have_no_finding(tmp_path: Path) -> None:
    for number, (place, step) in enumerate(STEPS):
        if "run" in step:
            script = tmp_path / f"{number}.sh"
            script.write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{step['run']}\n")
            done = run(BIN / "shellcheck", "--exclude=SC2154", script)
            assert done.returncode == 0, f"{place}\n{done.stdout}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(name: str) -> None:
    used = re.findall(r"uses: (\S+)( .*)?", TEXTS[name])
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.match(r" # v\d+\.\d+\.\d+", comment), action


def test_an_action_has_one_version_everywhere() -> None:
    pins: dict[str, set[str]] = {}
    for action, pin in re.findall(r"uses: (\S+)@(.*)", "\n".join(TEXTS.values())):
        pins.setdefault(action, set()).add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", LOADED)
def test_nothing_is_permitted_but_what_a_job_asks_for(name: str) -> None:
    assert LOADED[name]["permissions"] == {}


def test_jobs_may_write_only_what_they_publish() -> None:
    writes = {place: {key for key, value in job["permissions"].items() if value == "write"} for place, job in JOBS.items()}
    assert writes == {
        "preview.yml, plan": set(),
        "preview.yml, preview": {"id-token", "pull-requests"},
        "drift.yml, drift": {"id-token", "issues"},
        "test.yml, test": set(),
    }


def test_no_workflow_runs_a_forks_code_with_the_rights_of_the_repository() -> None:
    triggers = {name: set(loaded[True]) for name, loaded in LOADED.items()}  # YAML reads `on` as true
    assert triggers == {
        "preview.yml": {"pull_request"},
        "drift.yml": {"schedule", "workflow_dispatch"},
        "test.yml": {"push", "pull_request"},
    }


def test_a_fork_gets_neither_a_secret_nor_an_identity() -> None:
    assert WITH_SECRETS == ["drift.yml, drift", "preview.yml, preview"]
    assert "github.event.pull_request.head.repo.full_name == github.repository" in JOBS["preview.yml, preview"]["if"]


def test_a_fork_gets_plan_and_policies() -> None:
    plan = JOBS["preview.yml, plan"]
    assert "if" not in plan
    assert "make --no-print-directory plan" in yaml.safe_dump(plan, width=1000)


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[f"{place}, step {number}" for number, (place, _) in enumerate(STEPS)])
def test_no_script_contains_an_expression(place: str, step: dict[str, Any]) -> None:
    """Values reach a script through the environment, where they remain values."""
    assert "${{" not in step.get("run", ""), place


def test_a_checkout_leaves_no_token_behind() -> None:
    checkouts = [step for _, step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) == len(JOBS)
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


ACCEPTED = "data loss accepted"
EVENTS: dict[str, tuple[str, str | None, bool]] = {
    "the label is set": ("labeled", ACCEPTED, True),
    "another label is set, with that one already there": ("labeled", "documentation", False),
    "a commit is pushed, with the label still there": ("synchronize", None, False),
    "the pull request is opened again": ("reopened", None, False),
    "the label is taken off": ("unlabeled", ACCEPTED, False),
}


@pytest.mark.parametrize("event", EVENTS)
def test_lost_data_is_accepted_by_adding_the_label_not_by_its_presence(event: str) -> None:
    """GitHub evaluates no expression here: Python does this one's two comparisons."""
    (step,) = [step for _, step in STEPS if "ACCEPT_DATA_LOSS" in step.get("env", {})]
    expression = step["env"]["ACCEPT_DATA_LOSS"]
    compared = re.findall(r"github\.event\.(action|label\.name) == '([^']*)'", expression)
    assert expression == "${{ " + " && ".join(f"github.event.{key} == '{value}'" for key, value in compared) + " }}"
    action, label, accepted = EVENTS[event]
    assert action in LOADED["preview.yml"][True]["pull_request"]["types"]
    known = {"action": action, "label.name": label}
    assert all(known[key] == value for key, value in compared) is accepted


LOGINS = ("KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD", "PGUSER", "PGPASSWORD")


@pytest.mark.parametrize("given", ["x", ""], ids=["given", "not given"])
def test_drift_has_the_logins_that_are_given_and_no_empty_ones(tmp_path: Path, given: str) -> None:
    (step,) = [step for _, step in STEPS if step.get("name") == "Drift"]
    assert {name: f"${{{{ secrets.{name} }}}}" for name in LOGINS}.items() <= step["env"].items()
    (tmp_path / ".ci").mkdir()
    script = tmp_path / ".ci" / "drift.sh"
    script.write_text("#!/bin/sh\nenv > seen\n")
    script.chmod(0o755)
    known = {"PATH": os.environ["PATH"], "STACK": "prod", "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(tmp_path / "output")}
    known |= dict.fromkeys((*LOGINS, "PGSSLROOTCERT_CONTENT"), given)
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env=known,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    expected = {**dict.fromkeys(LOGINS, given), "PGSSLROOTCERT": str(tmp_path / "database-ca.crt")} if given else {}
    assert {name: seen[name] for name in (*LOGINS, "PGSSLROOTCERT") if name in seen} == expected
    assert not given or (tmp_path / "database-ca.crt").read_text() == f"{given}\n"


def test_runs_of_one_stack_do_not_meet() -> None:
    for place in WITH_SECRETS:
        assert "${{ matrix.stack }}" in JOBS[place]["concurrency"]["group"]


def test_stacks_of_the_workflows_exist() -> None:
    stacks = [stack for job in JOBS.values() if "strategy" in job for stack in job["strategy"]["matrix"]["stack"]]
    assert stacks
    for stack in stacks:
        assert (ROOT / f"Pulumi.{stack}.yaml").is_file()


def test_every_push_is_linted_and_tested() -> None:
    commands = [step["run"] for place, step in STEPS if place == "test.yml, test" and "run" in step]
    # no Debian with its packages of Prometheus' tools is there (tests/debian_programs.py)
    tools, tests = commands
    assert "prometheus prometheus-alertmanager" in tools
    assert tests == "make lint test"


def test_the_cli_is_of_the_version_of_the_sdk() -> None:
    (sdk,) = re.findall(r"^pulumi==(\S+)$", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert {version for text in TEXTS.values() for version in re.findall(r"pulumi-version: (\S+)", text)} == {sdk}
    document = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")
    assert re.findall(r"get\.pulumi\.com \| sh -s -- --version (\S+)", document) == [sdk]
