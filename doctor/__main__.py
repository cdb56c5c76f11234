"""The command ``python -m doctor``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

try:
    from checks.direct import without_proxy
    from recording.recorder import ROOT
    from recording.stackfile import StackFileError, stack_config
    from sandbox.addresses import NODE
except ModuleNotFoundError as error:
    sys.exit(f"error: {error.name} is not installed: make venv, then .venv/bin/python -m doctor")

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from doctor.stack_settings import Stack
    from existing_database.target import Target

FINE, WRONG, USAGE = 0, 1, 2
_SOURCE = "data-ingestion:source"


class UsageError(Exception):
    """A command that is not for this stack; the message says which one is."""


def _doctor(arguments: argparse.Namespace, stack: Stack) -> int:
    from checks import report  # noqa: PLC0415 - each command loads only what it needs
    from checks.running import findings  # noqa: PLC0415 - as above
    from doctor.stack import checks  # noqa: PLC0415 - as above

    listed, lines = checks(stack), list[report.Line]()

    def come() -> Iterator[report.Line]:
        for check, finding in findings(listed):
            lines.append(report.Line(check.group, check.name, finding))
            yield lines[-1]

    width = max(len(check.name) for check in listed)
    for paragraph in report.paragraphs(come(), width, colours=sys.stdout.isatty()):
        if not arguments.json:
            print(paragraph, flush=True)
    print(report.as_json(stack.name, lines) if arguments.json else report.verdict(stack.name, lines))
    return WRONG if report.failures(lines) else FINE


def _target(stack: Stack) -> Target:
    if stack.target is None:
        message = f"the stack {stack.name} makes its own database; this is for source.kind external (docs/external-database.md)"
        raise UsageError(message)
    return stack.target


def _sql(_: argparse.Namespace, stack: Stack) -> int:
    from specification.source.external_sql import script  # noqa: PLC0415 - as above

    target = _target(stack)
    text = script(target.names, target.tables, target.host, target.port, target.wal_keep_mib, catalog=target.catalog)
    print(text, end="")
    return FINE


def _tables(arguments: argparse.Namespace, stack: Stack) -> int:
    from existing_database import tables  # noqa: PLC0415 - as above

    path = arguments.output or Path("tables") / f"{stack.name}.yaml"
    outcome = tables.run(_target(stack), path, arguments.include, arguments.exclude, check=arguments.check)
    print("\n".join(outcome.lines))
    return FINE if outcome.good else WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m doctor", description="Commands for a stack before and after 'pulumi up'.")
    commands = parser.add_subparsers(required=True, metavar="command")
    doctor = commands.add_parser(
        "doctor",
        help="whether 'up' of a stack would succeed here, with a cure for everything that is missing",
        description="Look at everything that 'up' needs: this machine, Docker, Kind, the Pulumi CLI, the cluster, AWS, the database. "
        "Nothing is changed.",
        epilog="Exit code 0: nothing would stop 'up'. 1: something would. 2: the command was not understood, or there is no such stack.",
    )
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(run=_doctor)
    sql = commands.add_parser(
        "sql",
        help="the SQL that makes an existing database ready to be captured, for its administrator",
        description="Print the SQL for role, grants, heartbeat table, replica identity and publication, and the server's parameters "
        "(RDS parameter names too). It may be run again, and holds no password.",
        epilog="Exit code 0: printed. 2: the stack makes its own database, or there is no such stack.",
    )
    sql.set_defaults(run=_sql)
    tables = commands.add_parser(
        "tables",
        help="write the typed model of an existing database's tables, and say what cannot be archived faithfully",
        description="Look at an existing database and write the typed model of its tables to tables/<stack>.yaml. A further run refreshes "
        "the tables that the file has and shows what changes; nothing is written when nothing has changed.",
        epilog="Credentials come from libpq's own variables (PGUSER, PGPASSFILE, PGSSLROOTCERT). Exit code 0: the file is right. "
        "1: a table cannot be archived faithfully, the database cannot be reached, or with --check the file is out of date. "
        "2: the command was not understood.",
    )
    tables.add_argument(
        "--include",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="capture these, for example 'public.*' (default: what the file has, or all)",
    )
    tables.add_argument(
        "--exclude", nargs="+", default=[], metavar="PATTERN", help="leave these out all the same, for example 'public.audit_*'"
    )
    tables.add_argument("--output", type=Path, metavar="FILE", help="the file (default: tables/<stack>.yaml)")
    tables.add_argument("--check", action="store_true", help="write nothing; fail when the file is out of date")
    tables.set_defaults(run=_tables)
    for command in (doctor, sql, tables):
        command.add_argument("--stack", default="dev", help="name of a Pulumi.<stack>.yaml (default: dev)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code, as ``--help`` of each command says it.
    """
    arguments = _parser().parse_args(argv)
    warnings.simplefilter("ignore", DeprecationWarning)  # libraries about themselves
    sys.path.insert(0, str(ROOT))
    from doctor.stack_settings import Stack  # noqa: PLC0415 - importable only with the project's root on the path
    from judgement.stack import SettingsError, parse_text  # noqa: PLC0415 - as above

    os.environ |= without_proxy(os.environ, NODE)
    try:
        config = stack_config(ROOT, arguments.stack)
    except StackFileError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    try:
        settings = parse_text(_before_tables(config.values) if arguments.run is _tables else config.values)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG
    try:
        code: int = arguments.run(arguments, Stack(arguments.stack, settings, ROOT))
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    return code


def _before_tables(values: Mapping[str, str]) -> dict[str, str]:
    """The configuration without the file of tables, which may not be there before it is written."""
    source = json.loads(values.get(_SOURCE, "{}"))
    return {**values, _SOURCE: json.dumps({key: value for key, value in source.items() if key != "tables"})}


if __name__ == "__main__":
    sys.exit(main())
