"""The rules as CrossGuard policies. One process judges one run, so it knows all resources declared earlier."""

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

from policy.catalogue import RULES, WHOLE_STACK
from policy.declared import Declared, Limits, Record, namespace_of
from policy.limits import SCHEMA, of_stack, with_pack_configuration
from policy.rule import Rule, judge, judge_end
from policy.values import plain
from stack.judgement.stack import SettingsError
from stack.running import load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from policy.rule import Violation

    Report = Callable[[str, str | None], None]

NAME = "data-ingestion"


def stack_limits() -> Limits:
    """Return the limits of the running stack; empty limits with the reason when its configuration cannot be read."""
    try:
        return of_stack(load().settings)
    except (SettingsError, ValueError) as error:
        return Limits(problem=f"the stack's configuration cannot be read: {' '.join(str(error).split())}")


class Judge:
    """State of one run: the declared resources, judged by each rule as they arrive."""

    def __init__(self, limits: Callable[[], Limits] = stack_limits) -> None:
        """Create a judge without resources; limits are read with the first resource, since the configuration arrives after the start."""
        self._limits = limits
        self._record: Record | None = None
        self._configurations: dict[str, Mapping[str, Any]] = {}
        self._seen: dict[str, tuple[set[str], Declared]] = {}
        self._first: dict[tuple[str, str], str] = {}
        self._lock = threading.RLock()

    def resource(self, rule: Rule, args: ResourceValidationArgs, report: Report) -> None:
        """Judge one resource by one rule."""
        with self._lock:
            self._configure(rule.name, args.get_config())
            resource = self._see(rule, args)
            for violation in judge(rule, resource, self._known()):
                if not (rule.together and self._is_repeated(violation)):
                    report(violation.message, None)

    def stack(self, args: StackValidationArgs, report: Report) -> None:
        """Judge the whole stack, and every resource in it that no resource rule has seen."""
        with self._lock:
            record = self._known()
            for unseen in args.resources:
                if unseen.urn not in record.resources and not unseen.resource_type.startswith("pulumi:"):
                    self._late(
                        Declared(
                            urn=unseen.urn,
                            type=unseen.resource_type,
                            name=unseen.name,
                            inputs=plain(unseen.props),
                            ignored=tuple(unseen.opts.ignore_changes),
                        ),
                        report,
                    )
            for rule in RULES:
                for violation in judge_end(rule, record):
                    if violation.level == "mandatory":
                        report(f"{rule.name}: {violation.message}", violation.urn or None)

    def shown(self, rule: Rule, report: Report) -> None:
        """Report the warnings of an advisory rule about the whole stack."""
        with self._lock:
            for violation in judge_end(rule, self._known()):
                report(violation.message, violation.urn or None)

    def _late(self, resource: Declared, report: Report) -> None:
        """Judge a resource that this run did not pass to the rules, by the properties that the engine knows."""
        record = self._known()
        record.add(resource)
        for rule in RULES:
            if rule.level == "mandatory":
                for violation in judge(rule, resource, record):
                    report(f"{rule.name}: {violation.message}", resource.urn)

    def _is_repeated(self, violation: Violation) -> bool:
        """Return whether another resource has already reported this common violation; one report is enough to fail the run."""
        return self._first.setdefault((violation.rule, violation.problem.rule), violation.urn) != violation.urn

    def _configure(self, rule: str, configuration: Mapping[str, Any]) -> None:
        """Store a rule's configuration, which may arrive after resources that other rules have judged."""
        if rule in SCHEMA and rule not in self._configurations:
            self._configurations[rule] = dict(configuration)
            if self._record is not None and configuration:
                self._record.limits = with_pack_configuration(self._record.limits, {rule: configuration})

    def _known(self) -> Record:
        if self._record is None:
            self._record = Record(with_pack_configuration(self._limits(), self._configurations))
        return self._record

    def _see(self, rule: Rule, args: ResourceValidationArgs) -> Declared:
        """Convert a resource once for all rules; a second call of the same rule means a newer version."""
        judged_by, resource = self._seen.get(args.urn, (set(), None))
        if resource is None or rule.name in judged_by:
            judged_by, resource = (
                set(),
                Declared(
                    urn=args.urn,
                    type=args.resource_type,
                    name=args.name,
                    inputs=plain(args.props),
                    default_namespace=namespace_of(plain(args.provider.props)) if args.provider else None,
                    ignored=tuple(args.opts.ignore_changes),
                ),
            )
            self._seen[args.urn] = (judged_by, resource)
            self._known().add(resource)
        judged_by.add(rule.name)
        return resource


_LEVELS = {"mandatory": EnforcementLevel.MANDATORY, "advisory": EnforcementLevel.ADVISORY}
_SEVERITIES = {"low": Severity.LOW, "medium": Severity.MEDIUM, "high": Severity.HIGH, "critical": Severity.CRITICAL}


def policies(judging: Judge | None = None) -> list[Policy]:
    """Return the pack's policies: one for each rule, and one for the whole stack.

    Args:
        judging: State shared by all policies; a new one by default.
    """
    by = judging or Judge()
    return [
        *(_policy(rule, by) for rule in RULES),
        StackValidationPolicy(
            name=WHOLE_STACK,
            description="Problems that only the whole stack shows: missing companion resources, undeclared targets.",
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
