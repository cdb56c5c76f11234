"""Buckets and their settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from sandbox.engine.aws.clients import absent
from sandbox.engine.aws.shapes import covers, pascal
from sandbox.engine.failures import RefusedError
from sandbox.engine.family import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plan.values import Json
    from sandbox.engine.aws.clients import Client

_DEFAULT_REGION: Final = "us-east-1"


def ensure_bucket(s3: Client, name: str) -> Change:
    """Make the bucket unless it is there."""
    try:
        s3.head_bucket(Bucket=name)
    except ClientError as error:
        if not absent(error):
            raise
    else:
        return Change.UNCHANGED
    region = s3.meta.region_name
    elsewhere = {} if region == _DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **elsewhere)
    return Change.CREATED


def bucket_outputs(s3: Client, name: str) -> dict[str, Any]:
    """Give what the real provider tells about a bucket."""
    region = s3.meta.region_name
    return {
        "bucket": name,
        "arn": f"arn:aws:s3:::{name}",
        "region": region,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }


def delete_bucket(s3: Client, name: str, *, with_contents: bool) -> None:
    """Delete a bucket, emptied first only `with_contents`. Raises RefusedError for one that still holds objects."""
    try:
        if with_contents:
            _empty(s3, name)
        s3.delete_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "BucketNotEmpty":
            message = f"bucket {name} still holds objects; set forceDestroy on it to delete them with it"
            raise RefusedError(message) from None
        if not absent(error):
            raise


def _empty(s3: Client, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in found]
        if objects:
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])


@dataclass(frozen=True, kw_only=True)
class BucketSetting:
    """One of a bucket's settings: the API's name for it in calls and parameters, and how to write the property.

    Attributes: `operation` as in `get_<operation>`; `parameter` holds the document in calls and, unless `flat`, in
    answers; `document` makes it from the inputs; `parse` makes it comparable.
    """

    operation: str
    parameter: str
    document: Callable[[Mapping[str, Any]], Any]
    parse: Callable[[Any], Any] = lambda answer: answer
    flat: bool = False

    def ensure(self, s3: Client, bucket: str, inputs: Mapping[str, Any]) -> Change:
        """Write the setting unless the live one covers it."""
        document, live = self.document(inputs), self._live(s3, bucket) or {}
        asked = self.parse(document)
        if covers(live, asked):
            return Change.UNCHANGED
        self._call(s3, "put", bucket, {self.parameter: document})
        return Change.UPDATED if live.keys() & asked.keys() else Change.CREATED

    def remove(self, s3: Client, bucket: str) -> None:
        """Take the setting back; silent when it or the bucket is gone."""
        try:
            if self.operation == "bucket_versioning":
                self._call(s3, "put", bucket, {self.parameter: {"Status": "Suspended"}})
            else:
                getattr(s3, f"delete_{self.operation}")(Bucket=bucket)
        except ClientError as error:
            if not absent(error):
                raise

    def _live(self, s3: Client, bucket: str) -> Json:
        try:
            answer = self._call(s3, "get", bucket, {})
        except ClientError as error:
            if absent(error):
                return None
            raise
        return answer if self.flat else self.parse(answer.get(self.parameter))

    def _call(self, s3: Client, verb: str, bucket: str, document: Mapping[str, Any]) -> Json:
        suffix = "_configuration" if self.operation == "bucket_lifecycle" else ""
        return getattr(s3, f"{verb}_{self.operation}{suffix}")(Bucket=bucket, **document)


SETTINGS: Final[dict[str, BucketSetting]] = {
    "BucketVersioning": BucketSetting(
        operation="bucket_versioning",
        parameter="VersioningConfiguration",
        document=lambda inputs: {"Status": inputs["versioningConfiguration"]["status"]},
        flat=True,
    ),
    "BucketServerSideEncryptionConfiguration": BucketSetting(
        operation="bucket_encryption",
        parameter="ServerSideEncryptionConfiguration",
        document=lambda inputs: {"Rules": pascal(inputs["rules"])},
    ),
    "BucketPublicAccessBlock": BucketSetting(
        operation="public_access_block",
        parameter="PublicAccessBlockConfiguration",
        document=lambda inputs: pascal({key: value for key, value in inputs.items() if isinstance(value, bool)}),
    ),
    "BucketOwnershipControls": BucketSetting(
        operation="bucket_ownership_controls",
        parameter="OwnershipControls",
        document=lambda inputs: {"Rules": [pascal(inputs["rule"])]},
    ),
    "BucketPolicy": BucketSetting(
        operation="bucket_policy",
        parameter="Policy",
        document=lambda inputs: inputs["policy"] if isinstance(inputs["policy"], str) else json.dumps(inputs["policy"]),
        parse=lambda answer: json.loads(answer) if answer else None,
    ),
    "BucketLifecycleConfiguration": BucketSetting(
        operation="bucket_lifecycle",
        parameter="LifecycleConfiguration",
        document=lambda inputs: {"Rules": pascal(inputs["rules"])},
        flat=True,
    ),
}
