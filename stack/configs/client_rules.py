"""Rules for the timeouts of one Kafka client that must fit each other: the client does not start with any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.problems import problem
from stack.configs.rules import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.problem import Problem

# Kafka's defaults in milliseconds.
_WORKER_SESSION, _CONSUMER_SESSION, _HEARTBEAT = 10_000, 45_000, 3_000
_REQUEST, _LINGER = 30_000, 5


def client_problems(config: Mapping[str, str], *, groups: tuple[str, ...], producers: tuple[str, ...]) -> list[Problem]:
    """Check the timeouts of the clients in a configuration.

    Args:
        config: The configuration of a connector or of the worker.
        groups: Prefixes of the members of a group; the empty one is the worker itself.
        producers: Prefixes of the producers.

    Returns:
        One problem per client and rule.
    """
    problems = []
    for prefix in groups:
        beat, session = f"{prefix}heartbeat.interval.ms", f"{prefix}session.timeout.ms"
        every = number(config, beat, _HEARTBEAT)
        lasts = number(config, session, _CONSUMER_SESSION if prefix else _WORKER_SESSION)
        if every >= lasts:
            key = beat if beat in config else session
            rule = f"a member of the group must beat (every {every} ms) before its session ends ({lasts} ms), or it does not start"
            problems.append(problem(config, key, rule, f"set {beat} to {lasts // 3} or less"))
    for prefix in producers:
        key = f"{prefix}delivery.timeout.ms"
        least = number(config, f"{prefix}request.timeout.ms", _REQUEST) + number(config, f"{prefix}linger.ms", _LINGER)
        if key in config and number(config, key, least) < least:
            rule = f"a delivery must last as long as lingering and one request together ({least} ms), or the producer does not start"
            problems.append(problem(config, key, rule, f"set {least} or more"))
    return problems
