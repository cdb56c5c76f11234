"""Alertmanager accepts every configuration, tells the right people, and no secret is in it."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from stack.settings.monitoring import MonitoringSettings
from stack.settings.quality import QualitySettings
from stack.specification.monitoring.alertmanager import CONFIG, FOLDER, SECRETS, TEMPLATES, configuration, files
from tests.debian_programs import program
from tests.declared import settings_of
from tests.monitoring.suite import run

if TYPE_CHECKING:
    from pathlib import Path

    from stack.settings.model import Settings

EMAIL = {"to": "data@example.com", "from": "alerts@example.com", "smarthost": "smtp.example.com:587", "username": "alerts"}
RECEIVERS: dict[str, dict[str, Any]] = {"email": {"email": EMAIL}, "slack": {"slack": {"channel": "#data"}}, "webhook": {"webhook": True}}
OWNERS = {
    "public.users": "users@example.com",
    "public.orders": "orders team, #orders, orders@example.com",
    "public.products": 'the "stock" team, {{ .x }}@example.com, #{{ .x }}',
}
CHOICES = [choice for number in range(len(RECEIVERS) + 1) for choice in itertools.combinations(RECEIVERS, number)]


def stack(choice: tuple[str, ...]) -> Settings:
    """Return a stack with some receivers."""
    chosen = {key: value for name in choice for key, value in RECEIVERS[name].items()}
    monitoring = MonitoringSettings.model_validate({"enabled": True, "receivers": {"secret": "alerts", **chosen}})
    return settings_of("dev").model_copy(update={"monitoring": monitoring, "quality": QualitySettings(owners=OWNERS)})


def written(choice: tuple[str, ...], folder: Path) -> str:
    """Write the files of a stack, with the path of the templates as it is here, and return that of the configuration."""
    for name, text in files(stack(choice)).items():
        (folder / name).write_text(text.replace(f"{FOLDER}/{TEMPLATES}", str(folder / TEMPLATES)), encoding="utf-8")
    return str(folder / CONFIG)


def routes(choice: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    """Return labels of alerts, and the receiver that should be told."""
    everybody = "everybody" if choice else "nobody"
    without = "without-email" if "email" in choice and len(choice) > 1 else everybody
    return {
        ("alertname=SlotLost", "severity=critical", "area=database"): everybody,
        ("alertname=DeadLetters", "severity=warning", "area=connect"): everybody,
        ("alertname=GcPauseLong", "severity=info", "area=java"): "nobody",
        ("alertname=Watchdog", "severity=info", "area=monitoring"): "dead-man" if "webhook" in choice else "nobody",
        ("alertname=NotificationsFail", "severity=critical", "integration=email"): without,
        ("alertname=NotificationsFail", "severity=critical", "integration=sns"): everybody,
        ("alertname=QualityLow", "severity=warning", "area=quality", f"owner={json.dumps(OWNERS['public.products'])}"): everybody,
        **{
            ("alertname=QualityLow", f"severity={severity}", "area=quality", f"owner={json.dumps(owner)}"): f"owner {owner},{everybody}"
            for severity in ("warning", "critical")
            for owner, ways in ((OWNERS["public.users"], {"email"}), (OWNERS["public.orders"], {"email", "slack"}))
            if ways & set(choice)
        },
    }


@pytest.mark.parametrize("choice", CHOICES, ids="+".join)
def test_alertmanager_accepts_the_files_and_tells_the_right_people(choice: tuple[str, ...], tmp_path: Path) -> None:
    config = written(choice, tmp_path)
    checked = run([program("amtool"), "check-config", config])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for labels, receiver in routes(choice).items():
        done = run([program("amtool"), "config", "routes", "test", f"--config.file={config}", f"--verify.receivers={receiver}", *labels])
        assert done.returncode == 0, f"{labels}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize(
    ("status", "template", "expected"),
    [
        ("firing", "subject", "[FIRING: 1] SlotLost (critical)"),
        ("resolved", "subject", "[RESOLVED] SlotLost (critical)"),
        ("firing", "text", "The slot is lost\nNext: epoch begin\nRunbook: docs/runbooks/SlotLost.md"),
        ("resolved", "text", "The slot is lost (over)\nNext: epoch begin\nRunbook: docs/runbooks/SlotLost.md"),
    ],
)
def test_a_message_says_what_is_wrong_and_what_comes_next(status: str, template: str, expected: str, tmp_path: Path) -> None:
    assert rendered(status, template, {}, tmp_path) == expected


def test_a_message_names_the_owner(tmp_path: Path) -> None:
    text = rendered("firing", "text", {"owner": 'the "stock" team'}, tmp_path)
    assert text == 'The slot is lost\nOwner: the "stock" team\nNext: epoch begin\nRunbook: docs/runbooks/SlotLost.md'


def rendered(status: str, template: str, further: dict[str, str], tmp_path: Path) -> str:
    """Return a message about an alert with further labels, as Alertmanager makes it."""
    labels = {"alertname": "SlotLost", "severity": "critical", **further}
    told = {"summary": "The slot is lost", "next": "epoch begin", "runbook": "docs/runbooks/SlotLost.md"}
    alert = {"status": status, "labels": labels, "annotations": told}
    data = {"status": status, "alerts": [alert], "groupLabels": labels, "commonLabels": labels}
    (tmp_path / "data.json").write_text(json.dumps(data), encoding="utf-8")
    written((), tmp_path)
    wanted = f'{{{{ template "pipeline.{template}" . }}}}'
    glob, text, file = (
        f"--template.{key}={value}" for key, value in (("glob", tmp_path / TEMPLATES), ("text", wanted), ("data", tmp_path / "data.json"))
    )
    done = run([program("amtool"), "template", "render", glob, text, file])
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("choice", CHOICES, ids="+".join)
def test_who_is_told_that_a_way_fails_is_told_by_another(choice: tuple[str, ...]) -> None:
    config = configuration(stack(choice))
    ways = {receiver["name"]: {key.removesuffix("_configs") for key in receiver if key != "name"} for receiver in config["receivers"]}
    assert ways.get("everybody", set()) == set(choice)
    for route in config["route"]["routes"]:
        broken = [matcher.split('"')[1] for matcher in route["matchers"] if matcher.startswith("integration=")]
        for way in broken:
            assert ways[route["receiver"]] == set(choice) - {way}
            assert ways[route["receiver"]]


def test_an_owner_is_told_by_the_ways_that_the_stack_has_and_by_no_other() -> None:
    told = {choice: {one["name"]: one for one in configuration(stack(choice))["receivers"]} for choice in CHOICES}
    orders, users = f"owner {OWNERS['public.orders']}", f"owner {OWNERS['public.users']}"
    both = told["email", "slack"][orders]
    assert [one["to"] for one in both["email_configs"]] == ["orders@example.com"]
    assert [one["channel"] for one in both["slack_configs"]] == ["#orders"]
    assert both["slack_configs"][0]["api_url_file"] == f"{SECRETS}/slack-url"
    assert "slack_configs" not in told["email",][orders]
    assert [users in told[choice] for choice in (("email",), ("slack",), ("webhook",))] == [True, False, False]
    assert not any("stock" in name for receivers in told.values() for name in receivers), "a name is in the message alone"


def test_secrets_are_files_and_never_text() -> None:
    text = files(stack(tuple(RECEIVERS)))[CONFIG]
    receivers = {one["name"]: one for one in yaml.safe_load(text)["receivers"]}
    everybody = receivers["everybody"]
    assert everybody["email_configs"][0]["auth_password_file"] == f"{SECRETS}/smtp-password"
    assert everybody["slack_configs"][0]["api_url_file"] == f"{SECRETS}/slack-url"
    assert everybody["webhook_configs"][0]["url_file"] == f"{SECRETS}/webhook-url"
    assert not {"auth_password:", "api_url:", " url:"} & {line.strip().partition(" ")[0] for line in text.splitlines()}


def test_a_mail_server_without_a_login_needs_no_password() -> None:
    monitoring = MonitoringSettings.model_validate({"enabled": True, "receivers": {"email": {**EMAIL, "username": None}}})
    text = files(settings_of("dev").model_copy(update={"monitoring": monitoring}))[CONFIG]
    assert "auth_" not in text


def test_a_name_of_a_connector_in_an_inhibition_is_that_of_the_epoch() -> None:
    second = settings_of("dev").model_copy(update={"names": settings_of("dev").names.of_epoch(2)})
    config = configuration(second)
    sources = [matcher for rule in config["inhibit_rules"] for matcher in rule["source_matchers"] if matcher.startswith("connector=")]
    assert f'connector="{second.names.source_connector}"' in sources
    assert "epoch2" in second.names.source_connector
