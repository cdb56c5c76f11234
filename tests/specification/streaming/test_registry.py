"""Both schema registries, behind one API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from stack.settings.images import REGISTRY_IMAGES
from stack.settings.names import Names
from stack.settings.streaming import RegistrySettings
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from stack.specification.manifest import Manifest

NAMES = Names()
KINDS = ["confluent", "apicurio"]
PASSWORDS = {registry.WORKER_USER: "WorkerSecret", registry.OPERATOR_USER: "OperatorSecret"}


def settings(kind: str) -> RegistrySettings:
    """Return the registry of a kind, at its default size."""
    return RegistrySettings.model_validate({"kind": kind})


def files(kind: str) -> dict[str, str]:
    """Return all files that the registry reads."""
    return {**registry.config_files(NAMES, settings(kind)), **registry.login_files(kind, PASSWORDS)}


def pod(kind: str) -> Manifest:
    """Return its pod."""
    return registry.registry_pod(settings(kind), "image:1")


@pytest.mark.parametrize("kind", KINDS)
def test_changes_must_be_readable_by_old_and_new(kind: str) -> None:
    text = "".join(files(kind).values())
    assert re.search(r"compatib\w+(\.level)?=full$", text, re.MULTILINE | re.IGNORECASE)


@pytest.mark.parametrize("kind", KINDS)
def test_both_users_are_known_by_their_passwords(kind: str) -> None:
    users = files(kind)["users.properties"]
    for user, password in PASSWORDS.items():
        assert re.search(rf"(^|\.){user}[=:] ?{password}(,|$)", users, re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS)
def test_the_registry_is_configured_to_require_a_login(kind: str) -> None:
    text = next(iter(registry.config_files(NAMES, settings(kind)).values()))
    wanted = {
        "confluent": ["authentication.method=BASIC"],
        "apicurio": ["auth.basic=true", "policy=authenticated", "role-based-authorization=true"],
    }
    for part in wanted[kind]:
        assert part in text


def test_only_the_operator_may_change_rules_where_roles_count() -> None:
    users = files("apicurio")["users.properties"]
    roles = dict(re.findall(r"roles\.(\w+)=(\S+)", users))
    assert roles == {registry.WORKER_USER: "sr-developer", registry.OPERATOR_USER: "sr-admin"}


@pytest.mark.parametrize("kind", KINDS)
def test_passwords_are_in_the_secret_and_nowhere_else(kind: str) -> None:
    open_text = str(registry.config_files(NAMES, settings(kind))) + str(pod(kind))
    assert not any(password in open_text for password in PASSWORDS.values())


@pytest.mark.parametrize("kind", KINDS)
def test_the_process_reads_the_files_that_are_made(kind: str) -> None:
    container = pod(kind)["containers"][0]
    words = " ".join([*container["command"], *(item["value"] for item in container["env"])])
    config, login = (mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in {"config", "login"})
    named = {path for path in re.findall(r"/etc/[\w./-]+", words + files(kind).get("jaas.conf", "")) if "." in path}
    made = {f"{config}/{name}" for name in registry.config_files(NAMES, settings(kind))}
    made |= {f"{login}/{name}" for name in registry.login_files(kind, PASSWORDS)}
    assert named == made


@pytest.mark.parametrize("kind", KINDS)
def test_the_probe_reads_a_page_without_a_login(kind: str) -> None:
    """A probe has no password, and every other page requires one."""
    container = pod(kind)["containers"][0]
    probe = container["readinessProbe"]["httpGet"]
    ports = {item["name"]: item["containerPort"] for item in container["ports"]}
    config = next(iter(registry.config_files(NAMES, settings(kind)).values()))
    if kind == "confluent":
        assert f"authentication.skip.paths={probe['path']}" in config
    else:
        assert f"quarkus.management.port={ports[probe['port']]}" in config


@pytest.mark.parametrize("kind", KINDS)
def test_the_registrys_url_names_its_service_and_path(kind: str) -> None:
    url = registry.api_url(NAMES, settings(kind))
    assert url.endswith(registry.api_path(kind))
    assert url.startswith(f"http://{NAMES.service(registry.NAME)}:")


def test_the_journal_topic_is_declared_and_never_cleaned() -> None:
    """Apicurio replays its journal at every start: a deleted record is a lost schema."""
    properties = registry.config_files(NAMES, settings("apicurio"))["application.properties"]
    named = set(re.findall(r"topic=(\S+)", properties))
    declared = {topic.name: topic for topic in registry.topics("apicurio")}
    assert named == set(declared)
    for topic in declared.values():
        assert topic.config["cleanup.policy"] == "delete"
        assert topic.config["retention.ms"] == topic.config["retention.bytes"] == "-1"
        assert topic.partitions == 1
    assert "auto-create=false" in properties
    assert registry.topics("confluent") == []


def test_each_kind_has_an_image() -> None:
    kinds: Any = RegistrySettings.model_fields["kind"].annotation
    assert set(REGISTRY_IMAGES) == set(kinds.__args__) - {"external"} == set(KINDS)
