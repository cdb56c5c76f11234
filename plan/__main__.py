"""`python -m plan --stack dev`: what the program would declare, and whether it fits; no network, no CLI, no cluster."""

from __future__ import annotations

import argparse
import sys
import warnings

from plan.recorder import ROOT, record
from plan.registration import UnsupportedOptionError
from plan.report import Paint, memory, memory_table, tree
from plan.stackfile import StackFileError, stack_config
from plan.values import UnreadableValueError

REFUSED = 1


def main(arguments: list[str] | None = None) -> int:
    """Print the plan of a stack and give 0, or 1 when the stack is refused, with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m plan", description="Show offline what a stack declares.")
    parser.add_argument("--stack", default="dev", help="name of a Pulumi.<stack>.yaml (default: dev)")
    stack = parser.parse_args(arguments).stack
    # The AWS SDK warns about its own deprecated types while it loads.
    warnings.simplefilter("ignore", DeprecationWarning)
    sys.path.insert(0, str(ROOT))
    import settings  # noqa: PLC0415 importable only with the project's root on the path

    paint = Paint(colours=sys.stdout.isatty())
    try:
        budget_mib = settings.parse_text(stack_config(ROOT, stack).values).budget.memory_mib
        recording = record(stack)
        sums = memory(recording, budget_mib)
    except (settings.SettingsError, StackFileError, UnsupportedOptionError, UnreadableValueError, ValueError) as error:
        print(f"The stack {stack} is refused.\n{error}", file=sys.stderr)
        return REFUSED
    print(f"{tree(recording, paint)}\n\n{memory_table(sums, paint)}")
    if sums.peak > sums.budget:
        print(f"The stack {stack} is refused: its rollouts may need more memory than its budget.", file=sys.stderr)
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
