"""Checks of an S3-compatible store: endpoint, this shell's key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.check import Refused, failure, fine, unseen
from pipeline.doctor.clock import endpoint

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.doctor.clock import Answered


def of_pods(seen: Answered | Refused) -> Finding:
    """Report the endpoint of a store that only pods need: no answer here says nothing about them."""
    if isinstance(seen, Refused):
        return unseen(f"{seen.why}; the program needs it for Iceberg tables only, and pods may reach what this machine cannot")
    return endpoint(seen)


def look_for_key() -> str | None:
    """Return the origin of this shell's key, as boto3 names it; None without a key."""
    import boto3  # noqa: PLC0415 - takes a second to load; needed for a store only

    credentials = boto3.Session().get_credentials()
    return str(credentials.method) if credentials else None


def key(source: str | None) -> Finding:
    """Check whether the program can create Iceberg tables in the store."""
    if source is None:
        cure = "export AWS_ACCESS_KEY_ID=<key id>\nread -rs AWS_SECRET_ACCESS_KEY && export AWS_SECRET_ACCESS_KEY"
        return failure("this shell has no key for the store, and the program needs one to create the Iceberg tables", cure)
    return fine(f"a key for Iceberg tables (from {source})")
