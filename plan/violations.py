"""The policy pack's rules over a recording: what `pulumi preview` would refuse, found offline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.catalogue import RULES
from policy.declared import Declared, Record, namespace_of
from policy.rule import Violation, judge, judge_end
from recording.registration import STACK_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.declared import Limits
    from recording.recorder import Recording
    from recording.registration import Resource


def declared(resources: Sequence[Resource]) -> list[Declared]:
    """Resources as the rules want them, each with the namespace that its provider gives."""
    providers = {resource.urn: resource for resource in resources if resource.is_provider}
    found = []
    for resource in resources:
        if resource.type != STACK_TYPE:
            provider = providers.get(resource.provider)
            found.append(
                Declared(
                    urn=resource.urn,
                    type=resource.type,
                    name=resource.name,
                    inputs=resource.inputs,
                    default_namespace=namespace_of(provider.inputs) if provider else None,
                )
            )
    return found


def recorded(recording: Recording, limits: Limits) -> Record:
    """Everything that was declared, as the rules want it."""
    record = Record(limits)
    for resource in declared(recording.resources):
        record.add(resource)
    return record


def violations(record: Record) -> list[Violation]:
    """Every violation of what was declared, those that stop a preview first; what several resources cause together is said once."""
    resources = list(record.resources.values())
    found = [violation for rule in RULES for resource in resources for violation in judge(rule, resource, record)]
    found += [violation for rule in RULES for violation in judge_end(rule, record)]
    together = {rule.name for rule in RULES if rule.together}
    once = {(one.rule, one.problem.rule if one.rule in together else one.message): one for one in found}
    return sorted(once.values(), key=lambda one: one.level != "mandatory")
