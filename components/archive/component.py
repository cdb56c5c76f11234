"""Archive layer: bucket, AWS identity of the writer, Iceberg tables (format ``iceberg``) and sink connectors.

Rows become visible after the commit interval. The bucket is never emptied unless the settings say so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.archive.identity import IdentityFactory
from providers.iceberg import Column
from providers.iceberg import Provider as CatalogProvider
from providers.iceberg import Table as TableResource
from providers.kafkaconnect.sdk import Connector, GroupPosition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import FoundationResources
    from components.source.component import SourceResources
    from components.streaming.component import StreamingResources
    from stack.specification import manifest
    from stack.specification.archive.iam import Document
    from stack.specification.archive.layer import Archive, Bucket, Catalog
    from stack.specification.archive.position import Position
    from stack.specification.archive.sinks import SinkSpec


@dataclass(frozen=True, kw_only=True)
class ArchiveResources:
    """Values of the archive for the stack's outputs and for the source.

    Attributes:
        bucket: Name of the bucket, known once it exists.
        role_arn: ARN of the worker's role, or None without AWS.
        sinks: The sink connectors.
    """

    bucket: pulumi.Output[str]
    role_arn: pulumi.Output[str] | None
    sinks: tuple[pulumi.Resource, ...]


def _encryption(key_arn: str | None) -> manifest.Manifest:
    """Return the default encryption, by S3's own key or by a KMS key; a bucket key saves one KMS call per object."""
    if key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
        "bucket_key_enabled": True,
    }


def _of_sink(name: str, sink: SinkSpec) -> str:
    return f"{name}-{sink.name}" if sink.name else name


