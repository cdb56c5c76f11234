"""Rules for the receivers of alerts: one that could reach nobody is refused before anything is created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.problem import Problem
from stack.settings.addresses import is_inside
from stack.specification.monitoring.alertmanager import SLACK_URL, SMTP_PASSWORD, WEBHOOK_URL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings
    from stack.settings.monitoring import ReceiverSettings

_PATH: Final = "monitoring.receivers"
_HTTPS: Final = 443


def receiver_problems(settings: Settings) -> list[Problem]:
    """Return every reason why alerts of a stack would not reach their receivers."""
    receivers = settings.monitoring.receivers
    if not settings.monitoring.enabled:
        rule = "is set, and monitoring.enabled is false: there is no alert that could be sent"
        unused = [Problem(path=_PATH, rule=rule, cure="set monitoring.enabled to true, or remove it")]
        return unused if receivers.model_fields_set else []
    if not settings.monitoring.is_managed:
        # refused as a whole: the existing Alertmanager has receivers of its own
        return []
    return [*_secret(receivers, settings), *_network(receivers), *_email(receivers)]


def secret_keys(receivers: ReceiverSettings) -> tuple[str, ...]:
    """Return the keys that the Secret of the receivers must have."""
    email = receivers.email
    needed = {
        SMTP_PASSWORD: email is not None and email.username is not None,
        SLACK_URL: receivers.slack is not None,
        WEBHOOK_URL: receivers.webhook,
    }
    return tuple(key for key, is_needed in needed.items() if is_needed)


def _is_any(receivers: ReceiverSettings) -> bool:
    return receivers.email is not None or receivers.slack is not None or receivers.webhook


def _secret(receivers: ReceiverSettings, settings: Settings) -> Iterator[Problem]:
    keys = " and ".join(secret_keys(receivers))
    if keys and receivers.secret is None:
        yield Problem(
            path=f"{_PATH}.secret",
            rule=f"is missing: Alertmanager reads {keys} from a Secret, and the program has none of them",
            cure=f"name a Secret in the namespace {settings.monitoring_namespace} with {keys}",
        )
    if receivers.secret is not None and not keys:
        rule = "is named, and no receiver needs a secret"
        yield Problem(path=f"{_PATH}.secret", value=receivers.secret, rule=rule, cure="set email, slack or webhook, or remove it")


def _network(receivers: ReceiverSettings) -> Iterator[Problem]:
    if not _is_any(receivers):
        if receivers.addresses:
            yield Problem(
                path=f"{_PATH}.addresses",
                value=", ".join(map(str, receivers.addresses)),
                rule="opens the network to servers of receivers, and there is no receiver",
                cure="set email, slack or webhook, or remove it",
            )
        return
    if not receivers.addresses:
        yield Problem(
            path=f"{_PATH}.addresses",
            rule="is missing: without it, the network policies let Alertmanager reach nothing outside the cluster",
            cure="list the address ranges of the receivers' servers",
        )
    if receivers.slack is not None and _HTTPS not in receivers.ports:
        yield Problem(
            path=f"{_PATH}.ports",
            value=", ".join(map(str, receivers.ports)),
            rule=f"lacks {_HTTPS}, the port of Slack",
            cure=f"add {_HTTPS}",
        )


def _email(receivers: ReceiverSettings) -> Iterator[Problem]:
    email = receivers.email
    if email is None:
        return
    for key, address in (("to", email.to), ("from", email.sender)):
        if not all("@" in one for one in address.split(",")):
            yield Problem(
                path=f"{_PATH}.email.{key}", value=address, rule="is no address of e-mail", cure="write one such as data@example.com"
            )
    host, _, port = email.smarthost.rpartition(":")
    if receivers.addresses and not is_inside(host, receivers.addresses):
        yield Problem(
            path=f"{_PATH}.email.smarthost",
            value=email.smarthost,
            rule="is in none of the ranges of addresses, so that the network policies stop every mail",
            cure=f"add {host}/32 to {_PATH}.addresses",
        )
    if int(port) not in receivers.ports:
        yield Problem(
            path=f"{_PATH}.ports",
            value=", ".join(map(str, receivers.ports)),
            rule=f"lacks {port}, the port of email.smarthost",
            cure=f"add {port}",
        )
    if email.username is not None and not email.require_tls:
        yield Problem(
            path=f"{_PATH}.email.requireTls",
            value="false",
            rule="would let the password of email.username go over the network as it is",
            cure="set it to true, or remove username",
        )
