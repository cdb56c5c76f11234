"""Lossless steps from the existing table to the declared one, and the changes that the CLI shows; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.differences import differences, step
from providers.iceberg.columns import same_type, widens
from providers.iceberg.rules import by_name
from providers.operations import Change, Plain
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class Evolution:
    """Steps that change a table; all empty when it is as declared.

    Attributes:
        added: New columns.
        widened: Column to its wider type.
        relaxed: Columns that become nullable.
        documented: Column to its new documentation.
        properties_set: Table property to its new value.
        properties_removed: Table properties to remove.
        upgraded: True for the upgrade from format version 1 to 2, the only one.
    """

    added: list[Plain] = field(default_factory=list)
    widened: dict[str, str] = field(default_factory=dict)
    relaxed: list[str] = field(default_factory=list)
    documented: dict[str, str] = field(default_factory=dict)
    properties_set: dict[str, str] = field(default_factory=dict)
    properties_removed: list[str] = field(default_factory=list)
    upgraded: bool = False

    def __bool__(self) -> bool:
        """Tell whether there are any steps."""
        return bool(
            self.added or self.widened or self.relaxed or self.documented or self.properties_set or self.properties_removed or self.upgraded
        )


def evolution(live: Plain, wanted: Plain, before: Plain | None = None) -> Evolution:
    """Return the steps from the live table to ``wanted``; properties found only in ``before``, the last declaration, are removed.

    Undeclared columns and wider types of the live table come from the sink's own schema evolution and stay.
    """
    steps, columns = Evolution(), by_name(live["columns"])
    for column in wanted["columns"]:
        there = columns.get(column["name"])
        if there is None:
            steps.added.append(column)
            continue
        if widens(there["type"], column["type"]):
            steps.widened[column["name"]] = column["type"]
        if there.get("required") and not column.get("required"):
            steps.relaxed.append(column["name"])
        if column.get("doc") is not None and column["doc"] != there.get("doc"):
            steps.documented[column["name"]] = column["doc"]
    declared, there = dict(wanted.get("properties") or {}), live.get("properties") or {}
    version = declared.pop("format-version", None)
    if version is not None and version > there.get("format-version", version):
        steps.upgraded = True
    steps.properties_set = {key: value for key, value in declared.items() if there.get(key) != value}
    once = (before or {}).get("properties") or {}
    steps.properties_removed = sorted(key for key in once if key not in declared and key in there and key != "format-version")
    return steps


def shown(old: Plain, new: Plain) -> list[Change]:
    """Return the changes between two declarations; the order of columns and an omitted location do not count."""
    changes = [
        change
        for key, empty in (
            ("namespace", ""),
            ("name", ""),
            ("partitionBy", []),
            ("properties", {}),
            ("deleteOnDestroy", False),
        )
        for change in differences(old.get(key) or empty, new.get(key) or empty, key)
    ]
    if new.get("location") is not None and str(new["location"]).rstrip("/") != str(old.get("location")).rstrip("/"):
        changes.append(Change("location", "update"))
    if new.get("columns") is UNKNOWN:
        return [*changes, Change("columns", "update")]
    return [*changes, *_columns_shown(by_name(old.get("columns") or []), new["columns"])]


def declared_again(declared: Plain, live: Plain) -> Plain:
    """Update the declaration from the live table, in its own form, so that an unchanged table shows no drift."""
    columns, properties = by_name(live["columns"]), live.get("properties") or {}
    again = dict(declared)
    again["columns"] = [_again(column, columns[column["name"]]) for column in declared.get("columns", []) if column["name"] in columns]
    if (declared.get("partitionBy") or []) != live["partitionBy"]:
        again["partitionBy"] = live["partitionBy"]
    if "properties" in declared:
        again["properties"] = {key: properties[key] for key in declared["properties"] if key in properties}
    return again


def _again(declared: Plain, live: Plain) -> Plain:
    again = dict(declared)
    if not same_type(declared["type"], live["type"]) and not widens(declared["type"], live["type"]):
        again["type"] = live["type"]
    if bool(declared.get("required")) != bool(live.get("required")):
        again["required"] = bool(live.get("required"))
    if declared.get("doc") is not None and declared["doc"] != live.get("doc"):
        again["doc"] = live.get("doc")
    return again


def _columns_shown(before: dict[str, Plain], columns: list[Plain]) -> Iterator[Change]:
    for index, column in enumerate(columns):
        path, old = step("columns", index), before.get(column["name"])
        if old is None:
            yield Change(path, "add")
            continue
        if not same_type(old["type"], column["type"]):
            yield Change(step(path, "type"), "update")
        if bool(old.get("required")) != bool(column.get("required")):
            yield Change(step(path, "required"), "update")
        if (old.get("doc") or None) != (column.get("doc") or None):
            yield Change(step(path, "doc"), "update")
    kept = by_name(columns)
    yield from (Change("columns", "update") for name in before if name not in kept)
