"""A Kafka cluster that was there before: whether this shell can log in to it, and how many brokers it has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from checks.check import Refused, failure, fine
from providers.kafkaconnect.readiness import PASSWORD_VARIABLE, USER_VARIABLE, NotReadyError, ask

if TYPE_CHECKING:
    from checks.check import Finding
    from settings.streaming import ExistingKafka

# For the whole request: names, TLS, login, answer
_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request for metadata told.

    Attributes:
        brokers: How many brokers the cluster has.
        problem: Why nothing was told, or empty.
    """

    brokers: int
    problem: str = ""


def look_at_login() -> str | Refused:
    """The user that this shell has for Kafka, or which of its variables are missing."""
    missing = [name for name in (USER_VARIABLE, PASSWORD_VARIABLE) if not os.environ.get(name)]
    if missing:
        cure = f"export {USER_VARIABLE}=<user>\nread -rs {PASSWORD_VARIABLE} && export {PASSWORD_VARIABLE}"
        return Refused(f"not in the environment: {' and '.join(missing)}; the program makes topics, so it logs in too", cure)
    return os.environ[USER_VARIABLE]


def login(user: str, mechanism: str) -> Finding:
    """That there is one."""
    return fine(f"{user}, by {mechanism}")


def look(external: ExistingKafka, user: str | Refused) -> Answer | Refused:
    """Ask the cluster once for its brokers, by whichever server answers first.

    Args:
        external: The cluster.
        user: Who logs in; empty where nobody has to.
    """
    if isinstance(user, Refused):
        return user
    try:
        told = ask(",".join(external.bootstrap_servers), {"protocol": external.protocol, "mechanism": external.mechanism}, _SECONDS)
    except NotReadyError as error:
        return Answer(0, str(error))
    return Answer(len(told.brokers))


def brokers(answer: Answer, external: ExistingKafka, stack: str) -> Finding:
    """Whether the cluster answers, with as many brokers as the stack says it has.

    Args:
        answer: What it told.
        external: What the stack says of it.
        stack: Name of the stack, for the cure.
    """
    said = f"streaming.kafka.external in Pulumi.{stack}.yaml"
    if answer.problem:
        wrong = "user and password, which Kafka refuses without a word; protocol and mechanism" if external.logs_in else "protocol"
        return failure(answer.problem, f"look at the route from here (VPN, security groups) and at {wrong}; bootstrapServers: {said}")
    if answer.brokers < external.brokers:
        return failure(
            f"it has {answer.brokers} brokers and the stack says {external.brokers}: 'up' waits for them", f"correct brokers: {said}"
        )
    return fine(f"{answer.brokers} brokers")
