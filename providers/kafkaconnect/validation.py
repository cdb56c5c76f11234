"""Interpretation of the worker's complaints about a configuration.

A plugin's validation mixes two kinds of checks: the form of the keys, which never changes, and the state of external systems
(Debezium logs in to the database). During a preview these systems may not exist yet, so only the first kind counts then.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from providers.differences import step
from providers.kafkaconnect.causes import known_cause
from stack.configs.secrecy import is_secret, without_passwords
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from providers.kafkaconnect.forms import Complaint

_FORM = re.compile(r"Missing required configuration|Invalid value|Unknown configuration|The '[^']+' value is invalid|must be one of")
_ABSENT_CLASS = re.compile(r"could not be found|ClassNotFound", re.IGNORECASE)
_WORLD = re.compile(r"Error while validating connector config", re.IGNORECASE)

# Seconds for which an unknown complaint about an external system may pass by itself
USUAL_PATIENCE = 20.0


def is_about_form(complaint: Complaint) -> bool:
    """Tell whether a complaint is independent of external systems; a missing class may come with the next image."""
    text = complaint.message
    return bool(_FORM.search(text)) and not _WORLD.search(text) and not _ABSENT_CLASS.search(text)


def patience_for(complaints: Iterable[Complaint]) -> float:
    """Return the seconds for which complaints may pass by themselves: 0 if any is about form, or about a class missing in the image."""
    waits = [0.0]
    for complaint in complaints:
        if is_about_form(complaint) or _ABSENT_CLASS.search(complaint.message):
            return 0.0
        cause = known_cause(complaint.message)
        waits.append(cause.patience if cause else USUAL_PATIENCE)
    return max(waits)


def as_problems(complaints: Iterable[Complaint]) -> list[Problem]:
    """Convert complaints to problems by property, with cures, without the values of credentials."""
    problems = []
    for complaint in complaints:
        cause = known_cause(complaint.message)
        if (complaint.private or is_secret(complaint.key)) and not complaint.message.startswith("Missing required"):
            text = "the worker refuses the value (not shown)"
        else:
            text = without_passwords(complaint.message.strip())
        problems.append(Problem(path=step("config", complaint.key), rule=text + (f" — {cause.cure}" if cause else "")))
    return problems
