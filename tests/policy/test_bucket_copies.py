"""Replication of a bucket to another account is refused, and that to a declared bucket accepted."""

from __future__ import annotations

from typing import Any

import pytest

from policy.declared import Declared, Limits
from stack.unknown import UNKNOWN
from tests.policy.judging import by_pack, by_plan

RULE = "bucket-copied"
BUCKET, NATIVE = "aws:s3/bucket:Bucket", "aws-native:s3:Bucket"
CONFIG, OLD = "aws:s3/bucketReplicationConfig:BucketReplicationConfig", "aws:s3/bucketV2:BucketV2"


def resource(kind: str, name: str, /, **inputs: Any) -> Declared:
    """Return a resource of AWS."""
    return Declared(urn=f"urn::{name}", type=kind, name=name, inputs=inputs)


BACKUP = resource(BUCKET, "backup", bucket="shop-backup")
OWN = resource(BUCKET, "archive", bucket="shop-archive")
ARN = "arn:aws:s3:::shop-backup"


def refused(*declared: Declared) -> bool:
    """Return whether plan and pack refuse resources by the rule."""
    told = RULE in {violation.rule for violation in by_plan(declared, Limits())}
    assert told == (RULE in {rule for rule, _message in by_pack(declared, Limits())})
    return told


def copies(destination: Any, **rule: Any) -> list[Declared]:
    """Return a replication in each form."""
    rules = [{"status": "Enabled", "destination": destination, **rule}]
    return [
        resource(CONFIG, "copies", bucket="shop-archive", rules=rules),
        resource(BUCKET, "inside", bucket="a", replicationConfiguration={"role": "r", "rules": rules}),
        resource(OLD, "older", bucket="b", replicationConfiguration={"role": "r", "rules": rules}),
        resource(NATIVE, "native", bucketName="c", replicationConfiguration={"role": "r", "rules": rules}),
    ]


@pytest.mark.parametrize(
    "destination",
    [
        {"bucket": ARN, "account": "999988887777"},
        {"bucket": ARN, "account": UNKNOWN},
        {"bucket": ARN, "accountId": "999988887777"},
        {"bucket": ARN, "accessControlTranslation": {"owner": "Destination"}},
        {"bucket": "arn:aws:s3:::somebody-elses"},
        {"bucket": "arn:aws-cn:s3:::somebody-elses", "storageClass": "GLACIER"},
        UNKNOWN,
        "arn:aws:s3:::shop-backup",
    ],
)
def test_a_copy_for_another_account_is_refused(destination: Any) -> None:
    for one in copies(destination):
        assert refused(OWN, BACKUP, one)


def test_a_copy_to_a_declared_bucket_is_accepted() -> None:
    for destination in ({"bucket": ARN}, {"bucket": UNKNOWN}, {"bucket": "arn:aws:s3:::backup"}, {"bucket": "arn:aws-cn:s3:::shop-backup"}):
        for one in copies(destination):
            assert not refused(OWN, BACKUP, one)
    for one in copies({"bucket": "arn:aws:s3:::somebody-elses"}, status="Disabled"):
        assert not refused(OWN, BACKUP, one)


def test_an_unknown_target_beside_a_single_bucket_is_refused() -> None:
    assert refused(OWN, copies({"bucket": UNKNOWN})[0])
    assert refused(resource(CONFIG, "copies", bucket="shop-archive", rules=UNKNOWN))
    assert not refused(OWN)


def test_backups_and_transfers_go_to_what_is_declared() -> None:
    for arn, told in (("arn:aws:backup:us-east-1:999988887777:backup-vault:theirs", True), ("arn:aws:backup:a:1:backup-vault:ours", False)):
        plan = resource("aws:backup/plan:Plan", "plan", rules=[{"ruleName": "r", "copyActions": [{"destinationVaultArn": arn}]}])
        assert refused(plan, resource("aws:backup/vault:Vault", "vault", name="ours")) is told
    assert not refused(resource("aws:backup/plan:Plan", "plan", rules=[{"ruleName": "r", "targetVaultName": "ours"}]))
    assert not refused(resource("aws:backup/plan:Plan", "plan", rules=[{"copyActions": [{"destinationVaultArn": UNKNOWN}]}]))
    for name, told in (("somebody-elses", True), ("shop-archive", False)):
        assert refused(OWN, resource("aws:datasync/locationS3:LocationS3", "place", s3BucketArn=f"arn:aws:s3:::{name}")) is told
