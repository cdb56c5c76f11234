"""Rules for parameters that are set for the sessions of a role or of a database, beside those of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.keys import in_lower_case
from stack.configs.postgres_allowed import parameter_problems
from stack.configs.postgres_rules import postgres_problems
from stack.configs.problems import first_per_key, problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.problem import Problem

# Contexts of parameters that PostgreSQL refuses to set for a role or a database (guc.c, seen on PostgreSQL 15).
_OF_SERVER = {"backend", "internal", "postmaster", "sighup", "superuser-backend"}
# Parameters with which any role harms the rows, the server or its log, and not only its own sessions.
_REACHING = {
    *("allow_system_table_mods", "event_triggers", "ignore_checksum_failure", "password_encryption", "session_replication_role"),
    *("synchronous_commit", "temp_file_limit", "zero_damaged_pages", "debug_print_parse", "debug_print_plan", "debug_print_rewritten"),
    *("log_executor_stats", "log_min_duration_statement", "log_min_messages", "log_parser_stats", "log_planner_stats", "log_statement"),
    "log_statement_stats",
}


def of_sessions(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return the parameters that PostgreSQL lets a role or a database have."""
    keys = in_lower_case("postgresql")
    return {name: value for name, value in parameters.items() if name in keys and keys[name].context not in _OF_SERVER}


def session_problems(parameters: Mapping[str, str], *, of_pipeline: bool, of_own_server: bool) -> list[Problem]:
    """Check parameters that are set for the sessions of a role or a database.

    Args:
        parameters: Names in lower case, and values as written.
        of_pipeline: Whether the pipeline's own sessions, or everybody's, have them; the timeouts and the search path of another role
            have no effect on the pipeline.
        of_own_server: Whether the server is the program's own, whose further parameters are compared with a list of harmless ones.

    Returns:
        One problem per parameter. Memory is not checked here.
    """
    known = of_sessions(parameters)
    beyond = [
        problem(
            parameters,
            name,
            "belongs to the whole server, and PostgreSQL refuses to set it for a role or a database",
            "remove it, and set it in the server's own configuration (source.parameters)",
        )
        for name in parameters
        if name in in_lower_case("postgresql") and name not in known
    ]
    found = first_per_key(
        [one for one in postgres_problems(known) if one.key in known],
        parameter_problems({name: value for name, value in known.items() if of_own_server or name in _REACHING}),
    )
    return [*beyond, *(one for one in found if of_pipeline or one.key in _REACHING)]
