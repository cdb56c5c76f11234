"""A database that was there before: nothing is made in it, the other layers are told where it is.

Roles, grants, publication and replica identity are its administrator's; ``make source-sql`` prints them and ``make doctor`` looks
whether they are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.source.contract import SourceEndpoint
from specification.services import Address

if TYPE_CHECKING:
    from settings.names import Names
    from settings.source import ExistingDatabase


class ExistingSource(pulumi.ComponentResource):
    """The captured database as somebody else runs it."""

    endpoint: SourceEndpoint

    def __init__(
        self, name: str, database: ExistingDatabase, names: Names, *, catalog: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Say where the database is.

        Args:
            name: Logical name.
            database: The server.
            names: The pipeline's names.
            catalog: Whether the Iceberg catalog lives there.
            opts: Parent and providers.
        """
        super().__init__("cdc:source:ExistingSource", name, None, opts)
        address = Address(host=database.host, port=database.port)
        self.endpoint = SourceEndpoint(
            inside=address,
            outside=address,
            connect_secret=database.secret,
            catalog_secret=database.catalog_secret if catalog else None,
            is_inside=False,
            catalog_password=None,
            ready=(),
        )
        self.register_outputs({"host": database.host, "database": names.database})
