"""Buckets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from providers.operations import Plain, ProviderError, State
from sandbox.standins.aws.clients import absent, found
from sandbox.standins.aws.standin import TAGS_ALL, AwsStandIn, tag_list, tag_map
from sandbox.standins.shape import Shape

if TYPE_CHECKING:
    from sandbox.standins.aws.clients import Client

_DEFAULT_REGION: Final = "us-east-1"
# How often a bucket is emptied at most: what writes to it may end a moment later than its deletion begins.
_TRIES: Final = 5


class Bucket(AwsStandIn):
    """A bucket without settings; each of those is a resource of its own."""

    shape = Shape(
        token="aws:s3/bucket:Bucket",  # noqa: S106  # a type token
        exclusive=True,
        optional={"bucket": None, "forceDestroy": False, "tags": None, "acl": None},
        learnt=("arn", "region", "bucketRegion", "bucketDomainName", "bucketRegionalDomainName", TAGS_ALL),
        replaces=frozenset({"bucket"}),
        names=("bucket",),
        named="bucket",
    )
    holds_data = True

    @property
    def steady(self) -> tuple[str, ...]:
        """All but the tags."""
        return tuple(name for name in self.learnt if name != TAGS_ALL)

    def _ensure(self, inputs: Plain, old: Plain | None) -> State:
        s3, name = self.account.client("s3"), inputs["bucket"]
        if not _exists(s3, name):
            region = s3.meta.region_name
            elsewhere = {} if region == _DEFAULT_REGION else {"CreateBucketConfiguration": {"LocationConstraint": region}}
            s3.create_bucket(Bucket=name, **elsewhere)
        if inputs.get("acl") != (old or {}).get("acl"):
            s3.put_bucket_acl(Bucket=name, ACL=inputs.get("acl") or "private")
        tags = self.all_tags(inputs)
        if tags != _tags(s3, name):
            if tags:
                s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags)})
            else:
                s3.delete_bucket_tagging(Bucket=name)
        return State(name, {**inputs, **_learnt(s3, name), TAGS_ALL: tags})

    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None:  # noqa: ARG002  # the protocol's
        s3 = self.account.client("s3")
        if not _exists(s3, resource_id):
            return None
        kept = {key: previous[key] for key in ("acl",) if key in previous}
        declared = {"bucket": resource_id, "forceDestroy": previous.get("forceDestroy", False), **kept}
        return State(resource_id, {**declared, **_learnt(s3, resource_id), **self.own_tags(_tags(s3, resource_id), previous)})

    def _remove(self, resource_id: str, old: Plain) -> None:
        s3, empties = self.account.client("s3"), bool(old.get("forceDestroy"))
        for left in reversed(range(_TRIES if empties else 1)):
            try:
                if empties:
                    _empty(s3, resource_id)
                s3.delete_bucket(Bucket=resource_id)
            except ClientError as error:
                if absent(error):
                    return
                if error.response["Error"]["Code"] != "BucketNotEmpty":
                    raise
                if not left:
                    cure = "end what writes to it" if empties else "set forceDestroy on it to delete them with it"
                    message = f"BucketNotEmpty: bucket {resource_id} still holds objects; {cure}"
                    raise ProviderError(message) from None
            else:
                return


def _exists(s3: Client, name: str) -> bool:
    return found(s3.head_bucket, Bucket=name) is not None


def _learnt(s3: Client, name: str) -> dict[str, Any]:
    region = s3.meta.region_name
    return {
        "arn": f"arn:aws:s3:::{name}",
        "region": region,
        "bucketRegion": region,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }


def _tags(s3: Client, name: str) -> dict[str, str]:
    answer = found(s3.get_bucket_tagging, Bucket=name)
    return tag_map(answer["TagSet"]) if answer else {}


def _empty(s3: Client, name: str) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in versions]
        if objects:
            s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
        for upload in page.get("Uploads", []):
            s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
