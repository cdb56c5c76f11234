"""Rules for S3 buckets: private in every place that can open one, over TLS only, and encrypted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy.buckets import NATIVE_BUCKET, is_s3, named, uncovered
from policy.iam_documents import is_document, listed, matches, statements
from policy.principals import admissions
from policy.rule import Rule, nothing
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared, Record

    AtEnd = Callable[[Record], Iterator[tuple[Declared | None, Problem]]]

_PUBLIC_ACLS = {"public-read", "public-read-write", "authenticated-read", "website"}
_NATIVE_ACLS = {"AuthenticatedRead", "PublicRead", "PublicReadWrite"}
_PUBLIC_GROUPS = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_OBJECTS = ("BucketObject", "BucketObjectv2", "ObjectCopy")
# Access points hold a policy and blocks of their own, some of them inside ``details``.
_POLICY_HOLDERS = (
    "AccessPoint",
    "AccessPointPolicy",
    "Bucket",
    "BucketPolicy",
    "MultiRegionAccessPoint",
    "MultiRegionAccessPointPolicy",
    "ObjectLambdaAccessPointPolicy",
)
_OWN_BLOCKS = {"AccessPoint": "publicAccessBlockConfiguration", "MultiRegionAccessPoint": "publicAccessBlock"}
_BY_DEFAULT = ("applyServerSideEncryptionByDefault", "serverSideEncryptionByDefault")
# Keys that no statement about every object leaves out.
_ANY_KEYS = ("q", "0/z.parquet", "topics/postgres.public.users/a=1/~")


def _not_public(resource: Declared, _record: Record) -> Iterator[Problem]:
    if is_s3(resource, "Bucket", "BucketAcl", *_OBJECTS):
        yield from _public_acl(resource.inputs)
    if is_s3(resource, "BucketPublicAccessBlock", "AccountPublicAccessBlock"):
        unblocked = [key for key in _BLOCKS if resource.inputs.get(key) is not True]
        if unblocked:
            yield Problem(
                rule=f"{', '.join(unblocked)} is not true", cure="set all four to true, otherwise one public policy or ACL opens the bucket"
            )
    if is_s3(resource, *_POLICY_HOLDERS):
        details = resource.inputs.get("details")
        for holder in (resource.inputs, details if isinstance(details, Mapping) else {}):
            yield from _own_blocks(holder, _OWN_BLOCKS.get(resource.kind))
            yield from admissions(holder.get("policy"))
    if resource.type.startswith("aws-native:s3"):
        yield from _native(resource)


def _native(resource: Declared) -> Iterator[Problem]:
    """Judge a bucket, an access point or a policy of the provider aws-native."""
    inputs = resource.inputs
    acl = inputs.get("accessControl")
    if isinstance(acl, Unknown) or acl in _NATIVE_ACLS:
        yield Problem(rule=f"the ACL is {acl!r}, which allows or may allow public access", cure="remove it, BucketOwnerEnforced needs none")
    # a bucket has none of the blocks that it leaves out, an access point all
    yield from _own_blocks(inputs, "publicAccessBlockConfiguration", absent=resource.type != NATIVE_BUCKET)
    for key in ("policy", "policyDocument", "resourcePolicy"):
        yield from admissions(inputs.get(key))


def _public_acl(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    acl = inputs.get("acl")
    if isinstance(acl, Unknown) or acl in _PUBLIC_ACLS:
        yield Problem(rule=f"the ACL is {acl!r}, which allows or may allow public access", cure="remove it, BucketOwnerEnforced needs none")
    control = inputs.get("accessControlPolicy")
    nested = [(one or {}).get("grantee") for one in control.get("grants") or []] if isinstance(control, Mapping) else [control]
    flat = inputs.get("grants") or []
    for grantee in (*nested, *(flat if isinstance(flat, (list, tuple)) else [flat])):
        uri = grantee.get("uri") if isinstance(grantee, Mapping) else grantee
        if isinstance(uri, Unknown) or str(uri).endswith(_PUBLIC_GROUPS):
            yield Problem(rule=f"a grant is for {uri}, which allows or may allow public access", cure="remove it, or name the account")


def _own_blocks(holder: Mapping[str, Any], key: str | None, *, absent: bool = True) -> Iterator[Problem]:
    blocks = holder.get(key) if key else None
    unblocked = [name for name in _BLOCKS if isinstance(blocks, Mapping) and blocks.get(name, absent) is not True]
    if unblocked or isinstance(blocks, Unknown):
        yield Problem(
            rule=f"{', '.join(unblocked) or key} of its public access block is not true",
            cure="leave them out, which sets all four to true" if absent else "set all four to true",
        )


def _companion(kind: str, missing: Problem, good: Callable[[Declared, Declared], bool], native: str) -> AtEnd:
    """Create the check that every bucket has a companion resource of a kind, or holds the same itself.

    Args:
        kind: Kind of the companion.
        missing: The problem of a bucket without one.
        good: Decides whether a companion, or the bucket itself, is sufficient for a bucket.
        native: Cure for a bucket of the provider aws-native.
    """

    def at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
        return (
            (bucket, replace(missing, cure=native) if bucket.type == NATIVE_BUCKET else missing) for bucket in uncovered(record, kind, good)
        )

    return at_end


def _blocks_public(resource: Declared, _bucket: Declared) -> bool:
    # that all four are true is judged where they stand
    inside = resource.type == NATIVE_BUCKET and resource.inputs.get("publicAccessBlockConfiguration") is not None
    return inside or is_s3(resource, "BucketPublicAccessBlock")


def _encrypts(resource: Declared, _bucket: Declared) -> bool:
    inside, native = (resource.inputs.get(key) for key in ("serverSideEncryptionConfiguration", "bucketEncryption"))
    rules = [inside.get("rule")] if isinstance(inside, Mapping) else resource.inputs.get("rules") or []
    rules = native.get("serverSideEncryptionConfiguration") if isinstance(native, Mapping) else rules
    said = [rule.get(key) for rule in rules for key in _BY_DEFAULT if isinstance(rule, Mapping)] if isinstance(rules, (list, tuple)) else []
    return any(isinstance(one, Mapping) and one.get("sseAlgorithm") in {"AES256", "aws:kms", "aws:kms:dsse"} for one in said)


def _denies_plain_http(resource: Declared, bucket: Declared) -> bool:
    """Return whether a policy denies every request without TLS, on the bucket and on every object in it."""
    document = resource.inputs.get("policy", resource.inputs.get("policyDocument"))
    if document is None or isinstance(document, Unknown) or not is_document(document):
        return False
    denied = [arn for statement in statements(document) if _only_plain_http(statement) for arn in listed(statement.get("Resource"))]
    names = [named(bucket)] if named(bucket) else [arn.rpartition(":::")[2] for arn in denied if "/" not in arn]
    return any(_whole_bucket(str(name), denied) for name in names)


def _whole_bucket(name: str, patterns: list[str]) -> bool:
    wanted = (f"arn:aws:s3:::{name}", *(f"arn:aws:s3:::{name}/{key}" for key in _ANY_KEYS))
    same_partition = [
        ":".join(["arn", "aws", *pattern.split(":")[2:]]) if pattern.startswith("arn:aws") else pattern for pattern in patterns
    ]
    return all(any(matches(pattern, arn) for pattern in same_partition) for arn in wanted)


def _only_plain_http(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement denies everything to everybody where TLS is missing, without a further condition."""
    principal = statement.get("Principal")
    everybody = "*" in listed(principal) or (isinstance(principal, Mapping) and "*" in listed(principal.get("AWS")))
    condition = statement.get("Condition")
    keys = [
        (str(operator).lower(), str(key).lower(), listed(values))
        for operator, said in (condition.items() if isinstance(condition, Mapping) else ())
        for key, values in (said.items() if isinstance(said, Mapping) else ())
    ]
    return (
        statement.get("Effect") == "Deny"
        and everybody
        and any(action.lower() in {"s3:*", "*"} for action in listed(statement.get("Action")))
        and len(keys) == 1
        and keys[0][0] in {"bool", "boolifexists"}
        and keys[0][1] == "aws:securetransport"
        and "false" in [value.lower() for value in keys[0][2]]
    )


