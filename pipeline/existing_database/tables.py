"""The command that writes the typed model of an existing database's tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.checks.check import Refused
from pipeline.existing_database import catalogue, document
from stack.settings import yaml_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pipeline.existing_database.document import Choice
    from pipeline.existing_database.facts import Database
    from pipeline.existing_database.target import Target


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of the command.

    Attributes:
        lines: Lines for the terminal.
        good: True if every selected table can be archived faithfully and, with ``check``, the file is up to date.
    """

    lines: tuple[str, ...]
    good: bool


def run(target: Target, path: Path, include: Sequence[str], exclude: Sequence[str], *, check: bool) -> Outcome:
    """Read the database and update the file.

    Args:
        target: The database.
        path: Path of the file.
        include: Patterns of tables to capture.
        exclude: Patterns of tables to leave out.
        check: True to compare only, without writing.
    """
    seen = catalogue.look(target)
    if isinstance(seen, Refused):
        return Outcome((f"✗ {seen.why}", *_indented(seen.cure)), good=False)
    try:
        old = yaml_file.text(path) if path.exists() else ""
        before = document.read(old)
    except (document.DocumentError, yaml_file.YamlFileError, UnicodeDecodeError) as error:
        return Outcome((f"✗ {path}: {error}",), good=False)
    choice = document.choose(seen.tables, before, include, exclude, {target.names.heartbeat_table})
    return _written(target, path, old, choice, check=check) if choice.tables else Outcome((*_messages(choice), _nothing(seen)), good=False)


def _written(target: Target, path: Path, old: str, choice: Choice, *, check: bool) -> Outcome:
    new = document.text(target.stack, choice.tables)
    changed = document.difference(old, new, path.name)
    lines, count = list(_messages(choice)), f"{len(choice.tables)} table(s)"
    if not changed:
        lines.append(f"{path} is up to date: {count}.")
    elif check:
        lines += [*changed.splitlines(), f"{path} is out of date: make tables STACK={target.stack}"]
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(new, encoding="utf-8")
        lines += changed.splitlines() if old else []
        lines.append(
            f"{path} written: {count}. In Pulumi.{target.stack}.yaml: data-ingestion:source: {{tables: {path.parent.name}/{path.name}}}"
        )
    return Outcome(tuple(lines), good=not choice.obstacles and not (check and changed))


def _messages(choice: Choice) -> Iterator[str]:
    for obstacle in choice.obstacles:
        stays = " (the file keeps it unchanged)" if obstacle.table in choice.kept else ""
        yield f"✗ {obstacle.table}: {obstacle.what}{stays}"
        yield from _indented(obstacle.cure)
    for one in choice.left_out:
        yield f"· {one.table}: {one.what}; the table is captured without it (leftOut)"
        yield from _indented(f"{one.cure}\n(then remove it from leftOut, and run this again)")
    if choice.further:
        yield f"· not captured: {', '.join(choice.further)}"


def _nothing(seen: Database) -> str:
    return f"Captures none of the {len(seen.tables)} table(s) in the database; nothing written."


def _indented(cure: str) -> Iterator[str]:
    yield from (f"{'  → ' if position == 0 else '    '}{line}" for position, line in enumerate(cure.splitlines()))
