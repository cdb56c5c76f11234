"""Settings of the archive."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, model_validator

from components.reach import port_of
from components.section import BucketName, Cidr, DnsLabel, HttpUrl, Keys, KmsKeyArn, OidcProviderArn, Port, Section

_LONGEST_BUCKET = 56
"""IAM's names end at 64 characters, and the user's is the bucket's with eight more."""
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_OTHER_PARTITIONS = ("cn-", "us-gov-", "us-iso", "eu-isoe-", "eusc-")


class InClusterStore(Section):
    """An S3-compatible store inside the same cluster, in place of AWS.

    Attributes:
        namespace: Namespace it runs in.
        service: Its Service.
        port: Its TCP port.
        host_endpoint: The same store as reached from the machine where the program runs.
    """

    namespace: DnsLabel
    service: DnsLabel
    port: Port
    host_endpoint: str = Field(pattern=r"^https?://[^/]+$")

    @property
    def url(self) -> str:
        """The store as reached by pods."""
        return f"http://{self.service}.{self.namespace}.svc.cluster.local:{self.port}"


class S3Endpoint(Section):
    """An S3-compatible store that somebody else runs, in place of AWS: MinIO, Ceph, a provider's.

    Attributes:
        url: The store as pods reach it.
        host_url: The same as the program reaches it, for Iceberg tables; by default as pods do.
        addresses: Address ranges it answers from; the worker may connect to these and to no others.
        secret: Secret in the pipeline's namespace, made beforehand; its key ``credentials`` is a file of the AWS SDK with a profile
            ``archive``. The program itself takes its key from the environment, as for AWS.
    """

    url: HttpUrl
    host_url: HttpUrl | None = None
    addresses: tuple[Cidr, ...] = Field(min_length=1)
    secret: DnsLabel

    @property
    def port(self) -> int:
        """Its TCP port as pods reach it."""
        return port_of(self.url)


class WebIdentity(Section):
    """The cluster as an identity provider that AWS trusts, in place of a key.

    Attributes:
        provider_arn: The cluster's issuer in IAM, ``arn:aws:iam::<account>:oidc-provider/<issuer>``.
        audience: Audience of the token that the worker's pod is given.
    """

    provider_arn: OidcProviderArn
    audience: str = "sts.amazonaws.com"