class ArchiveComponent(pulumi.ComponentResource):
    """Bucket, identity, tables and the sink connectors."""

    resources: ArchiveResources

    def __init__(
        self,
        name: str,
        spec: Archive,
        foundation: FoundationResources,
        source: SourceResources,
        stream: StreamingResources,
        rollout: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the archive; ``rollout`` is the digest of the Connect pods."""
        super().__init__("cdc:archive:Archive", name, None, opts)
        self._name, self._spec, self._foundation = name, spec, foundation
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = self._bucket(spec.bucket) if spec.bucket else None
        guards = self._guards(bucket, spec.bucket) if bucket and spec.bucket else []
        identity = IdentityFactory(parent=self, prefix=name, spec=spec.writer, namespace=foundation.namespace).declare()
        tables = self._tables(spec.catalog, guards, source) if spec.catalog else []
        first, *others = spec.sinks
        before = [*guards, *identity.ready, *tables, *stream.ready]
        every = self._sink(first, stream, rollout, before)
        # one that takes tables over needs the first one to have given them up
        further = [self._sink(one, stream, rollout, [*before, every]) for one in others]
        self.resources = ArchiveResources(
            bucket=bucket.bucket if bucket else pulumi.Output.from_input(spec.bucket_name),
            role_arn=identity.role_arn,
            sinks=(every, *further),
        )
        outputs = {"bucket": self.resources.bucket}
        self.register_outputs({**outputs, "roleArn": identity.role_arn} if identity.role_arn else outputs)

    def _bucket(self, spec: Bucket) -> aws.s3.Bucket:
        protect = self._foundation.protect or None
        options = pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect)
        return aws.s3.Bucket(f"{self._name}-bucket", bucket=spec.name, force_destroy=spec.force_destroy, opts=options)

    def _guarding(self, bucket: aws.s3.Bucket, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """Return options of a guard: deleted with its bucket and never before it, even by ``pulumi destroy --exclude-protected``."""
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), deleted_with=bucket, protect=self._foundation.protect or None)

    def _guards(self, bucket: aws.s3.Bucket, spec: Bucket) -> list[pulumi.Resource]:
        """Declare what guards the bucket and logs its requests; it remains on a bucket that is not deleted."""
        name, child = self._name, self._guarding(bucket)
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        return [
            block,
            *([self._tls_only(bucket, block, spec.tls_only)] if spec.tls_only else []),
            *([self._access_log(bucket, spec.access_log)] if spec.access_log else []),
            aws.s3.BucketOwnershipControls(
                f"{name}-ownership", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
            ),
            aws.s3.BucketVersioning(f"{name}-versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=child),
            aws.s3.BucketServerSideEncryptionConfiguration(
                f"{name}-encryption", bucket=bucket.id, rules=[_encryption(spec.kms_key_arn)], opts=child
            ),
            aws.s3.BucketLifecycleConfiguration(
                f"{name}-lifecycle",
                bucket=bucket.id,
                rules=[
                    {
                        "id": "abort-uploads",
                        "status": "Enabled",
                        "filter": {},
                        "abort_incomplete_multipart_upload": {"days_after_initiation": 1},
                    },
                    {
                        "id": "expire-old-versions",
                        "status": "Enabled",
                        "filter": {},
                        "noncurrent_version_expiration": {"noncurrent_days": spec.expire_noncurrent_days},
                    },
                ],
                opts=child,
            ),
        ]

    def _tls_only(self, bucket: aws.s3.Bucket, block: aws.s3.BucketPublicAccessBlock, policy: Document) -> aws.s3.BucketPolicy:
        # AWS refuses a bucket policy while it is still applying the access block
        options = self._guarding(bucket, block)
        return aws.s3.BucketPolicy(f"{self._name}-tls-only", bucket=bucket.id, policy=json.dumps(policy), opts=options)

    def _access_log(self, bucket: aws.s3.Bucket, into: str) -> aws.s3.BucketLogging:
        return aws.s3.BucketLogging(
            f"{self._name}-access-log",
            bucket=bucket.id,
            target_bucket=into,
            # several archives may have one bucket for their logs
            target_prefix=f"{self._spec.bucket_name}/",
            opts=self._guarding(bucket),
        )

    def _sink(self, spec: SinkSpec, stream: StreamingResources, rollout: str, before: Sequence[pulumi.Resource]) -> Connector:
        positions = [self._position(spec, spec.position, stream)] if spec.position else []
        return Connector(
            _of_sink(f"{self._name}-sink-connector", spec),
            name=spec.connector.name,
            config=dict(spec.connector.config),
            rollout=rollout,
            opts=pulumi.ResourceOptions(
                parent=self, provider=stream.worker, depends_on=[*before, *positions], deleted_with=self._foundation.ends_with
            ),
        )

    def _position(self, sink: SinkSpec, spec: Position, stream: StreamingResources) -> GroupPosition:
        # only a connector of an earlier epoch, which has to be stopped, needs the workers
        before = stream.ready if spec.connector else stream.topics
        return GroupPosition(
            _of_sink(f"{self._name}-sink-position", sink),
            bootstrap_servers=list(spec.bootstrap),
            group=spec.group,
            topic=spec.topic,
            partitions=spec.partitions,
            connector=spec.connector,
            security=dict(spec.security) if spec.security else None,
            opts=pulumi.ResourceOptions(
                parent=self, provider=stream.worker, depends_on=list(before), deleted_with=self._foundation.ends_with
            ),
        )

    def _tables(self, catalog: Catalog, guards: Sequence[pulumi.Resource], source: SourceResources) -> list[pulumi.Resource]:
        """Declare the Iceberg tables with their types; a sink that created them would change decimals and timestamps."""
        provider = CatalogProvider(
            f"{self._name}-catalog-provider",
            catalog_type=catalog.type,
            catalog_name=catalog.name,
            warehouse=catalog.warehouse,
            region=catalog.region,
            endpoint=catalog.endpoint,
            uri=catalog.uri,
            username=catalog.user,
            password=source.catalog_password,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*guards, *source.ready]),
        )
        inside = self._foundation.ends_with if catalog.is_in_source else None
        options = pulumi.ResourceOptions(parent=self, provider=provider, protect=self._foundation.protect or None, deleted_with=inside)
        return [
            TableResource(
                f"{self._name}-table-{table.name}",
                namespace=table.namespace,
                name=table.name,
                columns=[Column(name=name, type=kind) for name, kind in table.columns],
                partition_by=list(table.partition_by),
                location=table.location,
                properties=dict(table.properties),
                delete_on_destroy=table.delete_on_destroy,
                opts=options,
            )
            for table in self._spec.tables
        ]
