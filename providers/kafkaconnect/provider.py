"""The package ``kafkaconnect``: configuration and resource types."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from providers.kafkaconnect.connector import ConnectorOperations
from providers.kafkaconnect.group_position import GroupPositionOperations
from providers.kafkaconnect.readiness import ClusterReadyOperations
from providers.kafkaconnect.rest import ConnectClient
from providers.operations import Operations, Plain, ProviderError, Quiet, Reporter
from stack.configs.secrecy import told
from stack.configs.tokens import CLUSTER_READY, CONNECTOR, GROUP_POSITION
from stack.problem import Problem
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

# Seconds that a connector may take: twice a cold worker (20 s) and a Secret being mounted (90 s)
DEFAULT_TIMEOUT: Final = 300
# A year: NaN and infinity are no times to wait
_LONGEST_TIMEOUT: Final = 365 * 24 * 3600


def config_problems(config: Plain) -> list[Problem]:
    """Return every problem of the provider's inputs {url, username, password, timeoutSeconds}."""
    problems = []
    url = config.get("url")
    if url is not UNKNOWN:
        parts = _address(url)
        if parts is None:
            problems.append(Problem(path="url", rule="must be the address of the worker's REST API, such as http://127.0.0.1:8083"))
        elif parts.username is not None or parts.password is not None:
            problems.append(Problem(path="url", rule="must not hold a user or password", cure="set username and password"))
    if config.get("password") is not None and config.get("username") is None:
        problems.append(Problem(path="username", rule="is missing, but a password is set"))
    if _seconds(config) is None:
        problems.append(Problem(path="timeoutSeconds", rule="must be a number of seconds above 0, at most a year"))
    return problems


def operations(config: Plain, reporter: Reporter | None = None, cancelled: threading.Event | None = None) -> dict[str, Operations]:
    """Return the operations by type token. Raises ProviderError for an invalid config."""
    problems = config_problems(config)
    if problems:
        raise ProviderError("\n".join(f"kafkaconnect: {told(problem.path)} {problem.text}" for problem in problems))
    reporter, cancelled = reporter or Quiet(), cancelled or threading.Event()
    client = ConnectClient(config["url"], config.get("username"), config.get("password"))
    return {
        CONNECTOR: ConnectorOperations(client, _seconds(config) or DEFAULT_TIMEOUT, cancelled, reporter),
        CLUSTER_READY: ClusterReadyOperations(cancelled, reporter),
        GROUP_POSITION: GroupPositionOperations(cancelled, reporter, client=client),
    }


class KafkaConnect:
    """The package as the gRPC adapter serves it."""

    name = "kafkaconnect"
    resources: tuple[str, ...] = (CONNECTOR, CLUSTER_READY, GROUP_POSITION)

    def config_problems(self, config: Plain) -> list[Problem]:
        """Return every problem of the provider's inputs."""
        return config_problems(config)

    def operations(self, config: Plain, reporter: Reporter, cancelled: threading.Event) -> Mapping[str, Operations]:
        """Return the operations by type token."""
        return operations(config, reporter, cancelled)


def _address(url: object) -> SplitResult | None:
    """Parse the address of a server; None for anything else, a port or an IPv6 address that is none included."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if valid and not parts.query and not parts.fragment else None


def _seconds(config: Plain) -> float | None:
    """Parse the time limit, which the engine may pass as a string; None for an invalid one."""
    value = config.get("timeoutSeconds", DEFAULT_TIMEOUT)
    if value is UNKNOWN:
        return DEFAULT_TIMEOUT
    try:
        seconds = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < _LONGEST_TIMEOUT else None
