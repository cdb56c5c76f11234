"""Buckets of S3 and the resources that belong to them, by name, or by elimination where a preview does not know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from policy.declared import Declared, Record


def is_s3(resource: Declared, *names: str) -> bool:
    """Return whether a resource has one of these S3 types; older versions of the types end in V2."""
    return resource.type.startswith(("aws:s3/", "aws:s3control/")) and resource.kind.removesuffix("V2") in names


def buckets(record: Record) -> list[Declared]:
    """Return the declared buckets."""
    return [resource for resource in record.resources.values() if is_s3(resource, "Bucket")]


def named(resource: Declared) -> str | None:
    """Return the name of the bucket that a resource is, or is for; None where it is not known."""
    name = resource.inputs.get("bucket")
    return name if isinstance(name, str) and name else None


def is_for(companion: Declared, bucket: Declared) -> bool:
    """Return whether a companion names a bucket: by its name, or by the id of a recording, which is the logical name."""
    return named(companion) is not None and named(companion) in {named(bucket), bucket.name}


def uncovered(record: Record, kind: str, good: Callable[[Declared, Declared], bool]) -> list[Declared]:
    """Return the buckets without a companion resource of a kind.

    A companion belongs to the bucket of its name. One whose bucket is unknown, as in a preview, covers any one bucket that has none.
    """
    all_buckets = buckets(record)
    companions = [resource for resource in record.resources.values() if is_s3(resource, kind)]
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
