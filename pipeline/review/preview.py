"""A preview by ``pulumi preview --json``, in either of its two forms, without secrets.

With PULUMI_ENABLE_STREAMING_JSON_PREVIEW set, the CLI writes one event a line, including policy events. Without it, the CLI writes one
document at the end, without policies and, unless ``--show-sames`` is set, without unchanged resources.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.review.step import Step


class UnreadablePreviewError(ValueError):
    """The input is no preview; the message says why, and names the command that creates one."""


@dataclass(frozen=True, kw_only=True)
class PolicyResult:
    """One result of a policy.

    Attributes:
        rule: Name of the policy.
        mandatory: True if it stops the update.
        urn: URN of the resource, or an empty string.
        message: Its message, without the rule's own sentence at the start.
    """

    rule: str
    mandatory: bool
    urn: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A preview of an update.

    Attributes:
        steps: One step for each resource, in the engine's order.
        complete: True if the steps include all unchanged resources, so that sums are possible.
        succeeded: True if the engine finished without an error.
        policies: Results of the policies, or None for an output without them.
        packs: Policy packs that ran; meaningless when ``policies`` is None.
        errors: Error messages.
    """

    steps: tuple[Step, ...]
    complete: bool
    succeeded: bool
    policies: tuple[PolicyResult, ...] | None = None
    packs: tuple[str, ...] = ()
    errors: tuple[str, ...] = field(default=())

    @property
    def changed(self) -> list[Step]:
        """Steps that change a resource."""
        return [step for step in self.steps if step.fate != "same"]

    @property
    def stack(self) -> str | None:
        """Project and stack as ``project/stack``, or None for a preview without resources."""
        for step in self.steps:
            parts = step.urn.split(":", 2)[-1].split("::")
            if len(parts) >= 2:  # noqa: PLR2004 - urn:pulumi:<stack>::<project>::…
                return f"{parts[1]}/{parts[0]}"
        return None
