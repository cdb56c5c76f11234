"""Connectors of the stack itself: names, addresses and the form of rows are what the settings render."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from stack.configs.allowed import further_problems, standing
from stack.configs.classes import DEBEZIUM, GUARDED_DEBEZIUM, ICEBERG_SINK, PLAIN_ICEBERG_SINK
from stack.configs.tokens import CONNECTOR, TOPIC
from stack.configs.verdict import KIND_BY_CLASS
from stack.problem import Problem
from stack.settings.names import Names
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.configs.keys import Kind

_CHAIN = ("transforms", "predicates")


def changed(resource: Declared, record: Record) -> Iterator[Problem]:
    """Yield the keys of a connector that differ from what the stack's settings render for it."""
    stack = record.limits.specification
    config = resource.inputs.get("config")
    if stack is None or resource.type != CONNECTOR or not isinstance(config, Mapping):
        return
    for own in stack.connectors:
        if resource.inputs.get("name") == own.name:
            yield from differing(KIND_BY_CLASS[own.config["connector.class"]], config, own.config, "connector")


def unguarded(resource: Declared, config: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the class of an own connector, known by its name, that is not the image's guarded one."""
    plain, name = config.get("connector.class"), str(resource.inputs.get("name"))
    if plain == DEBEZIUM and name.startswith(Names().source_connector):
        yield Problem(
            key="connector.class",
            value=DEBEZIUM,
            rule="a database that went back in time would be skipped in silence until it has written as far as before",
            cure=f"set {GUARDED_DEBEZIUM}, which refuses it and has the same keys",
        )
    if plain == PLAIN_ICEBERG_SINK and (name == Names.sink_connector or name.startswith(f"{Names.sink_connector}-")):
        rule = "of the program's own sink would ignore every file after its control topic or the brokers were built anew"
        yield Problem(key="connector.class", value=PLAIN_ICEBERG_SINK, rule=rule, cure=f"set {ICEBERG_SINK}")


def differing(kind: Kind, config: Mapping[str, object], rendered: Mapping[str, str], what: str) -> Iterator[Problem]:
    """Yield the keys of a configuration on which other parts depend, and that differ from what the settings render.

    Args:
        kind: Kind of the configuration.
        config: The declared keys.
        rendered: Keys as the settings render them.
        what: Word for it in messages: ``connector`` or ``file``.
    """
    for key, expected in rendered.items():
        value = config.get(key)
        if not _is_settled(kind, rendered, key) or isinstance(value, Unknown) or (value is not None and _text(value) == expected):
            continue
        rule = "is missing from" if value is None else "differs from"
        yield Problem(
            key=key,
            rule=f"{rule} what the settings render for this {what}, {expected!r}",
            cure="change the settings that decide it, and leave the key to the program",
        )
    known = {key: _text(value) for key, value in config.items() if not isinstance(value, Unknown)}
    further = {key: value for key, value in known.items() if key not in rendered and not key.startswith(_CHAIN)}
    yield from further_problems(kind, further, known)
    for key in further:
        found = standing(kind, rendered, key)
        if found is not None and found.is_fixed:
            yield Problem(key=key, rule=f"is not part of what the settings render for this {what}", cure="remove it")


def _is_settled(kind: Kind, rendered: Mapping[str, str], key: str) -> bool:
    """Return whether a key is the program's: other parts depend on it, or another connector alone may choose it."""
    known = standing(kind, rendered, key)
    return key.startswith(_CHAIN) or (known is not None and (known.is_fixed or known.is_open))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def undeclared_topics(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the topics of the stack's connectors that nothing declares: brokers create none by themselves."""
    stack = record.limits.specification
    if stack is None:
        return
    names = [one.inputs.get("name") for one in record.of_type(TOPIC)]
    absent = [topic.name for topic in stack.streaming.kafka.topics if topic.name not in names]
    own = {one.name for one in stack.connectors}
    connector = next((one for one in record.of_type(CONNECTOR) if one.inputs.get("name") in own), None)
    if connector is not None and absent and not any(isinstance(name, Unknown) for name in names):
        yield (
            connector,
            Problem(
                rule=f"nothing declares {', '.join(absent)}, and brokers create no topic by themselves",
                cure="declare each as a kafka.Topic",
            ),
        )
