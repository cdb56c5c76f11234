"""Grants of AWS Lake Formation on what an archive holds: to named principals, and of listed permissions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policy.buckets import written_buckets
from policy.iam_documents import is_wild
from stack.configs.classes import ICEBERG_SINKS
from stack.configs.rules import listed
from stack.configs.tokens import CONNECTOR
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_GRANTS = {
    "aws:lakeformation/permissions:Permissions",
    "aws-native:lakeformation:Permissions",
    "aws-native:lakeformation:PrincipalPermissions",
}
_SETTINGS = {"aws:lakeformation/dataLakeSettings:DataLakeSettings", "aws-native:lakeformation:DataLakeSettings"}
_DATABASES = {"aws:glue/catalogDatabase:CatalogDatabase", "aws-native:glue:Database"}
_TABLES = {"aws:glue/catalogTable:CatalogTable", "aws-native:glue:Table"}
# Principals that are everybody with rights of IAM, in all accounts or in one.
_EVERYBODY = re.compile(r"IAM_ALLOWED_PRINCIPALS|IAMAllowedPrincipals|EVERYONE|(?:\d{12}:)?IAMPrincipals|.*:root", re.IGNORECASE)
_WHOLE = {"ALL", "SUPER", "SUPER_USER"}
_DEFAULTS = ("createDatabaseDefaultPermissions", "createTableDefaultPermissions")
_NAME = "name the role or user that needs it, or leave it out"


@dataclass(frozen=True, slots=True)
class _Held:
    """What the archives of a stack hold: databases of Glue, and buckets."""

    databases: frozenset[str]
    buckets: frozenset[str]

    def has(self, database: object) -> bool:
        """Return whether a database is, or may be, one of an archive."""
        return bool(self.databases) and (not isinstance(database, str) or database.lower() in self.databases)


def granted(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the grants on what the stack's archives hold that are wider than named principals and listed permissions."""
    resources = [one for one in record.resources.values() if one.type in _GRANTS | _SETTINGS | _DATABASES]
    held = _held(record) if resources else _Held(frozenset(), frozenset())
    for resource in resources:
        check = _of_grant if resource.type in _GRANTS else _by_default
        yield from ((resource, problem) for problem in check(resource, held))


def held_databases(record: Record) -> frozenset[str]:
    """Return the databases of Glue that hold an archive."""
    return record.once("databases of archives", lambda: _held(record).databases)


def _held(record: Record) -> _Held:
    buckets, databases = written_buckets(record), set[str]()
    for connector in record.of_type(CONNECTOR):
        config = connector.inputs.get("config")
        if isinstance(config, Mapping) and config.get("connector.class") in ICEBERG_SINKS and _is_in_glue(config):
            tables = listed({"iceberg.tables": str(config.get("iceberg.tables") or "")}, "iceberg.tables")
            databases |= {table.partition(".")[0].lower() for table in tables}
    for resource in record.resources.values():
        if resource.type in _DATABASES | _TABLES and _bucket_of(_location(resource.inputs)) in buckets:
            databases.add(_database_of(resource).lower())
    return _Held(frozenset(databases), frozenset(buckets))


def _is_in_glue(config: Mapping[str, Any]) -> bool:
    return any("glue" in str(config.get(f"iceberg.catalog.{key}")).lower() for key in ("catalog-impl", "type"))


def _location(inputs: Mapping[str, Any]) -> str:
    """Return where the files of a database or a table of Glue stand."""
    inner = inputs.get("databaseInput") or inputs.get("tableInput") or inputs
    storage = inner.get("storageDescriptor") if isinstance(inner, Mapping) else None
    places = (
        inner.get("locationUri") if isinstance(inner, Mapping) else None,
        storage.get("location") if isinstance(storage, Mapping) else None,
    )
    return next((str(one) for one in places if one), "")


def _bucket_of(location: str) -> str:
    return location.rpartition("://")[2].partition("/")[0] if "://" in location else location.rpartition(":::")[2].partition("/")[0]


def _database_of(resource: Declared) -> str:
    inner = resource.inputs.get("databaseInput")
    name = resource.inputs.get("databaseName") or (inner.get("name") if isinstance(inner, Mapping) else resource.inputs.get("name"))
    return name if isinstance(name, str) else resource.name


