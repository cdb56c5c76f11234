"""Rules for the Connect worker: properties that silently weaken the guarantees of its connectors."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from configs.client_rules import client_problems
from configs.problems import problem
from configs.rules import AtLeast, OneOf, broken, listed, literal_credentials
from configs.secrecy import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from problem import Problem

_BASIC_AUTH = "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"
_STORES = ("config", "offset", "status")
_ENV = "EnvVarConfigProvider"
_ALLOWED = {
    _ENV: ("allowlist.pattern", "a connector's configuration could read any variable of the worker"),
    "DirectoryConfigProvider": ("allowed.paths", "a connector's configuration could read any folder"),
    "FileConfigProvider": ("allowed.paths", "a connector's configuration could read any file"),
}
# Names of variables that only a pattern of anything matches.
_ANY_NAME = ("ZQ_7X", "zq_7x", "ZQX", "zqx")
_PROVIDER = re.compile(r"\$\{([^}:]+):")

_RULES: tuple[OneOf | AtLeast, ...] = (
    OneOf(
        "exactly.once.source.support",
        ("enabled",),
        "disabled",
        ("sources would deliver at least once, and a source that requires exactly once is refused"),
        ("set enabled"),
    ),
    *(
        AtLeast(
            f"{store}.storage.replication.factor",
            3,
            3,
            ("this topic stores Connect's state and would be lost with a broker"),
            ("set 3"),
            or_default=True,
        )
        for store in _STORES
    ),
    *(
        OneOf(
            f"{prefix}acks",
            ("all", "-1"),
            "all",
            "a failing broker could lose acknowledged rows, whatever min.insync.replicas says",
            "remove it",
        )
        for prefix in ("producer.", "producer.override.")
    ),
    OneOf("producer.enable.idempotence", ("true",), "true", "exactly-once delivery needs the idempotent producer", "remove it"),
    OneOf("consumer.auto.offset.reset", ("earliest",), "earliest", "a new sink would skip the existing rows", "remove it"),
    AtLeast("offset.flush.interval.ms", 1, 60_000, "offsets would never be stored", "set 10000"),
)


def worker_problems(config: Mapping[str, str], *connectors: Mapping[str, str]) -> list[Problem]:
    """Check a worker's properties for settings that silently weaken its connectors.

    Args:
        config: The worker's properties.
        connectors: Configurations of its connectors; their references need its config providers.

    Returns:
        One problem per key and rule.
    """
    return [
        *broken(config, _RULES),
        *_providers(config, connectors),
        *_open_providers(config),
        *_stores(config),
        *_overrides(config, connectors),
        *_login(config),
        *client_problems(config, groups=("", "consumer."), producers=("producer.",)),
        *literal_credentials(config),
    ]


def _providers(config: Mapping[str, str], connectors: tuple[Mapping[str, str], ...]) -> list[Problem]:
    known = set(listed(config, "config.providers"))
    used = sorted({name for each in (config, *connectors) for name in _used(each)} - known)
    rule = "a configuration refers to ${{{}:…}}, which would be used literally"
    problems = [problem(config, "config.providers", rule.format(name), f"add {name} to the list") for name in used]
    unnamed = [f"config.providers.{name}.class" for name in sorted(known) if not config.get(f"config.providers.{name}.class")]
    return [*problems, *(problem(config, key, "a config provider needs a class", "set the class") for key in unnamed)]


def _used(config: Mapping[str, str]) -> Iterator[str]:
    for value in config.values():
        if REFERENCE.search(value):
            yield from _PROVIDER.findall(value)


def _open_providers(config: Mapping[str, str]) -> list[Problem]:
    problems = []
    for name in listed(config, "config.providers"):
        kind = config.get(f"config.providers.{name}.class", "").rpartition(".")[2]
        if kind in _ALLOWED:
            parameter, rule = _ALLOWED[kind]
            key = f"config.providers.{name}.param.{parameter}"
            value = config.get(key, "").strip()
            everything = _matches_any(value) if kind == _ENV else any(_is_root(path) for path in value.split(","))
            if not value or everything:
                problems.append(problem(config, key, rule, "list what may be read"))
    return problems


def _matches_any(pattern: str) -> bool:
    """Return whether a pattern of variables matches an arbitrary name."""
    try:
        return any(re.fullmatch(pattern, name) for name in _ANY_NAME)
    except re.error:
        return True


def _is_root(path: str) -> bool:
    return posixpath.normpath(f"/{path.strip()}").strip("/") == ""


def _stores(config: Mapping[str, str]) -> list[Problem]:
    named = [config[f"{store}.storage.topic"] for store in _STORES if config.get(f"{store}.storage.topic")]
    if len(set(named)) == len(named):
        return []
    return [problem(config, "offset.storage.topic", "configurations, offsets and states need separate topics", "set three names")]


def _overrides(config: Mapping[str, str], connectors: tuple[Mapping[str, str], ...]) -> list[Problem]:
    policy = config.get("connector.client.config.override.policy", "All")
    used = any(".override." in key for each in connectors for key in each)
    if not used or policy not in {"None", "Principal"}:
        return []
    rule, cure = "connectors with producer.override or consumer.override keys would be refused", "set All"
    return [problem(config, "connector.client.config.override.policy", rule, cure)]


def _login(config: Mapping[str, str]) -> list[Problem]:
    if _BASIC_AUTH in listed(config, "rest.extension.classes"):
        return []
    rule, cure = (
        ("any client that reaches the worker's port could change connectors"),
        ("add BasicAuthSecurityRestExtension of org.apache.kafka.connect"),
    )
    return [problem(config, "rest.extension.classes", rule, cure)]
