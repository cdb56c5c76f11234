"""Operations of a table: created once, then only widened."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from providers.iceberg.catalog import REMOVAL_SECONDS
from providers.iceberg.evolution import Evolution, declared_again, evolution, shown
from providers.iceberg.rules import losses, table_problems
from providers.iceberg.schema import described, partition_spec, schema, type_named
from providers.operations import Adopting, Change, Plain, ProviderError, State, has_unknown, provider_wait
from providers.unreachable import UnreachableError, is_given_up
from providers.waiting import backoff
from stack.configs import seams
from stack.configs.secrecy import told
from stack.problem import Problem

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog
    from pyiceberg.table import Table

    from providers.iceberg.catalog import Catalogs

# The sink commits every few seconds; losing six races in a row indicates another problem
_COMMIT_TRIES: Final = 6


# Tables of a namespace are created in parallel, and two sessions that create the same namespace collide in the catalog
_NAMESPACES: Final = threading.Lock()


@dataclass(slots=True)
class TableOperations(Adopting):
    """Tables of one catalog.

    Attributes:
        catalogs: Access to the catalog.
        cancelled: Set when the engine cancels.
        lower_case: True for Glue, which like Athena accepts lower-case names only.
        learnt: Outputs that the catalog determines.
        steady: Outputs of these that no update changes.
    """

    catalogs: Catalogs
    cancelled: threading.Event
    lower_case: bool = False
    learnt: tuple[str, ...] = ("location", "tableUuid")
    steady: tuple[str, ...] = ("location", "tableUuid")

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """Check the declaration alone, then against the last one; no network."""
        problems = table_problems(inputs)
        if self.lower_case:
            problems += [
                Problem(path=key, rule=f"{inputs[key]!r} must be in lower case: Glue and Athena accept no other")
                for key in ("namespace", "name")
                if isinstance(inputs.get(key), str) and inputs[key] != inputs[key].lower()
            ]
        if problems or not previous or has_unknown(inputs) or table_problems(previous):
            return problems
        return losses(previous, inputs, old_is_complete=True)

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Return the changes of the declaration; no change replaces a table."""
        return shown(old, new)

    def create(self, inputs: Plain) -> State:
        """Create the table, or adopt the existing one and widen it as declared."""
        return self._converged(inputs, None)

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Widen the table. Raises ProviderError before any change if data would be lost."""
        _refuse(resource_id, losses({**old, "location": None}, new, old_is_complete=True))
        return self._converged(new, old)

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:  # noqa: ARG002 - the protocol's
        """Return the declaration updated from the live table; columns added by the sink are not drift."""
        try:
            live, learnt = self.catalogs.run(f"table {resource_id}", lambda catalog: self._described(catalog, resource_id))
        except UnreachableError:
            if is_given_up():
                return None
            raise
        if live is None:
            return None
        return State(resource_id, (declared_again(previous, live) if previous else live) | learnt)

    def delete(self, resource_id: str, old: Plain) -> None:
        """Drop the table with its files if ``deleteOnDestroy`` is set; otherwise leave it unchanged."""
        if old.get("deleteOnDestroy") is not True:
            self.catalogs.reporter.note(
                f"table {resource_id} stays in the catalog and its files stay at {old.get('location', 'their location')}, "
                "because deleteOnDestroy is false"
            )
            return
        try:
            self.catalogs.run(f"dropping table {resource_id}", lambda catalog: self._dropped(catalog, resource_id), REMOVAL_SECONDS)
        except UnreachableError:
            if not is_given_up():
                raise
            self.catalogs.reporter.note(
                f"table {resource_id}: its catalog does not answer; it is removed from the state only, and its files may remain"
            )

    def _described(self, catalog: Catalog, resource_id: str) -> tuple[Plain | None, Plain]:
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError  # noqa: PLC0415 - slow to load, and a preview does not need it

        try:
            table = catalog.load_table(resource_id)
        except (NoSuchTableError, NoSuchNamespaceError):
            return None, {}
        return described(table), _learnt(table)

    def _dropped(self, catalog: Catalog, resource_id: str) -> None:
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError  # noqa: PLC0415 - slow to load, and a preview does not need it

        try:
            catalog.purge_table(resource_id)
        except (NoSuchTableError, NoSuchNamespaceError):
            return
        except FileNotFoundError:
            catalog.drop_table(resource_id)
            self.catalogs.reporter.note(f"table {resource_id}: its metadata file was missing, so only the catalog's entry was removed")

    def _converged(self, inputs: Plain, old: Plain | None) -> State:
        resource_id = f"{inputs['namespace']}.{inputs['name']}"

        def converge(catalog: Catalog) -> State:
            table = self._created(catalog, resource_id, inputs)
            self._widened(table, inputs, old)
            return State(resource_id, inputs | _learnt(table))

        return self.catalogs.run(f"table {resource_id}", converge)

    def _created(self, catalog: Catalog, resource_id: str, inputs: Plain) -> Table:
        from pyiceberg import exceptions  # noqa: PLC0415 - slow to load, and a preview does not need it

        try:
            return catalog.load_table(resource_id)
        except (exceptions.NoSuchTableError, exceptions.NoSuchNamespaceError):
            pass
        with _NAMESPACES:
            if not catalog.namespace_exists(inputs["namespace"]):
                catalog.create_namespace_if_not_exists(inputs["namespace"])
        try:
            return catalog.create_table(
                resource_id,
                schema=schema(inputs["columns"]),
                location=inputs.get("location"),
                partition_spec=partition_spec(inputs["columns"], inputs.get("partitionBy") or []),
                properties=dict(inputs.get("properties") or {}),  # pyiceberg takes format-version out of it
            )
        except exceptions.TableAlreadyExistsError:
            return catalog.load_table(resource_id)

    def _widened(self, table: Table, inputs: Plain, old: Plain | None) -> None:
        """Commit the missing steps; after a conflicting commit of the sink, start over."""
        from pyiceberg.exceptions import CommitFailedException  # noqa: PLC0415 - slow to load, and a preview does not need it

        name, patience = ".".join(table.name()), provider_wait(60.0, self.cancelled, self.catalogs.reporter)
        for attempt in range(_COMMIT_TRIES):
            live = described(table)
            _refuse(name, losses(live, inputs, old_is_complete=False))
            steps = evolution(live, inputs, old)
            if not steps:
                return
            if seams.EPOCH in steps.properties_set:
                snapshot = table.current_snapshot()
                last = snapshot.snapshot_id if snapshot else None
                steps.properties_set |= seams.seam(steps.properties_set[seams.EPOCH], datetime.now(UTC).isoformat(timespec="seconds"), last)
            try:
                _commit(table, steps)
            except CommitFailedException:
                patience.pause(backoff(attempt), f"table {name}: another writer committed first")
                table.refresh()
            else:
                return
        message = f"table {name}: lost {_COMMIT_TRIES} commits in a row to another writer; run it again when that writer is less active"
        raise ProviderError(message)


def _commit(table: Table, steps: Evolution) -> None:
    with table.transaction() as transaction:
        if steps.upgraded:
            transaction.upgrade_table_version(2)
        with transaction.update_schema() as update:
            for column in steps.added:
                update.add_column(column["name"], type_named(column["type"]), doc=column.get("doc"))
            for name, type_name in steps.widened.items():
                update.update_column(name, field_type=type_named(type_name))
            for name in steps.relaxed:
                update.update_column(name, required=False)
            for name, doc in steps.documented.items():
                update.update_column(name, doc=doc)
        if steps.properties_removed:
            transaction.remove_properties(*steps.properties_removed)
        if steps.properties_set:
            transaction.set_properties(steps.properties_set)


def _refuse(name: str, problems: list[Problem]) -> None:
    if problems:
        raise ProviderError(
            "\n".join(
                [
                    f"table {name} cannot change to its declaration:",
                    *(f"  {told(problem.path)}: {problem.text}" for problem in problems),
                ]
            )
        )


def _learnt(table: Table) -> Plain:
    return {"location": table.location(), "tableUuid": str(table.metadata.table_uuid)}
