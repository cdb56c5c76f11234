"""The command ``python -m operate``."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from typing import TYPE_CHECKING

from plan.recorder import ROOT
from plan.stackfile import StackFileError, stack_config
from sandbox.direct import without_proxy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from operate.doctor.stack import Stack

FINE, WRONG, USAGE = 0, 1, 2


def _doctor(arguments: argparse.Namespace, stack: Stack) -> int:
    from operate.doctor import report  # noqa: PLC0415 - each command loads only what it needs
    from operate.doctor.running import findings  # noqa: PLC0415 - as above
    from operate.doctor.stack import checks  # noqa: PLC0415 - as above

    listed = checks(stack)
    width, lines, group = max(len(check.name) for check in listed), [], ""
    for check, finding in findings(listed):
        line = report.Line(check.group, check.name, finding)
        lines.append(line)
        if not arguments.json:
            print(
                *([check.group] if check.group != group else ()),
                report.text(line, width, colours=sys.stdout.isatty()),
                sep="\n",
                flush=True,
            )
            group = check.group
    print(report.as_json(stack.name, lines) if arguments.json else report.verdict(stack.name, lines))
    return WRONG if report.failures(lines) else FINE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m operate", description="Commands for a stack before and after 'pulumi up'.")
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
    for command in (doctor,):
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
    from operate.doctor.stack import Stack  # noqa: PLC0415 - importable only with the project's root on the path
    from settings import SettingsError, parse_text  # noqa: PLC0415 - as above

    os.environ |= without_proxy(os.environ)
    try:
        config = stack_config(ROOT, arguments.stack)
    except StackFileError as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE
    try:
        settings = parse_text(config.values)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG
    code: int = arguments.run(arguments, Stack(arguments.stack, settings, ROOT))
    return code


if __name__ == "__main__":
    sys.exit(main())
