"""Rules for S3 and IAM: private, encrypted buckets over TLS only, and rights that list their actions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.rule import Rule, nothing
from problem import Problem
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared, Record

    AtEnd = Callable[[Record], Iterator[tuple[Declared | None, Problem]]]

_IDENTITY_POLICIES = {
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
}
_ATTACHMENTS = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment",
    "aws:iam/policyAttachment:PolicyAttachment",
}
_BROAD = ("AdministratorAccess", "PowerUserAccess", "FullAccess")
_PUBLIC_ACLS = {"public-read", "public-read-write", "authenticated-read", "website"}
# Condition keys that restrict a statement to named callers.
_KNOWN_ONLY = ("aws:SourceArn", "aws:SourceAccount", "aws:PrincipalOrgID", "aws:PrincipalArn", "aws:SourceVpce", "aws:SourceVpc")
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _is(resource: Declared, *names: str) -> bool:
    """Return whether a resource has one of these S3 types; older versions of the types end in V2."""
    return resource.type.startswith("aws:s3/") and resource.kind.removesuffix("V2") in names


def _statements(document: object) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document, from text or from an object.

    Raises:
        TypeError: If the document is neither.
    """
    parsed = json.loads(document) if isinstance(document, str) else document
    if not isinstance(parsed, Mapping):
        message = "not a policy document"
        raise TypeError(message)
    statements: Any = parsed.get("Statement") or []
    return [statements] if isinstance(statements, Mapping) else list(statements)


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, (list, tuple)) else [] if value is None else [str(value)]


def _not_public(resource: Declared, _record: Record) -> Iterator[Problem]:
    if _is(resource, "Bucket", "BucketAcl"):
        acl = resource.inputs.get("acl")
        if isinstance(acl, Unknown) or acl in _PUBLIC_ACLS:
            yield Problem(
                rule=f"the ACL is {acl!r}, which allows or may allow public access", cure="remove it, BucketOwnerEnforced needs none"
            )
    if _is(resource, "BucketPublicAccessBlock"):
        unblocked = [key for key in _BLOCKS if resource.inputs.get(key) is not True]
        if unblocked:
            yield Problem(
                rule=f"{', '.join(unblocked)} is not true", cure="set all four to true, otherwise one public policy or ACL opens the bucket"
            )
    if _is(resource, "BucketPolicy") and not isinstance(resource.inputs.get("policy"), Unknown):
        for statement in _statements(resource.inputs.get("policy")):
            principal = statement.get("Principal")
            public = principal == "*" or (isinstance(principal, Mapping) and "*" in _listed(principal.get("AWS")))
            if statement.get("Effect") == "Allow" and public and not any(key in str(statement.get("Condition")) for key in _KNOWN_ONLY):
                yield Problem(rule=f"statement {statement.get('Sid', '?')} allows all principals", cure="list the accounts or roles")


def _covers(record: Record, bucket: Declared, kind: str, good: Callable[[Declared], bool]) -> bool:
    """Return whether a bucket has a companion resource of a kind. A companion with an unknown bucket, as in a preview, covers one."""
    name = bucket.inputs.get("bucket")
    companions = [resource for resource in record.resources.values() if _is(resource, kind) and good(resource)]
    if any(other.inputs.get("bucket") == name for other in companions if isinstance(name, str)):
        return True
    buckets = _buckets(record)
    unattributed = [other for other in companions if isinstance(other.inputs.get("bucket"), Unknown) or len(buckets) == 1]
    return len(unattributed) >= len(buckets)


def _denies_plain_http(policy: Declared) -> bool:
    document = policy.inputs.get("policy")
    if isinstance(document, Unknown):
        return False
    for statement in _statements(document):
        condition = ((statement.get("Condition") or {}).get("Bool") or {}).get("aws:SecureTransport")
        everything = "s3:*" in _listed(statement.get("Action")) or "*" in _listed(statement.get("Action"))
        if (
            statement.get("Effect") == "Deny"
            and everything
            and statement.get("Principal") in ("*", {"AWS": "*"})
            and str(condition).lower() == "false"
        ):
            return True
    return False


