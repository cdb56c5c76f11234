"""The schema registry, asked as the sink's converter asks it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 10.0
_OK, _NOT_FOUND = 200, 404
# Error codes of a registry that does not know a subject, a version or a schema
_UNKNOWN: Final = frozenset({40401, 40402, 40403})


class RegistryError(Exception):
    """The registry gave no usable answer; the message names the cure."""


class Registry:
    """Schemas by id, each asked for once.

    Args:
        output: The stack's output ``registry``: URL, and user and password where the program created it; otherwise requests takes the
            login from ``~/.netrc``.
    """

    def __init__(self, output: Mapping[str, str]) -> None:
        """Ask nothing yet."""
        self._url = output["url"].rstrip("/")
        self._login = (output["user"], output["password"]) if "user" in output else None
        self._texts: dict[int, str | None] = {}
        self._known: dict[tuple[str, int], bool] = {}

    def schema(self, number: int) -> Any | None:  # noqa: ANN401 - a schema is JSON
        """Return the schema of an id; None if the registry does not know it.

        Raises:
            RegistryError: If it does not answer as a registry.
        """
        text = self._text(number)
        try:
            return None if text is None else json.loads(text)
        except ValueError:
            message = f"schema id {number} of the registry is no JSON"
            raise RegistryError(message) from None

    def has(self, subject: str, number: int) -> bool:
        """Return whether the schema of an id is registered under a subject, without which the sink's converter refuses it.

        Raises:
            RegistryError: If it does not answer as a registry.
        """
        if (subject, number) not in self._known:
            text = self._text(number)
            # the converter's own question: a version that was deleted softly counts
            path = f"/subjects/{quote(subject, safe='')}?normalize=false&deleted=true"
            answer = None if text is None else self._answer("POST", path, {"schema": text})
            self._known[subject, number] = answer is not None
        return self._known[subject, number]

    def _text(self, number: int) -> str | None:
        if number not in self._texts:
            answer = self._answer("GET", f"/schemas/ids/{number}")
            self._texts[number] = None if answer is None else str(answer.get("schema", ""))
        return self._texts[number]

    def _answer(self, method: str, path: str, body: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        try:
            answer = requests.request(method, self._url + path, json=body, auth=self._login, timeout=_SECONDS)
            content = answer.json()
        except requests.JSONDecodeError:
            content = None
        except requests.RequestException as error:
            message = f"the schema registry at {self._url} does not answer ({type(error).__name__}): start it, then run the command again"
            raise RegistryError(message) from None
        if answer.status_code == _OK and isinstance(content, dict):
            return content
        if answer.status_code == _NOT_FOUND and isinstance(content, dict) and content.get("error_code") in _UNKNOWN:
            return None
        message = (
            f"the schema registry at {self._url} answers with HTTP {answer.status_code}: check its address, and its login, which for an "
            "existing registry stands in ~/.netrc"
        )
        raise RegistryError(message)
