"""Clients of a Kafka cluster by librdkafka: the login from the environment, no log lines, an end in time, reasons in one line."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from providers.deadline import OverdueError, within
from providers.operations import ProviderError, scrubbed
from providers.readable import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

_Result = TypeVar("_Result")

# ``protocol`` and ``mechanism`` of a listener; nothing for plain text
Security = Mapping[str, str]

USER_VARIABLE: Final = "KAFKA_SASL_USERNAME"
PASSWORD_VARIABLE: Final = "KAFKA_SASL_PASSWORD"  # noqa: S105 - a variable's name
# Seconds for which a client may end after its time: it does so when its look-up of a name has ended, however long that takes
_GRACE: Final = 0.5
_SILENT = logging.getLogger("providers.kafkaconnect.librdkafka")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False


class UnansweredError(Exception):
    """The cluster did not answer as expected; the message names the reason in one line, without the password."""


def client(security: Security) -> dict[str, str]:
    """Return librdkafka's settings for a listener; user and password come from the environment, as in the Kafka provider.

    Raises:
        ProviderError: If a login is needed and the environment has none.
    """
    protocol = security.get("protocol", "PLAINTEXT")
    if not protocol.startswith("SASL"):
        return {"security.protocol": protocol.lower()}
    missing = [name for name in (USER_VARIABLE, PASSWORD_VARIABLE) if not os.environ.get(name)]
    if missing:
        message = f"{' and '.join(missing)} not in the environment: this Kafka cluster requires a login by {security.get('mechanism')}"
        raise ProviderError(message)
    return {
        "security.protocol": protocol.lower(),
        "sasl.mechanism": security["mechanism"],
        "sasl.username": os.environ[USER_VARIABLE],
        "sasl.password": os.environ[PASSWORD_VARIABLE],
    }


def administrator(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - loaded late
    """Return a client for the cluster's metadata. Raises ProviderError if it refuses the settings."""
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415 - slow to load, and a preview does not need it

    return _made(AdminClient, settings)


def consumer(settings: Mapping[str, Any], group: str) -> AbstractContextManager[Any]:
    """Return a member of a group that commits nothing by itself. Raises ProviderError if it refuses the settings."""
    from confluent_kafka import Consumer  # noqa: PLC0415 - slow to load, and a preview does not need it

    return closing(_made(Consumer, {**settings, "group.id": group, "enable.auto.commit": False}))


def answered(settings: Mapping[str, Any], seconds: float, work: Callable[[], _Result]) -> _Result:
    """Return the result of work with a client.

    Args:
        settings: Settings of the client.
        seconds: Time limit.
        work: The work; it ends by itself.

    Raises:
        UnansweredError: If the cluster does not answer in time, or refuses.
    """
    from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load, and a preview does not need it

    try:
        return within(seconds + _GRACE, work)
    except OverdueError:
        message = f"{settings['bootstrap.servers']} does not answer within {seconds:.0f} s"
    except KafkaException as error:
        message = f"{settings['bootstrap.servers']} {_reason(error, settings)}"
    raise UnansweredError(message)


def _made(kind: Callable[..., Any], settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - loaded late
    from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load, and a preview does not need it

    try:
        return kind({**settings, "log_level": 0, "error_cb": lambda _: None}, logger=_SILENT)
    except (KafkaException, TypeError, ValueError) as error:
        message = f"the Kafka client refuses the settings for {settings['bootstrap.servers']}: {_clean(error, settings)}"
        raise ProviderError(message) from None


def _reason(error: Exception, settings: Mapping[str, Any]) -> str:
    """Return what the cluster did. The client's own codes, such as ``_TRANSPORT``, begin with an underscore: no broker has answered."""
    name = getattr(error.args[0], "name", None) if error.args else None
    code = name() if name else ""
    return f"does not answer ({code.strip('_').lower()})" if code.startswith("_") else f"refuses: {_clean(error, settings)}"


def _clean(error: Exception, settings: Mapping[str, Any]) -> str:
    return scrubbed(one_line(str(error), 300), [str(settings.get("sasl.password", ""))])
