"""Archived tables by their metadata alone: schema, snapshots and manifests, without Arrow and DuckDB, which take ten times the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyiceberg.catalog.noop import NoopCatalog
from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import Table

from pipeline.reading.locations import Glue, Jdbc
from pipeline.reading.objects import Objects
from pipeline.reading.signed import SignedRequests

if TYPE_CHECKING:
    from collections.abc import Mapping


class Metadata:
    """Tables of an archive, of which a further look reads only what has changed.

    Args:
        outputs: The stack's outputs: ``reader``, and ``catalog`` where the tables are in a JDBC catalog.
    """

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        """Connect lazily; nothing is read yet."""
        reader, catalog = outputs["reader"], outputs.get("catalog")
        requests = SignedRequests(reader)
        self._store = Objects(requests, reader["endpoint"])
        self._places = Glue(requests) if catalog is None else Jdbc(catalog, reader["catalog"])
        self._namespace, self._catalog = str(reader["namespace"]), NoopCatalog(str(reader["catalog"]))
        self._known: dict[str, Table] = {}

    def table(self, name: str) -> Table:
        """Return the Iceberg table of a source table as it is now.

        Raises:
            NoSuchTableError: If the catalog has none.
            Exception: What catalog and store raise, each with its own.
        """
        place, known = self._places.of(self._namespace, name), self._known.get(name)
        if place is None:
            message = f"the catalog has no table {self._namespace}.{name}"
            raise NoSuchTableError(message)
        # a file of metadata never changes
        if known is None or known.metadata_location != place:
            metadata = FromInputFile.table_metadata(self._store.new_input(place))
            known = self._known[name] = Table((self._namespace, name), metadata, place, self._store, self._catalog)
        return known