_OPEN = Problem(rule="nothing blocks public access", cure="declare a BucketPublicAccessBlock with all four settings true")
_PLAIN_HTTP = Problem(
    rule="accepts requests without TLS",
    cure=(
        "declare a BucketPolicy that denies s3:* to all principals, on the bucket and on its objects, where aws:SecureTransport is false, "
        "without a further condition"
    ),
)
_CLEAR = Problem(rule="declares no encryption", cure="declare a BucketServerSideEncryptionConfiguration with AES256 or aws:kms")
RULES = (
    Rule(
        name="bucket-private",
        says="No bucket is public.",
        check=_not_public,
        at_end=_companion(
            "BucketPublicAccessBlock", _OPEN, _blocks_public, "set publicAccessBlockConfiguration with all four settings true"
        ),
        severity="critical",
    ),
    Rule(
        name="bucket-tls-only",
        says="Every bucket is accessible over TLS only.",
        check=nothing,
        at_end=_companion("BucketPolicy", _PLAIN_HTTP, _denies_plain_http, _PLAIN_HTTP.cure),
    ),
    Rule(
        name="bucket-encrypted",
        says="Every bucket declares its encryption.",
        check=nothing,
        at_end=_companion("BucketServerSideEncryptionConfiguration", _CLEAR, _encrypts, "set bucketEncryption with AES256 or aws:kms"),
    ),
)
