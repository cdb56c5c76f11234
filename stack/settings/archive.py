"""Settings of the archive."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field

from stack.problem import Problem
from stack.settings.addresses import HttpOrigin, HttpUrl, ServerRange, port_of
from stack.settings.section import Section
from stack.settings.types import DnsLabel, Keys, KmsKeyArn, Line, OidcProviderArn, Port, Switch, written

if TYPE_CHECKING:
    from collections.abc import Iterator

_IP_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
# IAM names have at most 64 characters, and the user's name is the bucket's plus eight more.
_LONGEST_NAMED = 56
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")
_SHORTEST_BUCKET, _LONGEST_BUCKET = 3, 63
# Snapshots of a table that a commit may have to read and write: 1,250 bytes each (measured), 6 MB in all, several times that on the heap.
_MOST_SNAPSHOTS = 5_000
# Names that S3 keeps for itself ("General purpose bucket naming rules").
_KEPT_BEGINNINGS = ("xn--", "sthree-", "amzn-s3-demo-")
_KEPT_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")


def _bucket(value: str) -> str:
    parts = value.split(".")
    if not _SHORTEST_BUCKET <= len(value) <= _LONGEST_BUCKET or not all(_LABEL.fullmatch(part) for part in parts):
        message = (
            "is no name of a bucket: 3 to 63 lower-case letters, digits, hyphens and dots, with a letter or digit at both ends and beside "
            "each dot; choose such a name"
        )
        raise ValueError(message)
    if _IP_ADDRESS.fullmatch(value):
        message = "is a name that S3 refuses, since it looks like an IP address; choose another"
        raise ValueError(message)
    kept = [*(one for one in _KEPT_BEGINNINGS if value.startswith(one)), *(one for one in _KEPT_ENDS if value.endswith(one))]
    if kept:
        message = f"is a name that S3 refuses, since it keeps names with {kept[0]} for itself; choose another"
        raise ValueError(message)
    return value


# Name of a sink. Other ends are those of the coordinator's group and of a later epoch's control topic.
SinkName = Annotated[
    str,
    *written(
        "(?!.*(coord|epoch[0-9]+)$)[a-z]([-a-z0-9]{0,28}[a-z0-9])?",
        "is no name of a sink: at most 30 lower-case letters, digits and hyphens, which begin with a letter, end with a letter or digit, "
        "and do not end with coord or epoch and a number",
    ),
]

# An S3 bucket name.
BucketName = Annotated[str, AfterValidator(_bucket), Field(json_schema_extra={"pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"})]


class InClusterStore(Section):
    """S3-compatible store inside the same cluster, in place of AWS."""

    namespace: DnsLabel
    """Namespace of the store."""
    service: DnsLabel
    """Service of the store."""
    port: Port
    """TCP port of the Service."""
    host_endpoint: HttpOrigin
    """URL of the store as the machine that runs the program reaches it."""

    @property
    def url(self) -> str:
        """URL of the store as pods reach it."""
        return f"http://{self.service}.{self.namespace}.svc.cluster.local:{self.port}"


class S3Endpoint(Section):
    """Existing S3-compatible store in place of AWS, such as MinIO or Ceph."""

    url: HttpUrl
    """URL of the store as pods reach it."""
    host_url: HttpUrl | None = None
    """URL of the store as the program reaches it, for Iceberg tables; by default ``url``."""
    addresses: tuple[ServerRange, ...] = Field(min_length=1)
    """Address ranges of the store; the worker may connect to these and to no others."""
    secret: DnsLabel
    """Existing Secret in the pipeline's namespace; its key ``credentials`` is a credentials file of the AWS SDK with the profile
    ``archive``. The program itself takes its key from the environment, as for AWS."""

    @property
    def port(self) -> int:
        """TCP port of the store as pods reach it."""
        return port_of(self.url)


class WebIdentity(Section):
    """The cluster as an identity provider that AWS trusts, in place of an access key."""

    provider_arn: OidcProviderArn
    """ARN of the cluster's identity provider, ``arn:aws:iam::<account>:oidc-provider/<issuer>``."""
    audience: Line = "sts.amazonaws.com"
    """Audience of the token in the worker's pod."""


