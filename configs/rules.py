"""Rules about single keys as data: what a key must be, what holds when it is absent, and why anything else loses rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.keys import classes
from configs.problems import problem
from configs.secrecy import is_referenced, is_secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from problem import Problem


@dataclass(frozen=True, slots=True)
class OneOf:
    """A key with a closed choice.

    Attributes:
        key: The key.
        accepted: Values that are right, in lower case.
        absent: What holds when the key is not there.
        rule: Why anything else is wrong.
        cure: What to write.
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
        key: The key.
        least: Smallest number that is right; -1 is right as well where ``or_default`` says so.
        absent: What holds when the key is not there.
        rule: Why less is wrong.
        cure: What to write.
        or_default: Whether -1, the cluster's own default, is right.
    """

    key: str
    least: int
    absent: int
    rule: str
    cure: str
    or_default: bool = False


def broken(config: Mapping[str, str], rules: Iterable[OneOf | AtLeast]) -> list[Problem]:
    """Problems of a configuration that breaks rules."""
    return [problem(config, rule.key, rule.rule, rule.cure) for rule in rules if _breaks(config, rule)]


def number(config: Mapping[str, str], key: str, absent: int) -> int:
    """A whole number, or what holds when it is absent or no number (which the spelling check tells)."""
    try:
        return int(config.get(key, absent))
    except ValueError:
        return absent


def listed(config: Mapping[str, str], key: str) -> list[str]:
    """The parts of a comma-separated value."""
    return [part.strip() for part in config.get(key, "").split(",") if part.strip()]


def literal_credentials(config: Mapping[str, str]) -> list[Problem]:
    """Credentials that stand in the configuration itself: whoever may read a connector or its topic reads them."""
    rule, cure = (
        ("is a credential written out, and the worker shows a connector's configuration to whoever asks"),
        ("write ${provider:path:key}"),
    )
    return [problem(config, key, rule, cure) for key, value in config.items() if is_secret(key) and not is_referenced(key, value)]


def null_replacing(config: Mapping[str, str]) -> list[Problem]:
    """Transforms that write a column's default where the row has NULL."""
    rule, cure = "this transform writes a column's default where the row has NULL", "write false"
    return [
        problem(config, f"{prefix}replace.null.with.default", rule, cure)
        for prefix, name in transforms(config)
        if "replace.null.with.default" in classes().get(name, {})
        and config.get(f"{prefix}replace.null.with.default", "true").strip().lower() != "false"
    ]


def transforms(config: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Prefix and class of each transform in the chain, in its order."""
    for alias in listed(config, "transforms"):
        yield f"transforms.{alias}.", config.get(f"transforms.{alias}.type", "").partition("$")[0]


def _breaks(config: Mapping[str, str], rule: OneOf | AtLeast) -> bool:
    value = config.get(rule.key)
    if isinstance(rule, OneOf):
        return (rule.absent if value is None else value).strip().strip("'").lower() not in rule.accepted
    found = number(config, rule.key, rule.absent)
    return found < rule.least and not (rule.or_default and found == -1)
