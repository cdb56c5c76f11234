"""A running stack as commands see it: its settings, its outputs and the tables that it captures."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipeline.reading import saved_outputs
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text
from stack.settings.names import Names
from stack.specification.archive.sink import CATALOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.settings.tables import Table

_ANSWER_S: Final = 120
_NEEDED: Final = ("postgres", "kafka", "registry", "connect", "archive", "tables")


class NotRunningError(Exception):
    """The stack has no outputs that could be read; the message names the cure."""


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack that is up.

    Attributes:
        name: Name of the stack.
        settings: Settings of its stack file.
        outputs: Outputs of the program, secrets in clear, and under ``reader`` how the archive is read.
    """

    name: str
    settings: Settings
    outputs: Mapping[str, Any] = field(repr=False)

    @property
    def tables(self) -> tuple[Table, ...]:
        """Captured tables, parents before children, as the stack file models them."""
        names = {table["name"] for table in self.outputs["tables"]}
        return tuple(table for table in self.settings.source.tables if table.qualified in names)


def running(stack: str) -> RunningStack:
    """Return a running stack.

    The sandbox's outputs are those that 'make sandbox' keeps; any other stack is asked by the Pulumi CLI, and its archive is read with the
    AWS credentials of the environment.

    Args:
        stack: Name of a stack file.

    Raises:
        StackFileError: If there is no such stack file, or it cannot be read.
        SettingsError: If its settings are refused.
        NotRunningError: If the stack is not up.
    """
    settings = parse_text(stack_config(ROOT, stack).values)
    return RunningStack(stack, settings, _sandbox() if stack == saved_outputs.STACK else _by_pulumi(stack, settings))


def _sandbox() -> Mapping[str, Any]:
    try:
        return saved_outputs.read()
    except saved_outputs.NoSandboxError as error:
        raise NotRunningError(str(error)) from None


def _by_pulumi(stack: str, settings: Settings) -> Mapping[str, Any]:
    command = ["pulumi", "stack", "output", "--stack", stack, "--json", "--show-secrets", "--non-interactive"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_ANSWER_S, check=False)
    except FileNotFoundError:
        message = f"the outputs of the stack {stack} are read by the Pulumi CLI, which is not on PATH: install it (docs/getting-started.md)"
        raise NotRunningError(message) from None
    except subprocess.TimeoutExpired:
        message = f"'pulumi stack output --stack {stack}' has not ended within {_ANSWER_S} s: run it by hand and see what it asks for"
        raise NotRunningError(message) from None
    if done.returncode != 0:
        last = (done.stderr.strip() or "it printed no reason").splitlines()[-1]
        message = f"'pulumi stack output --stack {stack}' failed: {last}"
        raise NotRunningError(message)
    outputs: dict[str, Any] = json.loads(done.stdout)
    missing = [name for name in _NEEDED if name not in outputs]
    if missing:
        message = f"the stack {stack} has no output {', '.join(missing)} yet: run 'pulumi up --stack {stack}'"
        raise NotRunningError(message)
    archive = settings.archive
    return {
        **outputs,
        "reader": {
            "endpoint": archive.host_url,
            "region": archive.region,
            "catalog": CATALOG,
            "namespace": Names.archive_namespace,
        },
    }