class ArchiveSettings(Section):
    """The archive: bucket, format, sink."""

    bucket: BucketName
    """Name of the S3 bucket."""
    existing_bucket: Switch = False
    """If true, the bucket is an existing one; the program never changes or deletes it. Setting this to true on a stack that has created
    its bucket deletes the bucket, unless ``pulumi state delete`` has removed it from the state first."""
    kms_key_arn: KmsKeyArn | None = None
    """KMS key that encrypts the objects, in the bucket's region; by default S3 encrypts with its own key."""
    web_identity: WebIdentity | None = None
    """Identity of the worker without an access key; by default an IAM user whose key may only assume the role."""
    region: Annotated[str, *written("[a-z]{2}(-[a-z]+)+-[0-9]", "is no region of AWS; write one such as eu-central-1")] = "us-east-1"
    """AWS region."""
    format: Literal["iceberg", "parquet"] = "iceberg"
    """``parquet`` writes plain files with Confluent's S3 sink; ``iceberg`` writes one Iceberg table per source table."""
    catalog: Literal["glue", "jdbc"] | None = None
    """Catalog of the Iceberg tables: ``glue`` on AWS, ``jdbc`` in the captured PostgreSQL server. By default ``glue``, and ``jdbc`` where a
    store replaces AWS."""
    store: InClusterStore | None = None
    """Emulator of AWS inside the cluster, with its identities; absent for AWS."""
    endpoint: S3Endpoint | None = None
    """Existing S3-compatible store with an existing bucket; absent for AWS."""
    aws_addresses: tuple[ServerRange, ...] = ()
    """Private address ranges of the VPC endpoints of S3, STS, KMS and Glue, if any; without them the worker may connect to public addresses
    only."""
    commit_interval_ms: int | None = Field(default=None, ge=1_000, le=3_600_000, strict=True)
    """Interval between commits, in ms: written rows become visible then, also those of a quiet table. By default 300000 for ``parquet`` and
    10000 for ``iceberg``, whose sink buffers the rows between two commits on its heap."""
    flush_records: int = Field(default=20_000, ge=100, le=2**31 - 1, strict=True)
    """Rows after which the ``parquet`` sink closes a file early."""
    snapshot_minutes: int = Field(default=60, ge=10, le=10_080, strict=True)
    """Minutes for which a table of the ``iceberg`` format can be read as it was then, by snapshot; older snapshots are removed, rows never
    are. Every commit writes the list of all snapshots anew, some 1.25 kB for each, and the worker holds it: at most 5,000 fit."""
    tasks: int = Field(default=3, ge=1, le=24, strict=True)
    """Number of sink tasks; a divisor of the change topics' partitions balances them."""
    sinks: dict[SinkName, tuple[Line, ...]] = Field(default={})
    """Tables with a sink connector of their own, by the sink's name: ``{audit: [public.audit_log]}``. Whatever stops one sink then stops
    its tables only. A table may get such a sink at any time, and goes on where the sink of all others stopped; it stays there. Only with
    the format ``iceberg``; each sink has ``tasks`` tasks, a control topic, and memory of the worker."""
    destroy_with_stack: Switch = False
    """If true, ``pulumi destroy`` deletes bucket, objects and tables; if false, a bucket with objects is not deleted."""
    expire_noncurrent_days: int = Field(default=7, ge=1, le=2**31 - 1, strict=True)
    """Days after which overwritten or deleted object versions are removed."""
    access_log_bucket: BucketName | None = None
    """Existing bucket of the same region and account to which S3 writes a line for each request to the archive, below ``<bucket>/``: who
    read, wrote or deleted which object, and when (docs/trail.md). It must let S3 write; by default there is no such log."""
    extra: Keys = Field(default={})
    """Further keys of the sink connector, in its own spelling; checked like all others."""

    def contradictions(self) -> Iterator[Problem]:
        """Yield choices that exclude each other, and names that AWS refuses only together with others."""
        yield from self._bucket_contradictions()
        yield from self._snapshot_contradictions()
        of_aws = {"webIdentity": self.web_identity, "kmsKeyArn": self.kms_key_arn, "awsAddresses": self.aws_addresses}
        aws_only = ", ".join(key for key, value in of_aws.items() if value)
        other = "store" if self.store is not None else "endpoint" if self.endpoint is not None else None
        if other is not None and aws_only:
            yield Problem(rule=f"{aws_only}: for AWS only, but {other} replaces AWS", cure=f"remove {aws_only}, or {other}")
        if self.endpoint is not None:
            yield from self._endpoint_contradictions()
        if self.region.startswith(_OTHER_PARTITIONS):
            rule = f"region {self.region} is in another AWS partition, whose ARNs do not begin with 'arn:aws:'"
            yield Problem(rule=rule, cure="choose another")
        of_key = self.kms_key_arn.split(":")[3] if self.kms_key_arn else self.region
        if of_key != self.region:
            yield Problem(
                rule=f"kmsKeyArn is in {of_key} and region is {self.region}: S3 takes keys of the bucket's region only",
                cure=f"use one in {self.region}",
            )

    def _bucket_contradictions(self) -> Iterator[Problem]:
        if self.existing_bucket and self.destroy_with_stack:
            yield Problem(
                rule="destroyWithStack is true and existingBucket is true: the program does not delete an existing bucket",
                cure="set one to false",
            )
        if self.endpoint is None and len(self.bucket) > _LONGEST_NAMED:
            yield Problem(
                rule=f"bucket {self.bucket!r} has {len(self.bucket)} characters, but its name is part of the names of IAM user and role",
                cure=f"use at most {_LONGEST_NAMED}",
            )

        if self.access_log_bucket == self.bucket:
            yield Problem(
                rule=f"accessLogBucket {self.bucket!r} is the bucket itself: each line of the log would be a request, which has a line",
                cure="name another bucket",
            )

    def _snapshot_contradictions(self) -> Iterator[Problem]:
        number = self.snapshot_minutes * 60_000 // self.interval_ms
        if self.format == "iceberg" and number > _MOST_SNAPSHOTS:
            most = _MOST_SNAPSHOTS * self.interval_ms // 60_000
            yield Problem(
                rule=f"snapshotMinutes is {self.snapshot_minutes}: with a commit every {self.interval_ms} ms a busy table has {number} "
                f"snapshots, and the worker holds at most {_MOST_SNAPSHOTS}",
                cure=f"use at most {most} minutes, or a longer commitIntervalMs",
            )

    def _endpoint_contradictions(self) -> Iterator[Problem]:
        if self.store is not None:
            yield Problem(rule="endpoint and store are both set, and an archive has one object store", cure="remove one of them")
        if not self.existing_bucket:
            yield Problem(
                rule="endpoint is set and existingBucket is false: such stores differ in their bucket settings, so the program creates no "
                "bucket there",
                cure="create it yourself and set existingBucket to true",
            )
        if self.format == "iceberg" and self.catalog == "glue":
            yield Problem(rule="catalog is glue, a service of AWS, but endpoint replaces AWS", cure="set catalog to jdbc")

    @property
    def pod_url(self) -> str | None:
        """URL of the object store as pods reach it, or None for AWS."""
        other = self.store or self.endpoint
        return other.url if other else None

    @property
    def host_url(self) -> str | None:
        """URL of the object store as the program reaches it, or None for AWS."""
        if self.endpoint is not None:
            return self.endpoint.host_url or self.endpoint.url
        return self.store.host_endpoint if self.store else None

    @property
    def interval_ms(self) -> int:
        """Interval between commits in ms: the configured one, or the format's default."""
        return self.commit_interval_ms or (300_000 if self.format == "parquet" else 10_000)

    @property
    def tables_in(self) -> Literal["glue", "jdbc"]:
        """Catalog of the Iceberg tables: the configured one, or the store's default."""
        return self.catalog or ("glue" if self.pod_url is None else "jdbc")

    @property
    def has_catalog_database(self) -> bool:
        """True if the Iceberg catalog is in the source's PostgreSQL server."""
        return self.format == "iceberg" and self.tables_in == "jdbc"
