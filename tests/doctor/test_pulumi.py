"""The Pulumi CLI, the virtual environment, and the encryption of a stack's secrets."""

from __future__ import annotations

import base64
import json
import os
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.check import Level
from pipeline.checks.tool import Answer, ask
from pipeline.doctor import environment, pulumi_cli, secrets_provider
from pipeline.doctor.environment import Environment
from pipeline.recording.recorder import ROOT
from tests.engine.project import cli

if TYPE_CHECKING:
    from pathlib import Path

PINNED = {f"pulumi-{name}": "1.2.3" for name in pulumi_cli.PLUGINS}
SALT = "v1:V7XnUjyYd3E=:v1:wJWv6y8G8LqPftpM:RJjBpnB3CKAWfi5kkxmc2SrA8Qecug=="
# a salt as the CLI wrote it, and its passphrase
WORD = "s3cret word"


@pytest.mark.parametrize(
    ("told", "level"), [("v3.272.0\n", Level.FINE), ("v3.300.1\n", Level.FINE), ("v3.99.0\n", Level.FAILURE), ("?", Level.FAILURE)]
)
def test_the_cli_is_as_new_as_the_sdk(told: str, level: Level) -> None:
    assert pulumi_cli.version(Answer(0, told, ""), "3.272.0").level is level


def test_a_missing_cli_is_one_failure() -> None:
    assert pulumi_cli.version(None, "3.272.0").level is Level.FAILURE
    assert pulumi_cli.plugins(None, PINNED).level is Level.UNSEEN
    assert pulumi_cli.backend(None).level is Level.UNSEEN


def test_plugins_that_are_not_here_are_named_with_the_command_that_gets_them() -> None:
    here = [{"name": name, "kind": "resource", "version": "1.2.3"} for name in pulumi_cli.PLUGINS]
    assert pulumi_cli.plugins(Answer(0, json.dumps(here), ""), PINNED).level is Level.FINE
    here[0]["version"] = "1.2.2"
    found = pulumi_cli.plugins(Answer(0, json.dumps(here), ""), PINNED)
    assert found.level is Level.WARNING
    assert found.cure == "pulumi plugin install resource aws v1.2.3"
    assert len(pulumi_cli.plugins(Answer(0, "", ""), PINNED).cure.splitlines()) == len(pulumi_cli.PLUGINS)


def test_every_plugin_is_pinned_in_the_requirements() -> None:
    pinned = environment.pins([(ROOT / "requirements.txt").read_text(encoding="utf-8")])
    assert {f"pulumi-{name}" for name in pulumi_cli.PLUGINS} <= set(pinned)


def test_a_backend_is_named_by_its_address() -> None:
    told = json.dumps({"user": "ada", "url": "file:///home/ada"})
    assert "file:///home/ada" in pulumi_cli.backend(Answer(0, told, "")).found
    refused = pulumi_cli.backend(Answer(255, "", "error: PULUMI_ACCESS_TOKEN must be set for login"))
    assert refused.level is Level.FAILURE
    assert "pulumi login" in refused.cure


def test_pins_are_read_with_extras_and_comments() -> None:
    assert environment.pins(["a[b,c]==1.0 # why\n-r other.txt\n# d==2\n", "E_f==3\n"]) == {"a": "1.0", "E_f": "3"}


def test_an_environment_is_complete_in_the_pinned_versions() -> None:
    assert environment.complete(Environment({"a": "1"}, {"a": "1"}, own=True)).level is Level.FINE
    missing = environment.complete(Environment({"a": "1", "b": "2"}, {"a": "1"}, own=True))
    assert (missing.level, missing.found) == (Level.FAILURE, "not installed: b")
    assert "make venv" in missing.cure
    assert (
        environment.complete(Environment({"a": "1"}, {"a": "2"}, own=True)).found == "versions differ from the pinned ones: a 2 and not 1"
    )
    assert environment.complete(Environment({"a": "1"}, {"a": "1"}, own=False)).level is Level.WARNING


