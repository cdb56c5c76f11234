"""The CLI's home: published parts where they exist, reported as such, and the project's own otherwise."""

from __future__ import annotations

import os
from importlib import metadata
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.progress import Progress
from sandbox.pulumi import build, home

if TYPE_CHECKING:
    from pathlib import Path

AWS = f"resource-aws-v{metadata.version('pulumi-aws')}"


def program(place: Path, script: str = "exit 0") -> Path:
    """Write an executable and return its path."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)
    return place


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a machine where CLI and Kubernetes plugin are built, and nothing published is installed."""
    built = program(tmp_path / "cache" / "pulumi")
    program(tmp_path / "cache" / "pulumi-language-python-exec")
    monkeypatch.setattr(build, "cli", lambda _: built)
    monkeypatch.setattr(build, "kubernetes", lambda *_: built)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "theirs"))
    return tmp_path


def prepared(machine: Path) -> home.Home:
    """Prepare a home."""
    return home.prepare(machine / "place", Progress(quiet=True))


def test_without_anything_published_the_projects_own_parts_are_used(machine: Path) -> None:
    made = prepared(machine)
    assert made.pulumi == machine / "place/bin/pulumi"
    assert not made.pulumi.is_symlink(), "the CLI warns of a language host that lies elsewhere than its real place"
    plugin = machine / "place/home/plugins" / AWS / "pulumi-resource-aws"
    assert "sandbox.standins aws" in plugin.read_text()
    assert os.access(plugin, os.X_OK)
    assert made.parts["aws"].startswith("a stand-in")
    assert made.variables["PATH"].startswith(f"{machine / 'place/bin'}:")


def test_a_published_plugin_is_used_and_named(machine: Path) -> None:
    prepared(machine)
    program(machine / "theirs/plugins" / AWS / "pulumi-resource-aws")
    made = prepared(machine)
    assert made.parts["aws"] == f"the published plugin ({machine / 'theirs/plugins' / AWS})"
    assert (machine / "place/home/plugins" / AWS).resolve() == machine / "theirs/plugins" / AWS
    (machine / "theirs/plugins" / AWS / "pulumi-resource-aws").unlink()
    (machine / "theirs/plugins" / AWS).rmdir()
    assert prepared(machine).parts["aws"].startswith("a stand-in")
    assert not (machine / "place/home/plugins" / AWS).is_symlink()


def test_a_plugin_on_path_is_left_to_the_engine_and_named(machine: Path) -> None:
    found = program(machine / "path/pulumi-resource-aws")
    assert prepared(machine).parts["aws"] == f"the published plugin ({found})"
    assert not (machine / "place/home/plugins" / AWS).exists()


@pytest.mark.parametrize(("version", "used"), [("v3.207.9", False), ("v3.208.0", True), ("v4.0.0", True), ("nonsense", False)])
def test_a_cli_on_path_is_used_when_it_is_new_enough(machine: Path, version: str, used: bool) -> None:  # noqa: FBT001 - a table's column
    program(machine / "path/pulumi", f"echo {version}")
    assert home.published_cli() is None, "it has no language host"
    program(machine / "path/pulumi-language-python")
    made = prepared(machine)
    assert (made.pulumi.resolve() == machine / "path/pulumi") == used
    assert made.pulumi == machine / "place/bin/pulumi", "the Automation API looks for a CLI in a folder bin"
    assert (machine / "place/bin/pulumi-language-python").exists() != used
    assert ("on PATH" in made.parts["pulumi"]) == used


def test_the_passphrase_is_made_once_and_readable_by_its_owner_alone(machine: Path) -> None:
    prepared(machine)
    passphrase = machine / "place/passphrase"
    first = passphrase.read_text()
    assert passphrase.stat().st_mode & 0o777 == 0o600
    assert len(first) > 30
    prepared(machine)
    assert passphrase.read_text() == first


def test_the_versions_that_the_modules_pin_are_read_from_them() -> None:
    assert build.cli_version().startswith("3.")
    assert len(build.plugin_version().partition(".")[0]) == 14
