"""The bucket: private, versioned, encrypted, and never emptied by accident."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from stack.judgement.stack import SettingsError, parse
from stack.specification.archive.iam import tls_only
from tests.declared import variant, where_made

if TYPE_CHECKING:
    from tests.declared import Declared


@where_made("bucket")
def test_every_guard_is_on_the_bucket_that_is_made(declared: Declared) -> None:
    kinds = {resource.type.rpartition(":")[2]: resource for resource in declared.recording.resources if resource.type.startswith("aws:s3/")}
    assert set(kinds) - {"BucketPolicy"} == {
        "Bucket",
        "BucketLifecycleConfiguration",
        "BucketOwnershipControls",
        "BucketPublicAccessBlock",
        "BucketServerSideEncryptionConfiguration",
        "BucketVersioning",
    }
    made = kinds.pop("Bucket")
    for guard in kinds.values():
        assert made.urn in guard.dependencies


@where_made("bucket")
def test_nothing_of_the_bucket_can_be_public(declared: Declared) -> None:
    block = declared.only("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs
    flags = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert {key: block[key] for key in flags} == dict.fromkeys(flags, True)
    assert (
        declared.only("aws:s3/bucketOwnershipControls:BucketOwnershipControls").inputs["rule"]["objectOwnership"] == "BucketOwnerEnforced"
    )


@where_made("bucket")
def test_objects_are_encrypted_and_keep_their_versions(declared: Declared) -> None:
    (rule,) = declared.only("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] in {"AES256", "aws:kms"}
    assert declared.only("aws:s3/bucketVersioning:BucketVersioning").inputs["versioningConfiguration"]["status"] == "Enabled"


@where_made("bucket")
def test_a_bucket_at_aws_denies_plain_http_and_one_elsewhere_has_no_policy(declared: Declared) -> None:
    """The policy is created after the public access block: AWS refuses a policy while it is still applying the block."""
    policies = [resource for resource in declared.recording.resources if resource.type.endswith(":BucketPolicy")]
    assert bool(policies) == (declared.settings.archive.store is None)
    for policy in policies:
        assert declared.only("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").urn in policy.dependencies
        assert json.loads(policy.inputs["policy"]) == tls_only(declared.settings.archive.bucket)


@where_made("bucket")
def test_aborted_uploads_and_old_versions_expire_and_current_rows_never_do(declared: Declared) -> None:
    rules = declared.only("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs["rules"]
    assert all(rule["status"] == "Enabled" for rule in rules)
    assert any("abortIncompleteMultipartUpload" in rule for rule in rules)
    (old,) = [rule["noncurrentVersionExpiration"] for rule in rules if "noncurrentVersionExpiration" in rule]
    assert old["noncurrentDays"] == declared.settings.archive.expire_noncurrent_days
    assert not any("expiration" in rule for rule in rules)


def test_each_request_is_logged_to_a_bucket_that_the_settings_name_and_to_none_by_default() -> None:
    logged = variant("dev", archive={"bucket": "warehouse", "accessLogBucket": "logs-of-buckets"})
    log = logged.only("aws:s3/bucketLogging:BucketLogging")
    assert (log.inputs["targetBucket"], log.inputs["targetPrefix"]) == ("logs-of-buckets", "warehouse/")
    assert logged.only("aws:s3/bucket:Bucket").urn in log.dependencies
    assert not [one for one in variant("dev", archive={"bucket": "warehouse"}).recording.resources if one.type.endswith(":BucketLogging")]


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        ({"bucket": "warehouse", "accessLogBucket": "warehouse"}, "accessLogBucket 'warehouse' is the bucket itself"),
        ({"bucket": "warehouse", "accessLogBucket": "logs", "existingBucket": True}, "archive.accessLogBucket: has no effect"),
        ({"bucket": "warehouse", "accessLogBucket": "Logs"}, "is no name of a bucket"),
    ],
)
def test_a_log_that_would_log_itself_or_is_not_the_programs_is_refused(archive: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(said)):
        parse({"archive": archive})


def test_tables_outlive_the_stack_unless_its_settings_say_otherwise(declared: Declared) -> None:
    wanted = declared.settings.archive.destroy_with_stack
    assert all(table.inputs["deleteOnDestroy"] is wanted for table in declared.iceberg_tables.values())
    assert not wanted or declared.settings.environment == "sandbox"


@where_made("bucket")
def test_rows_outlive_the_stack_unless_its_settings_say_otherwise(declared: Declared) -> None:
    assert declared.only("aws:s3/bucket:Bucket").inputs["forceDestroy"] is declared.settings.archive.destroy_with_stack
