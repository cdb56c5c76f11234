"""An S3-compatible store in the place of AWS: whether it answers, and whether this shell has a key for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checks.check import Refused, failure, fine, unseen
from doctor.clock import endpoint

if TYPE_CHECKING:
    from checks.check import Finding
    from doctor.clock import Answered


def of_pods(seen: Answered | Refused) -> Finding:
    """Whether a store answers that only pods need: that it is silent here says nothing about them."""
    if isinstance(seen, Refused):
        return unseen(f"{seen.why}; the program itself needs it for Iceberg tables only, and pods may reach what this machine does not")
    return endpoint(seen)


def look_for_key() -> str | None:
    """Where this shell's key comes from, in boto3's words; None without one."""
    import boto3  # noqa: PLC0415 - a second to load, only where a store is asked

    credentials = boto3.Session().get_credentials()
    return str(credentials.method) if credentials else None


def key(source: str | None) -> Finding:
    """Whether the program can make Iceberg tables in the store."""
    if source is None:
        cure = "export AWS_ACCESS_KEY_ID=<key id>\nread -rs AWS_SECRET_ACCESS_KEY && export AWS_SECRET_ACCESS_KEY"
        return failure("the program makes the Iceberg tables, and this shell has no key for the store", cure)
    return fine(f"a key for Iceberg tables (from {source})")
