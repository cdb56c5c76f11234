"""One record for every problem that a judge finds, and the one place that writes it as a sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong, and the cure.

    Attributes:
        rule: Why it is wrong.
        cure: What to do; empty where the rule says it all.
        key: Key of a configuration, such as ``snapshot.mode``; empty where the problem is about no single key.
        value: Value as it may be shown, never a credential; None where there is none.
        about: Subject of the problem where a reader has to know it, such as ``topic orders``.
        path: Path of the setting to change, such as ``source.debezium.extra``.
    """

    rule: str
    cure: str = ""
    key: str = ""
    value: str | None = None
    about: str = ""
    path: str = ""

    @property
    def text(self) -> str:
        """Key and value, rule and cure, as one sentence."""
        # a rule with a table in it ends a line of its own
        text = f"{self.rule}{chr(10) if chr(10) in self.rule else '; '}{self.cure}" if self.cure else self.rule
        if self.key:
            text = f"{self.key} is missing: {text}" if self.value is None else f"{self.key} = {self.value}: {text}"
        elif self.value is not None:
            text = f"{text} (got {self.value})"
        return text

    def __str__(self) -> str:
        """Write the problem as one sentence: path, subject, key and value, rule, cure."""
        return "".join([*(f"{place}: " for place in (self.path, self.about) if place), self.text])
