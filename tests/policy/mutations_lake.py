"""Grants of Lake Formation on the archive that are wider than named principals; and everyday grants beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from stack.configs.tokens import CONNECTOR
from stack.unknown import UNKNOWN
from tests.policy.mutations_reach import resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

GRANT, NATIVE = "aws:lakeformation/permissions:Permissions", "aws-native:lakeformation:PrincipalPermissions"
SETTINGS, NATIVE_SETTINGS = "aws:lakeformation/dataLakeSettings:DataLakeSettings", "aws-native:lakeformation:DataLakeSettings"
DATABASE = "aws:glue/catalogDatabase:CatalogDatabase"
ROLE = "arn:aws:iam::123456789012:role/analyst"
EVERYBODY = ("IAM_ALLOWED_PRINCIPALS", "iam_allowed_principals", "123456789012:IAMPrincipals", "*", "arn:aws:iam::123456789012:role/*")
BUCKET = "warehouse"
# Places of the archive, of the classic provider and of the native one.
ARCHIVE: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"table": {"databaseName": "archive", "wildcard": True}}, {"table": {"databaseName": "archive", "tableWildcard": {}}}),
    ({"table": {"databaseName": "archive", "name": "users"}}, {"table": {"databaseName": "archive", "name": "users"}}),
    (
        {"tableWithColumns": {"databaseName": "archive", "name": "users", "wildcard": True}},
        {"tableWithColumns": {"databaseName": "archive", "name": "users", "columnWildcard": {}}},
    ),
    ({"database": {"name": "archive"}}, {"database": {"name": "archive"}}),
    ({"database": {"name": UNKNOWN}}, {"database": {"name": UNKNOWN}}),
    ({"catalogResource": True}, {"catalog": {"id": "1"}}),
    ({"lfTagPolicy": {"resourceType": "TABLE", "expressions": []}}, {"lfTagPolicy": {"resourceType": "TABLE"}}),
    ({"dataLocation": {"arn": f"arn:aws:s3:::{BUCKET}"}}, {"dataLocation": {"resourceArn": f"arn:aws:s3:::{BUCKET}/topics"}}),
)
ELSEWHERE: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({"table": {"databaseName": "marketing", "wildcard": True}}, {"table": {"databaseName": "marketing", "tableWildcard": {}}}),
    ({"database": {"name": "marketing"}}, {"database": {"name": "marketing"}}),
    ({"dataLocation": {"arn": "arn:aws:s3:::marketing"}}, {"dataLocation": {"resourceArn": "arn:aws:s3:::marketing"}}),
)


def grants(principal: Any, place: tuple[dict[str, Any], dict[str, Any]], permissions: list[str], **more: Any) -> Iterator[Declared]:
    """Yield a grant by both providers."""
    yield resource(GRANT, principal=principal, permissions=permissions, **place[0], **more)
    native = {"permissionsWithGrantOption": more["permissionsWithGrantOptions"]} if more else {}
    yield resource(NATIVE, principal={"dataLakePrincipalIdentifier": principal}, resource=place[1], permissions=permissions, **native)


def defaults(principal: Any, permissions: list[str]) -> Iterator[Declared]:
    """Yield what new databases and tables give to a principal, by both providers."""
    for key in ("createDatabaseDefaultPermissions", "createTableDefaultPermissions"):
        yield resource(SETTINGS, admins=[ROLE], **{key: [{"permissions": permissions, "principal": principal}]})
        native = [{"permissions": permissions, "principal": {"dataLakePrincipalIdentifier": principal}}]
        yield resource(NATIVE_SETTINGS, admins=[{"dataLakePrincipalIdentifier": ROLE}], **{key: native})


def database(name: str, principal: str, **more: Any) -> Declared:
    """Return a database of Glue with what its new tables give."""
    given = [{"permissions": ["ALL"], "principal": {"dataLakePrincipalIdentifier": principal}}]
    return resource(DATABASE, name=name, createTableDefaultPermissions=given, **more)


def wide() -> Iterator[Declared]:
    """Yield grants on the archive to everybody, of everything, or to give on."""
    for principal, place in itertools.product(EVERYBODY, ARCHIVE):
        yield from grants(principal, place, ["SELECT", "DESCRIBE"])
    for place in ARCHIVE:
        yield from grants(ROLE, place, ["ALL"])
    for place in (ARCHIVE[0], *ARCHIVE[3:]):
        yield from grants(ROLE, place, ["SELECT"], permissionsWithGrantOptions=["SELECT"])
    for principal in EVERYBODY[:2]:
        yield from defaults(principal, ["ALL"])
        yield database("archive", principal)
        yield database("lake", principal, locationUri=f"s3://{BUCKET}/topics")
    yield resource(SETTINGS, admins=["IAM_ALLOWED_PRINCIPALS"])


def everyday() -> Iterator[Declared]:
    """Yield grants to named principals, and those on other databases."""
    for principal, place in itertools.product((ROLE, UNKNOWN, "210987654321"), ARCHIVE):
        yield from grants(principal, place, ["SELECT", "DESCRIBE"])
    yield from grants(ROLE, ARCHIVE[0], ["SELECT", "INSERT", "DELETE", "ALTER", "DESCRIBE"])
    yield from grants(ROLE, ARCHIVE[1], ["SELECT"], permissionsWithGrantOptions=["SELECT"])
    for principal, place in itertools.product((*EVERYBODY, ROLE), ELSEWHERE):
        yield from grants(principal, place, ["ALL"])
    yield from defaults(ROLE, ["SELECT"])
    yield from defaults("IAM_ALLOWED_PRINCIPALS", [])
    yield resource(SETTINGS, admins=[ROLE, UNKNOWN], createTableDefaultPermissions=[])
    yield database("marketing", "IAM_ALLOWED_PRINCIPALS", locationUri="s3://marketing/")
    yield resource(DATABASE, name="archive", createTableDefaultPermissions=[])


def lake(bench: Workbench, step: int = 1) -> Iterator[Made]:
    """Yield them beside a stack whose archive is in Glue, and the wide ones beside one whose archive is not."""
    in_glue = any(one.type == CONNECTOR and "GlueCatalog" in str(one.inputs) for one in bench.with_more())
    step = step if in_glue else 4 * step
    for at, one in enumerate([*wide()][::step]):
        yield f"lake: wide {at}", "iam-exact" if in_glue else None, bench.with_more(one)
    for at, one in enumerate([*everyday()][::step]):
        yield f"lake: everyday {at}", None, bench.with_more(one)


def some(bench: Workbench) -> Iterator[Made]:
    """Yield some of them."""
    yield from lake(bench, 5)
