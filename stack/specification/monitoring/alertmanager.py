"""Configuration of Alertmanager: receivers, routes, pauses, and the alerts that one fault explains. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.specification.monitoring import owners
from stack.specification.monitoring.inhibitions import inhibitions
from stack.specification.monitoring.rules.rule import duration
from stack.specification.monitoring.yaml_text import yaml_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stack.settings.model import Settings
    from stack.settings.monitoring import ReceiverSettings

CONFIG: Final = "alertmanager.yml"
TEMPLATES: Final = "messages.tmpl"
# Mount folders of the files and of the Secret
FOLDER: Final = "/etc/alertmanager"
SECRETS: Final = "/etc/alertmanager/secrets"
SMTP_PASSWORD: Final = "smtp-password"  # noqa: S105 - a key of the Secret
SLACK_URL: Final = "slack-url"
WEBHOOK_URL: Final = "webhook-url"

_EVERYBODY: Final = "everybody"
_NOBODY: Final = "nobody"
_DEAD_MAN: Final = "dead-man"
# The receiver outside complains when nothing has come for some of these
_DEAD_MAN_S: Final = 300
# Alerts of one fault come within two evaluations
_GROUP_WAIT_S: Final = 30
_GROUP_INTERVAL_S: Final = 300
_AGAIN_S: Final = {"critical": 2 * 3600, "warning": 12 * 3600}

_MESSAGES: Final = """\
{{ define "pipeline.subject" }}[{{ .Status | toUpper }}{{ if eq .Status "firing" }}: {{ .Alerts.Firing | len }}{{ end }}] \
{{ .GroupLabels.alertname }} ({{ .CommonLabels.severity }}){{ end }}
{{ define "pipeline.text" }}{{ range .Alerts }}{{ .Annotations.summary }}{{ if eq .Status "resolved" }} (over){{ end }}\
{{ if .Labels.owner }}
Owner: {{ .Labels.owner }}{{ end }}
Next: {{ .Annotations.next }}
Runbook: {{ .Annotations.runbook }}
{{ end }}{{ end }}
"""


def files(settings: Settings) -> dict[str, str]:
    """Return the files of Alertmanager: name to text. A secret is the path of a file below ``SECRETS``, never a text here."""
    text = yaml_text(configuration(settings), 120)
    return {CONFIG: text, TEMPLATES: _MESSAGES}


def configuration(settings: Settings) -> dict[str, Any]:
    """Return the configuration as Alertmanager reads it."""
    integrations = _integrations(settings.monitoring.receivers)
    usual = {_NOBODY: {}, **({_EVERYBODY: integrations} if integrations else {}), **_further(integrations)}
    receivers = {
        **{name: {kind: [one] for kind, one in parts.items()} for name, parts in usual.items()},
        **owners.receivers(settings.quality, integrations),
    }
    told = owners.routes(settings.quality, integrations, {severity: duration(again) for severity, again in _AGAIN_S.items()})
    return {
        "route": _route(integrations, told),
        "receivers": [
            {"name": name, **{f"{kind}_configs": several for kind, several in parts.items()}} for name, parts in receivers.items()
        ],
        "inhibit_rules": [one.rendered() for one in inhibitions(settings)],
        "templates": [f"{FOLDER}/{TEMPLATES}"],
    }


def _integrations(receivers: ReceiverSettings) -> dict[str, dict[str, Any]]:
    """Return the settings of each way to tell people, by Alertmanager's word for it."""
    found: dict[str, dict[str, Any]] = {}
    if receivers.email is not None:
        email = receivers.email
        login = {"auth_username": email.username, "auth_password_file": f"{SECRETS}/{SMTP_PASSWORD}"} if email.username else {}
        found["email"] = {
            "send_resolved": True,
            "to": email.to,
            "from": email.sender,
            "smarthost": email.smarthost,
            "require_tls": email.require_tls,
            **login,
            "headers": {"Subject": '{{ template "pipeline.subject" . }}'},
            "text": '{{ template "pipeline.text" . }}',
            # plain text alone, which needs no template of Alertmanager's package
            "html": "",
        }
    if receivers.slack is not None:
        found["slack"] = {
            "send_resolved": True,
            "api_url_file": f"{SECRETS}/{SLACK_URL}",
            "channel": receivers.slack.channel,
            "title": '{{ template "pipeline.subject" . }}',
            "text": '{{ template "pipeline.text" . }}',
            "color": '{{ if eq .Status "firing" }}{{ if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}'
            "{{ else }}good{{ end }}",
        }
    if receivers.webhook:
        found["webhook"] = {"send_resolved": True, "url_file": f"{SECRETS}/{WEBHOOK_URL}"}
    return found


def _further(integrations: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the receivers beside the usual one: of Watchdog, and of alerts that one way to tell people fails."""
    others = {
        _without(broken): {kind: one for kind, one in integrations.items() if kind != broken}
        for broken in integrations
        if len(integrations) > 1
    }
    hook = {**integrations["webhook"], "send_resolved": False} if "webhook" in integrations else None
    return {**({_DEAD_MAN: {"webhook": hook}} if hook else {}), **others}


def _without(kind: str) -> str:
    return f"without-{kind}"


def _route(integrations: Mapping[str, dict[str, Any]], of_owners: Sequence[dict[str, Any]]) -> dict[str, Any]:
    dead_man = {
        "receiver": _DEAD_MAN if "webhook" in integrations else _NOBODY,
        "matchers": ['alertname="Watchdog"'],
        "group_wait": "0s",
        "group_interval": "1m",
        "repeat_interval": duration(_DEAD_MAN_S),
    }
    broken = [
        {
            "receiver": _without(kind),
            "matchers": ['alertname="NotificationsFail"', f'integration="{kind}"'],
            "repeat_interval": duration(_AGAIN_S["critical"]),
        }
        for kind in integrations
        if len(integrations) > 1
    ]
    told = [
        {"receiver": _EVERYBODY, "matchers": [f'severity="{severity}"'], "repeat_interval": duration(again)}
        for severity, again in _AGAIN_S.items()
        if integrations
    ]
    return {
        "receiver": _NOBODY,
        "group_by": ["alertname", "severity"],
        "group_wait": duration(_GROUP_WAIT_S),
        "group_interval": duration(_GROUP_INTERVAL_S),
        "repeat_interval": duration(max(_AGAIN_S.values())),
        "routes": [dead_man, *broken, *of_owners, *told],
    }
