"""Threads that the configuration of a broker or of a Connect worker adds to those that every process has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs.keys import own

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Threads of each task beyond the measured worker's tasks: the task's own, its client's sender or heartbeat, and its admin client.
EACH_TASK = 3
_MEASURED_TASKS = 4
_NETWORK, _FETCHERS, _RECOVERY = "num.network.threads", "num.replica.fetchers", "num.recovery.threads.per.data.dir"
_OTHER_BROKERS = 2
_REMOTE = "remote.log."


def of_broker(properties: Mapping[str, str]) -> dict[str, int]:
    """Return the threads that each key adds to Kafka's default; keys that add none are left out.

    A listener has its own network threads, each other broker its own fetchers, and each data directory its own recovery.

    Args:
        properties: The broker's properties.
    """
    times = {
        _NETWORK: max(len(_listed(properties, "listeners")), 1),
        _FETCHERS: max(len(_listed(properties, "controller.quorum.voters")) - 1, _OTHER_BROKERS),
        _RECOVERY: max(len(_listed(properties, "log.dirs")), 1),
    }
    remote = properties.get("remote.log.storage.system.enable", "false").strip().lower() == "true"
    added = {}
    for key, entry in own("broker").items():
        if not ("threads" in key or key == _FETCHERS or key.endswith(".thread.pool.size")) or key not in properties:
            continue
        more = _number(properties[key]) - _number(entry.default or "0")
        if more > 0 and (remote or not key.startswith(_REMOTE)):
            added[key] = more * times.get(key, 1)
    return added


def of_worker(connectors: Iterable[Mapping[str, object]]) -> int:
    """Return the threads that the tasks of all connectors add to a worker, which may run all of them as the last one.

    Args:
        connectors: The connectors' configurations.
    """
    tasks = sum(max(_number(str(config.get("tasks.max", "1"))), 0) for config in connectors)
    return max(tasks - _MEASURED_TASKS, 0) * EACH_TASK


def told(added: Mapping[str, int]) -> list[str]:
    """Return each key with the number of threads that it adds, largest first."""
    return [f"{key} (adds {more} threads)" for key, more in sorted(added.items(), key=lambda one: -one[1])]


def _listed(properties: Mapping[str, str], key: str) -> list[str]:
    return [part for part in properties.get(key, "").split(",") if part.strip()]


def _number(text: str) -> int:
    """Return a whole number; 0 for anything else, which the check of values reports."""
    try:
        return int(text)
    except ValueError:
        return 0
