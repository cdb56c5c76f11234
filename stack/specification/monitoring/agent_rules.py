"""Rules of Prometheus' agent: a pattern of a bean's attribute, and the metric that the agent makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricRule:
    """One rule.

    Attributes:
        pattern: Regular expression for ``domain<key=value, …><key of a composite>attribute: value``.
        name: Name of the metric; a character that no name may have becomes an underscore.
        labels: Labels; ``$1`` is the first group of the pattern.
        is_counter: Whether the value only grows.
        value: Value of the metric, or None for the attribute's.
        factor: Number by which the attribute's value is multiplied.
    """

    pattern: str
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    is_counter: bool = False
    value: int | None = None
    factor: float | None = None

    def written(self) -> dict[str, Any]:
        """Return the rule in the agent's spelling."""
        optional = {
            "type": "COUNTER" if self.is_counter else None,
            "labels": dict(self.labels) or None,
            "value": self.value,
            "valueFactor": self.factor,
        }
        return {"pattern": self.pattern, "name": self.name, **{key: value for key, value in optional.items() if value is not None}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Metrics of one process.

    Attributes:
        beans: Patterns of the beans' names; the agent reads no other.
        rules: Rules in the order in which the agent tries them.
    """

    beans: tuple[str, ...]
    rules: tuple[MetricRule, ...]


# The agent's own metrics of collections are sums; this is the duration of the last one, shorter ones between two looks are not seen.
COLLECTORS: Final = "java.lang:type=GarbageCollector,*"
LAST_PAUSE: Final = MetricRule(
    pattern="java.lang<name=([^,>]+), type=GarbageCollector><LastGcInfo>duration",
    name="jvm_gc_last_pause_seconds",
    labels={"gc": "$1"},
    factor=0.001,
)
