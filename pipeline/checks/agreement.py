"""Agreement of a person, asked on the terminal."""

from __future__ import annotations

import sys

from pipeline.checks.neutral import complain, neutral


def agreed(what: str) -> bool:
    """Ask a person whether to do something; without a terminal the answer is no, with the reason on standard error.

    Args:
        what: The deed, as a sentence that begins with a verb in lower case.
    """
    if not sys.stdin.isatty():
        complain(f"error: nothing was done: nobody can be asked here whether to {what}; add --yes")
        return False
    sys.stdout.flush()
    sys.stderr.write(neutral(f"{what[0].upper()}{what[1:]}? [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() in {"y", "yes"}:
        return True
    complain("Nothing was done")
    return False
