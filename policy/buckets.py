"""Buckets of S3, of both providers, and what belongs to them, by name, or by elimination where a preview does not know it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stack.configs.tokens import CONNECTOR
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared, Record


NATIVE_BUCKET = "aws-native:s3:Bucket"
_NATIVE = "aws-native:s3:"
# Properties that name the key of a bucket
_KEYS = {"kmsMasterKeyId", "kmsMasterKeyID", "kmsKeyArn", "kmsKeyId"}


def is_s3(resource: Declared, *names: str) -> bool:
    """Return whether a resource has one of these S3 types; older versions of the types end in V2."""
    return resource.type.startswith(("aws:s3/", "aws:s3control/")) and resource.kind.removesuffix("V2") in names


def buckets(record: Record) -> list[Declared]:
    """Return the declared buckets, of both providers."""
    return [resource for resource in record.resources.values() if is_s3(resource, "Bucket") or resource.type == NATIVE_BUCKET]


def named(resource: Declared) -> str | None:
    """Return the name of the bucket that a resource is, or is for; None where it is not known."""
    name = resource.inputs.get("bucketName" if resource.type == NATIVE_BUCKET else "bucket")
    return name if isinstance(name, str) and name else None


def keys_of(value: object, depth: int = 8) -> Iterator[object]:
    """Yield the keys of KMS that a configuration of a bucket names, at any depth: ARNs, or what the deployment tells."""
    if isinstance(value, Mapping) and depth:
        for name, item in value.items():
            if name in _KEYS and not isinstance(item, (Mapping, list, tuple)):
                yield item
            else:
                yield from keys_of(item, depth - 1)
    elif isinstance(value, (list, tuple)) and depth:
        for item in value:
            yield from keys_of(item, depth - 1)


def written_buckets(record: Record) -> set[str]:
    """Return the buckets that a sink of this program writes to; one named by a reference may be any bucket of this program."""
    declared = {named(one) for one in buckets(record)}
    configs = [resource.inputs.get("config") for resource in record.of_type(CONNECTOR)]
    found: set[object] = set()
    for config in configs:
        if isinstance(config, Mapping):
            warehouse = str(config.get("iceberg.catalog.warehouse") or "").partition("://")[2].partition("/")[0]
            told = {name for name in (config.get("s3.bucket.name"), warehouse) if isinstance(name, Unknown) or name}
            found |= {one for name in told for one in (declared if isinstance(name, Unknown) or "${" in str(name) else {name})}
    return {str(name) for name in found}


def is_for(companion: Declared, bucket: Declared) -> bool:
    """Return whether a companion names a bucket: by its name, or by the id of a recording, which is the logical name."""
    return named(companion) is not None and named(companion) in {named(bucket), bucket.name}


def uncovered(record: Record, kind: str, good: Callable[[Declared, Declared], bool]) -> list[Declared]:
    """Return the buckets without a companion resource of a kind.

    A companion belongs to the bucket of its name. One whose bucket is unknown, as in a preview, covers any one bucket that has none.
    """
    all_buckets = buckets(record)
    companions = [resource for resource in record.resources.values() if is_s3(resource, kind) or resource.type == f"{_NATIVE}{kind}"]
    bare = [
        bucket
        for bucket in all_buckets
        if not any(good(one, bucket) for one in (bucket, *(one for one in companions if is_for(one, bucket))))
    ]
    spare = [one for one in companions if not any(is_for(one, bucket) for bucket in all_buckets)]
    left = []
    for bucket in bare:
        fitting = [one for one in spare if (named(one) is None or named(bucket) is None) and good(one, bucket)]
        if fitting:
            spare.remove(fitting[0])
        else:
            left.append(bucket)
    return left
