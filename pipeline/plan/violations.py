"""Rules of the policy pack applied to a recording: the refusals of ``pulumi preview``, offline."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pipeline.recording.registration import STACK_TYPE
from policy.catalogue import RULES, WHOLE_STACK
from policy.configuration import Configuration
from policy.declared import Declared, Record, namespace_of
from policy.rule import Violation, judge, judge_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipeline.recording.recording import Recording
    from pipeline.recording.registration import Resource
    from policy.declared import Limits


def declared(resources: Sequence[Resource]) -> list[Declared]:
    """Convert resources to the form of the rules, each with the default namespace of its provider."""
    providers = {resource.urn: resource for resource in resources if resource.is_provider}
    converted = []
    for resource in resources:
        if resource.type != STACK_TYPE:
            provider = providers.get(resource.provider)
            converted.append(
                Declared(
                    urn=resource.urn,
                    type=resource.type,
                    name=resource.name,
                    inputs=resource.inputs,
                    default_namespace=namespace_of(provider.inputs) if provider else None,
                    ignored=resource.ignore_changes,
                )
            )
    return converted


def recorded(recording: Recording, limits: Limits) -> Record:
    """Return the record of all declared resources, for the rules."""
    record = Record(limits)
    for resource in declared(recording.resources):
        record.add(resource)
    return record


def violations(record: Record, configuration: Configuration | None = None) -> list[Violation]:
    """Return every violation, mandatory ones first; a violation that several resources cause together appears once.

    Args:
        record: All declared resources.
        configuration: Levels of the policies, as the engine has them; by default their own.
    """
    resources, levels = list(record.resources.values()), configuration or Configuration()
    all_violations = [
        leveled
        for rule in RULES
        for resource in resources
        for violation in judge(rule, resource, record)
        for leveled in _at_level(violation, rule.name, levels)
    ]
    all_violations += [
        leveled
        for rule in RULES
        for violation in judge_end(rule, record)
        for leveled in _at_level(violation, rule.name if rule.level == "advisory" else WHOLE_STACK, levels)
    ]
    together = {rule.name for rule in RULES if rule.together}
    once = {(one.rule, one.problem.rule if one.rule in together else one.message): one for one in all_violations}
    return sorted(once.values(), key=lambda one: one.level != "mandatory")


def _at_level(violation: Violation, policy: str, configuration: Configuration) -> Iterator[Violation]:
    """Yield a violation at the configured level of the policy that reports it; nothing when that is disabled."""
    level = configuration.level(policy, violation.level)
    if level is not None:
        yield dataclasses.replace(violation, level=level)
