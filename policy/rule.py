"""Rules and their violations. A rule that cannot run is a violation, never ignored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from policy.shapes import misfits
from stack.capacity.pods import POD_KINDS
from stack.problem import Problem
from stack.unknown import unknown_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy.declared import Declared, Record

Level = Literal["mandatory", "advisory"]

# Minimum length of a reason for an exception, in characters: one word is not a reason.
LEAST_REASON = 15


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule of the pack.

    Attributes:
        name: Name in messages, exceptions and documents.
        says: The rule in one sentence, printed above its violations.
        check: Yields the problems of a newly declared resource, given all resources declared earlier.
        at_end: Yields the problems that only the complete stack shows, each with its resource or None for the whole stack.
        level: ``mandatory`` stops a preview and an update, ``advisory`` prints a warning.
        severity: Severity of a violation; a critical rule has exceptions for single resources only.
        together: Whether several resources break it together, so that each of them reports the same problem.
        by_path: Whether an exception names one path of a problem behind the resource, such as ``worker/API_TOKEN``: the rest stays judged.
    """

    name: str
    says: str
    check: Callable[[Declared, Record], Iterable[Problem]]
    at_end: Callable[[Record], Iterable[tuple[Declared | None, Problem]]] | None = None
    level: Level = "mandatory"
    severity: Literal["low", "medium", "high", "critical"] = "high"
    together: bool = False
    by_path: bool = False


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One violation of a rule.

    Attributes:
        rule: Name of the rule.
        level: Level of the rule.
        urn: URN of the resource, or an empty string for the whole stack.
        resource: Title of the resource in messages.
        problem: The problem, its figures and the cure.
    """

    rule: str
    level: Level
    urn: str
    resource: str
    problem: Problem

    @property
    def message(self) -> str:
        """Resource and problem as one sentence."""
        return f"{self.resource}: {self.problem}" if self.urn else str(self.problem)


def nothing(_resource: Declared, _record: Record) -> Iterator[Problem]:
    """Return no problem: the check of a rule that only the whole stack can break."""
    return iter(())


def judge(rule: Rule, resource: Declared, record: Record) -> list[Violation]:
    """Return the violations of one rule by one resource; none where the stack has a valid exception."""
    if not rule.by_path and excepted(rule, resource, record):
        return []
    return [
        _violation(rule, resource, problem)
        for problem in _problems(rule, resource, record)
        if not (rule.by_path and excepted(rule, resource, record, problem.path))
    ]


def judge_end(rule: Rule, record: Record) -> list[Violation]:
    """Return the violations of one rule that only the whole stack shows."""
    at_end = rule.at_end
    if at_end is None:
        return []
    violations: list[Violation] = []
    try:
        for resource, problem in at_end(record):
            if resource is None or not excepted(rule, resource, record):
                violations.append(_violation(rule, resource, problem))
    except Exception as error:  # noqa: BLE001 - any error is a violation
        violations.append(_violation(rule, None, _failed(error, None, record)))
    return violations


def _problems(rule: Rule, resource: Declared, record: Record) -> Iterator[Problem]:
    try:
        yield from rule.check(resource, record)
    except Exception as error:  # noqa: BLE001 - any error is a violation
        yield _failed(error, resource, record)


# Paths in a message
_MOST_PATHS = 5
# Ends of paths whose values no rule looks into
_LEAVES = (".value", ".name", ".uid", ".id", ".clusterIP")


def _unseen(one: Declared, judged: Declared | None) -> str:
    """Return the unknown parts of a resource below its specification, for a message; values that are judged by themselves are left out."""
    try:
        paths = [path for path in unknown_paths({"spec": one.inputs.get("spec")}) if not path.endswith(_LEAVES)]
    except Exception:  # noqa: BLE001 - inputs that cannot be read have failed the rule already
        return ""
    listed = ", ".join(paths[:_MOST_PATHS]) + (f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else "")
    return listed if one is judged or not listed else f"{listed} of {one.title}"


def _misfit(one: Declared, judged: Declared | None) -> str:
    """Return the first field of a resource that has another type than the API server takes, for a message; empty without one."""
    try:
        path, got, wanted = next(misfits(one.type, one.inputs), ("", "", ""))
    except Exception:  # noqa: BLE001 - inputs that cannot be read have failed the rule already
        return ""
    where = path if one is judged else f"{path} of {one.title}"
    return f"{where} is {got}, where Kubernetes takes {wanted}" if got else ""


def _failed(error: Exception, resource: Declared | None, record: Record) -> Problem:
    others = [one for one in record.resources.values() if one.kind in POD_KINDS]
    unseen = next((found for one in (resource, *others) if one is not None and (found := _unseen(one, resource))), "")
    if unseen:
        return Problem(
            rule=f"{unseen} is not known at preview, so this rule cannot judge it",
            cure="set a plain value there; only a value of a variable, of a Secret or of a status may be known later",
        )
    misfit = next((told for one in (resource, *record.resources.values()) if one is not None and (told := _misfit(one, resource))), "")
    if misfit:
        return Problem(rule=f"{misfit}, so this rule cannot judge it", cure="write it as the API reference of its kind has it")
    # without the text of the error, which may contain a credential
    return Problem(
        rule=f"the rule could not run ({type(error).__name__}), which counts as a violation",
        cure="compare the resource with its API reference; if it is correct, this rule has a bug",
    )


def _violation(rule: Rule, resource: Declared | None, problem: Problem) -> Violation:
    return Violation(
        rule=rule.name,
        level=rule.level,
        urn=resource.urn if resource else "",
        resource=resource.title if resource else "the stack",
        problem=problem,
    )


# Pattern of the resource in an exception: a name, or the beginning of several names.
PATTERN = re.compile(r"[A-Za-z0-9._-]{3,}\*?")
# Name of a resource, and the path of one problem in it: a variable, a file, a key, a word of a command.
_WITH_PATH = re.compile(r"[A-Za-z0-9._-]{3,}/\S+")


def improper(rule: Rule, pattern: str, reason: str) -> str | None:
    """Return the reason why an exception is invalid; None if it is valid."""
    if rule.together:
        return "is not possible: the rule limits a total; raise the budget instead"
    if rule.by_path and not _WITH_PATH.fullmatch(pattern):
        return (
            "must name the resource and, behind a slash, the variable, file or key, such as worker/API_TOKEN, so that the rest stays judged"
        )
    if not rule.by_path and not PATTERN.fullmatch(pattern):
        return "must name a resource, or begin with at least three of its characters and end with *"
    if rule.severity == "critical" and pattern.endswith("*"):
        return "concerns a critical rule and must name one resource, without *"
    return None if len(reason.strip()) >= LEAST_REASON else f"has no reason ({reason!r}); state in a sentence why it is safe"


def excepted(rule: Rule, resource: Declared, record: Record, path: str | None = None) -> str | None:
    """Return the stack's reason for a resource's exception from a rule, or None. Invalid exceptions have no effect.

    Args:
        rule: The rule.
        resource: The resource.
        record: All resources, and the exceptions of the stack.
        path: Path of one problem, for a rule whose exceptions name it; by default any.
    """
    for name, pattern, reason in record.limits.exceptions:
        if name == rule.name and _fits(rule, pattern, resource, path) and improper(rule, pattern, reason) is None:
            return reason.strip()
    return None


def _fits(rule: Rule, pattern: str, resource: Declared, path: str | None) -> bool:
    if rule.by_path:
        owner, _, place = pattern.partition("/")
        return resource.name == owner and path in (None, place)
    return resource.name.startswith(pattern[:-1]) if pattern.endswith("*") else resource.name == pattern


def uses(rule: Rule, resource: Declared, record: Record) -> list[tuple[str, str]]:
    """Return path and reason of each exception of a resource that spares it a problem; the path is empty where the rule has none."""
    if not rule.by_path:
        reason = excepted(rule, resource, record)
        return [("", reason)] if reason else []
    if not excepted(rule, resource, record):
        return []
    paths = dict.fromkeys(problem.path for problem in _problems(rule, resource, record))
    return [(path, reason) for path in paths if (reason := excepted(rule, resource, record, path))]
