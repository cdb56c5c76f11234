"""The bucket, an identity that can do nothing but write to it, the tables where the format has tables, and the sink.

Rows become visible after the commit interval, not at once. The bucket is never emptied unless the stack says so in its settings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from components import manifest
from components.archive import iam, sink
from components.names import OBJECT_ROOT, Names
from components.tables import PARTITION_COLUMNS, archive_columns
from providers.iceberg import Column
from providers.iceberg import Provider as CatalogProvider
from providers.iceberg import Table as ArchiveTable
from providers.kafkaconnect import Connector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.archive.settings import ArchiveSettings
    from components.foundation.component import Ground
    from components.rotation import Rotation
    from components.source.component import SourceEndpoint
    from components.streaming.contract import StreamEndpoint
    from components.tables import Table


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
        database_url: The database as the program reaches it, for a JDBC catalog: ``postgresql://host:port``.
        rotation: Which credentials are made anew.
    """

    ground: Ground
    source: SourceEndpoint
    stream: StreamEndpoint
    names: Names
    tables: Sequence[Table]
    settings: ArchiveSettings
    database_url: str
    rotation: Rotation


class Archive(pulumi.ComponentResource):
    """Bucket, identity, tables and the sink connector."""

    bucket: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: ArchiveArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the archive."""
        super().__init__("cdc:archive:Archive", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        bucket = self._bucket()
        guards = self._guards(bucket)
        identity = self._identity()
        tables = self._tables(guards) if args.settings.format == "iceberg" else []
        self._sink([*guards, *identity, *tables])
        self.bucket = bucket.bucket
        self.register_outputs({"bucket": self.bucket, "roleArn": self.role_arn})

    def _bucket(self) -> aws.s3.Bucket:
        keep = not self._args.settings.destroy_with_stack
        return aws.s3.Bucket(
            f"{self._name}-bucket", bucket=self._args.settings.bucket, force_destroy=not keep, opts=pulumi.ResourceOptions(parent=self)
        )

    def _guards(self, bucket: aws.s3.Bucket) -> list[pulumi.Resource]:
        """What makes the bucket safe to write to; it stays on a bucket that refuses to go."""
        name, settings = self._name, self._args.settings
        child = pulumi.ResourceOptions(parent=self, deleted_with=bucket)
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
                rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
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
            # AWS refuses a policy while it is still applying the block
            opts=pulumi.ResourceOptions(parent=self, depends_on=[block], deleted_with=bucket),
        )

    def _identity(self) -> list[pulumi.Resource]:
        """A user whose key is good for one thing, the role with the rights, and the Secret by which the worker gets both."""
        name, child, settings = self._name, self._child, self._args.settings
        role_name = f"{settings.bucket}-writer"
        user = aws.iam.User(f"{name}-user", name=f"{settings.bucket}-connect", force_destroy=True, opts=child)
        role = aws.iam.Role(
            f"{name}-role",
            name=role_name,
            assume_role_policy=user.arn.apply(lambda arn: json.dumps(iam.trust(arn))),
            opts=child,
        )
        rights = json.dumps(iam.write_archive(settings.bucket, reads=settings.format == "iceberg"))
        policies: list[pulumi.Resource] = [
            aws.iam.UserPolicy(f"{name}-assume", user=user.name, policy=json.dumps(iam.assume_only(role_name)), opts=child),
            aws.iam.RolePolicy(f"{name}-write", role=role.name, policy=rights, opts=child),
        ]
        if settings.format == "iceberg" and settings.catalog == "glue":
            catalog = json.dumps(iam.use_catalog(settings.region, self._args.names.archive_namespace))
            policies.append(aws.iam.RolePolicy(f"{name}-catalog", role=role.name, policy=catalog, opts=child))
        # a trigger that was absent before replaces nothing, hence a word from the start
        asked = pulumi.ResourceOptions(parent=self, replacement_trigger=self._args.rotation.archive or "first")
        key = aws.iam.AccessKey(f"{name}-key", user=user.name, opts=asked)
        endpoint = settings.store.url if settings.store else None
        files: pulumi.Output[dict[str, str]] = pulumi.Output.all(key.id, key.secret, role.arn).apply(
            lambda made: iam.aws_files(made[0], made[1], made[2], settings.region, endpoint)
        )
        metadata: manifest.Manifest = {
            "name": self._args.rotation.archive_secret,
            "namespace": self._args.ground.namespace,
            "labels": manifest.labels("connect"),
        }
        secret = k8s.core.v1.Secret(f"{name}-credentials", metadata=metadata, string_data=files, opts=child)
        self.role_arn = role.arn
        return [*policies, secret]

    def _tables(self, guards: Sequence[pulumi.Resource]) -> list[pulumi.Resource]:
        """The Iceberg tables, typed; a sink that made them itself would turn decimals and timestamps into something else."""
        args, settings = self._args, self._args.settings
        provider = CatalogProvider(
            f"{self._name}-catalog-provider",
            catalog_type="sql" if settings.catalog == "jdbc" else "glue",
            catalog_name=sink.CATALOG,
            warehouse=f"s3://{settings.bucket}/{OBJECT_ROOT}",
            region=settings.region,
            endpoint=settings.store.host_endpoint if settings.store else None,
            uri=f"{args.database_url}/{args.names.catalog_database}" if settings.catalog == "jdbc" else None,
            username=args.names.catalog_role if settings.catalog == "jdbc" else None,
            password=args.source.catalog_password,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*guards, *args.source.ready]),
        )
        inside = args.ground.ends_with if settings.catalog == "jdbc" else None
        options = pulumi.ResourceOptions(parent=self, provider=provider, deleted_with=inside)
        return [
            ArchiveTable(
                f"{self._name}-table-{table.name}",
                namespace=args.names.archive_namespace,
                name=table.name,
                columns=[Column(name=name, type=kind) for name, kind in archive_columns(table)],
                partition_by=list(PARTITION_COLUMNS),
                location=f"s3://{settings.bucket}/{args.names.object_prefix(table)}",
                properties=sink.table_properties(args.names, table, settings),
                delete_on_destroy=settings.destroy_with_stack,
                opts=options,
            )
            for table in args.tables
        ]

    def _sink(self, after: Sequence[pulumi.Resource]) -> Connector:
        args = self._args
        url = args.stream.registry_url
        if args.settings.format == "iceberg":
            config = sink.iceberg_config(args.names, args.tables, args.settings, url, args.source.host)
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
