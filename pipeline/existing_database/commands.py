"""Commands for an existing database: SQL for its administrator, and the typed model of its tables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.checks.direct import without_proxy
from pipeline.checks.neutral import complain
from pipeline.checks.terminal import show
from pipeline.existing_database import tables as model
from pipeline.existing_database.target import Target
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, UnknownStackError, stack_config
from stack.judgement.stack import SettingsError, parse_text
from stack.specification.source.external_sql import script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FINE, WRONG, USAGE = 0, 1, 2
_SOURCE = "data-ingestion:source"


def sql(stack: str) -> int:
    """Print the SQL that prepares a stack's database for capture."""
    target = _target(stack)
    if isinstance(target, int):
        return target
    if target.assumed:
        complain(f"warning: {target.assumed}")
    print(script(target.names, target.tables, target.host, target.port, target.wal_keep_mib, catalog=target.catalog), end="")
    return FINE


def tables(stack: str, include: Sequence[str], exclude: Sequence[str], *, output: Path | None = None, check: bool = False) -> int:
    """Write the typed model of a database's tables.

    Args:
        stack: Name of the stack that captures the database.
        include: Patterns of tables to capture.
        exclude: Patterns of tables to leave out.
        output: Path of the file; tables/<stack>.yaml by default.
        check: True to compare only, without writing.
    """
    os.environ |= without_proxy(os.environ)
    target = _target(stack, tables_are_known=False)
    if isinstance(target, int):
        return target
    outcome = model.run(target, output or Path("tables") / f"{stack}.yaml", include, exclude, check=check)
    show(*outcome.lines)
    return FINE if outcome.good else WRONG


def _target(stack: str, *, tables_are_known: bool = True) -> Target | int:
    """Return the stack's existing database; without one, print the reason and return the exit code."""
    try:
        values = stack_config(ROOT, stack).values
        target = Target.of(stack, parse_text(values if tables_are_known else _before_tables(values)))
    except (SettingsError, StackFileError) as error:
        complain(f"error: {error}")
        return USAGE if isinstance(error, UnknownStackError) else WRONG
    if target is None:
        message = f"the stack {stack} creates its own database; this command is for source.kind external (docs/external-database.md)"
        complain(f"error: {message}")
        return USAGE
    return target


def _before_tables(values: Mapping[str, str]) -> dict[str, str]:
    """Return the configuration without the file of tables, which may not exist before this command writes it."""
    source = json.loads(values.get(_SOURCE, "{}"))
    return {**values, _SOURCE: json.dumps({key: value for key, value in source.items() if key != "tables"})}
