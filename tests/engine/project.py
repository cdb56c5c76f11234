"""A copy of the project in a scratch folder, driven by the Pulumi CLI with state in a folder."""

from __future__ import annotations

import json
import subprocess
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.progress import Progress
from pipeline.recording.recorder import ROOT
from sandbox.pulumi import home
from tests.checkout import copy_project

if TYPE_CHECKING:
    from pathlib import Path

STACK = "sandbox"
_SECRET, _MARK = "4dabf18193072939515e22adb298388d", "1b47061264138c4ac30d75fd1eb44270"
_SHORTEST = 16
_CHANGES_NOTHING = {"same", "read", "refresh"}
_TABLE = 'Table(name="reviews", columns=(_ID, _belongs_to("product_id", "products"), Column(name="stars", type="smallint")))'

MORE_PARTITIONS = {"source.debezium.maxQueueMib": "8", "streaming.topics.partitions": "9", "streaming.topics.retentionMib": "17"}
"""What the live stack keeps, with the table of `add_a_table`, through all tests after it."""


@dataclass(frozen=True)
class Project:
    """A copy of the project with a stack of its own.

    Attributes:
        folder: Where it lies.
        environment: What the CLI is started with.
        said: Everything that the CLI has printed, for a look whether a secret is in it.
    """

    folder: Path
    environment: dict[str, str]
    said: list[str] = field(default_factory=list)

    def pulumi(self, *arguments: str, timeout_s: float = 300, keep: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the CLI; nothing is asked. What it prints is kept unless it was asked for secrets."""
        done = subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if keep:
            self.said.append(done.stdout + done.stderr)
        return done

    def write(self, snippet: str = "") -> None:
        """Write the program with some lines more, which see `foundation`, `kubernetes`, `cloud`, `generator`, `k8s` and `aws`."""
        original = (ROOT / "__main__.py").read_text(encoding="utf-8")
        place = "    if spec.source.created is None:\n"
        assert original.count(place) == 1
        imports = "import pulumi_aws as aws\nimport pulumi_kubernetes as k8s\n"
        lines = textwrap.indent(imports + textwrap.dedent(snippet), "    ") if snippet else ""
        (self.folder / "__main__.py").write_text(original.replace(place, f"{lines}\n{place}" if lines else place), encoding="utf-8")

    def preview(self, snippet: str = "", *options: str) -> subprocess.CompletedProcess[str]:
        """Write the program with some lines more, and preview it."""
        self.write(snippet)
        return self.pulumi("preview", "--stack", STACK, "--color", "never", *options)

    def steps(self) -> dict[str, str]:
        """Return the operation of an update by logical name, for everything that would change."""
        done = self.pulumi("preview", "--stack", STACK, "--json")
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr
        found = json.loads(done.stdout)["steps"]
        return {step["urn"].rpartition("::")[2]: step["op"] for step in found if step["op"] not in _CHANGES_NOTHING}

    def up(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Bring the stack about, without a preview before."""
        return self.pulumi("up", "--stack", STACK, "--yes", "--skip-preview", "--color", "never", *options, timeout_s=900)

    def refresh(self) -> subprocess.CompletedProcess[str]:
        """Look for drift and change nothing; exit code 0 when there is none."""
        return self.pulumi("refresh", "--stack", STACK, "--preview-only", "--expect-no-changes", "--diff", "--color", "never")

    def destroy(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Take the stack down."""
        return self.pulumi("destroy", "--stack", STACK, "--yes", "--skip-preview", "--color", "never", *options, timeout_s=600)

    def set(self, path: str, value: str) -> None:
        """Set one key of the stack's settings."""
        done = self.pulumi("config", "set", "--stack", STACK, "--path", f"data-ingestion:{path}", value)
        assert done.returncode == 0, done.stderr

    def unset(self, path: str) -> None:
        """Leave a key to its default again."""
        done = self.pulumi("config", "rm", "--stack", STACK, "--path", f"data-ingestion:{path}")
        assert done.returncode == 0, done.stderr

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets in clear."""
        done = self.pulumi("stack", "output", "--stack", STACK, "--json", "--show-secrets", keep=False)
        assert done.returncode == 0, done.stderr
        loaded: dict[str, Any] = json.loads(done.stdout)
        return loaded

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the state, secrets in clear."""
        done = self.pulumi("stack", "export", "--stack", STACK, "--show-secrets", keep=False)
        assert done.returncode == 0, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["deployment"].get("resources", [])
        return found

    def urn(self, name: str) -> str:
        """Return the URN of the resource with a logical name."""
        (found,) = [item["urn"] for item in self.resources() if item["urn"].rpartition("::")[2] == name]
        return str(found)

    def secrets(self) -> dict[str, str]:
        """Every secret text of the state that is long enough to be recognised, and whose it is; certificates are public."""
        owned: dict[str, str] = {}
        for resource in self.resources():
            found: set[str] = set()
            _collect(resource, found)
            owned |= dict.fromkeys(found, resource["urn"].rpartition("::")[2])
        return {text: owner for text, owner in owned.items() if len(text) >= _SHORTEST and "BEGIN CERTIFICATE" not in text}


def _collect(value: object, found: set[str], *, secret: bool = False) -> None:
    if isinstance(value, dict):
        if value.get(_SECRET) == _MARK:
            _collect(json.loads(value["plaintext"]), found, secret=True)
            return
        for item in value.values():
            _collect(item, found, secret=secret)
    elif isinstance(value, list):
        for item in value:
            _collect(item, found, secret=secret)
    elif secret and isinstance(value, str):
        found.add(value)


def add_a_table(folder: Path) -> None:
    """Add the table `reviews` to the example shop of a copy of the project."""
    model = folder / "stack/settings/shop.py"
    text = model.read_text(encoding="utf-8")
    assert "TABLES" in text
    model.write_text(text + f"\nTABLES = (*TABLES, {_TABLE})\n", encoding="utf-8")


def copied(base: Path, **environment: str) -> Project:
    """Return a copy of what the repository tracks, with an empty state beside it."""
    folder = base / "project"
    copy_project(folder)
    return Project(folder, cli(base, **environment))


def cli(base: Path, **environment: str) -> dict[str, str]:
    """Return the environment of a CLI whose home and state lie under `base`: a published one, or the one of `make engine`."""
    if not home.is_built():
        pytest.fail("the Pulumi engine is not built: run 'make engine'")
    return {**home.prepare(base / "pulumi", Progress(quiet=True)).environment, **environment}
