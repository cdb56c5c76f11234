"""An identity in the emulated AWS that may read the archive and nothing else, for people and tests."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

_NAME = "archive-reader"


@dataclass(frozen=True, slots=True)
class Reader:
    """A key that may read.

    Attributes:
        endpoint: The store as reached from this machine.
        region: AWS region.
        access_key_id: Key id.
        secret_access_key: Secret key.
    """

    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str


def _rights(bucket: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
            {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": f"arn:aws:s3:::{bucket}"},
        ],
    }


def ensure(cloud: Cloud, bucket: str, known: Reader | None) -> Reader:
    """Create the reader where it is missing and return it; a key that still works is kept.

    Args:
        cloud: The emulated AWS.
        bucket: The archive's bucket.
        known: The reader of an earlier run, or None.
    """
    iam = boto3.client(
        "iam",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=cloud.access_key_id,
        aws_secret_access_key=cloud.secret_access_key,
    )
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_user(UserName=_NAME)
    iam.put_user_policy(UserName=_NAME, PolicyName="read-archive", PolicyDocument=json.dumps(_rights(bucket)))
    keys = {key["AccessKeyId"] for key in iam.list_access_keys(UserName=_NAME)["AccessKeyMetadata"]}
    if known and known.access_key_id in keys:
        return known
    for stale in keys:
        iam.delete_access_key(UserName=_NAME, AccessKeyId=stale)
    made = iam.create_access_key(UserName=_NAME)["AccessKey"]
    return Reader(cloud.endpoint, cloud.region, made["AccessKeyId"], made["SecretAccessKey"])
