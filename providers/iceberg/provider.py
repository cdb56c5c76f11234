"""The package ``iceberg``: configuration and resource type."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from providers.iceberg.catalog import Catalogs, sql_address
from providers.iceberg.table import TableOperations
from providers.operations import Operations, Plain, ProviderError, Quiet, Reporter
from stack.configs.secrecy import told
from stack.configs.tokens import ICEBERG_TABLE
from stack.problem import Problem
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

_CATALOG_TYPES: Final = ("sql", "glue")


def config_problems(config: Plain) -> list[Problem]:
    """Return every problem of the provider's inputs, except for unknown values.

    The inputs are catalogType, catalogName, warehouse, region, uri, username, password, endpoint, accessKeyId, secretAccessKey.
    """
    problems = [
        Problem(path=key, rule=f"is missing: {what}")
        for key, what in (
            ("catalogName", "the catalog's name, shared by writers and readers"),
            ("warehouse", "the location of the tables, such as s3://bucket/prefix"),
        )
        if not config.get(key)
    ]
    kind, uri = config.get("catalogType"), config.get("uri")
    if kind is not UNKNOWN and kind not in _CATALOG_TYPES:
        problems.append(Problem(path="catalogType", rule=f"{kind!r} is not one of {', '.join(_CATALOG_TYPES)}"))
    if kind == "sql" and uri is not UNKNOWN:
        parts = _address(uri)
        if parts is None or not parts.scheme:
            problems.append(
                Problem(
                    path="uri",
                    rule="is missing: a sql catalog needs the database's address, such as postgresql://host:5432/database",
                )
            )
        elif parts.password is not None:
            problems.append(Problem(path="uri", rule="must not hold a password", cure="set username and password"))
    if kind == "glue" and not config.get("region"):
        problems.append(Problem(path="region", rule="is missing: Glue is regional"))
    if (config.get("accessKeyId") is None) != (config.get("secretAccessKey") is None):
        problems.append(
            Problem(
                path="secretAccessKey",
                rule="accessKeyId and secretAccessKey go together",
                cure="set both, or neither to use AWS's default chain of credentials",
            )
        )
    return problems


def _address(uri: object) -> SplitResult | None:
    """Parse the address of a database; None for anything else, an IPv6 address or a port that is none included."""
    try:
        parts = urlsplit(sql_address(uri) if isinstance(uri, str) else "")
        port = parts.port
    except ValueError:
        return None
    return None if port == 0 else parts


def operations(config: Plain, reporter: Reporter | None = None, cancelled: threading.Event | None = None) -> dict[str, Operations]:
    """Return the operations by type token. Raises ProviderError for an invalid config."""
    problems = config_problems(config)
    if problems:
        raise ProviderError("\n".join(f"iceberg: {told(problem.path)} {problem.text}" for problem in problems))
    cancelled = cancelled or threading.Event()
    return {
        ICEBERG_TABLE: TableOperations(
            Catalogs(config, cancelled, reporter or Quiet()), cancelled, lower_case=config["catalogType"] == "glue"
        )
    }


class Iceberg:
    """The package as the gRPC adapter serves it."""

    name = "iceberg"
    resources: tuple[str, ...] = (ICEBERG_TABLE,)

    def config_problems(self, config: Plain) -> list[Problem]:
        """Return every problem of the provider's inputs."""
        return config_problems(config)

    def operations(self, config: Plain, reporter: Reporter, cancelled: threading.Event) -> Mapping[str, Operations]:
        """Return the operations by type token."""
        return operations(config, reporter, cancelled)
