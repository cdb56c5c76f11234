"""Settings of the policy pack."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stack.settings.section import Section
from stack.settings.types import written


class RuleException(Section):
    """Exception of one resource from one rule; every preview shows it."""

    rule: Annotated[str, *written("[a-z][a-z-]+", "is no name of a rule; write one of docs/policies.md, such as service-private")]
    """Name of the rule, as its violation shows it."""
    resource: Annotated[
        str,
        *written(
            r"[A-Za-z0-9._-]{3,}(\*|/[^\s]+)?",
            "must be a resource's logical name, at least 3 letters, digits, '.', '_' and '-'; only at its end a * covers further names, or "
            "behind a slash stands one variable, file or key",
        ),
    ]
    """Logical name of the resource; a ``*`` at the end covers every name with that prefix.

    For ``no-literal-credential`` it is followed by a slash and the variable, file or key: ``worker/API_TOKEN``."""
    reason: str = Field(min_length=15)
    """Reason why the exception is safe, in a sentence."""


class PolicySettings(Section):
    """Settings of the policy pack."""

    exceptions: tuple[RuleException, ...] = ()
    """Exceptions from rules, each with its reason."""
