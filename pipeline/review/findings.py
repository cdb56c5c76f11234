"""Findings of a preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.review.configuration import connector_keys, setting_keys
from pipeline.review.losses import known, losses
from pipeline.review.memory import memory
from pipeline.review.surroundings import Surroundings

if TYPE_CHECKING:
    from pipeline.review.configuration import Key
    from pipeline.review.loss import Loss
    from pipeline.review.memory import Memory
    from pipeline.review.preview import PolicyResult, Preview
    from pipeline.review.step import Step

# The policy that lists the stack's exceptions from the others
EXCEPTIONS: Final = "exceptions-shown"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Findings of a preview.

    Attributes:
        preview: The preview.
        losses: Resources whose data is affected, each with the fate of the data; several times for several kinds of data.
        unjudged: Resources of unknown types that change in place, so that the effect on their data cannot be judged.
        memory: Memory of each namespace with pods.
        connector_keys: Changed keys of connectors.
        setting_keys: Changed keys of topics and of servers' files.
    """

    preview: Preview
    losses: tuple[tuple[Step, Loss], ...]
    unjudged: tuple[Step, ...]
    memory: tuple[Memory, ...]
    connector_keys: tuple[Key, ...]
    setting_keys: tuple[Key, ...]

    @classmethod
    def of(cls, preview: Preview) -> Findings:
        """Derive the findings of a preview."""
        around = Surroundings.of(preview.steps)
        judged = tuple((step, fate) for step in preview.steps for fate in losses(step, around))
        told = {step.urn for step, _ in judged}
        changing = (step for step in preview.changed if step.fate == "update" and step.state.custom and not known(step.type))
        return cls(
            preview=preview,
            losses=judged,
            unjudged=tuple(step for step in changing if step.urn not in told),
            memory=tuple(memory(preview.steps)) if preview.complete else (),
            connector_keys=tuple(connector_keys(preview.changed)),
            setting_keys=tuple(setting_keys(preview.changed)),
        )

    @property
    def loses_data(self) -> bool:
        """True if the update certainly loses data."""
        return any(fate.verdict == "lost" for _, fate in self.losses)

    @property
    def violations(self) -> list[PolicyResult]:
        """Results of mandatory policies, which refuse the update."""
        return [result for result in self.preview.policies or () if result.mandatory]

    @property
    def warnings(self) -> list[PolicyResult]:
        """Results of advisory policies."""
        return [result for result in self.preview.policies or () if not result.mandatory and result.rule != EXCEPTIONS]

    @property
    def exceptions(self) -> list[PolicyResult]:
        """The stack's exceptions from the policies."""
        return [result for result in self.preview.policies or () if result.rule == EXCEPTIONS]
