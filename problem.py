"""The ``Problem`` record: the result of every check, and its rendering as one sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One violation: the key, its value, the rule it breaks, and the cure.

    Attributes:
        rule: Reason why it is wrong.
        cure: Action that resolves it; empty where the rule implies it.
        key: Key of a configuration, such as ``snapshot.mode``; empty where the problem concerns no single key.
        value: Printable value, never a credential; None where there is none.
        about: Subject of the problem where it is not obvious, such as ``topic orders``.
        path: Path of the setting to change, such as ``source.debezium.extra``.
        meant: Key that was probably intended instead, which the cure names; empty for any other problem.
    """

    rule: str
    cure: str = ""
    key: str = ""
    value: str | None = None
    about: str = ""
    path: str = ""
    meant: str = ""

    @property
    def text(self) -> str:
        """Key and value, rule and cure, as one sentence."""
        # the cure starts a new line after a rule with several lines
        text = f"{self.rule}{chr(10) if chr(10) in self.rule else '; '}{self.cure}" if self.cure else self.rule
        if self.key:
            text = f"{self.key} is missing: {text}" if self.value is None else f"{self.key} = {self.value}: {text}"
        elif self.value is not None:
            text = f"{text} (got {self.value})"
        return text

    def __str__(self) -> str:
        """Write the problem as one sentence: path, subject, key and value, rule, cure."""
        return "".join([*(f"{place}: " for place in (self.path, self.about) if place), self.text])
