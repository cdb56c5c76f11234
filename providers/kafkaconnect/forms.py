"""Forms that Kafka Connect gives its answers, and their meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from providers.kafkaconnect.status import Part, Status
from providers.readable import encodable, one_line, shortened

if TYPE_CHECKING:
    from collections.abc import Callable

_MESSAGE: Final = 1000
_COMPLAINTS: Final = 200
_MOST_TASKS: Final = 2**31
# Every state of Connect is such a word, also the states to come
_STATE: Final = re.compile(r"[A-Z][A-Z_]{0,31}\Z")


class ShapeError(Exception):
    """The content has another form; the message names what is wrong."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint of the worker about one key; `private` when the definition says that the value is a password."""

    key: str
    message: str
    private: bool


def config(name: str) -> Callable[[Any], dict[str, str]]:
    """Return the form of a configuration of a connector."""

    def form(content: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
        values = _object(content)
        if not all(isinstance(value, str | None) for value in values.values()):
            message = "a value is not text"
            raise ShapeError(message)
        if "connector.class" not in values:
            message = "it has no connector.class"
            raise ShapeError(message)
        if values.get("name", name) != name:
            message = "it is another connector's"
            raise ShapeError(message)
        return {encodable(key): encodable(value) for key, value in values.items() if value is not None}

    return form


def described(name: str) -> Callable[[Any], None]:
    """Return the form of the answer to a configuration: the connector with its name and configuration."""

    def form(content: Any) -> None:  # noqa: ANN401 - JSON
        about = _object(content)
        if about.get("name") != name or not isinstance(about.get("config"), Mapping):
            message = f"it does not describe the connector {name}"
            raise ShapeError(message)

    return form


def status(content: Any) -> Status:  # noqa: ANN401 - JSON
    """Read the status of a connector."""
    about = _object(content)
    connector, tasks = _object(about.get("connector"), "connector"), about.get("tasks")
    if not isinstance(tasks, list):
        message = "its tasks are not a list"
        raise ShapeError(message)
    numbered = sorted(((_number(task), task) for task in tasks), key=lambda task: task[0])
    return Status(_part("connector", connector), tuple(_part(f"task {number}", task) for number, task in numbered))


def statuses(content: Any) -> dict[str, Status]:  # noqa: ANN401 - JSON
    """Read the status of every connector that has one."""
    listed = {encodable(name): _object(about, "a connector") for name, about in _object(content).items()}
    return {name: status(about["status"]) for name, about in listed.items() if "status" in about}


def complaints(content: Any) -> list[Complaint]:  # noqa: ANN401 - JSON
    """Read the complaints of a validation."""
    about = _object(content)
    entries, count = about.get("configs"), about.get("error_count")
    if not isinstance(entries, list) or type(count) is not int:
        message = "it has no configs or no error_count"
        raise ShapeError(message)
    found = []
    for entry in entries:
        value, definition = (_object(_object(entry, "an entry of configs").get(key) or {}, key) for key in ("value", "definition"))
        errors, key = value.get("errors") or [], value.get("name") or ""
        if not isinstance(key, str) or not isinstance(errors, list) or not all(isinstance(error, str) for error in errors):
            message = "an entry of configs has no name or no errors"
            raise ShapeError(message)
        private = definition.get("type") == "PASSWORD"
        found += [Complaint(one_line(key, 200), one_line(error, _MESSAGE), private) for error in errors[:_COMPLAINTS]]
    if count > 0 and not found:
        message = f"it counts {count} errors and names none"
        raise ShapeError(message)
    return found[:_COMPLAINTS]


def plugins(content: Any) -> list[str]:  # noqa: ANN401 - JSON
    """Read the connector classes of the worker."""
    listed = content if isinstance(content, list) else None
    if listed is None or not all(isinstance(plugin, Mapping) and isinstance(plugin.get("class"), str) for plugin in listed):
        message = "it is no list of classes"
        raise ShapeError(message)
    return sorted(one_line(plugin["class"], 200) for plugin in listed)


def positions(content: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - JSON
    """Read what a connector has stored for each of its partitions."""
    listed = _object(content).get("offsets")
    if not isinstance(listed, list):
        message = "it has no list of offsets"
        raise ShapeError(message)
    return [_object(_object(one, "an entry of offsets").get("offset") or {}, "an offset") for one in listed]


def told(content: Any) -> None:  # noqa: ANN401 - JSON
    """Read an object with a message."""
    if not isinstance(_object(content).get("message"), str):
        message = "it has no message"
        raise ShapeError(message)


def _object(content: object, what: str = "it") -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        message = f"{what} is no object"
        raise ShapeError(message)
    return content


def _number(task: object) -> int:
    number = _object(task, "a task").get("id")
    if type(number) is not int or not 0 <= number < _MOST_TASKS:
        message = "a task has no number"
        raise ShapeError(message)
    return number


def _part(label: str, about: Mapping[str, Any]) -> Part:
    state, trace = about.get("state"), about.get("trace") or ""
    if not isinstance(state, str) or not _STATE.match(state):
        message = f"{label} has no state"
        raise ShapeError(message)
    if not isinstance(trace, str):
        message = f"{label} has a trace that is not text"
        raise ShapeError(message)
    return Part(label, state, shortened(trace))
