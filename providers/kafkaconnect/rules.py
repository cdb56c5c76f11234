"""Rules for a connector's configuration that the worker does not check; pure.

Connect accepts every one of these mistakes; some of them lose rows silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from providers.differences import step
from stack.configs import superseded
from stack.configs.classes import GUARDED_DEBEZIUM
from stack.configs.credentials.detector import shows_credential
from stack.configs.secrecy import HIDDEN, is_referenced, is_secret, shown
from stack.configs.verdict import KIND_BY_CLASS
from stack.problem import Problem
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from providers.operations import Plain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\Z")
_CLASS = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*\Z")


def connector_problems(inputs: Plain) -> list[Problem]:
    """Return every problem of a Connector's inputs {name, config}, except for unknown values."""
    name, config = inputs.get("name"), inputs.get("config")
    problems = list(_name_problems(name))
    if config is UNKNOWN:
        return problems
    if not isinstance(config, Mapping):
        return [*problems, Problem(path="config", rule="must be a map from the connector's keys to strings")]
    problems += _value_problems(config)
    texts = {key: value for key, value in config.items() if isinstance(value, str)}
    problems += _identity_problems(name, config)
    if "connector.class" in texts:
        problems += _tolerance_problems(texts, config)
    problems += [
        Problem(
            path=step("config", key),
            rule="is a credential in plain text, visible to anyone who may read the connector",
            cure="set ${provider:path:key}, and store the value where the worker's config provider reads it",
        )
        for key, value in sorted(texts.items())
        if (is_secret(key) and not is_referenced(key, value)) or shows_credential(value)
    ]
    return [*problems, *_superseded_problems(texts)]


def _superseded_problems(config: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the renamed and removed keys: Connect accepts unknown keys silently."""
    kind = KIND_BY_CLASS.get(config.get("connector.class", ""))
    tables = [("", superseded.KEYS[kind])] if kind else []
    tables += [
        (key.removesuffix("type"), superseded.TRANSFORM_KEYS[value])
        for key, value in config.items()
        if key.startswith("transforms.") and key.endswith(".type") and value in superseded.TRANSFORM_KEYS
    ]
    for prefix, listed in tables:
        for key in sorted(config):
            fault = superseded.advice(listed, key.removeprefix(prefix), prefix=prefix, present=config) if key.startswith(prefix) else None
            if fault is not None:
                yield Problem(path=step("config", key), rule=f"has no effect: {fault.rule}", cure=fault.cure)


def share_positions(old: Plain, new: Plain) -> bool:
    """Return whether two Connectors have the same positions and keys by their classes: Debezium's own, and the image's around it."""
    configs = [inputs.get("config") for inputs in (old, new)]
    kinds = [KIND_BY_CLASS.get(str(config.get("connector.class"))) if isinstance(config, Mapping) else None for config in configs]
    return kinds[0] is not None and kinds[0] == kinds[1]


def is_source(config: Mapping[str, str]) -> bool:
    """Tell whether the connector is a source.

    A sink names its topics, a source does not; except MirrorMaker's, whose class names its kind.
    """
    simple_name = config.get("connector.class", "").rsplit(".", 1)[-1]
    if "Source" in simple_name or "Sink" in simple_name:
        return "Source" in simple_name
    return config.get("connector.class", "").startswith(("io.debezium.connector.", GUARDED_DEBEZIUM)) or (
        "topics" not in config and "topics.regex" not in config
    )


def _name_problems(name: object) -> Iterator[Problem]:
    if name is UNKNOWN:
        return
    if not isinstance(name, str) or not _NAME.match(name):
        yield Problem(
            path="name",
            rule=f"{name!r} is not a connector name: letters, digits, '.', '_' and '-', at most 200, starting with a letter or digit",
        )


def _value_problems(config: Mapping[str, object]) -> Iterator[Problem]:
    for key, value in sorted(config.items()):
        if not isinstance(value, str) and value is not UNKNOWN:
            text = "the value" if shown(key, str(value)) == HIDDEN else f"{value!r}"
            yield Problem(
                path=step("config", key),
                rule=f"{text} is not a string",
                cure="write the value in quotes, true and false in lower case: Connect's values are strings",
            )


def _identity_problems(name: object, config: Mapping[str, object]) -> Iterator[Problem]:
    inner = config.get("name")
    if isinstance(inner, str) and isinstance(name, str) and inner != name:
        yield Problem(
            path=step("config", "name"), rule=f"is {inner!r}, but the connector's name is {name!r}", cure="remove it, or use the same name"
        )
    java_class = config.get("connector.class")
    if java_class is None:
        yield Problem(
            path=step("config", "connector.class"),
            rule="is missing: the Java class of the connector, such as io.debezium.connector.postgresql.PostgresConnector",
        )
    elif isinstance(java_class, str) and not _CLASS.match(java_class):
        yield Problem(
            path=step("config", "connector.class"), rule=f"{shown('connector.class', java_class)} is not the name of a Java class"
        )
    tasks = config.get("tasks.max")
    if isinstance(tasks, str) and not (tasks.isascii() and tasks.isdigit() and int(tasks) > 0):
        yield Problem(path=step("config", "tasks.max"), rule=f"{shown('tasks.max', tasks)} is not a whole number from 1")


def _tolerance_problems(config: Mapping[str, str], with_unknowns: Mapping[str, object]) -> Iterator[Problem]:
    tolerant = config.get("errors.tolerance", "none").lower() == "all"
    dead_letters = sorted(key for key in config if key.startswith("errors.deadletterqueue."))
    if is_source(config):
        for key in dead_letters:
            yield Problem(
                path=step("config", key), rule="Connect ignores the key: a source connector has no dead letter queue", cure="remove it"
            )
        if tolerant:
            yield Problem(
                path=step("config", "errors.tolerance"),
                rule="'all' makes a source drop rows it cannot convert and commit their offsets, so they are lost silently",
                cure="set 'none'",
            )
        return
    if tolerant and not with_unknowns.get("errors.deadletterqueue.topic.name"):
        yield Problem(
            path=step("config", "errors.tolerance"),
            rule="'all' without errors.deadletterqueue.topic.name drops bad records silently",
            cure="name a topic for them or set 'none'",
        )
    named = [key for key in ("topics", "topics.regex") if with_unknowns.get(key)]
    if len(named) != 1:
        yield Problem(path=step("config", "topics"), rule="a sink needs exactly one of topics and topics.regex")
