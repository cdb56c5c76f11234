"""Judgement of the role and the database of an Iceberg catalog in an existing server, with the SQL that cures them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.check import failure, fine, unseen
from stack.specification.source import catalog_sql

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.existing_database.facts import Database
    from pipeline.existing_database.target import Target


def catalog(seen: Database, target: Target) -> Finding:
    """Check whether the role and the database exist, and the role owns the database."""
    names, there = target.names, seen.catalog
    if there is None:
        return unseen("not checked: the catalog is elsewhere")
    wrong, cure = [], []
    if not there.role:
        wrong.append(f"the role {names.catalog_role} does not exist")
        cure += [catalog_sql.create_role(names), f"\\password {names.catalog_role}"]
    elif not there.login:
        wrong.append(f"{names.catalog_role} may not log in")
        cure.append(catalog_sql.allow_login(names))
    # the administrator may be no superuser; for a superuser the membership changes nothing
    member = catalog_sql.join_role(names)
    if not there.owner:
        wrong.append(f"the database {names.catalog_database} does not exist")
        cure += [member, catalog_sql.create_database(names), catalog_sql.keep_out(names)]
    elif there.owner != names.catalog_role:
        wrong.append(f"{names.catalog_database} belongs to {there.owner} instead of {names.catalog_role}")
        cure += [member, catalog_sql.own_database(names)]
    if there.role and there.owner and not there.connects:
        wrong.append(f"{names.catalog_role} lacks CONNECT on {names.catalog_database}")
        cure.append(catalog_sql.allow_connect(names))
    if wrong:
        return failure("; ".join(wrong), "\n".join(cure))
    return fine(f"{names.catalog_role} owns {names.catalog_database} and may log in")
