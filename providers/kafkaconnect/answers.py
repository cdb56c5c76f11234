"""Meaning of the worker's answers: what Kafka Connect says, and an error that names the answer where something else says it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from providers.kafkaconnect.errors import ForeignError
from providers.kafkaconnect.forms import ShapeError
from providers.readable import one_line
from stack.configs.secrecy import without_passwords

if TYPE_CHECKING:
    from collections.abc import Callable

    from providers.kafkaconnect.exchange import Answer, Request

_Form = TypeVar("_Form")

_EXCERPT: Final = 120
_MESSAGE: Final = 1000
_LOOKED_AT: Final = 16 * 1024
_NOT_FOUND: Final = 404
# "Connector c not found", "No status found for connector c", "Unknown connector c"; Connect's own answer to a path that it does not
# know, "HTTP 404 Not Found", names none
_ABOUT_A_CONNECTOR: Final = re.compile(r"\bconnector\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer with its request.

    Attributes:
        request: The request.
        answer: The answer.
        content: The JSON in it; None without any.
        scrub: Function that removes the login from a text.
    """

    request: Request
    answer: Answer
    content: Any
    scrub: Callable[[str], str]

    def __str__(self) -> str:
        """Request, status and the beginning of the content."""
        kind, excerpt = one_line(self.answer.kind.partition(";")[0], 40), self.excerpt
        said = f"{kind or 'content of no type'}: {excerpt}" if excerpt else "no content"
        return f"{self.request.method} {self.request.url} was answered by HTTP {self.answer.status} with {said}"

    @property
    def excerpt(self) -> str:
        """The beginning of the content on one line, without credentials."""
        return self._shown(self.answer.body[:_LOOKED_AT].decode("utf-8", "replace"), _EXCERPT)

    @property
    def said(self) -> str:
        """The worker's own message; empty without one."""
        text = self.content.get("message") if isinstance(self.content, dict) else None
        return self._shown(text, _MESSAGE) if isinstance(text, str) else ""

    @property
    def is_connect_s(self) -> bool:
        """True if it has the form of Kafka Connect's errors."""
        said = self.content if isinstance(self.content, dict) else {}
        return type(said.get("error_code")) is int and isinstance(said.get("message"), str)

    @property
    def says_no_connector(self) -> bool:
        """True if Kafka Connect itself says that it has no such connector: any other service answers 404 as well."""
        return (
            self.is_connect_s
            and self.answer.status == self.content["error_code"] == _NOT_FOUND
            and bool(_ABOUT_A_CONNECTOR.search(self.content["message"][:_MESSAGE]))
        )

    @property
    def target(self) -> str:
        """Target of a redirect, without login and query."""
        try:
            parts = urlsplit(self.answer.location[:_MESSAGE])
        except ValueError:
            return "no address"
        host = parts.netloc.rpartition("@")[2]
        return one_line(f"{parts.scheme}://{host}{parts.path}" if host else parts.path, 200) or "no address"

    def read(self, expected: str, form: Callable[[Any], _Form]) -> _Form:
        """Return the content in a form. Raises ForeignError if it has another."""
        try:
            return form(self.content)
        except ShapeError as error:
            wanted = f"{expected} ({error})"
            raise self.foreign(wanted) from None

    def read_nothing(self, expected: str) -> None:
        """Accept no content. Raises ForeignError if there is some."""
        if self.answer.body.strip():
            raise self.foreign(expected)

    def foreign(self, expected: str) -> ForeignError:
        """Return the error about an answer that is not Kafka Connect's."""
        return ForeignError(
            f"{self}; Kafka Connect would have answered with {expected}: check that the provider's url is the address of its REST API"
        )

    def _shown(self, text: str, most: int) -> str:
        return one_line(without_passwords(self.scrub(" ".join(text[:_LOOKED_AT].split()))), most)


def decoded(body: bytes) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON in a body, None without any."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
