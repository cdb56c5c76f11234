"""Rule for IAM: every right, trust and attachment is as wide as the things and callers that it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.attachments import ATTACHMENTS, attached, undeclared
from policy.buckets import written_buckets
from policy.iam_documents import (
    actions_without_resource,
    chosen_by_aws,
    is_document,
    is_wild,
    listed,
    matches,
    named_by_condition,
    only_describes,
    restrictions,
    sid,
    statements,
    wider_than_a_name,
)
from policy.lake_grants import granted
from policy.principals import NO_DOCUMENT, trust_problem
from policy.resource_policies import everybody_admitted
from policy.rule import Rule
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Resources with an identity policy, each with the property that holds it.
_IDENTITY_POLICIES = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
# The same of the other provider of AWS; those of an identity stand in its list ``policies``.
_NATIVE_POLICIES = {f"aws-native:iam:{kind}" for kind in ("GroupPolicy", "ManagedPolicy", "Policy", "RolePolicy", "UserPolicy")}
_NATIVE_IDENTITIES = {f"aws-native:iam:{kind}" for kind in ("Group", "Role", "User")}
# Actions without a resource for which a condition names the thing instead.
_NAMED_BY = {"cloudwatch:putmetricdata": "cloudwatch:namespace", "iam:createservicelinkedrole": "iam:awsservicename"}


def _exact_rights(resource: Declared, _record: Record) -> Iterator[Problem]:
    if resource.type in _IDENTITY_POLICIES:
        yield from _exact_document(resource.inputs.get(_IDENTITY_POLICIES[resource.type]))
    elif resource.type in ATTACHMENTS:
        yield from attached(resource)
    elif resource.type == "aws:iam/role:Role":
        if resource.inputs.get("managedPolicyArns"):
            yield from attached(resource, "managedPolicyArns")
        if resource.inputs.get("inlinePolicies"):
            yield Problem(rule="contains its policies, which are not checked there", cure="declare each as a RolePolicy")
        yield from _trusts(resource.inputs.get("assumeRolePolicy"))
    else:
        yield from everybody_admitted(resource)
        yield from _native(resource)


def _native(resource: Declared) -> Iterator[Problem]:
    """Judge rights and trust of the provider aws-native."""
    if resource.type in _NATIVE_POLICIES:
        yield from _exact_document(resource.inputs.get("policyDocument"))
    elif resource.type in _NATIVE_IDENTITIES:
        inline = resource.inputs.get("policies") or []
        for one in inline if isinstance(inline, (list, tuple)) else [inline]:
            yield from _exact_document(one.get("policyDocument") if isinstance(one, Mapping) else one)
        yield from _trusts(resource.inputs.get("assumeRolePolicyDocument"))
        if resource.inputs.get("managedPolicyArns"):
            yield from attached(resource, "managedPolicyArns")


def _trusts(document: object) -> Iterator[Problem]:
    if document is None or isinstance(document, Unknown):
        return
    if not is_document(document):
        yield NO_DOCUMENT
        return
    for statement in statements(document):
        problem = trust_problem(statement)
        if problem:
            yield Problem(rule=f"statement {sid(statement)} of the trust policy {problem[0]}", cure=problem[1])


def _exact_document(document: object) -> Iterator[Problem]:
    if isinstance(document, Unknown):
        yield Problem(
            rule="the rights are not known at preview, so they cannot be reviewed",
            cure="build ARNs from names, not from another resource's ARN",
        )
        return
    if not is_document(document):
        yield NO_DOCUMENT
        return
    for statement in statements(document):
        if statement.get("Effect") != "Deny":
            yield from _exact_statement(statement)


def _exact_statement(statement: Mapping[str, Any]) -> Iterator[Problem]:
    actions = listed(statement.get("Action"))
    wide = [action for action in actions if is_wild(action) and not only_describes(action)]
    if wide or "NotAction" in statement:
        yield Problem(
            rule=f"statement {sid(statement)} allows {', '.join(wide) or 'all but some actions'}", cure="list the required actions"
        )
    if "NotResource" in statement:
        yield Problem(rule=f"statement {sid(statement)} applies to all but some resources", cure="list the bucket, prefix or table")
    resources = listed(statement.get("Resource"))
    describes = bool(actions) and all(map(only_describes, actions))
    if not named_by_condition(statement):
        for resource in resources:
            cure = wider_than_a_name(resource)
            known = resource == "*" and actions and (describes or _know_no_resource(actions, statement))
            if cure and not chosen_by_aws(resource, actions) and not known:
                yield Problem(
                    rule=f"statement {sid(statement)} applies to {_shown(resource)}{_among(resource, actions)}",
                    cure=f"{cure}{_apart(resource, actions)}",
                )


def _know_no_resource(actions: list[str], statement: Mapping[str, Any]) -> bool:
    """Return whether all actions know no resource, so that nothing else than ``*`` can be written; some need a condition instead."""
    conditions = {key for _operator, key, values in restrictions(statement) if values and not any(is_wild(value) for value in values)}
    known = actions_without_resource()
    return all(
        (action.lower() in known or action.lower() in _NAMED_BY) and _NAMED_BY.get(action.lower()) in {None, *conditions}
        for action in actions
    )


def _among(resource: str, actions: list[str]) -> str:
    return f", in {', '.join(_with_resource(actions)[:3])}" if resource == "*" and _with_resource(actions) else ""


def _apart(resource: str, actions: list[str]) -> str:
    """Return the further cure for an action without a resource beside others, or without its condition."""
    if resource != "*":
        return ""
    lower = [action.lower() for action in actions]
    named = [f"{action} needs a condition on {_NAMED_BY[action]}" for action in lower if action in _NAMED_BY]
    apart = len(_with_resource(actions)) not in {0, len(actions)}
    return "".join(
        f"; {text}" for text in (*named, *(["put the actions without a resource into a statement of their own"] if apart else []))
    )


def _with_resource(actions: list[str]) -> list[str]:
    return [action for action in actions if action.lower() not in actions_without_resource()]


def _shown(resource: str) -> str:
    return "every resource" if resource == "*" else f"{resource}, which names no single thing"


def _whole(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    yield from undeclared(record)
    yield from granted(record)
    yield from _without_abort(record)


def _without_abort(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the rights by which a sink starts uploads to its archive and cannot give one up."""
    buckets = written_buckets(record)
    for kind, key in _IDENTITY_POLICIES.items():
        for resource in record.of_type(kind) if buckets else []:
            document = resource.inputs.get(key)
            allowed = {"s3:putobject": set[str](), "s3:abortmultipartupload": set[str]()}
            for statement in statements(document) if isinstance(document, str) and is_document(document) else []:
                for action in listed(statement.get("Action")) if statement.get("Effect") == "Allow" else []:
                    if action.lower() in allowed:
                        allowed[action.lower()] |= {_bucket_of(arn) for arn in listed(statement.get("Resource"))}
            for pattern in sorted(allowed["s3:putobject"] - allowed["s3:abortmultipartupload"]):
                if any(matches(pattern, bucket) for bucket in buckets):
                    yield (
                        resource,
                        Problem(
                            rule=f"a sink may upload to {pattern} without s3:AbortMultipartUpload, so broken uploads stay for ever",
                            cure="add s3:AbortMultipartUpload to the actions on its objects",
                        ),
                    )


def _bucket_of(arn: str) -> str:
    return arn.rpartition(":::")[2].partition("/")[0]


RULES = (
    Rule(
        name="iam-exact",
        says="Rights list their actions and name their resources; trust policies and attachments name theirs.",
        check=_exact_rights,
        at_end=_whole,
        severity="critical",
    ),
)
