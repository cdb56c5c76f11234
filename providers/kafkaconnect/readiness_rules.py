"""Rules for the inputs of the readiness gate; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.configs.ports import is_port
from stack.problem import Problem
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from providers.operations import Plain

DEFAULT_TIMEOUT: Final = 300
_PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


def gate_problems(inputs: Plain, previous: Plain | None) -> list[Problem]:
    """Return every problem of the gate's inputs, alone and compared with the last ones."""
    problems = list(server_problems(inputs.get("bootstrapServers")))
    for key, least in (("brokers", 1), ("timeoutSeconds", 1)):
        value = inputs.get(key, DEFAULT_TIMEOUT if key == "timeoutSeconds" else None)
        if value is not UNKNOWN and (not isinstance(value, int) or isinstance(value, bool) or value < least):
            problems.append(Problem(path=key, rule=f"{value!r} is not a whole number from {least}"))
    if inputs.get("rollout") is not UNKNOWN and not isinstance(inputs.get("rollout"), str):
        problems.append(Problem(path="rollout", rule="must be a string that changes with every rollout of the brokers"))
    problems += security_problems(inputs.get("security"))
    problems += _earlier_epoch(inputs.get("epoch", 1), (previous or {}).get("epoch", 1))
    return [*problems, *_fewer_partitions(inputs.get("partitions"), (previous or {}).get("partitions"))]


def server_problems(servers: object) -> Iterator[Problem]:
    """Yield the problems of a list of bootstrap servers."""
    if servers is UNKNOWN:
        return
    if not isinstance(servers, list) or not servers:
        yield Problem(path="bootstrapServers", rule="needs at least one host:port")
        return
    for index, server in enumerate(servers):
        if server is not UNKNOWN and not _is_address(server):
            yield Problem(path=f"bootstrapServers[{index}]", rule=f"{server!r} is not host:port")


def security_problems(security: object) -> Iterator[Problem]:
    """Yield the problems of protocol and mechanism."""
    if security is None or security is UNKNOWN:
        return
    if not isinstance(security, dict):
        yield Problem(path="security", rule="must be a map with protocol and mechanism")
        return
    protocol, mechanism = security.get("protocol", "PLAINTEXT"), security.get("mechanism")
    if protocol is not UNKNOWN and protocol not in _PROTOCOLS:
        yield Problem(path="security.protocol", rule=f"{protocol!r} is not one of {', '.join(_PROTOCOLS)}")
    elif str(protocol).startswith("SASL") and mechanism is not UNKNOWN and not (isinstance(mechanism, str) and mechanism):
        yield Problem(path="security.mechanism", rule=f"is missing: {protocol} logs in, for instance by SCRAM-SHA-512")


def _earlier_epoch(wanted: object, had: object) -> Iterator[Problem]:
    """Refuse an earlier epoch: its names stand for a history that has ended, and readers take the rows of the highest one only."""
    if wanted is UNKNOWN:
        return
    if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
        yield Problem(path="epoch", rule=f"{wanted!r} is not a whole number from 1")
    elif isinstance(had, int) and wanted < had:
        yield Problem(
            path="epoch",
            rule=f"{wanted} is lower than {had}: new rows would count as older than those of epoch {had}, and its slot would stay",
            cure=f"set streaming.epoch to {had}, or to {had + 1} for a new history",
        )


def _fewer_partitions(wanted: object, had: object) -> Iterator[Problem]:
    """Refuse fewer partitions: Kafka only adds some, so Pulumi's Kafka provider would delete the topic with its rows and create another."""
    if not isinstance(wanted, dict) or not isinstance(had, dict):
        return
    for topic, count in wanted.items():
        before = had.get(topic)
        if isinstance(count, int) and isinstance(before, int) and count < before:
            yield Problem(
                path=f'partitions["{topic}"]',
                rule=f"{count} partitions are fewer than the existing {before}, and Kafka removes none: the topic would be deleted with "
                "every row in it and created again",
                cure=f"keep {before}, or send the changes to topics with another name (names.topicPrefix)",
            )


def _is_address(server: object) -> bool:
    host, colon, port = server.rpartition(":") if isinstance(server, str) else ("", "", "")
    return bool(host and colon) and is_port(port)
