"""All rules, in the order of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy import (
    aws_rules,
    budget_rules,
    credential_rules,
    disk_rules,
    disruption_rules,
    fit_rules,
    java_rules,
    kafka_rules,
    memory_rules,
    pod_rules,
    service_rules,
    sink_rules,
)
from policy.rule import Rule, excepted, improper, nothing
from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record


def _proper_exceptions(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    rules = {rule.name: rule for rule in _JUDGING}
    for name, pattern, reason in record.limits.exceptions:
        if name not in rules:
            yield (
                None,
                Problem(
                    rule=f"policy.exceptions names the rule {name!r}, which does not exist",
                    cure=f"the rules are {', '.join(sorted(rules))}",
                ),
            )
            continue
        wrong = improper(rules[name], pattern, reason)
        if wrong:
            yield None, Problem(rule=f"the exception of {pattern} from {name} {wrong}")
        elif not any(excepted(rules[name], resource, record) for resource in record.resources.values()):
            yield (
                None,
                Problem(
                    rule=f"the exception of {pattern} from {name} matches no resource",
                    cure="remove it, otherwise a future resource of that name passes unnoticed",
                ),
            )


def _used_exceptions(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for rule in _JUDGING:
        for resource in record.resources.values():
            reason = excepted(rule, resource, record)
            if reason:
                yield resource, Problem(rule=f"is excepted from {rule.name}: {reason}")


_JUDGING = (
    *memory_rules.RULES,
    *budget_rules.RULES,
    *java_rules.RULES,
    *fit_rules.RULES,
    *sink_rules.RULES,
    *disk_rules.RULES,
    *pod_rules.RULES,
    *disruption_rules.RULES,
    *service_rules.RULES,
    *credential_rules.RULES,
    *kafka_rules.RULES,
    *aws_rules.RULES,
)
RULES: tuple[Rule, ...] = (
    *_JUDGING,
    Rule(
        name="exceptions-proper",
        says="Every exception names a rule and a resource, and has a reason.",
        check=nothing,
        at_end=_proper_exceptions,
    ),
    Rule(
        name="exceptions-shown",
        says="Every exception in use is shown in every preview.",
        check=nothing,
        at_end=_used_exceptions,
        level="advisory",
        severity="low",
    ),
)
