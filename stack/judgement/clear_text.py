"""Rule for the texts of a stack file: none contains a credential, wherever it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from stack.configs.credentials.detector import shows_credential
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings

# Further keys of connectors, brokers and the server, each judged with its name by the rules of its part.
_JUDGED_BY_NAME: Final = frozenset({"extra", "parameters"})
_CURE: Final = "remove it, and name the Secret that has it; what has been in a file of a repository must be replaced"


def clear_text_problems(settings: Settings) -> list[Problem]:
    """Return every text of a stack's settings that contains a credential: a token by its form, a login in a URL, a header."""
    return [
        Problem(path=path, rule="contains a credential, which the stack file and every container that gets it would show", cure=_CURE)
        for path, text in _texts(settings, "")
        if shows_credential(text)
    ]


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any value of a section
    """Yield each text below a value with the path of its setting."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            if name in value.model_fields_set and name not in _JUDGED_BY_NAME:
                yield from _texts(getattr(value, name), f"{path}.{field.alias or name}".lstrip("."))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, path)
            yield from _texts(key, path)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, path)
