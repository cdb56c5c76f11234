"""Rules for the Connect worker: properties that silently weaken the guarantees of its connectors."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from stack.configs.classes import BASIC_AUTH, REST_ACCESS
from stack.configs.client_rules import client_problems
from stack.configs.problems import problem
from stack.configs.rules import AtLeast, OneOf, broken, listed, literal_credentials
from stack.configs.secrecy import REFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.problem import Problem

OVERRIDE_POLICY = "connector.client.config.override.policy"
OVERRIDE_LIST = "connector.client.config.override.allowlist"
_LISTENER = re.compile(r"(https?)://(.*):(\d{1,5})", re.IGNORECASE)
# Addresses that only the containers of the pod reach.
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|\[?(::1|0:0:0:0:0:0:0:1)\]?", re.IGNORECASE)
# Port at which the rules for Services, network policies and security groups know Connect.
_PORT = 8083
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
        *_doors(config),
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
    policy = config.get(OVERRIDE_POLICY, "All")
    used = sorted({key.partition(".override.")[2] for each in connectors for key in each if ".override." in key})
    if policy == "Allowlist":
        missing = [key for key in used if key not in listed(config, OVERRIDE_LIST)]
        rule = f"does not list {', '.join(missing)}, which connectors override: the worker would refuse them"
        return [problem(config, OVERRIDE_LIST, rule, "remove them from the connectors")] if missing else []
    if not used or policy not in {"None", "Principal"}:
        return []
    rule, cure = "connectors with producer.override or consumer.override keys would be refused", "set Allowlist, and list the keys"
    return [problem(config, OVERRIDE_POLICY, rule, cure)]


def _login(config: Mapping[str, str]) -> list[Problem]:
    if BASIC_AUTH in listed(config, "rest.extension.classes"):
        return []
    rule, cure = (
        ("any client that reaches the worker's port could change connectors"),
        ("add BasicAuthSecurityRestExtension of org.apache.kafka.connect"),
    )
    return [problem(config, "rest.extension.classes", rule, cure)]


def _doors(config: Mapping[str, str]) -> list[Problem]:
    """Check for ports and programs in front of the worker that nothing else knows; the admin port has no login (``RestServer``)."""
    problems = []
    if any(_reached(one) is not None for one in listed(config, "admin.listeners")):
        rule = "opens a second port, which asks for no login and which no Service, network policy or security group knows"
        problems.append(problem(config, "admin.listeners", rule, "remove it, or leave it empty, which switches the admin resources off"))
    beyond = [one for one in listed(config, "listeners") if _reached(one) not in {None, _PORT}]
    if beyond:
        rule = f"{beyond[0]} is no door that the rules for Services, network policies and security groups know as Connect's"
        problems.append(problem(config, "listeners", rule, f"set http://0.0.0.0:{_PORT}, and others at localhost only"))
    extensions = listed(config, "rest.extension.classes")
    others = [one for one in extensions if one not in {BASIC_AUTH, REST_ACCESS}]
    if others and BASIC_AUTH in extensions:
        rule = f"{others[0]} may answer requests past the login, and the image does not contain it"
        problems.append(problem(config, "rest.extension.classes", rule, f"list {BASIC_AUTH} and {REST_ACCESS} only"))
    return problems


def _reached(listener: str) -> int | None:
    """Return the port at which others reach a listener, 0 where it is not known; None for one that only the pod itself reaches."""
    found = _LISTENER.fullmatch(listener)
    if found is None:
        return 0
    return None if _LOOPBACK.fullmatch(found[2]) else int(found[3])
