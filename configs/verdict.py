"""One verdict over one connector: spelling and meaning together, by its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs.message import key_of, told
from configs.sink_rules import ICEBERG, S3, sink_problems
from configs.source_rules import source_problems
from configs.spelling import spelling_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from configs.keys import Kind

DEBEZIUM = "io.debezium.connector.postgresql.PostgresConnector"
KIND_BY_CLASS: Mapping[str, Kind] = {DEBEZIUM: "debezium", S3: "s3", ICEBERG: "iceberg"}
"""The connectors whose keys are known."""


def connector_problems(config: Mapping[str, str]) -> list[str]:
    """Every problem of a connector's configuration, whichever connector it is.

    Args:
        config: The configuration as it is given to the worker.

    Returns:
        One sentence for each problem: the key, the value unless it is a secret, the rule and the cure. A connector of another class is
        told as one that cannot be judged.
    """
    kind = KIND_BY_CLASS.get(config.get("connector.class", ""))
    if kind is None:
        known = ", ".join(KIND_BY_CLASS)
        return [told(config, "connector.class", f"its keys are not known here, so nothing in it is judged; use one of {known}")]
    return once(spelling_problems(kind, config), source_problems(config) if kind == "debezium" else sink_problems(config))


def once(*found: Iterable[str]) -> list[str]:
    """Problems of several checks; what one check has said about a key, later ones do not say again."""
    kept: list[str] = []
    said: set[str] = set()
    for problems in found:
        fresh = [problem for problem in problems if key_of(problem).lower() not in said]
        said |= {key_of(problem).lower() for problem in fresh}
        kept += fresh
    return kept
