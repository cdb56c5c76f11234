"""The same resources, judged by the plan and by the pack as the policy SDK drives it."""

from __future__ import annotations

import copy
import dataclasses
import functools
from typing import TYPE_CHECKING, Any, cast

from pulumi_policy import EnforcementLevel, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.policy import PolicyResource, PolicyResourceOptions, ResourceValidationArgs, StackValidationArgs
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from pipeline.plan.violations import declared, violations
from policy.catalogue import WHOLE_STACK
from policy.declared import Declared, Limits, Record
from policy.limits import of_stack
from policy.pack import Judge, policies
from stack.unknown import Unknown
from tests.declared import Declared as Stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policy.rule import Violation

MANDATORY_AT_END = WHOLE_STACK


def shipped(stack: str) -> tuple[list[Declared], Limits]:
    """Return a stack's resources as ``make plan`` sees them in its own preview, and its limits."""
    of = Stack.of(stack)
    return declared(of.recording.resources), of_stack(of.settings)


_NOT_JUDGED = {"Secret", "ServiceAccount", "StorageClass", "Namespace"}
_JUDGED_PACKAGES = ("kubernetes:", "kafka:", "kafkaconnect:", "iceberg:", "aws:")


def judged(stack: str) -> tuple[list[Declared], Limits]:
    """Return a stack without the many resources that no rule reads, for corpora of a thousand stacks."""
    resources, limits = shipped(stack)
    return [resource for resource in resources if resource.kind not in _NOT_JUDGED and resource.type.startswith(_JUDGED_PACKAGES)], limits


def copied(resources: Sequence[Declared]) -> list[Declared]:
    """Return resources whose inputs can be changed."""
    return [dataclasses.replace(resource, inputs=copy.deepcopy(dict(resource.inputs))) for resource in resources]


def by_plan(resources: Sequence[Declared], limits: Limits) -> list[Violation]:
    """Return the mandatory violations that ``make plan`` reports."""
    record = Record(limits)
    for resource in resources:
        record.add(resource)
    return [violation for violation in violations(record) if violation.level == "mandatory"]


def wired(value: Any) -> Any:
    """Return a value as the SDK receives it: unknowns as its sentinel, numbers as floats, no key that begins with two underscores."""
    if isinstance(value, Unknown):
        return UNKNOWN_STRING_VALUE
    if isinstance(value, dict):
        return {key: wired(item) for key, item in value.items() if not str(key).startswith("__")}
    if isinstance(value, (list, tuple)):
        return [wired(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@functools.lru_cache(maxsize=2048)
def proxied(resource: Declared) -> Any:
    """Return a resource's properties in the SDK's wrapper, which raises when an unknown is read."""
    return unknown_checking_proxy(wired(dict(resource.inputs)))


def _options(resource: Declared) -> Any:
    return PolicyResourceOptions(
        protect=False,
        ignore_changes=list(resource.ignored),
        delete_before_replace=None,
        aliases=[],
        custom_timeouts=cast("Any", None),
        additional_secret_outputs=[],
        parent=None,
    )


def by_pack(resources: Sequence[Declared], limits: Limits, told: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    """Return what the pack refuses, as (rule, message), with resources arriving one after another."""
    found: list[tuple[str, str]] = []
    made = policies(Judge(lambda: limits))
    configuration = told or {}
    judging = [item for item in made if isinstance(item, ResourceValidationPolicy) and item.enforcement_level is EnforcementLevel.MANDATORY]
    for resource in resources:
        properties, options = proxied(resource), _options(resource)
        for policy in judging:
            args = ResourceValidationArgs(
                resource.type,
                properties,
                resource.urn,
                resource.name,
                options,
                None,
                configuration.get(policy.name),
            )
            policy.validate(args, lambda message, _urn=None, rule=policy.name: found.append((rule, message)))
    listed: Any = [PolicyResource(item.type, proxied(item), item.urn, item.name, _options(item), None, None, [], {}) for item in resources]
    for policy in made:
        if isinstance(policy, StackValidationPolicy) and policy.name == WHOLE_STACK:
            policy.validate(StackValidationArgs(listed), lambda message, _urn=None: found.append((message.partition(":")[0], message)))
    return found
