"""The bucket, an identity that can do nothing but write to it, the tables where the format has tables, and the sink.

Rows become visible after the commit interval, not at once. The bucket is never emptied unless the stack says so in its settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components.archive.identity import WriterIdentity
from providers.iceberg import Column
from providers.iceberg import Provider as CatalogProvider
from providers.iceberg import Table as ArchiveTable
from providers.kafkaconnect import Connector
from settings.names import OBJECT_ROOT, Names
from settings.tables import PARTITION_COLUMNS, archive_columns
from specification.archive import iam, sink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import Ground
    from components.source.contract import SourceEndpoint
    from components.streaming.contract import StreamEndpoint
    from settings.archive import ArchiveSettings
    from settings.rotation import Rotation
    from settings.streaming import ExistingKafka
    from settings.tables import Table
    from specification import manifest


@dataclass(frozen=True, kw_only=True)
class ArchiveArgs:
    """What the archive is made from.

    Attributes:
        ground: Namespace.
        source: The database, which may hold the catalog.
        stream: The stream to archive.
        names: The pipeline's names.
        tables: The captured tables.
        settings: Bucket, format, intervals.
        kafka: The Kafka cluster that was there before, or None for the pipeline's own.
        rotation: Which credentials are made anew.
    """

    ground: Ground
    source: SourceEndpoint
    stream: StreamEndpoint
    names: Names
    tables: Sequence[Table]
    settings: ArchiveSettings
    kafka: ExistingKafka | None
    rotation: Rotation


def _encryption(key_arn: str | None) -> manifest.Manifest:
    """S3's own key, or one in KMS; a bucket key spares a call of KMS for each object."""
    if key_arn is None:
        return {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    return {
        "apply_server_side_encryption_by_default": {"sse_algorithm": "aws:kms", "kms_master_key_id": key_arn},
        "bucket_key_enabled": True,
    }


class Archive(pulumi.ComponentResource):
    """Bucket, identity, tables and the sink connector."""

    bucket: pulumi.Output[str]
    role_arn: pulumi.Output[str] | None

    def __init__(self, name: str, args: ArchiveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the archive."""
        super().__init__("cdc:archive:Archive", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = None if args.settings.existing_bucket else self._bucket()
        guards = self._guards(bucket) if bucket else []
        identity = WriterIdentity(
            parent=self,
            prefix=name,
            settings=args.settings,
            names=args.names,
            namespace=args.ground.namespace,
            rotation=args.rotation,
        ).declare()
        tables = self._tables(guards) if args.settings.format == "iceberg" else []
        self._sink([*guards, *identity.ready, *tables])
        self.bucket = bucket.bucket if bucket else pulumi.Output.from_input(args.settings.bucket)
        self.role_arn = identity.role_arn
        self.register_outputs({"bucket": self.bucket, "roleArn": self.role_arn} if self.role_arn else {"bucket": self.bucket})

    def _bucket(self) -> aws.s3.Bucket:
        settings, protect = self._args.settings, self._args.ground.protect or None
        options = pulumi.ResourceOptions(parent=self, protect=protect, retain_on_delete=protect)
        return aws.s3.Bucket(f"{self._name}-bucket", bucket=settings.bucket, force_destroy=settings.destroy_with_stack, opts=options)

    def _guarding(self, bucket: aws.s3.Bucket, *after: pulumi.Resource) -> pulumi.ResourceOptions:
        """A guard goes with its bucket and not before it; ``pulumi destroy --exclude-protected`` would else leave the bucket without."""
        return pulumi.ResourceOptions(parent=self, depends_on=list(after), deleted_with=bucket, protect=self._args.ground.protect or None)

    def _guards(self, bucket: aws.s3.Bucket) -> list[pulumi.Resource]:
        """What makes the bucket safe to write to; it stays on a bucket that refuses to go."""
        name, settings = self._name, self._args.settings
        child = self._guarding(bucket)
        block = aws.s3.BucketPublicAccessBlock(
            f"{name}-public-access",
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        transport = [self._tls_only(bucket, block)] if settings.store is None else []
        return [
            block,
            *transport,
            aws.s3.BucketOwnershipControls(
                f"{name}-ownership", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
            ),
            aws.s3.BucketVersioning(f"{name}-versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=child),
            aws.s3.BucketServerSideEncryptionConfiguration(
                f"{name}-encryption",
                bucket=bucket.id,
                rules=[_encryption(settings.kms_key_arn)],
                opts=child,
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
                        "noncurrent_version_expiration": {"noncurrent_days": settings.expire_noncurrent_days},
                    },
                ],
                opts=child,
            ),
        ]

    def _tls_only(self, bucket: aws.s3.Bucket, block: aws.s3.BucketPublicAccessBlock) -> aws.s3.BucketPolicy:
        """Refuses plain HTTP; a store inside the cluster is reached by nothing else, and would refuse everybody."""
        return aws.s3.BucketPolicy(
            f"{self._name}-tls-only",
            bucket=bucket.id,
            policy=json.dumps(iam.tls_only(self._args.settings.bucket)),
            opts=self._guarding(bucket, block),  # AWS refuses a policy while it is still applying the block
        )

    def _tables(self, guards: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        """The Iceberg tables, typed; a sink that made them itself would turn decimals and timestamps into something else."""
        args, settings = self._args, self._args.settings
        provider = CatalogProvider(
            f"{self._name}-catalog-provider",
            catalog_type="sql" if settings.catalog == "jdbc" else "glue",
            catalog_name=sink.CATALOG,
            warehouse=f"s3://{settings.bucket}/{OBJECT_ROOT}",
            region=settings.region,
            endpoint=settings.host_url,
            uri=self._catalog_uri() if settings.catalog == "jdbc" else None,
            username=args.names.catalog_role if settings.catalog == "jdbc" else None,
            password=args.source.catalog_password,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*guards, *args.source.ready]),
        )
        inside = args.ground.ends_with if settings.catalog == "jdbc" and args.source.is_inside else None
        options = pulumi.ResourceOptions(parent=self, provider=provider, protect=args.ground.protect or None, deleted_with=inside)
        return [
            ArchiveTable(
                f"{self._name}-table-{table.archive_name}",
                namespace=args.names.archive_namespace,
                name=table.archive_name,
                columns=[Column(name=name, type=kind) for name, kind in archive_columns(table)],
                partition_by=list(PARTITION_COLUMNS),
                location=f"s3://{settings.bucket}/{args.names.object_prefix(table)}",
                properties=sink.table_properties(args.names, table, settings),
                delete_on_destroy=settings.destroy_with_stack,
                opts=options,
            )
            for table in args.tables
        ]

    def _catalog_uri(self) -> str:
        """The catalog as the program reaches it. A server that was there before proves who it is, by an authority that libpq is told of."""
        source = self._args.source
        verified = "" if source.is_inside else "?sslmode=verify-full"
        return f"postgresql://{source.outside}/{self._args.names.catalog_database}{verified}"

    def _sink(self, after: Sequence[pulumi.Resource]) -> Connector:
        args = self._args
        url = args.stream.registry_url
        if args.settings.format == "iceberg":
            config = sink.iceberg_config(args.names, args.tables, args.settings, url, args.source.inside, args.kafka)
        else:
            config = sink.parquet_config(args.names, args.tables, args.settings, url)
        return Connector(
            f"{self._name}-sink-connector",
            name=args.names.sink_connector,
            config=config,
            rollout=args.stream.rollout,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=args.stream.worker,
                depends_on=[*after, *args.stream.ready],
                deleted_with=args.ground.ends_with,
            ),
        )
