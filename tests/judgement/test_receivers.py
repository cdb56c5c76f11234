"""Receivers of alerts that could reach nobody are refused, with the key, the rule and the cure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from stack.judgement.receivers import receiver_problems, secret_keys
from stack.settings.monitoring import MonitoringSettings
from tests.declared import settings_of

if TYPE_CHECKING:
    from stack.problem import Problem

EMAIL = {"to": "data@example.com", "from": "alerts@example.com", "smarthost": "smtp.example.com:587"}
REACHED = {"addresses": ["203.0.113.0/24"]}
LOGIN = {"secret": "alerts", **REACHED}


def problems(receivers: dict[str, Any], *, enabled: bool = True) -> dict[str, Problem]:
    """Return the problems of a stack with these receivers, by the path of their setting."""
    monitoring = MonitoringSettings.model_validate({"enabled": enabled, "receivers": receivers})
    found = receiver_problems(settings_of("dev").model_copy(update={"monitoring": monitoring}))
    return {one.path.removeprefix("monitoring.receivers").lstrip("."): one for one in found}


@pytest.mark.parametrize(
    "receivers",
    [
        {},
        {**REACHED, "email": EMAIL},
        {**LOGIN, "email": {**EMAIL, "username": "alerts"}},
        {**LOGIN, "slack": {"channel": "#data"}},
        {**LOGIN, "webhook": True},
        {**LOGIN, "email": {**EMAIL, "username": "a"}, "slack": {"channel": "#data"}, "webhook": True},
        {**REACHED, "email": {**EMAIL, "smarthost": "mail:25", "requireTls": False}, "ports": [25]},
        {**REACHED, "email": {**EMAIL, "to": "a@example.com, b@example.com"}},
        {"addresses": ["10.8.0.0/16"], "email": {**EMAIL, "smarthost": "10.8.0.7:587"}},
        {**LOGIN, "slack": {"channel": "@ann"}},
        {**LOGIN, "slack": {"channel": "C024BE91L"}},
        {**LOGIN, "slack": {"channel": "#daten-büro_1.x"}},
    ],
)
def test_receivers_that_can_be_reached_are_accepted(receivers: dict[str, Any]) -> None:
    assert problems(receivers) == {}


@pytest.mark.parametrize(
    ("receivers", "path", "cure"),
    [
        ({**REACHED, "slack": {"channel": "#data"}}, "secret", "name a Secret in the namespace data-ingestion-monitoring with slack-url"),
        ({**REACHED, "webhook": True}, "secret", "name a Secret in the namespace data-ingestion-monitoring with webhook-url"),
        ({**REACHED, "email": {**EMAIL, "username": "a"}}, "secret", "name a Secret in the namespace data-ingestion-monitoring with smtp"),
        ({"secret": "alerts"}, "secret", "set email, slack or webhook, or remove it"),
        ({**LOGIN, "email": EMAIL}, "secret", "set email, slack or webhook, or remove it"),
        ({"secret": "alerts", "webhook": True}, "addresses", "list the address ranges"),
        (REACHED, "addresses", "set email, slack or webhook, or remove it"),
        ({**LOGIN, "slack": {"channel": "#data"}, "ports": [587]}, "ports", "add 443"),
        ({**REACHED, "email": EMAIL, "ports": [25]}, "ports", "add 587"),
        ({**REACHED, "email": {**EMAIL, "to": "data"}}, "email.to", "write one such as data@example.com"),
        ({**REACHED, "email": {**EMAIL, "from": "alerts"}}, "email.from", "write one such as data@example.com"),
        ({"addresses": ["10.9.0.0/16"], "email": {**EMAIL, "smarthost": "10.8.0.7:587"}}, "email.smarthost", "add 10.8.0.7/32 to"),
        ({**LOGIN, "email": {**EMAIL, "username": "a", "requireTls": False}}, "email.requireTls", "set it to true, or remove username"),
    ],
)
def test_receivers_that_reach_nobody_are_refused(receivers: dict[str, Any], path: str, cure: str) -> None:
    found = problems(receivers)
    assert set(found) == {path}
    assert found[path].cure.startswith(cure)


def test_receivers_without_monitoring_are_refused() -> None:
    assert problems({**LOGIN, "webhook": True}, enabled=False)[""].cure == "set monitoring.enabled to true, or remove it"
    assert problems({}, enabled=False) == {}


def test_the_secret_needs_a_key_for_each_receiver_with_a_secret() -> None:
    every = {"email": {**EMAIL, "username": "a"}, "slack": {"channel": "#data"}, "webhook": True}
    receivers = MonitoringSettings.model_validate({"receivers": every}).receivers
    assert secret_keys(receivers) == ("smtp-password", "slack-url", "webhook-url")
    assert secret_keys(MonitoringSettings().receivers) == ()


@pytest.mark.parametrize(
    "channel", ["data", "#", "# data", "#a/b", "{{ .CommonLabels }}", "#{{x}}", "https://hooks.slack.com/services/T0A1/B0A1/x7"]
)
def test_a_channel_has_the_form_of_slacks_channels(channel: str) -> None:
    with pytest.raises(ValidationError, match="is no channel of Slack"):
        MonitoringSettings.model_validate({"enabled": True, "receivers": {**LOGIN, "slack": {"channel": channel}}})


@pytest.mark.parametrize("text", ["", "a\nb", "a\u202eb", "a\u200bb", "a\x9bb", "\ud800", "a" * 1001])
@pytest.mark.parametrize("key", ["username", "to", "from"])
def test_no_text_of_one_line_is_long_or_holds_what_nobody_sees(key: str, text: str) -> None:
    with pytest.raises(ValidationError):
        MonitoringSettings.model_validate({"enabled": True, "receivers": {**LOGIN, "email": {**EMAIL, key: text}}})
