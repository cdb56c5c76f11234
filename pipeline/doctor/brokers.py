"""Checks of an existing Kafka cluster: login from this shell, number of brokers."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import Refused, failure, fine
from providers.kafkaconnect.librdkafka import PASSWORD_VARIABLE, USER_VARIABLE
from providers.kafkaconnect.readiness import NotReadyError, ask

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from stack.settings.streaming import ExistingKafka

# Limit for the whole request: name resolution, TLS, login, answer
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to one metadata request.

    Attributes:
        brokers: Number of brokers of the cluster.
        problem: Reason why the request failed; empty otherwise.
    """

    brokers: int
    problem: str = ""


def look_at_login() -> str | Refused:
    """Read the Kafka user from this shell's variables, or report the missing ones."""
    missing = [name for name in (USER_VARIABLE, PASSWORD_VARIABLE) if not os.environ.get(name)]
    if missing:
        cure = f"export {USER_VARIABLE}=<user>\nread -rs {PASSWORD_VARIABLE} && export {PASSWORD_VARIABLE}"
        return Refused(f"not in the environment: {' and '.join(missing)}; the program logs in to create topics", cure)
    return os.environ[USER_VARIABLE]


def login(user: str, mechanism: str) -> Finding:
    """Report the user."""
    return fine(f"{user}, by {mechanism}")


def look(external: ExistingKafka, user: str | Refused) -> Answer | Refused:
    """Request the cluster's brokers once, from the first server that answers.

    Args:
        external: The cluster.
        user: User that logs in; empty for a cluster without login.
    """
    if isinstance(user, Refused):
        return user
    try:
        metadata = ask(",".join(external.bootstrap_servers), {"protocol": external.protocol, "mechanism": external.mechanism}, _SECONDS)
    except NotReadyError as error:
        return Answer(0, str(error))
    return Answer(len(metadata.brokers))


def brokers(answer: Answer, external: ExistingKafka, stack: str) -> Finding:
    """Check whether the cluster answers with at least as many brokers as the stack declares.

    Args:
        answer: Answer of the cluster.
        external: Settings of the cluster in the stack.
        stack: Name of the stack, for the cure.
    """
    setting = f"streaming.kafka.external in Pulumi.{stack}.yaml"
    if answer.problem:
        suspects = "user and password, which Kafka refuses without a message; protocol and mechanism" if external.logs_in else "protocol"
        return failure(answer.problem, f"check the route from here (VPN, security groups), {suspects}; bootstrapServers: {setting}")
    if answer.brokers < external.brokers:
        return failure(
            f"the cluster has {answer.brokers} brokers and the stack declares {external.brokers}: 'up' would wait for the others",
            f"correct brokers: {setting}",
        )
    return fine(f"{answer.brokers} brokers")
