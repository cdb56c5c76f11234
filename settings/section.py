"""Base class of every settings section."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


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


def refuse_mixed(kind: str, existing: Section | None, needs: str) -> None:
    """Refuse a kind that contradicts the description of an existing system.

    Args:
        kind: Value of the section's ``kind``.
        existing: Value of the section's ``external``, or None.
        needs: End of the message: the fields that ``external`` needs.

    Raises:
        ValueError: If ``kind`` is ``external`` without a description, or another kind with one.
    """
    if (kind == "external") != (existing is not None):
        message = f"kind is {kind} and external is {'missing' if existing is None else 'set'}; {needs}"
        raise ValueError(message)
