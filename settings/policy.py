"""Settings of the policy pack."""

from __future__ import annotations

from pydantic import Field

from settings.section import Section


class RuleException(Section):
    """Exception of one resource from one rule; every preview shows it."""

    rule: str = Field(pattern=r"^[a-z][a-z-]+$")
    """Name of the rule, as its violation shows it."""
    resource: str = Field(pattern=r"^[A-Za-z0-9._-]{3,}(\*|/\S+)?$")
    """Logical name of the resource; a ``*`` at the end covers every name with that prefix.

    For ``no-literal-credential`` it is followed by a slash and the variable, file or key: ``worker/API_TOKEN``."""
    reason: str = Field(min_length=15)
    """Reason why the exception is safe, in a sentence."""


class PolicySettings(Section):
    """Settings of the policy pack."""

    exceptions: tuple[RuleException, ...] = ()
    """Exceptions from rules, each with its reason."""
