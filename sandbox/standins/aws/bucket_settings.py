"""The settings of a bucket, each a resource of its own: how the program spells it and how the API does."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from botocore.exceptions import ClientError

from providers.operations import Change, Plain, State
from sandbox.standins.aws.clients import absent
from sandbox.standins.aws.documents import Json, camel, covers, pascal, said
from sandbox.standins.aws.standin import AwsStandIn
from sandbox.standins.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.standins.aws.clients import Client

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def _shape(token: str, *required: str, **more: Any) -> Shape:  # noqa: ANN401  # fields of Shape
    return Shape(token=token, required=frozenset({"bucket", *required}), replaces=frozenset({"bucket"}), names=("bucket",), **more)


class BucketSetting(AwsStandIn):
    """One setting of one bucket.

    Attributes:
        get, put, drop: The client's methods.
        parameter: What `put` calls the document, and `get` too unless `flat`.
        flat: Whether the answer of `get` is the document itself.
    """

    get: ClassVar[str]
    put: ClassVar[str]
    drop: ClassVar[str]
    parameter: ClassVar[str]
    flat: ClassVar[bool] = False

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """As by the inputs; what is off is the same as what is not said, which the service spells out."""
        return super().diff(said(old), said(new))

    @abstractmethod
    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document from the inputs."""

    @abstractmethod
    def declared(self, document: Json) -> Plain:
        """Make the inputs, without the bucket, from the API's document."""

    def _ensure(self, inputs: Plain, old: Plain | None) -> State:  # noqa: ARG002  # the protocol's
        s3, bucket = self.account.client("s3"), inputs["bucket"]
        document = self.document(inputs)
        if not covers(_parsed(self._asked(s3, bucket)), _parsed(document)):
            getattr(s3, self.put)(Bucket=bucket, **{self.parameter: document})
        return State(bucket, dict(inputs))

    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None:  # noqa: ARG002  # the protocol's
        document = self._asked(self.account.client("s3"), resource_id)
        if not document:
            return None
        if previous and covers(_parsed(document), _parsed(self.document(previous))):
            return State(resource_id, dict(previous))
        return State(resource_id, {**previous, "bucket": resource_id, **self.declared(document)})

    def _remove(self, resource_id: str, old: Plain) -> None:  # noqa: ARG002  # the protocol's
        try:
            self._dropped(self.account.client("s3"), resource_id)
        except ClientError as error:
            if not absent(error):
                raise

    def _dropped(self, s3: Client, bucket: str) -> None:
        getattr(s3, self.drop)(Bucket=bucket)

    def _asked(self, s3: Client, bucket: str) -> Json:
        """Give the live document; None when there is none, or no bucket."""
        try:
            answer = getattr(s3, self.get)(Bucket=bucket)
        except ClientError as error:
            if absent(error):
                return None
            raise
        if not self.flat:
            return answer.get(self.parameter)
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _parsed(document: Json) -> Json:
    return json.loads(document) if isinstance(document, str) and document else document


class BucketVersioning(BucketSetting):
    """Versioning of objects; its removal suspends it, since S3 cannot switch it off."""

    shape = _shape("aws:s3/bucketVersioning:BucketVersioning", "versioningConfiguration")
    get, put, drop, parameter = "get_bucket_versioning", "put_bucket_versioning", "", "VersioningConfiguration"
    flat = True

    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document."""
        return {"Status": inputs["versioningConfiguration"]["status"]}

    def declared(self, document: Json) -> Plain:
        """Make the input."""
        return {"versioningConfiguration": {"status": document["Status"]}}

    def _dropped(self, s3: Client, bucket: str) -> None:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


class BucketEncryption(BucketSetting):
    """Encryption of new objects."""

    shape = _shape("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", "rules")
    get, put, drop = "get_bucket_encryption", "put_bucket_encryption", "delete_bucket_encryption"
    parameter = "ServerSideEncryptionConfiguration"

    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document."""
        return {"Rules": pascal(inputs["rules"])}

    def declared(self, document: Json) -> Plain:
        """Make the input."""
        return {"rules": camel(document["Rules"])}


class BucketPublicAccessBlock(BucketSetting):
    """Four locks against the public."""

    shape = _shape("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", optional=dict.fromkeys(_BLOCKS, False))
    get, put, drop = "get_public_access_block", "put_public_access_block", "delete_public_access_block"
    parameter = "PublicAccessBlockConfiguration"

    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document."""
        return pascal({key: inputs.get(key, False) for key in _BLOCKS})

    def declared(self, document: Json) -> Plain:
        """Make the inputs."""
        return {key: value for key, value in camel(document).items() if key in _BLOCKS}


class BucketOwnershipControls(BucketSetting):
    """Ownership of objects that other accounts put."""

    shape = _shape("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "rule")
    get, put, drop = "get_bucket_ownership_controls", "put_bucket_ownership_controls", "delete_bucket_ownership_controls"
    parameter = "OwnershipControls"

    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document."""
        return {"Rules": [pascal(inputs["rule"])]}

    def declared(self, document: Json) -> Plain:
        """Make the input."""
        return {"rule": camel(document["Rules"][0])}


class BucketPolicy(BucketSetting):
    """The bucket's own policy."""

    shape = _shape("aws:s3/bucketPolicy:BucketPolicy", "policy", documents=frozenset({"policy"}))
    get, put, drop, parameter = "get_bucket_policy", "put_bucket_policy", "delete_bucket_policy", "Policy"

    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document, which is text."""
        return inputs["policy"] if isinstance(inputs["policy"], str) else json.dumps(inputs["policy"])

    def declared(self, document: Json) -> Plain:
        """Make the input."""
        return {"policy": document}


class BucketLifecycle(BucketSetting):
    """Lifecycle of objects."""

    shape = _shape("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "rules")
    get, put, drop = "get_bucket_lifecycle_configuration", "put_bucket_lifecycle_configuration", "delete_bucket_lifecycle"
    parameter = "LifecycleConfiguration"
    flat = True

    def document(self, inputs: Mapping[str, Any]) -> Json:
        """Make the API's document."""
        return {"Rules": pascal(inputs["rules"])}

    def declared(self, document: Json) -> Plain:
        """Make the input."""
        return {"rules": camel(document["Rules"])}


SETTINGS: tuple[type[BucketSetting], ...] = (
    BucketVersioning,
    BucketEncryption,
    BucketPublicAccessBlock,
    BucketOwnershipControls,
    BucketPolicy,
    BucketLifecycle,
)
