"""Base class of every settings section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.problem import Problem


class Section(BaseModel):
    """Frozen group of settings, in camelCase in a stack file; unknown keys are refused.

    The docstring below a field is its description, in the JSON schema and in docs/settings.md.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_empty_keys(cls, values: Any) -> Any:  # noqa: ANN401 - any value of a stack file
        """Treat a key without a value as absent, such as a section whose keys are all comments."""
        return {key: value for key, value in values.items() if value is not None} if isinstance(values, dict) else values

    def contradictions(self) -> Iterator[Problem]:
        """Yield each problem between keys of this section, with its path below the section; single values are valid by then."""
        yield from ()