def test_the_environment_that_runs_this_is_looked_at() -> None:
    seen = environment.look(ROOT, ["requirements.txt"])
    assert seen.installed["pulumi"] == seen.pinned["pulumi"]


def stack_file(folder: Path, head: str) -> Path:
    """Write a stack file and return its path."""
    path = folder / "Pulumi.dev.yaml"
    path.write_text(f"{head}\nconfig: {{}}\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "variables", "level"),
    [
        (f"encryptionsalt: {SALT}", {"PULUMI_CONFIG_PASSPHRASE": WORD}, Level.FINE),
        (f"encryptionsalt: {SALT}", {"PULUMI_CONFIG_PASSPHRASE": "wrong"}, Level.FAILURE),
        (f"encryptionsalt: {SALT}", {}, Level.FAILURE),
        ("encryptionsalt: v1:nonsense", {"PULUMI_CONFIG_PASSPHRASE": WORD}, Level.FAILURE),
        ("", {"PULUMI_CONFIG_PASSPHRASE": WORD}, Level.FINE),
        ("", {"PULUMI_CONFIG_PASSPHRASE": ""}, Level.WARNING),
        ("", {}, Level.WARNING),
        ("", {"PULUMI_CONFIG_PASSPHRASE_FILE": "/nowhere/at/all"}, Level.FAILURE),
        ("secretsprovider: awskms://alias/pulumi?region=eu-west-1", {}, Level.UNSEEN),
    ],
)
def test_a_passphrase_is_tried_on_what_the_stack_was_made_with(head: str, variables: dict[str, str], level: Level, tmp_path: Path) -> None:
    assert secrets_provider.usable(secrets_provider.look(stack_file(tmp_path, head), variables)).level is level


def test_a_passphrase_may_come_from_a_file_with_a_line_end(tmp_path: Path) -> None:
    """The CLI strips it as well."""
    file = tmp_path / "passphrase"
    file.write_text(f"{WORD}\n", encoding="utf-8")
    seen = secrets_provider.look(stack_file(tmp_path, f"encryptionsalt: {SALT}"), {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)})
    assert secrets_provider.usable(seen).level is Level.FINE


def test_a_passphrase_is_never_shown(tmp_path: Path) -> None:
    secret = base64.b64encode(os.urandom(12)).decode()
    for head in ("", f"encryptionsalt: {SALT}"):
        seen = secrets_provider.look(stack_file(tmp_path, head), {"PULUMI_CONFIG_PASSPHRASE": secret})
        found = secrets_provider.usable(seen)
        assert secret not in f"{seen!r} {found!r}"


@pytest.mark.engine
def test_the_real_command_line_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", cli(tmp_path)["PATH"])
    for name, value in {"PULUMI_HOME": "home", "HOME": "user"}.items():
        (tmp_path / value).mkdir()
        monkeypatch.setenv(name, str(tmp_path / value))
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", WORD)
    assert pulumi_cli.version(ask("pulumi", "version"), metadata.version("pulumi")).level is Level.FINE
    assert pulumi_cli.plugins(ask("pulumi", "plugin", "ls", "--json"), PINNED).level is Level.WARNING
    assert pulumi_cli.backend(ask("pulumi", "whoami", "--verbose", "--json")).level is Level.FAILURE
    assert ask("pulumi", "login", f"file://{tmp_path / 'user'}") is not None
    assert pulumi_cli.backend(ask("pulumi", "whoami", "--verbose", "--json")).level is Level.FINE
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: yaml\n", encoding="utf-8")
    made = ask("pulumi", "stack", "init", "dev", "--cwd", str(tmp_path))
    assert made is not None
    assert made.code == 0, made.err
    for word, level in ((WORD, Level.FINE), ("another", Level.FAILURE)):
        seen = secrets_provider.look(tmp_path / "Pulumi.dev.yaml", {"PULUMI_CONFIG_PASSPHRASE": word})
        assert secrets_provider.usable(seen).level is level
