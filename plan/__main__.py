"""`python -m plan --stack dev`: what the program would declare, and whether it fits; no network, no CLI, no cluster."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from plan.judgement import recorded, violations
from plan.picture import bars, svg
from plan.report import Paint, heap_line, judgement, memory, memory_table, tree
from policy.limits import of_stack, with_pack_configuration
from recording.recorder import ROOT, record
from recording.registration import UnsupportedOptionError
from recording.stackfile import StackFileError, stack_config
from recording.values import UnreadableValueError

if TYPE_CHECKING:
    from policy.declared import Limits

REFUSED = 1


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m plan",
        description="Show offline what a stack declares, what memory it takes, and what the policies say to it.",
        epilog="Exit code 0: the stack is accepted. 1: it is refused, and the reasons are printed.",
    )
    parser.add_argument("--stack", default="dev", help="name of a Pulumi.<stack>.yaml (default: dev)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="also write the memory picture there, as SVG")
    parser.add_argument(
        "--policy-config", type=Path, metavar="FILE", help="configuration of the policy pack, as given to pulumi --policy-pack-config"
    )
    parser.add_argument("--brief", action="store_true", help="without the tree of resources")
    return parser.parse_args(given)


def _limits(stack: str, policy_config: Path | None) -> Limits:
    from judgement.stack import parse_text  # noqa: PLC0415 importable only with the project's root on the path

    given = json.loads(policy_config.read_text(encoding="utf-8")) if policy_config else {}
    return with_pack_configuration(of_stack(parse_text(stack_config(ROOT, stack).values)), given)


def main(arguments: list[str] | None = None) -> int:
    """Print the plan of a stack and give 0, or 1 when the stack is refused, with the reason."""
    given = _arguments(arguments)
    # The AWS SDK warns about its own deprecated types while it loads.
    warnings.simplefilter("ignore", DeprecationWarning)
    sys.path.insert(0, str(ROOT))
    from judgement.stack import SettingsError  # noqa: PLC0415 importable only with the project's root on the path

    paint = Paint(colours=sys.stdout.isatty())
    try:
        limits = _limits(given.stack, given.policy_config)
        recording = record(given.stack)
        known = recorded(recording, limits)
        found = violations(known)
        sums = memory(known)
    except (SettingsError, StackFileError, UnsupportedOptionError, UnreadableValueError, ValueError, OSError) as error:
        print(f"The stack {given.stack} is refused.\n{error}", file=sys.stderr)
        return REFUSED
    if not given.brief:
        print(f"{tree(recording, paint)}\n")
    print("\n".join([memory_table(sums, paint), *heap_line(known)]), end="\n\n")
    print(judgement(found, paint))
    if any(violation.level == "mandatory" for violation in found):
        print(f"The stack {given.stack} is refused.", file=sys.stderr)
        return REFUSED
    if given.picture:
        given.picture.write_text(svg(bars(known), sums, f"Memory of the stack {given.stack}"), encoding="utf-8")
        print(f"Picture: {given.picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