def _buckets(record: Record) -> list[Declared]:
    return [resource for resource in record.resources.values() if _is(resource, "Bucket")]


def _companion(kind: str, missing: Problem, good: Callable[[Declared], bool] = lambda _resource: True) -> AtEnd:
    """Create the check that every bucket has a companion resource of a kind; ``good`` decides whether one is sufficient."""

    def at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
        return ((bucket, missing) for bucket in _buckets(record) if not _covers(record, bucket, kind, good))

    return at_end


def _encrypts(resource: Declared) -> bool:
    rules = resource.inputs.get("rules") or []
    return any(
        (rule.get("applyServerSideEncryptionByDefault") or {}).get("sseAlgorithm") in {"AES256", "aws:kms", "aws:kms:dsse"}
        for rule in rules
    )


def _exact_rights(resource: Declared, _record: Record) -> Iterator[Problem]:
    yield from _by_another_way(resource)
    if resource.type in _IDENTITY_POLICIES:
        yield from _exact_document(resource.inputs.get("policy"))


def _by_another_way(resource: Declared) -> Iterator[Problem]:
    """Check for rights outside an inline policy resource."""
    if resource.type in _ATTACHMENTS:
        arn = resource.inputs.get("policyArn")
        if isinstance(arn, Unknown):
            yield Problem(
                rule="attaches a policy that is not known at preview", cure="declare its document as an inline policy of the role"
            )
        elif isinstance(arn, str) and arn.startswith("arn:aws:iam::aws:") and arn.endswith(_BROAD):
            yield Problem(rule=f"attaches {arn}", cure="declare a policy with only the required actions and resources")
    if resource.type == "aws:iam/role:Role" and (resource.inputs.get("inlinePolicies") or resource.inputs.get("managedPolicyArns")):
        yield Problem(rule="contains its policies, which are not checked there", cure="declare each as a RolePolicy")


def _exact_document(document: object) -> Iterator[Problem]:
    if isinstance(document, Unknown):
        yield Problem(
            rule="the rights are not known at preview, so they cannot be reviewed",
            cure="build ARNs from names, not from another resource's ARN",
        )
        return
    for statement in _statements(document):
        if statement.get("Effect") != "Allow":
            continue
        sid = statement.get("Sid", "?")
        actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
        wide = [action for action in actions if "*" in action or "?" in action]
        if wide or "NotAction" in statement:
            yield Problem(rule=f"statement {sid} allows {', '.join(wide) or 'all but some actions'}", cure="list the required actions")
        if "*" in resources or "NotResource" in statement or any(arn.partition(":::")[2].startswith("*") for arn in resources):
            yield Problem(rule=f"statement {sid} applies to every resource", cure="list the bucket, prefix or table")


_OPEN = Problem(rule="nothing blocks public access", cure="declare a BucketPublicAccessBlock with all four settings true")
_PLAIN_HTTP = Problem(
    rule="accepts requests without TLS", cure="declare a BucketPolicy that denies s3:* to all principals where aws:SecureTransport is false"
)
_CLEAR = Problem(rule="declares no encryption", cure="declare a BucketServerSideEncryptionConfiguration with AES256 or aws:kms")
RULES = (
    Rule(
        name="bucket-private",
        says="No bucket is public.",
        check=_not_public,
        at_end=_companion("BucketPublicAccessBlock", _OPEN),
        severity="critical",
    ),
    Rule(
        name="bucket-tls-only",
        says="Every bucket is accessible over TLS only.",
        check=nothing,
        at_end=_companion("BucketPolicy", _PLAIN_HTTP, _denies_plain_http),
    ),
    Rule(
        name="bucket-encrypted",
        says="Every bucket declares its encryption.",
        check=nothing,
        at_end=_companion("BucketServerSideEncryptionConfiguration", _CLEAR, _encrypts),
    ),
    Rule(
        name="iam-exact",
        says="Rights list their actions without wildcards, and no statement allows every resource.",
        check=_exact_rights,
        severity="critical",
    ),
)
