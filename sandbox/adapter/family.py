"""Protocol of a family of resource types, and the context that it gets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from pipeline.recording import Resource
    from providers.waiting import Display
    from sandbox.adapter.journal import Entry


class Change(StrEnum):
    """Change that a run made to one resource."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource to be created or changed.

    Attributes: `provider` holds the plain inputs of its provider; `known` is its journal entry from an earlier or
    interrupted run; `cancelled` is set when the run must end.
    """

    resource: Resource
    provider: Mapping[str, Any]
    known: Entry | None
    cancelled: threading.Event

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The declared inputs, plain."""
        return self.resource.inputs

    @property
    def type_name(self) -> str:
        """The last part of the type: `Bucket` of `aws:s3/bucket:Bucket`."""
        return self.resource.type.rpartition(":")[2]


@dataclass(frozen=True, kw_only=True)
class Converged:
    """A resource that is as declared: its id, its outputs, what was done, and what the journal must remember."""

    id: str
    outputs: Mapping[str, Any]
    change: Change
    remember: Mapping[str, Any] = field(default_factory=dict)


class Family(Protocol):
    """Acts for the resource types of one provider. All methods are called from many threads at once."""

    def identity(self, wanted: Wanted) -> str:
        """Name the physical thing; a changed identity means that the old thing must go first."""

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:
        """Choose what deletion will need to know."""

    def converge(self, wanted: Wanted, identity: str, step: Display) -> Converged:
        """Create or correct the thing, wait until it is usable, and touch nothing that is right already."""

    def holds_data(self, entry: Entry, provider: Mapping[str, Any]) -> bool:
        """Tell whether others put data into the thing, which a replacement would lose."""

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Display) -> None:
        """Delete the thing; silent when it is gone already."""


def automatic_name(wanted: Wanted, digits: int = 7) -> str:
    """Make up a name as Pulumi does, or give the one made up by an earlier run."""
    if wanted.known is not None and wanted.known.identity:
        return wanted.known.identity
    return f"{wanted.resource.name}-{secrets.token_hex(digits)[:digits]}"
