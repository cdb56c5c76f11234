"""Buckets: every place that can open one, denials of plain HTTP by meaning, and several buckets beside one another."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan
from tests.policy.test_rights import EVERYBODY, NAMING, RESTRICTING_NOTHING

BLOCKED = dict.fromkeys(("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True)
AES = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
SIGNED_IN = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"


def s3(kind: str, name: str, package: str = "s3", **inputs: Any) -> Declared:
    """Return a resource of S3."""
    token = f"aws:{package}/{kind[0].lower()}{kind[1:]}:{kind}"
    return Declared(urn=f"urn::{kind}::{name}", type=token, name=name, inputs=inputs)


def deny(bucket: str, **changes: Any) -> dict[str, Any]:
    """Return the statement that denies requests without TLS."""
    arns = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    return {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arns, "Condition": insecure, **changes}


def policy(bucket: Any, *statements: Any, name: str = "tls") -> Declared:
    """Return a bucket policy."""
    return s3("BucketPolicy", name, bucket=bucket, policy=json.dumps({"Statement": list(statements)}))


def whole(bucket: str, attributed: Any = None, **more: Any) -> list[Declared]:
    """Return a bucket with all its companions, which name it or, as in a first preview, cannot."""
    owner = bucket if attributed is None else attributed
    return [
        s3("Bucket", f"{bucket}-bucket", bucket=bucket, **more),
        s3("BucketPublicAccessBlock", f"{bucket}-block", bucket=owner, **BLOCKED),
        policy(owner, deny(bucket), name=f"{bucket}-tls"),
        s3("BucketServerSideEncryptionConfiguration", f"{bucket}-aes", bucket=owner, rules=AES),
    ]


def refused(*resources: Declared) -> set[str]:
    """Return the rules by which plan and pack refuse, in agreement."""
    plan = {violation.rule for violation in by_plan(resources, Limits())}
    assert plan == {rule for rule, _message in by_pack(resources, Limits())}
    return plan


@pytest.mark.parametrize("first", [None, UNKNOWN])
@pytest.mark.parametrize("second", [None, UNKNOWN])
def test_two_whole_buckets_stand_beside_one_another(first: Any, second: Any) -> None:
    both = [*whole("archive", first), *whole("uploads", second)]
    assert refused(*both) == set()
    for at in range(1, 4):
        for bucket in (0, 4):
            assert len(refused(*(one for number, one in enumerate(both) if number != bucket + at))) == 1


def test_a_companion_of_another_bucket_does_not_count() -> None:
    assert refused(*whole("archive", "uploads")) == {"bucket-private", "bucket-tls-only", "bucket-encrypted"}


OPEN_ACCESS: dict[str, Declared] = {
    "grants in the bucket": s3("Bucket", "b", bucket="b", grants=[{"type": "Group", "permissions": ["READ"], "uri": ALL_USERS}]),
    "signed-in users": s3("Bucket", "b", bucket="b", grants=[{"type": "Group", "permissions": ["READ"], "uri": SIGNED_IN}]),
    "grants in the ACL": s3(
        "BucketAcl", "a", bucket="b", accessControlPolicy={"grants": [{"grantee": {"type": "Group", "uri": ALL_USERS}}]}
    ),
    "an ACL of version 2": s3("BucketAclV2", "a", bucket="b", acl="public-read-write"),
    "unknown grants": s3("BucketAcl", "a", bucket="b", accessControlPolicy=UNKNOWN),
    "a public object": s3("BucketObject", "o", bucket="b", acl="public-read"),
    "a public object, later type": s3("BucketObjectv2", "o", bucket="b", acl="authenticated-read"),
    "a public copy": s3("ObjectCopy", "o", bucket="b", acl="public-read"),
    "an account without a block": s3("AccountPublicAccessBlock", "a", **{**BLOCKED, "restrictPublicBuckets": False}),
    "an account with an empty block": s3("AccountPublicAccessBlock", "a"),
    "an access point without a block": s3(
        "AccessPoint", "p", bucket="b", publicAccessBlockConfiguration={**BLOCKED, "blockPublicPolicy": False}
    ),
    "a point of many regions": s3(
        "MultiRegionAccessPoint", "p", "s3control", details={"publicAccessBlock": {**BLOCKED, "blockPublicAcls": False}}
    ),
}


@pytest.mark.parametrize("way", OPEN_ACCESS)
def test_a_bucket_is_not_opened_past_its_policy(way: str) -> None:
    assert "bucket-private" in refused(OPEN_ACCESS[way])


def _holders(document: str) -> list[Declared]:
    return [
        s3("Bucket", "b", bucket="b", policy=document),
        s3("BucketPolicy", "p", bucket="b", policy=document),
        s3("AccessPoint", "p", bucket="b", policy=document),
        s3("AccessPointPolicy", "p", "s3control", policy=document),
        s3("MultiRegionAccessPointPolicy", "p", "s3control", details={"name": "x", "policy": document}),
    ]


def test_a_policy_for_everybody_is_refused_wherever_it_stands() -> None:
    def tell(principal: Any, condition: Any, key: str = "Principal") -> list[bool]:
        statement = {"Effect": "Allow", key: principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*", "Condition": condition}
        found = _holders(json.dumps({"Statement": statement}))
        return ["bucket-private" in refused(*([] if one.kind == "Bucket" else whole("b")), one, *whole("b")[1:]) for one in found]

    for condition in RESTRICTING_NOTHING:
        assert all(all(tell(principal, condition)) for principal in EVERYBODY[:3])
    for condition in NAMING:
        assert not any(tell("*", condition))
    assert all(tell({"AWS": "123456789012"}, None, key="NotPrincipal"))
    assert not any(tell({"AWS": "123456789012"}, None))


INSECURE: dict[str, Any] = {
    "on the bucket only": [deny("b", Resource="arn:aws:s3:::b")],
    "on its objects only": [deny("b", Resource="arn:aws:s3:::b/*")],
    "on one prefix": [deny("b", Resource=["arn:aws:s3:::b", "arn:aws:s3:::b/topics/*"])],
    "on another bucket": [deny("other")],
    "on all but something": [{key: value for key, value in deny("b", NotResource="arn:aws:s3:::x").items() if key != "Resource"}],
    "for one caller": [deny("b", Principal={"AWS": "arn:aws:iam::123456789012:root"})],
    "for all but one caller": [{key: value for key, value in deny("b", NotPrincipal={"AWS": "1"}).items() if key != "Principal"}],
    "for reads": [deny("b", Action="s3:GetObject")],
    "with a second key": [deny("b", Condition={"Bool": {"aws:SecureTransport": "false", "aws:ViaAWSService": "false"}})],
    "with a second condition": [
        deny("b", Condition={"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}})
    ],
    "the other way round": [deny("b", Condition={"Bool": {"aws:SecureTransport": "true"}})],
    "allowed": [deny("b", Effect="Allow", Condition={"Bool": {"aws:SecureTransport": "true"}})],
}
SECURE: dict[str, Any] = {
    "as documented": [deny("b")],
    "a list of one value": [deny("b", Condition={"Bool": {"aws:SecureTransport": ["false"]}})],
    "a boolean": [deny("b", Condition={"Bool": {"aws:SecureTransport": False}})],
    "another case of the key": [deny("b", Condition={"Bool": {"AWS:securetransport": "false"}})],
    "if it exists": [deny("b", Condition={"BoolIfExists": {"aws:SecureTransport": "false"}})],
    "all actions": [deny("b", Action=["*"])],
    "all resources": [deny("b", Resource="*")],
    "one pattern": [deny("b", Resource="arn:aws:s3:::b*")],
    "in two statements": [deny("b", Resource="arn:aws:s3:::b"), deny("b", Resource="arn:aws:s3:::b/*")],
    "a list of principals": [deny("b", Principal={"AWS": ["*"]})],
    "in another partition": [deny("b", Resource=["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"])],
    "beside a demand for a version": [deny("b"), deny("b", Condition={"NumericLessThan": {"s3:TlsVersion": 1.2}})],
}


@pytest.mark.parametrize("way", INSECURE)
def test_a_denial_that_leaves_something_out_is_none(way: str) -> None:
    assert refused(*whole("b")[:2], policy("b", *INSECURE[way]), whole("b")[3]) - {"bucket-private"} == {"bucket-tls-only"}


@pytest.mark.parametrize("way", SECURE)
@pytest.mark.parametrize("attributed", ["b", UNKNOWN])
def test_a_denial_by_another_spelling_counts(way: str, attributed: Any) -> None:
    assert refused(*whole("b")[:2], policy(attributed, *SECURE[way]), whole("b")[3]) == set()
    inside = s3("Bucket", "b", bucket="b", policy=json.dumps({"Statement": SECURE[way]}))
    assert refused(inside, *(one for one in whole("b")[1:] if one.kind != "BucketPolicy")) == set()


def test_a_bucket_policy_that_is_no_document_is_named_and_proves_no_tls() -> None:
    bucket = Declared(urn="urn::b", type="aws:s3/bucket:Bucket", name="b", inputs={"bucket": "b"})
    policy = Declared(urn="urn::p", type="aws:s3/bucketPolicy:BucketPolicy", name="p", inputs={"bucket": "b", "policy": "no json"})
    found = by_plan([bucket, policy], Limits())
    assert {"bucket-private", "bucket-tls-only"} <= {one.rule for one in found}
    assert not any("could not run" in one.message for one in found)
