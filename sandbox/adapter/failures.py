"""Messages about failed resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ResourceError(RuntimeError):
    """A resource could not be created, changed or deleted; the message is one readable block."""


class RefusedError(ValueError):
    """A resource asks for something that would lose data or that the sandbox does not do; the message has the cure."""


def short_type(type_token: str) -> str:
    """Shorten a type for people: `kubernetes:apps/v1:StatefulSet` is a StatefulSet, `aws:s3/bucket:Bucket` a Bucket."""
    return type_token.rpartition(":")[2]


def block(action: str, type_token: str, name: str, error: BaseException) -> str:
    """Compose the block about one failed resource: what, which, and the reason in the words of whoever refused."""
    reason = str(error).strip() or type(error).__name__
    if not isinstance(error, (RuntimeError, ValueError, LookupError)):
        reason = f"{type(error).__name__}: {reason}"
    lines = reason.splitlines()
    head = f"{short_type(type_token)} {name} could not be {action}"
    return "\n".join([head, *(f"  {line}" for line in lines)])


def joined(blocks: Sequence[str]) -> str:
    """Put the blocks of several failures below each other."""
    return "\n\n".join(blocks)