def _of_grant(resource: Declared, held: _Held) -> Iterator[Problem]:
    inputs = resource.inputs
    place = inputs.get("resource")
    places: Mapping[str, Any] = place if isinstance(place, Mapping) else inputs
    if not _reaches(places, held):
        return
    yield from _principal(inputs.get("principal", inputs.get("dataLakePrincipal")))
    whole = [one for one in _texts(inputs.get("permissions")) if one.upper() in _WHOLE]
    if whole:
        yield Problem(
            key="permissions",
            value=repr(whole[0]),
            rule="grants every right on what the archive holds",
            cure="list the required permissions",
        )
    given = _texts(inputs.get("permissionsWithGrantOptions")) + _texts(inputs.get("permissionsWithGrantOption"))
    if given and not _is_one_table(places):
        yield Problem(
            key="permissionsWithGrantOptions",
            value=repr(", ".join(given)),
            rule="may be given on to anybody, on more than one table of the archive",
            cure="remove it, or name one table",
        )


def _by_default(resource: Declared, held: _Held) -> Iterator[Problem]:
    """Check what everybody gets on each new database or table, and who administers the lake."""
    inputs = resource.inputs
    if resource.type in _DATABASES:
        inner = inputs.get("databaseInput")
        inputs = inner if isinstance(inner, Mapping) else inputs
        if not held.has(_database_of(resource)):
            return
    elif not held.databases:
        return
    for key in (*_DEFAULTS, "createTableDefaultPermission"):
        found = inputs.get(key) or []
        for one in found if isinstance(found, (list, tuple)) else [found]:
            rights = one.get("permissions") if isinstance(one, Mapping) else None
            if not isinstance(one, Mapping) or rights or isinstance(rights, Unknown):
                yield from _principal(one.get("principal") if isinstance(one, Mapping) else one, key)
    for key in ("admins", "readOnlyAdmins") if resource.type in _SETTINGS else ():
        found = inputs.get(key) or []
        for one in found if isinstance(found, (list, tuple)) else ():
            yield from _principal(one, key)


def _principal(said: object, key: str = "principal") -> Iterator[Problem]:
    """Check one principal; an ARN that only a deployment tells is that of a named role or user."""
    name = said.get("dataLakePrincipalIdentifier") if isinstance(said, Mapping) else said
    if isinstance(name, str) and (_EVERYBODY.fullmatch(name) or is_wild(name)):
        yield Problem(key=key, value=repr(name), rule="grants what the archive holds to everybody who has rights of IAM", cure=_NAME)


def _reaches(places: Mapping[str, Any], held: _Held) -> bool:
    """Return whether a grant is, or may be, on what an archive holds."""
    for key, said in places.items():
        kind = key.removesuffix("Resource").lower()
        inner: Mapping[str, Any] = said if isinstance(said, Mapping) else {}
        if not said:
            continue
        if kind in {"catalog", "lftag", "lftagpolicy"} and held.databases:
            return True  # which tables have a tag is not seen
        if kind == "database" and held.has(inner.get("name")):
            return True
        if kind in {"table", "tablewithcolumns", "datacellsfilter"} and held.has(inner.get("databaseName")):
            return True
        arn = inner.get("arn") or inner.get("resourceArn") or inner.get("s3Resource")
        if kind == "datalocation" and held.buckets and (not isinstance(arn, str) or is_wild(arn) or _bucket_of(arn) in held.buckets):
            return True
    return False


def _is_one_table(places: Mapping[str, Any]) -> bool:
    """Return whether a grant names one table."""
    for key in ("table", "tableResource", "tableWithColumns", "tableWithColumnsResource", "dataCellsFilter"):
        said = places.get(key)
        if isinstance(said, Mapping) and said:
            name = said.get("name") or said.get("tableName")
            wild = said.get("wildcard") is True or said.get("tableWildcard") is not None
            return not (key.startswith("table") and "Columns" not in key and wild) and name not in (None, "", "*", "ALL_TABLES")
    return False


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, (list, tuple)) else [] if value is None else [str(value)]
