"""Schemas of a registry with Confluent's API, each asked for once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import requests

from pipeline.description.stack import UnansweredError

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

    def subjects(self) -> dict[str, int]:
        """Return the number of versions of each subject.

        Raises:
            UnansweredError: If it does not answer.
        """
        found: dict[str, int] = {}
        try:
            for subject in sorted(self._get("/subjects").json()):
                answer = self._get(f"/subjects/{quote(subject, safe='')}/versions")
                # deleted since it was listed
                if answer.status_code != _NOT_FOUND:
                    found[subject] = len(answer.json())
        except (requests.RequestException, ValueError, TypeError) as error:
            message = f"the schema registry at {self._url} does not list its subjects ({type(error).__name__}): is it reachable?"
            raise UnansweredError(message) from None
        return found

    def latest(self, subject: str) -> tuple[Mapping[str, Any], str] | None:
        """Return the newest schema of a subject and its compatibility level; None without such a subject.

        Raises:
            UnansweredError: If it does not answer.
        """
        named = quote(subject, safe="")
        try:
            answer = self._get(f"/subjects/{named}/versions/latest")
            if answer.status_code == _NOT_FOUND:
                return None
            schema: Mapping[str, Any] = json.loads(answer.json()["schema"])
            level = self._get(f"/config/{named}?defaultToGlobal=true")
            if level.status_code == _NOT_FOUND:
                level = self._get("/config")
            return schema, str(level.json()["compatibilityLevel"])
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            message = f"the schema registry at {self._url} does not give the subject {subject} ({type(error).__name__}): is it reachable?"
            raise UnansweredError(message) from None

    def _get(self, path: str) -> requests.Response:
        answer = requests.get(f"{self._url}{path}", auth=self._login, timeout=_SECONDS)
        if answer.status_code != _NOT_FOUND:
            answer.raise_for_status()
        return answer

    def _asked(self, number: int) -> Mapping[str, Any] | None:
        try:
            answer = self._get(f"/schemas/ids/{number}")
            if answer.status_code == _NOT_FOUND:
                return None
            found: Mapping[str, Any] = json.loads(answer.json()["schema"])
        except (requests.RequestException, ValueError, KeyError) as error:
            message = f"the schema registry at {self._url} does not give the schema {number} ({type(error).__name__}): is it reachable?"
            raise UnansweredError(message) from None
        return found
