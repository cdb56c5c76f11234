"""A preview as ``pulumi preview --json`` writes it, in either of its two forms, without its secrets.

With PULUMI_ENABLE_STREAMING_JSON_PREVIEW set the CLI writes one event a line, those of the policies among them. Without it, it writes one
document at the end, which leaves out policies, and unless ``--show-sames`` is given also every resource that stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from review.step import Step


class UnreadablePreviewError(ValueError):
    """What was given is no preview; the message says what it is, and the command that makes one."""


@dataclass(frozen=True, kw_only=True)
class PolicyResult:
    """One thing a policy said.

    Attributes:
        rule: Name of the policy.
        mandatory: Whether it stops the update.
        urn: The resource, or an empty string.
        message: What it said, without the rule's own sentence at the start.
    """

    rule: str
    mandatory: bool
    urn: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would happen.

    Attributes:
        steps: One for each resource, in order of the engine.
        complete: Whether all resources that stay as they are stand among the steps, so that sums can be made.
        succeeded: Whether the engine came to its end without an error.
        policies: What the policies said, or None when this form of output does not tell.
        packs: Policy packs that ran; meaningless when ``policies`` is None.
        errors: What went wrong, one text each.
    """

    steps: tuple[Step, ...]
    complete: bool
    succeeded: bool
    policies: tuple[PolicyResult, ...] | None = None
    packs: tuple[str, ...] = ()
    errors: tuple[str, ...] = field(default=())

    @property
    def changed(self) -> list[Step]:
        """The steps that change something."""
        return [step for step in self.steps if step.fate != "same"]

    @property
    def stack(self) -> str | None:
        """Project and stack as ``project/stack``, or None when no resource tells."""
        for step in self.steps:
            parts = step.urn.split(":", 2)[-1].split("::")
            if len(parts) >= 2:  # noqa: PLR2004 - urn:pulumi:<stack>::<project>::…
                return f"{parts[1]}/{parts[0]}"
        return None
