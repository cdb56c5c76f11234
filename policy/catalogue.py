"""All rules, in the order of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy import (
    admission_rules,
    archive_rules,
    aws_door_rules,
    aws_share_rules,
    bucket_rules,
    budget_rules,
    copy_rules,
    credential_rules,
    disk_rules,
    disruption_rules,
    drift_rules,
    fit_rules,
    grant_rules,
    guard_rules,
    iam_rules,
    java_rules,
    kafka_access_rules,
    kafka_rules,
    memory_rules,
    network_rules,
    own_pods,
    pod_rules,
    postgres_rules,
    priority_rules,
    rbac_rules,
    runtime_rules,
    scaling_rules,
    server_rules,
    service_rules,
    shape_rules,
    sink_rules,
    unseen_code_rules,
    volume_rules,
)
from policy.rule import Rule, excepted, improper, nothing, uses
from stack.problem import Problem

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
        elif not _matches(rules[name], pattern, record):
            yield (
                None,
                Problem(
                    rule=f"the exception of {pattern} from {name} matches no resource"
                    + (" with such a problem" if rules[name].by_path else ""),
                    cure="remove it, otherwise a future resource of that name passes unnoticed",
                ),
            )


def _matches(rule: Rule, pattern: str, record: Record) -> bool:
    if not rule.by_path:
        return any(excepted(rule, resource, record) for resource in record.resources.values())
    owner, _, place = pattern.partition("/")
    return any(resource.name == owner and place in dict(uses(rule, resource, record)) for resource in record.resources.values())


def _used_exceptions(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for rule in _JUDGING:
        for resource in record.resources.values():
            for path, reason in uses(rule, resource, record):
                yield resource, Problem(path=path, rule=f"is excepted from {rule.name}: {reason}")


_JUDGING = (
    *memory_rules.RULES,
    *budget_rules.RULES,
    *java_rules.RULES,
    *runtime_rules.RULES,
    *server_rules.RULES,
    *fit_rules.RULES,
    *sink_rules.RULES,
    *disk_rules.RULES,
    *volume_rules.RULES,
    *shape_rules.RULES,
    *pod_rules.RULES,
    *disruption_rules.RULES,
    *scaling_rules.RULES,
    *own_pods.RULES,
    *priority_rules.RULES,
    *service_rules.RULES,
    *network_rules.RULES,
    *guard_rules.RULES,
    *admission_rules.RULES,
    *rbac_rules.RULES,
    *credential_rules.RULES,
    *kafka_rules.RULES,
    *postgres_rules.RULES,
    *grant_rules.RULES,
    *kafka_access_rules.RULES,
    *bucket_rules.RULES,
    *archive_rules.RULES,
    *copy_rules.RULES,
    *iam_rules.RULES,
    *aws_door_rules.RULES,
    *aws_share_rules.RULES,
    *unseen_code_rules.RULES,
    *drift_rules.RULES,
)
# The policy for problems that only the complete graph shows.
WHOLE_STACK = "whole-stack"
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
