"""Connectors and workers that a change stops: nothing is lost at once, but the source's slot retains the log until it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.review.inputs import at, closed, mappings, process, truth
from pipeline.review.loss import UNSEEN, Loss
from policy.guarded import runs_guarded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

# Places of a connector's state: of this program's resource, of Strimzi, and of others
_STATES: Final = (("state",), ("targetState",), ("initialState",), ("status",), ("spec", "state"), ("config", "initial_state"))
_SWITCH: Final = ("spec", "pause")
_STOPPED: Final = {"paused", "stopped"}
DEPLOYMENT: Final = "kubernetes:apps:Deployment"
_WHY: Final = (
    "a source that does not run leaves its changes in the database's log, up to max_slot_wal_keep_size, beyond that they are lost; a "
    "sink leaves them in its topics until retention.ms"
)


def of_connectors(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield that a connector of any API no longer runs."""
    if not step.type.rpartition(":")[2].endswith("Connector") or step.new is None:
        return
    before, after = _stopped(step.old.inputs if step.old else {}), _stopped(step.new.inputs)
    if after is None and before is not None:
        yield Loss("check", "data in transit", f"whether the connector runs is {UNSEEN}")
    elif after and before != after:
        yield Loss("check", "data in transit", f"the connector is {after}: {_WHY}")


def _stopped(inputs: Mapping[str, Any]) -> str | None:
    """Return the state of a connector that does not run, an empty text for one that runs, and None for one that is not shown."""
    for place in _STATES:
        said = at(inputs, *place)
        if said is not None and closed(said):
            return None
        if isinstance(said, str) and said.lower() in _STOPPED:
            return said.lower()
    paused = truth(at(inputs, *_SWITCH))
    return None if paused is None else "paused" if paused else ""


def of_workers(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield that no pod of a worker or of a registry runs any more."""
    if step.old is None or step.new is None:
        return
    before, after = at(step.old.inputs, "spec", "replicas"), at(step.new.inputs, "spec", "replicas")
    runs = any(runs_guarded(process(one)) for one in mappings(step.old.inputs, "spec", "template", "spec", "containers"))
    if runs and after == 0 != before:
        yield Loss("check", "data in transit", f"replicas {1 if before is None else before} → 0: nothing runs any more; {_WHY}")
