"""One verdict over one connector: spelling and meaning together, by its class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs.problems import first_per_key, problem
from configs.sink_rules import ICEBERG, S3, sink_problems
from configs.source_rules import source_problems
from configs.spelling import spelling_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from configs.keys import Kind
    from problem import Problem

DEBEZIUM = "io.debezium.connector.postgresql.PostgresConnector"
# The connectors whose keys are known.
KIND_BY_CLASS: Mapping[str, Kind] = {DEBEZIUM: "debezium", S3: "s3", ICEBERG: "iceberg"}


def connector_problems(config: Mapping[str, str]) -> list[Problem]:
    """Every problem of a connector's configuration, whichever connector it is.

    Args:
        config: The configuration as it is given to the worker.

    Returns:
        One problem per key and rule. A connector of another class cannot be judged, which is a problem of ``connector.class``.
    """
    kind = KIND_BY_CLASS.get(config.get("connector.class", ""))
    if kind is None:
        known = ", ".join(KIND_BY_CLASS)
        return [problem(config, "connector.class", "its keys are not known here, so nothing in it is judged", f"use one of {known}")]
    return first_per_key(spelling_problems(kind, config), source_problems(config) if kind == "debezium" else sink_problems(config))
