"""Operations of a connector: configure it, wait until everything runs, or report why it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from providers.differences import differences
from providers.kafkaconnect import validation
from providers.kafkaconnect.asking import answered
from providers.kafkaconnect.errors import NoClassError, NotNowError, RefusedError
from providers.kafkaconnect.reasons import reasons
from providers.kafkaconnect.removal import Removal
from providers.kafkaconnect.rules import connector_problems, share_positions
from providers.kafkaconnect.watch import Tempo, Watch
from providers.operations import (
    Adopting,
    Change,
    IncompleteError,
    Plain,
    ProviderError,
    Quiet,
    Reporter,
    State,
    has_unknown,
    provider_wait,
)
from providers.unreachable import UnreachableError, is_given_up
from stack.configs.credentials.detector import shows_credential
from stack.configs.secrecy import is_referenced, is_secret, told

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from providers.kafkaconnect.rest import ConnectClient
    from providers.kafkaconnect.status import Status
    from providers.waiting import Patience
    from stack.problem import Problem

_Answer = TypeVar("_Answer")
_DECLARED: Final = ("name", "config", "removal", "rollout")
_CHECK_SECONDS: Final = 8.0
_MOST_COMPLAINTS: Final = 20


@dataclass(frozen=True, slots=True)
class ConnectorOperations(Adopting):
    """Connectors of one Connect cluster.

    Attributes:
        client: Client of the REST API.
        timeout: Limit of every wait, in seconds.
        cancelled: Set when the engine cancels.
        reporter: Receiver of progress reports.
        tempo: Intervals and limits of the waits.
        learnt: Outputs that the worker determines.
        steady: Outputs of these that no update changes.
    """

    client: ConnectClient
    timeout: float
    cancelled: threading.Event
    reporter: Reporter = field(default_factory=Quiet)
    tempo: Tempo = field(default_factory=Tempo)
    learnt: tuple[str, ...] = ("state", "tasks")
    steady: tuple[str, ...] = ()

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:  # noqa: ARG002 - the protocol's
        """Check the project's own rules first, then, if the worker answers at once, its complaints about the form of the keys."""
        problems = connector_problems(inputs)
        if problems or has_unknown(inputs):
            return problems
        config = _whole(inputs)
        try:
            complaints = self.client.validate(config["connector.class"], config, seconds=_CHECK_SECONDS)
        except (NotNowError, ProviderError):
            return []
        return validation.as_problems(complaint for complaint in complaints if validation.is_about_form(complaint))[:_MOST_COMPLAINTS]

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Return the changes, key by key.

        Another name or class requires a replacement, but for a class that goes on from the same positions; a connector that does not run
        requires a repair.
        """
        replacing = {"name"} if share_positions(old, new) else {"name", 'config["connector.class"]'}
        changes = [
            Change(change.path, change.kind, replace=change.path in replacing)
            for change in differences({key: old.get(key) for key in _DECLARED}, {key: new.get(key) for key in _DECLARED})
        ]
        if old.get("state", "RUNNING") != "RUNNING":
            changes.append(Change("state", "update"))
        return changes

    def create(self, inputs: Plain) -> State:
        """Configure the connector if necessary, then wait until it runs."""
        return self._converged(inputs)

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:  # noqa: ARG002 - the protocol's
        """Configure the connector as in a creation: the worker's PUT is idempotent. After a rollout of the worker, wait for it again."""
        return self._converged(new, restarted=old.get("rollout") != new.get("rollout"))

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:  # noqa: ARG002 - the protocol's
        """Return the live configuration and state."""
        patience, subject = self._patience(self.tempo.given_up if is_given_up() else self.tempo.read), f"reading connector {resource_id}"
        try:
            live = self._answered(patience, subject, lambda seconds: self.client.config(resource_id, seconds=seconds))
            status = None
            if live is not None:
                status = self._answered(patience, subject, lambda seconds: self.client.status(resource_id, seconds=seconds))
        except UnreachableError:
            if is_given_up():
                return None
            raise
        if live is None:
            return None
        if status is not None and status.state != "RUNNING":
            self.reporter.note(f"connector {resource_id} does not run: {status}")
        declared = dict(previous or {})
        before = declared.get("config", {})
        config = {key: _shown(key, value, before.get(key)) for key, value in live.items() if key != "name" or "name" in before}
        return State(resource_id, {**declared, "name": resource_id, "config": config, **_learnt(status)})

    def delete(self, resource_id: str, old: Plain) -> None:
        """Let the connector release its external resources, delete it, and wait until the worker has removed it."""
        patience = self._patience(self.tempo.given_up if is_given_up() else self.tempo.removal)
        Removal(self.client, resource_id, self.tempo, patience, self.reporter).run(old.get("removal"))

    def _converged(self, inputs: Plain, *, restarted: bool = False) -> State:
        name, config, patience = inputs["name"], _whole(inputs), self._patience()
        subject = f"configuring connector {name}"
        live = self._answered(patience, subject, lambda seconds: self.client.config(name, seconds=seconds))
        if live is not None and _half_removed(live, config, inputs.get("removal")):
            Removal(self.client, name, self.tempo, patience, self.reporter).begun_again()
        before = self._answered(patience, subject, lambda seconds: self.client.status(name, seconds=seconds)) if live is not None else None
        changed = live != config
        if changed:
            self._validated(patience, name, config)
            self._answered(patience, subject, lambda seconds: self.client.put(name, config, seconds=seconds))
        acted = changed or restarted
        if before is not None and before.connector.state in ("PAUSED", "STOPPED"):
            self._answered(patience, subject, lambda seconds: self.client.resume(name, seconds=seconds))
            acted = True
        if before is not None and before.failed:
            self._answered(patience, subject, lambda seconds: self.client.restart_failed(name, seconds=seconds))
            acted = True
        doubt = self.tempo.doubt if before is not None and before.failed else 0.0
        return self._running(patience, inputs, Watch(self.tempo.steady if acted else 0.0, doubt))

    def _validated(self, patience: Patience, name: str, config: dict[str, str]) -> None:
        """Repeat the worker's validation until it accepts, or until its complaint has had time to pass by itself."""
        begun = patience.spent
        while True:
            try:
                complaints = self._answered(
                    patience,
                    f"validating connector {name}",
                    lambda seconds: self.client.validate(config["connector.class"], config, seconds=seconds),
                    longest=120.0,
                )
            except RefusedError as refusal:
                raise ProviderError(self._refused(name, config, refusal)) from None
            if not complaints:
                return
            if patience.over or patience.spent - begun >= validation.patience_for(complaints):
                found = validation.as_problems(complaints)
                lines = [f"  {told(problem.path)}: {problem.text}" for problem in found[:_MOST_COMPLAINTS]]
                lines += [f"  and {len(found) - _MOST_COMPLAINTS} more"] if len(found) > _MOST_COMPLAINTS else []
                raise ProviderError("\n".join([f"connector {name}: the worker refuses the configuration", *lines]))
            patience.pause(4 * self.tempo.poll, f"connector {name}: {validation.as_problems(complaints)[0].text}")

    def _refused(self, name: str, config: Mapping[str, str], refusal: RefusedError) -> str:
        if isinstance(refusal, NoClassError):
            try:
                available = ", ".join(self.client.plugins(seconds=_CHECK_SECONDS)[:_MOST_COMPLAINTS]) or "none"
            except (NotNowError, ProviderError):
                available = "(it does not tell)"
            return f"connector {name}: the worker has no {config['connector.class']}; its image has: {available}"
        return f"connector {name}: the worker refuses the configuration: {refusal.said}"

    def _running(self, patience: Patience, inputs: Plain, watch: Watch) -> State:
        """Wait until the connector has settled; restart parts that failed for a temporary cause; otherwise raise IncompleteError."""
        name = inputs["name"]
        while True:
            status = self._answered(patience, f"waiting for connector {name}", lambda seconds: self.client.status(name, seconds=seconds))
            if watch.settled(status):
                return _state(inputs, status)
            if status is not None and watch.failed(status):
                why = [f"connector {name}: {label} failed: {reason}" for label, reason in reasons(status.failed)]
                if patience.over or not watch.worth_a_restart(status):
                    raise IncompleteError(_state(inputs, status), why)
                patience.pause(self.tempo.again, why[0].replace("\n", " "))
                self._answered(patience, f"restarting connector {name}", lambda seconds: self.client.restart_failed(name, seconds=seconds))
                watch.restarted(self.tempo.doubt)
            if patience.over:
                seen = str(status) if status is not None else "the worker reports no status"
                message = f"connector {name} does not run after {self.timeout:.0f} s: {seen}; see the worker's log"
                raise IncompleteError(_state(inputs, status), [message])
            patience.pause(self.tempo.poll, f"connector {name}: {status or 'no status yet'}")

    def _answered(self, patience: Patience, subject: str, ask: Callable[[float], _Answer], *, longest: float = float("inf")) -> _Answer:
        return answered(patience, subject, ask, first=self.tempo.poll / 2, longest=longest)

    def _patience(self, seconds: float | None = None) -> Patience:
        return provider_wait(min(self.timeout, seconds) if seconds is not None else self.timeout, self.cancelled, self.reporter)


def _half_removed(live: Mapping[str, str], wanted: Mapping[str, str], removal: Plain | None) -> bool:
    """Tell whether an interrupted removal has left the connector with its last configuration."""
    last = removal["config"] if removal else {}
    return any(live.get(key) == value != wanted.get(key) for key, value in last.items())


def _whole(inputs: Plain) -> dict[str, str]:
    """Return the configuration as the worker stores it, with the name added."""
    return {**inputs["config"], "name": inputs["name"]}


def _state(inputs: Plain, status: Status | None) -> State:
    return State(inputs["name"], {**inputs, **_learnt(status)})


def _learnt(status: Status | None) -> Plain:
    return {"state": status.state if status else "UNASSIGNED", "tasks": len(status.tasks) if status else 0}


def _shown(key: str, live: str, before: object) -> str:
    """Return a live value for the state: a manually set credential is drift, but must not be copied into the state."""
    if live != before and ((is_secret(key) and not is_referenced(key, live)) or shows_credential(live)):
        return "[a credential in clear]"
    return live
