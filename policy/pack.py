"""The rules as CrossGuard policies. One process judges one run, so that what was declared before is still known."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    Severity,
    StackValidationArgs,
    StackValidationPolicy,
)

from judgement.stack import SettingsError
from policy.catalogue import RULES
from policy.declared import Declared, Limits, Record, namespace_of
from policy.limits import SCHEMA, of_stack, with_pack_configuration
from policy.rule import Rule, judge, judge_end
from policy.values import plain
from running_stack import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.rule import Violation

    Report = Callable[[str, str | None], None]

NAME = "data-ingestion"
# The stack policy: what only the complete graph shows.
WHOLE_STACK = "whole-stack"


def stack_limits() -> Limits:
    """What the running stack allows itself; nothing, with the reason, when its configuration cannot be read."""
    try:
        return of_stack(load().settings)
    except (SettingsError, ValueError) as error:
        return Limits(problem=f"the stack's configuration cannot be read: {' '.join(str(error).split())}")


class Judge:
    """Keeps what has been declared in this run, and asks the rules."""

    def __init__(self, limits: Callable[[], Limits] = stack_limits) -> None:
        """Begin with nothing declared; limits are read when the first resource arrives, since the configuration comes after the start."""
        self._limits = limits
        self._record: Record | None = None
        self._told: dict[str, Mapping[str, Any]] = {}
        self._seen: dict[str, tuple[set[str], Declared]] = {}
        self._first: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    def resource(self, rule: Rule, args: ResourceValidationArgs, report: Report) -> None:
        """Judge one resource by one rule."""
        with self._lock:
            self._hear(rule.name, args.get_config())
            resource = self._see(rule, args)
            for violation in judge(rule, resource, self._known()):
                if not (rule.together and self._told_by_another(violation)):
                    report(violation.message, None)

    def stack(self, args: StackValidationArgs, report: Report) -> None:
        """Judge the whole stack, and every resource in it that no resource rule has seen."""
        with self._lock:
            record = self._known()
            for unseen in args.resources:
                if unseen.urn not in record.resources and not unseen.resource_type.startswith("pulumi:"):
                    self._late(unseen.urn, unseen.resource_type, unseen.name, plain(unseen.props), report)
            for rule in RULES:
                for violation in judge_end(rule, record):
                    if violation.level == "mandatory":
                        report(f"{rule.name}: {violation.message}", violation.urn or None)

    def shown(self, rule: Rule, report: Report) -> None:
        """What an advisory rule says of the whole stack."""
        with self._lock:
            for violation in judge_end(rule, self._known()):
                report(violation.message, violation.urn or None)

    def _late(self, urn: str, kind: str, name: str, inputs: dict[str, Any], report: Report) -> None:
        """A resource of the stack that this run did not declare to the rules: judged by what the engine knows of it."""
        resource = Declared(urn=urn, type=kind, name=name, inputs=inputs)
        record = self._known()
        record.add(resource)
        for rule in RULES:
            if rule.level == "mandatory":
                for violation in judge(rule, resource, record):
                    report(f"{rule.name}: {violation.message}", urn)

    def _told_by_another(self, violation: Violation) -> bool:
        """Whether another resource has been told the very same, which several cause together: once is enough, the run has failed."""
        return self._first.setdefault((violation.rule, violation.problem.rule), violation.urn) != violation.urn

    def _hear(self, rule: str, configuration: Mapping[str, Any]) -> None:
        """Note what a rule is told, which may come after resources that other rules have seen."""
        if rule in SCHEMA and rule not in self._told:
            self._told[rule] = dict(configuration)
            if self._record is not None and configuration:
                self._record.limits = with_pack_configuration(self._record.limits, {rule: configuration})

    def _known(self) -> Record:
        if self._record is None:
            self._record = Record(with_pack_configuration(self._limits(), self._told))
        return self._record

    def _see(self, rule: Rule, args: ResourceValidationArgs) -> Declared:
        """The resource as the rules want it, made once for all rules; a rule that comes back is asked about a newer version."""
        asked, resource = self._seen.get(args.urn, (set(), None))
        if resource is None or rule.name in asked:
            asked, resource = (
                set(),
                Declared(
                    urn=args.urn,
                    type=args.resource_type,
                    name=args.name,
                    inputs=plain(args.props),
                    default_namespace=namespace_of(plain(args.provider.props)) if args.provider else None,
                ),
            )
            self._seen[args.urn] = (asked, resource)
            self._known().add(resource)
        asked.add(rule.name)
        return resource


_LEVELS = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}
_SEVERITIES = {"low": Severity.LOW, "medium": Severity.MEDIUM, "high": Severity.HIGH, "critical": Severity.CRITICAL}


def policies(judging: Judge | None = None) -> list[Policy]:
    """The pack's policies: one for each rule, and one for what only the whole stack shows.

    Args:
        judging: Who keeps the record; a new one when absent.
    """
    by = judging or Judge()
    return [
        *(_policy(rule, by) for rule in RULES),
        StackValidationPolicy(
            name=WHOLE_STACK,
            description="What only the whole stack shows: companions that are missing, targets that nobody declares.",
            validate=by.stack,
            enforcement_level=EnforcementLevel.MANDATORY,
            severity=Severity.HIGH,
        ),
    ]


def _policy(rule: Rule, judging: Judge) -> Policy:
    if rule.level == "advisory" and rule.at_end is not None:
        return StackValidationPolicy(
            name=rule.name,
            description=rule.says,
            validate=lambda _args, report: judging.shown(rule, report),
            enforcement_level=EnforcementLevel.ADVISORY,
            severity=_SEVERITIES[rule.severity],
        )
    return ResourceValidationPolicy(
        name=rule.name,
        description=rule.says,
        validate=lambda args, report: judging.resource(rule, args, report),
        enforcement_level=_LEVELS[rule.level],
        config_schema=PolicyConfigSchema(properties=SCHEMA[rule.name]) if rule.name in SCHEMA else None,
        severity=_SEVERITIES[rule.severity],
    )
