"""All checks of one connector, chosen by its class: spelling and rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.allowed import declared_problems
from stack.configs.classes import DEBEZIUM, GUARDED_DEBEZIUM, ICEBERG_SINKS, S3_SINK
from stack.configs.problems import first_per_key, problem
from stack.configs.sink_rules import sink_problems
from stack.configs.source_rules import source_problems
from stack.configs.spelling import spelling_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.configs.keys import Kind
    from stack.problem import Problem

# Connectors with known keys.
KIND_BY_CLASS: Mapping[str, Kind] = {
    GUARDED_DEBEZIUM: "debezium",
    DEBEZIUM: "debezium",
    S3_SINK: "s3",
    **dict.fromkeys(ICEBERG_SINKS, "iceberg"),
}


def connector_problems(config: Mapping[str, str]) -> list[Problem]:
    """Check the configuration of any connector.

    Args:
        config: The configuration as the worker receives it.

    Returns:
        One problem per key and rule. A connector of an unknown class cannot be checked, which is a problem of ``connector.class``.
    """
    kind = KIND_BY_CLASS.get(config.get("connector.class", ""))
    if kind is None:
        known = ", ".join(KIND_BY_CLASS)
        return [
            problem(
                config,
                "connector.class",
                "the keys of this connector are unknown, so its configuration cannot be checked",
                f"use one of {known}",
            )
        ]
    rules = source_problems(config) if kind == "debezium" else sink_problems(config)
    return first_per_key(spelling_problems(kind, config), rules, declared_problems(kind, config))
