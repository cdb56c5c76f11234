"""Buckets of the provider aws-native that are public, answer without TLS or are in clear; and whole ones beside them."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.mutations_reach import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
BLOCKED: dict[str, Any] = dict.fromkeys(BLOCKS, True)
PUBLIC = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::uploads/*"}]}
OWN = {
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::uploads/*"},
    ]
}
WRITERS: tuple[Any, ...] = (dict, json.dumps)
ENCRYPTED = {"serverSideEncryptionConfiguration": [{"serverSideEncryptionByDefault": {"sseAlgorithm": "aws:kms"}}]}


def deny(**changes: Any) -> dict[str, Any]:
    """Return the policy that denies requests without TLS."""
    arns = ["arn:aws:s3:::uploads", "arn:aws:s3:::uploads/*"]
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    said = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arns, "Condition": insecure, **changes}
    return {"Statement": [said]}


def bucket(**changes: Any) -> Declared:
    """Return a bucket that is private and encrypted, with changes."""
    said = {"bucketName": "uploads", "publicAccessBlockConfiguration": BLOCKED, "bucketEncryption": ENCRYPTED, **changes}
    made = resource("aws-native:s3:Bucket", **{key: value for key, value in said.items() if value is not None})
    return Declared(urn=made.urn, type=made.type, name="uploads", inputs=made.inputs)


def policy(document: Any, attributed: Any = "uploads") -> Declared:
    """Return its policy."""
    return resource("aws-native:s3:BucketPolicy", bucket=attributed, policyDocument=document)


def private() -> Iterator[tuple[Declared, ...]]:
    """Yield whole buckets, access points and policies for named callers."""
    for attributed, write in itertools.product(("uploads", UNKNOWN), WRITERS):
        yield bucket(), policy(write(deny()), attributed)
        yield bucket(accessControl="Private"), policy(write({"Statement": deny()["Statement"] + OWN["Statement"]}), attributed)
        yield bucket(bucketName=UNKNOWN), policy(write(deny()), attributed)
    yield (
        bucket(accessControl="LogDeliveryWrite", versioningConfiguration={"status": "Enabled"}, ownershipControls={"rules": []}),
        policy(deny()),
    )
    for blocks in (None, BLOCKED, {"blockPublicPolicy": True}):
        more = {"publicAccessBlockConfiguration": blocks} if blocks else {}
        yield (resource("aws-native:s3:AccessPoint", bucket="uploads", policy=OWN, **more),)
        yield (resource("aws-native:s3:MultiRegionAccessPoint", regions=[{"bucket": "uploads"}], **more),)
    yield (resource("aws-native:s3:MultiRegionAccessPointPolicy", mrapName="uploads", policy=OWN),)
    classic = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    yield bucket(publicAccessBlockConfiguration=None), policy(deny()), resource(classic, bucket="uploads", **BLOCKED)


def public() -> Iterator[tuple[str, tuple[Declared, ...]]]:
    """Yield buckets that something is missing from, each with the rule that refuses it."""
    for acl in ("AuthenticatedRead", "PublicRead", "PublicReadWrite", UNKNOWN):
        yield "bucket-private", (bucket(accessControl=acl), policy(deny()))
    yield "bucket-private", (bucket(publicAccessBlockConfiguration=None), policy(deny()))
    yield "bucket-private", (bucket(publicAccessBlockConfiguration=UNKNOWN), policy(deny()))
    yield "bucket-private", (bucket(publicAccessBlockConfiguration={}), policy(deny()))
    for key, value in itertools.product(BLOCKS, (False, "true", UNKNOWN, None)):
        blocks = {name: said for name, said in {**BLOCKED, key: value}.items() if said is not None}
        yield "bucket-private", (bucket(publicAccessBlockConfiguration=blocks), policy(deny()))
        if value is not None:
            for kind in ("AccessPoint", "MultiRegionAccessPoint"):
                yield "bucket-private", (resource(f"aws-native:s3:{kind}", bucket="uploads", publicAccessBlockConfiguration=blocks),)
    for write in WRITERS:
        yield "bucket-private", (bucket(), policy(write({"Statement": deny()["Statement"] + PUBLIC["Statement"]})))
        for kind in ("AccessPoint", "MultiRegionAccessPointPolicy"):
            yield "bucket-private", (resource(f"aws-native:s3:{kind}", policy=write(PUBLIC)),)
        yield "bucket-private", (resource("aws-native:s3objectlambda:AccessPointPolicy", policyDocument=write(PUBLIC)),)
    yield "bucket-tls-only", (bucket(),)
    yield "bucket-tls-only", (bucket(), policy(UNKNOWN))
    yield "bucket-tls-only", (bucket(), policy(deny(), "other"))
    yield "bucket-tls-only", (bucket(), policy(deny(Action="s3:GetObject")))
    yield "bucket-tls-only", (bucket(), policy(deny(Resource="arn:aws:s3:::uploads")))
    for said in (None, UNKNOWN, {"serverSideEncryptionConfiguration": UNKNOWN}, {"serverSideEncryptionConfiguration": []}):
        yield "bucket-encrypted", (bucket(bucketEncryption=said), policy(deny()))


def buckets(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    for at, (rule, made) in enumerate([*public()][::3]):
        yield f"aws-native: public {at}", rule, bench.with_more(*made)
    for at, made in enumerate([*private()][::3]):
        yield f"aws-native: private {at}", None, bench.with_more(*made)
