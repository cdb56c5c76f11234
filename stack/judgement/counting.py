"""Sizes that cannot be counted: each names the setting whose further keys are to change."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator


class UncountableError(ValueError):
    """A size in the further keys that cannot be counted.

    Attributes:
        problem: The problem, with the path of the setting.
    """

    def __init__(self, error: ValueError, path: str) -> None:
        """Create the problem for the setting at ``path``."""
        super().__init__(str(error))
        self.problem = Problem(path=path, rule=str(error))


@contextmanager
def counting(path: str) -> Iterator[None]:
    """Raise UncountableError for the setting at ``path`` if the model in the block cannot count it."""
    try:
        yield
    except ValueError as error:
        raise UncountableError(error, path) from error
