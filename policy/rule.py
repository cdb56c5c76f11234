"""A rule, and what it finds. A rule that cannot be carried out is broken, never kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from policy.declared import Declared, Record

Level = Literal["mandatory", "advisory"]

# Characters that a reason for an exception must have at the least: a word is no reason.
LEAST_REASON = 15


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule.

    Attributes:
        name: How people, exceptions and documents call it.
        says: The rule in one sentence, as it stands above each violation.
        check: Gives the violations of a resource that has just been declared, in the light of all before it.
        at_end: Gives what can only be said when everything is declared, each with its resource or None for the whole stack.
        level: ``mandatory`` stops a preview and an update, ``advisory`` prints a warning.
        severity: For dashboards that sort by it.
        together: Whether several resources break it together, so that each of them is told the same.
    """

    name: str
    says: str
    check: Callable[[Declared, Record], Iterable[Problem]]
    at_end: Callable[[Record], Iterable[tuple[Declared | None, Problem]]] | None = None
    level: Level = "mandatory"
    severity: Literal["low", "medium", "high", "critical"] = "high"
    together: bool = False


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A broken rule.

    Attributes:
        rule: Its name.
        level: Whether it stops the run.
        urn: The resource, or an empty string for the whole stack.
        resource: What messages call the resource.
        problem: What is wrong, by how much, and the cure.
    """

    rule: str
    level: Level
    urn: str
    resource: str
    problem: Problem

    @property
    def message(self) -> str:
        """The violation as people read it."""
        return f"{self.resource}: {self.problem}" if self.urn else str(self.problem)


def nothing(_resource: Declared, _record: Record) -> Iterator[Problem]:
    """The check of a rule that only the whole stack can break."""
    return iter(())


def judge(rule: Rule, resource: Declared, record: Record) -> list[Violation]:
    """The violations of one rule by one resource; none where the stack excepts it with a reason."""
    if excepted(rule, resource, record):
        return []
    return [_violation(rule, resource, problem) for problem in _problems(rule, resource, record)]


def judge_end(rule: Rule, record: Record) -> list[Violation]:
    """The violations of one rule that only the whole stack shows."""
    at_end = rule.at_end
    if at_end is None:
        return []
    found: list[Violation] = []
    try:
        for resource, problem in at_end(record):
            if resource is None or not excepted(rule, resource, record):
                found.append(_violation(rule, resource, problem))
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the answer is no
        found.append(_violation(rule, None, _failed(error)))
    return found


def _problems(rule: Rule, resource: Declared, record: Record) -> Iterator[Problem]:
    try:
        yield from rule.check(resource, record)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong, the answer is no
        yield _failed(error)


def _failed(error: Exception) -> Problem:
    # without the text of the error, which may hold a value
    return Problem(
        rule=f"could not be judged ({type(error).__name__}), and what cannot be judged is refused",
        cure="compare the resource with its API reference; if it is right, this rule is wrong",
    )


def _violation(rule: Rule, resource: Declared | None, problem: Problem) -> Violation:
    return Violation(
        rule=rule.name,
        level=rule.level,
        urn=resource.urn if resource else "",
        resource=resource.title if resource else "the stack",
        problem=problem,
    )


# What an exception may call a resource: its name, or the beginning of several names.
PATTERN = re.compile(r"[A-Za-z0-9._-]{3,}\*?")


def improper(rule: Rule, pattern: str, reason: str) -> str | None:
    """Why an exception from a rule is none, or None when it is proper."""
    if rule.together:
        return "is about a sum, which no resource can be excepted from: raise the budget instead, where it is reviewed"
    if not PATTERN.fullmatch(pattern):
        return "must name a resource, or begin with at least three of its characters and end with *"
    if rule.severity == "critical" and pattern.endswith("*"):
        return "is from a critical rule and must name one resource, without *"
    return None if len(reason.strip()) >= LEAST_REASON else f"has no reason ({reason!r}); say in a sentence why it is safe"


def excepted(rule: Rule, resource: Declared, record: Record) -> str | None:
    """The stack's reason for excepting a resource from a rule, or None. An exception that is not proper is none."""
    for name, pattern, reason in record.limits.exceptions:
        fits = resource.name.startswith(pattern[:-1]) if pattern.endswith("*") else resource.name == pattern
        if name == rule.name and fits and improper(rule, pattern, reason) is None:
            return reason.strip()
    return None
