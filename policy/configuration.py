"""Configuration of the pack, as the CLI's ``--policy-pack-config`` takes it: levels of the policies and values of the rules."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from policy.catalogue import RULES, WHOLE_STACK
from policy.limits import SCHEMA
from stack.capacity.quantity import parse_bytes
from stack.configs.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policy.rule import Level

LEVELS: Final[Mapping[str, Level | None]] = {"mandatory": "mandatory", "remediate": "mandatory", "advisory": "advisory", "disabled": None}
"""Level that each of the engine's words has here; None for a policy that does not run."""
_ALL: Final = "all"
_LEVEL_KEY: Final = "enforcementLevel"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Configuration of the pack.

    Attributes:
        levels: Word of the engine by policy, and ``all`` for those without one.
        values: Values by rule and property; see ``policy.limits.SCHEMA``.
    """

    levels: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @staticmethod
    def read(text: str) -> Configuration:
        """Read a file's content.

        Raises:
            ValueError: If the engine or a rule would refuse or ignore a part of it; the message names the part.
        """
        content = json.loads(text, object_pairs_hook=_once)
        if not isinstance(content, dict):
            message = "must be an object with a level or an object for each rule"
            raise ValueError(message)  # noqa: TRY004 - every fault of the file is one kind of error
        levels, values = dict[str, str](), dict[str, dict[str, Any]]()
        for name, given in content.items():
            _known(name)
            properties = dict(given) if isinstance(given, dict) else {_LEVEL_KEY: given}
            if _LEVEL_KEY in properties:
                levels[name] = _level(name, properties.pop(_LEVEL_KEY))
            for key, value in properties.items():
                _valued(name, key, value)
            values[name] = properties
        return Configuration(levels=levels, values={name: properties for name, properties in values.items() if properties})

    def level(self, policy: str, own: Level) -> Level | None:
        """Return the level of a policy, or None when it is disabled.

        Args:
            policy: Name of the policy.
            own: Its level without configuration.
        """
        given = self.levels.get(policy, self.levels.get(_ALL))
        return own if given is None else LEVELS[given]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = {key for at, (key, _value) in enumerate(pairs) if key in dict(pairs[:at])}
    if twice:
        message = f"has {', '.join(sorted(twice))} twice; remove one"
        raise ValueError(message)
    return dict(pairs)


def _known(name: str) -> None:
    names = [_ALL, WHOLE_STACK, *(rule.name for rule in RULES)]
    if name not in names:
        near = nearest(name, names)
        message = f"has {name!r}, which is no rule of the pack; {f'did you mean {near}?' if near else 'docs/policies.md lists the rules'}"
        raise ValueError(message)


def _level(name: str, level: object) -> str:
    if not isinstance(level, str) or level not in LEVELS:
        message = f"gives {name} the level {level!r}; write one of {', '.join(LEVELS)}, or an object for each rule with further keys"
        raise ValueError(message)
    return level


def _valued(rule: str, key: str, value: object) -> None:
    schema = SCHEMA.get(rule, {}).get(key)
    if schema is None:
        message = f"has {rule}.{key}, which is no key; possible are {', '.join([_LEVEL_KEY, *SCHEMA.get(rule, {})])}"
        raise ValueError(message)
    if schema["type"] == "integer":
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1 or value < schema["minimum"]:
            message = f"has {rule}.{key} {value!r}; write a whole number from {schema['minimum']}"
            raise ValueError(message)
        return
    if not isinstance(value, dict):
        message = f'has {rule}.{key} {value!r}; write an object such as {{"data-ingestion": "4096Mi"}}'
        raise ValueError(message)  # noqa: TRY004 - as above
    for namespace, size in value.items():
        if not isinstance(size, str) or parse_bytes(size) <= 0:
            message = f'has {rule}.{key}.{namespace} {size!r}; write a size such as "4096Mi"'
            raise ValueError(message)
