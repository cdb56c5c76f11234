"""Schemas of a registry with Confluent's API, each asked for once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import requests

from audit.subject import UnansweredError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 10
_NOT_FOUND: Final = 404


class Registry:
    """A schema registry.

    Args:
        url: Its API.
        login: User and password, or None.
    """

    def __init__(self, url: str, login: tuple[str, str] | None) -> None:
        """Ask nothing yet."""
        self._url = url.rstrip("/")
        self._login = login
        self._known: dict[int, Mapping[str, Any] | None] = {}

    def schema(self, number: int) -> Mapping[str, Any] | None:
        """Return the Avro schema of a number, or None if the registry has none.

        Raises:
            UnansweredError: If it does not answer.
        """
        if number not in self._known:
            self._known[number] = self._asked(number)
        return self._known[number]

    def _asked(self, number: int) -> Mapping[str, Any] | None:
        try:
            answer = requests.get(f"{self._url}/schemas/ids/{number}", auth=self._login, timeout=_SECONDS)
            if answer.status_code == _NOT_FOUND:
                return None
            answer.raise_for_status()
            found: Mapping[str, Any] = json.loads(answer.json()["schema"])
        except (requests.RequestException, ValueError, KeyError) as error:
            message = f"the schema registry at {self._url} does not give the schema {number} ({type(error).__name__}): is it reachable?"
            raise UnansweredError(message) from None
        return found
