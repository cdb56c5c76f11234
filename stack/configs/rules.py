"""Rules about single keys as data: the accepted values, the default of an absent key, and the reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.credentials.detector import shows_credential
from stack.configs.keys import classes
from stack.configs.problems import problem
from stack.configs.secrecy import is_referenced, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stack.problem import Problem


@dataclass(frozen=True, slots=True)
class OneOf:
    """A key with a fixed set of accepted values.

    Attributes:
        key: Name of the key.
        accepted: Accepted values, in lower case.
        absent: Default, which applies when the key is absent.
        rule: Reason why any other value is wrong.
        cure: Correct setting.
    """

    key: str
    accepted: tuple[str, ...]
    absent: str
    rule: str
    cure: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A key with a lower bound.

    Attributes:
        key: Name of the key.
        least: Smallest accepted number; with ``or_default``, -1 is accepted as well.
        absent: Default, which applies when the key is absent.
        rule: Reason why a smaller number is wrong.
        cure: Correct setting.
        or_default: Whether -1, the cluster's own default, is accepted.
    """

    key: str
    least: int
    absent: int
    rule: str
    cure: str
    or_default: bool = False


def broken(config: Mapping[str, str], rules: Iterable[OneOf | AtLeast]) -> list[Problem]:
    """Return the problems of a configuration that breaks rules."""
    return [problem(config, rule.key, rule.rule, rule.cure) for rule in rules if _breaks(config, rule)]


def number(config: Mapping[str, str], key: str, absent: int) -> int:
    """Return the whole number of a key, or its default when it is absent or not a number (the spelling check reports that)."""
    try:
        return int(config.get(key, absent))
    except ValueError:
        return absent


def listed(config: Mapping[str, str], key: str) -> list[str]:
    """Split a comma-separated value into its parts."""
    return [part.strip() for part in config.get(key, "").split(",") if part.strip()]


def literal_credentials(config: Mapping[str, str]) -> list[Problem]:
    """Check for credentials in plain text: every reader of a connector's configuration or its topic sees them."""
    rule, cure = (
        ("is a credential in plain text, and the worker shows a connector's configuration on request"),
        ("set a reference, ${provider:path:key}"),
    )
    return [
        problem(config, key, rule, cure)
        for key, value in config.items()
        if (is_secret(key) and not is_referenced(key, value)) or shows_credential(value)
    ]


def null_replacing(config: Mapping[str, str]) -> list[Problem]:
    """Check for transforms that write a column's default where the row has NULL."""
    rule, cure = "this transform writes a column's default where the row has NULL", "set false"
    return [
        problem(config, f"{prefix}replace.null.with.default", rule, cure)
        for prefix, name in transforms(config)
        if "replace.null.with.default" in classes().get(name, {})
        and config.get(f"{prefix}replace.null.with.default", "true").strip().lower() != "false"
    ]


def transforms(config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the prefix and class of each transform, in the order of the chain."""
    for alias in listed(config, "transforms"):
        yield f"transforms.{alias}.", config.get(f"transforms.{alias}.type", "").partition("$")[0]


def _breaks(config: Mapping[str, str], rule: OneOf | AtLeast) -> bool:
    value = config.get(rule.key)
    if isinstance(rule, OneOf):
        return (rule.absent if value is None else value).strip().strip("'").lower() not in rule.accepted
    size = number(config, rule.key, rule.absent)
    return size < rule.least and not (rule.or_default and size == -1)
