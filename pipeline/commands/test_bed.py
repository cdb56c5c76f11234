"""The test bed's commands and checks, by name: it imports what is here, so that nothing here imports it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import click

    from pipeline.checks.check import Check


def command(name: str) -> click.Command:
    """Return a command of the test bed."""
    found: click.Command = getattr(import_module(f"sandbox.command_line.{name}"), name)
    return found


def checks() -> list[Check[Any]]:
    """Return the checks of the machine on which ``make sandbox`` makes its stack."""
    found: list[Check[Any]] = import_module("sandbox.lifecycle").checks()
    return found


def node() -> str:
    """Return the address of the sandbox's node, which no proxy is asked for."""
    return str(import_module("sandbox.addresses").NODE)
