"""The database as the other layers see it, whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pulumi

    from specification.services import Address


@dataclass(frozen=True, kw_only=True)
class SourceEndpoint:
    """Addresses, and references to secrets.

    Attributes:
        inside: Where the worker reaches it.
        outside: Where the program reaches it.
        connect_secret: Secret with ``username``, ``password`` and ``ca.crt`` of the role that Debezium uses.
        catalog_secret: The same for the catalog's role, or None.
        is_inside: Whether the database lives in the pipeline's namespace and ends with it.
        catalog_password: Password of the catalog's role, for the program's own use; None where there is no catalog, or where the
            program takes it from its environment.
        ready: What must be there before anyone can use it.
    """

    inside: Address
    outside: Address
    connect_secret: str
    catalog_secret: str | None
    is_inside: bool
    catalog_password: pulumi.Output[str] | None
    ready: tuple[pulumi.Resource, ...]
