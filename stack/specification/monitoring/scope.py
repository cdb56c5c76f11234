"""Expressions of PromQL for a Prometheus that also has figures of others: each selector asks for the stack's own series. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.jobs import KUBELET

if TYPE_CHECKING:
    from stack.settings.model import Settings

LABEL: Final = "stack"
"""Label of every series of a stack, and of every alert; its value is the stack's namespace."""
_OF_KUBELET: Final = ("container_", "prober_")
_KUBELETS_JOB: Final = f'job="{KUBELET}"'
_NAMESPACE: Final = re.compile(r"\bnamespace\s*=")
_TEXT: Final = r'"(?:[^"\\]|\\.)*+"'
# Quantifiers give nothing back: "sum" in front of a parenthesis must not be read as a metric "su"
_PARTS: Final = re.compile(
    rf"""
      {_TEXT}
    | \[ [^\]]*+ \]                                                                   # a span of time
    | \b (?: by | without | on | ignoring | group_left | group_right ) \s* \( [^)]*+ \)    # names of labels
    | \d [\w.]*+                                                                      # a number, or a time after offset
    | \b (?: and | or | unless | bool | offset | group_left | group_right ) \b        # the other words of the language
    | [a-zA-Z_] \w*+ (?= \s* (?: \( | (?: by | without ) \b ) )                       # a function
    | (?P<metric> [a-zA-Z_:] [\w:]*+ ) (?P<asked> \{{ (?: {_TEXT} | [^}}"] )*+ \}} )?
    """,
    re.VERBOSE,
)


def series_labels(settings: Settings) -> dict[str, str]:
    """Return the labels that tell a stack's series and alerts from those of others; none in a Prometheus of its own."""
    return {} if settings.monitoring.is_managed else {LABEL: settings.names.namespace}


def scoped(expression: str, settings: Settings) -> str:
    """Return an expression that reads the stack's own series alone; unchanged for a Prometheus of its own.

    A series of the kubelets has the namespace of its pod, and every other one the label that ``series_labels`` returns.

    Args:
        expression: Expression whose selectors begin with the name of a metric.
        settings: The stack's settings.
    """
    if settings.monitoring.is_managed:
        return expression
    namespaces = "|".join((settings.names.namespace, *settings.further_mib))
    of_pods, own = f'namespace=~"{namespaces}"', f'{LABEL}="{settings.names.namespace}"'

    def asked(found: re.Match[str]) -> str:
        metric = found["metric"]
        if metric is None:
            return found[0]
        inside = (found["asked"] or "{}")[1:-1].strip().rstrip(",")
        if _KUBELETS_JOB in inside:
            return found[0]
        added = of_pods if metric.startswith(_OF_KUBELET) else own
        if added == of_pods and _NAMESPACE.search(inside):
            return found[0]
        return f"{metric}{{{','.join(part for part in (inside, added) if part)}}}"

    return _PARTS.sub(asked, expression)