class ArchiveSettings(Section):
    """Where changes end up.

    Attributes:
        bucket: S3 bucket.
        existing_bucket: Whether the bucket is there already; the program then changes nothing in it and never deletes it. A stack that has
            made its bucket deletes it when this becomes true, unless ``pulumi state delete`` has taken it out of the state before.
        kms_key_arn: KMS key that encrypts the objects, in the bucket's region; by default S3's own key.
        web_identity: The cluster as an identity provider, so that there is no key; by default a user whose key may only assume the role.
        region: AWS region.
        format: ``parquet`` writes plain files by Confluent's S3 sink; ``iceberg`` writes an Iceberg table per source table.
        catalog: Where Iceberg tables are listed: ``glue`` on AWS, ``jdbc`` in the captured PostgreSQL server.
        store: An emulator of AWS inside the cluster, with its identities; absent for AWS.
        endpoint: An S3-compatible store that is there already, with a bucket in it; absent for AWS.
        aws_addresses: Private address ranges of VPC endpoints of S3, STS, KMS and Glue, where AWS is reached by such; the worker may
            otherwise connect to public addresses only.
        commit_interval_ms: How often written rows become visible; also the bound for a table that has gone quiet. By default 300000 for
            ``parquet`` and 10000 for ``iceberg``, whose sink holds on its heap what it reads between two commits.
        flush_records: Rows after which the ``parquet`` sink closes a file early.
        tasks: Tasks of the sink; a divisor of the change topics' partitions balances them.
        destroy_with_stack: Whether ``destroy`` deletes bucket, objects and tables. Off, a bucket with objects refuses to go.
        expire_noncurrent_days: Days after which overwritten or deleted object versions are removed.
        extra: Further keys of the sink connector, in its own spelling; checked like all others.
    """

    bucket: BucketName
    existing_bucket: bool = False
    kms_key_arn: KmsKeyArn | None = None
    web_identity: WebIdentity | None = None
    region: str = Field(default="us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")
    format: Literal["parquet", "iceberg"] = "parquet"
    catalog: Literal["glue", "jdbc"] = "glue"
    store: InClusterStore | None = None
    endpoint: S3Endpoint | None = None
    aws_addresses: tuple[Cidr, ...] = ()
    commit_interval_ms: int | None = Field(default=None, ge=1_000, le=3_600_000)
    flush_records: int = Field(default=20_000, ge=100)
    tasks: int = Field(default=3, ge=1, le=24)
    destroy_with_stack: bool = False
    expire_noncurrent_days: int = Field(default=7, ge=1)
    extra: Keys = Field(default={})

    @model_validator(mode="after")
    def _consistent(self) -> ArchiveSettings:
        problems = self._name_problems()
        if self.existing_bucket and self.destroy_with_stack:
            problems.append("destroyWithStack is true and existingBucket too: what somebody else made is not deleted; drop one of them")
        of_aws = {"webIdentity": self.web_identity, "kmsKeyArn": self.kms_key_arn, "awsAddresses": self.aws_addresses}
        given = [key for key, value in of_aws.items() if value]
        other = "store" if self.store is not None else "endpoint" if self.endpoint is not None else None
        if other is not None and given:
            problems.append(f"{', '.join(given)}: for AWS only, and {other} puts another object store in its place; drop them, or {other}")
        if self.endpoint is not None:
            problems += self._endpoint_problems()
        of_key = self.kms_key_arn.split(":")[3] if self.kms_key_arn else self.region
        if of_key != self.region:
            problems.append(f"kmsKeyArn is in {of_key} and region is {self.region}: S3 takes keys of a bucket's own region only; give one")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _name_problems(self) -> list[str]:
        problems = []
        if self.endpoint is None and len(self.bucket) > _LONGEST_BUCKET:
            problems.append(
                f"bucket {self.bucket!r} has {len(self.bucket)} characters, and its user and role are named after it: take at most "
                f"{_LONGEST_BUCKET}"
            )
        if ".." in self.bucket or _IP_ADDRESS.fullmatch(self.bucket):
            problems.append(f"bucket {self.bucket!r} is a name that S3 refuses (two dots in a row, or an IP address); choose another")
        if self.region.startswith(_OTHER_PARTITIONS):
            problems.append(f"region {self.region} is in a part of AWS of its own, where names do not begin with arn:aws: choose another")
        return problems

    def _endpoint_problems(self) -> list[str]:
        problems = []
        if self.store is not None:
            problems.append("endpoint and store are two object stores; drop one of them")
        if not self.existing_bucket:
            problems.append(
                "endpoint is given and existingBucket is false: such stores differ in what a bucket can be told, so it is its owner's; "
                "make it there, and set existingBucket to true"
            )
        if self.format == "iceberg" and self.catalog == "glue":
            problems.append("catalog is glue, which is AWS's, and endpoint puts another store in its place; set catalog to jdbc")
        return problems

    @property
    def pod_url(self) -> str | None:
        """The object store as pods reach it, or None for AWS."""
        other = self.store or self.endpoint
        return other.url if other else None

    @property
    def host_url(self) -> str | None:
        """The object store as the program reaches it, or None for AWS."""
        if self.endpoint is not None:
            return self.endpoint.host_url or self.endpoint.url
        return self.store.host_endpoint if self.store else None

    @property
    def interval_ms(self) -> int:
        """Milliseconds between commits: what the stack says, or the format's own."""
        return self.commit_interval_ms or (300_000 if self.format == "parquet" else 10_000)

    @property
    def has_catalog_database(self) -> bool:
        """Whether the Iceberg catalog lives in the source's PostgreSQL server."""
        return self.format == "iceberg" and self.catalog == "jdbc"
