"""The position of a consumer group in a topic, committed before its first consumer starts.

A consumer without a committed position begins where ``auto.offset.reset`` says. For the coordinator of the Iceberg sink that is the end
of the control topic: files that a task has announced, and that no coordinator has committed before the worker dies, are lost with their
rows. The other value, ``earliest``, also holds for the sink's tasks, which would answer every old event at each start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from providers.differences import differences
from providers.kafkaconnect.asking import answered
from providers.kafkaconnect.errors import NoConnectorError
from providers.kafkaconnect.librdkafka import UnansweredError, client
from providers.kafkaconnect.positions import commit_beginning, without_position
from providers.kafkaconnect.readiness_rules import security_problems, server_problems
from providers.operations import Adopting, Change, Plain, ProviderError, Quiet, Reporter, State, provider_wait
from stack.problem import Problem
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    import threading

    from providers.kafkaconnect.rest import ConnectClient
    from providers.waiting import Patience

# Seconds in which a cluster that was ready a moment ago has to answer
_PATIENCE: Final = 60.0
_NAMES: Final = ("group", "topic")

# Partitions of a topic without a committed position of a group: settings, group, topic, number of partitions
Missing = Callable[[Mapping[str, Any], str, str, int], list[int]]
# Commits the beginning of these partitions
Commit = Callable[[Mapping[str, Any], str, str, Iterable[int]], None]


@dataclass(frozen=True, slots=True)
class GroupPositionOperations(Adopting):
    """The position as a resource: each partition has one; an existing position is never changed.

    Attributes:
        cancelled: Set when the engine cancels.
        reporter: Receiver of progress reports.
        missing: Function that returns the partitions without a position.
        commit: Function that commits the beginning of partitions.
        client: Client of the worker that runs the group's connector.
        poll: Seconds between two attempts.
        learnt: Outputs that the cluster determines.
        steady: Outputs of these that no update changes.
    """

    cancelled: threading.Event
    reporter: Reporter = field(default_factory=Quiet)
    missing: Missing = without_position
    commit: Commit = commit_beginning
    client: ConnectClient | None = None
    poll: float = 1.0
    learnt: tuple[str, ...] = ()
    steady: tuple[str, ...] = ()

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:  # noqa: ARG002 - the protocol's
        """Check addresses, names and numbers; no network."""
        problems = [*server_problems(inputs.get("bootstrapServers")), *security_problems(inputs.get("security"))]
        named = [key for key in _NAMES if inputs.get(key) is UNKNOWN or (isinstance(inputs.get(key), str) and inputs[key])]
        problems += [Problem(path=key, rule="must be a name") for key in _NAMES if key not in named]
        connector = inputs.get("connector")
        if connector is not None and connector is not UNKNOWN and not (isinstance(connector, str) and connector):
            problems.append(Problem(path="connector", rule="must be a name"))
        count = inputs.get("partitions")
        if count is not UNKNOWN and (not isinstance(count, int) or isinstance(count, bool) or count < 1):
            problems.append(Problem(path="partitions", rule=f"{count!r} is not a whole number from 1"))
        return problems

    def named(self, inputs: Plain) -> str:
        """Return group and topic."""
        return "/".join(str(inputs[key]) for key in _NAMES if key in inputs)

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Return the changes; another group or topic is another position."""
        changes = differences(old, new)
        return [Change(change.path, change.kind, replace=change.path in _NAMES) for change in changes]

    def create(self, inputs: Plain) -> State:
        """Commit the beginning of each partition that has no position; positions that exist stay.

        Brokers refuse that while the group has members. Therefore its connector, if it is named, is stopped before; whoever declares the
        connector lets it depend on the position, and so starts it again.
        """
        settings, patience = _settings(inputs), provider_wait(_PATIENCE, self.cancelled, self.reporter)
        group, topic = inputs["group"], inputs["topic"]
        while True:
            try:
                missing = self.missing(settings, group, topic, inputs["partitions"])
                if missing:
                    self._stop(inputs.get("connector"), patience)
                    self.commit(settings, group, topic, missing)
            except UnansweredError as error:
                if patience.over:
                    message = (
                        f"the group {group} has no position in {topic}, and none could be committed within {_PATIENCE:.0f} s: {error}; "
                        "check the brokers, and stop a connector that uses the group already"
                    )
                    raise ProviderError(message) from None
                patience.pause(self.poll, f"the position of {group} in {topic}: {error}")
            else:
                return State(self.named(inputs), dict(inputs))

    def _stop(self, connector: str | None, patience: Patience) -> None:
        client = self.client
        if connector is None or client is None:
            return
        with suppress(NoConnectorError):
            answered(
                patience, f"stopping connector {connector}", lambda seconds: client.stop(connector, seconds=seconds), first=self.poll / 2
            )

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:  # noqa: ARG002 - the protocol's
        """Commit the beginning of each new partition."""
        return self.create(new)

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:
        """Return the position, or None if a partition has none; raise ProviderError if the cluster does not answer."""
        inputs = previous or outputs
        if not inputs:
            return None
        try:
            missing = self.missing(_settings(inputs), inputs["group"], inputs["topic"], inputs["partitions"])
        except UnansweredError as error:
            message = f"the position of {inputs['group']} in {inputs['topic']} cannot be read: {error}"
            raise ProviderError(message) from None
        return None if missing else State(resource_id, dict(inputs))

    def delete(self, resource_id: str, old: Plain) -> None:
        """Do nothing: Kafka removes the position with its topic, and without it a kept topic would be read from another place."""


def _settings(inputs: Plain) -> dict[str, str]:
    return {"bootstrap.servers": ",".join(inputs["bootstrapServers"]), **client(inputs.get("security") or {})}
