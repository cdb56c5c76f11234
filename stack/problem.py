"""The ``Problem`` record: the result of every check, and its rendering as one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from stack.configs.secrecy import told


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
        """Key and value, rule and cure, as one sentence; none of them shows a credential, whatever it repeats."""
        rule, cure, key = told(self.rule), told(self.cure), told(self.key)
        # the cure starts a new line after a rule with several lines
        text = f"{rule}{chr(10) if chr(10) in self.rule else '; '}{cure}" if cure else rule
        if key:
            text = f"{key} is missing: {text}" if self.value is None else f"{key} = {told(self.value)}: {text}"
        elif self.value is not None:
            text = f"{text} (got {told(self.value)})"
        return text

    def __str__(self) -> str:
        """Write the problem as one sentence: path, subject, key and value, rule, cure."""
        return "".join([*(f"{told(place)}: " for place in (self.path, self.about) if place), self.text])
