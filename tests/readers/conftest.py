"""Archives on this disk, and the answers of each engine, which is started once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from tests.readers.answers import ENGINES
from tests.readers.archives import Archives, told
from tests.readers.views_of import wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.readers.answers import Answers


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Answers]:
    """Return what gives the answers of an engine to all views."""
    archives, views = Archives(tmp_path_factory.mktemp("archives"), told()), wanted(told())

    @functools.cache
    def given(engine: str) -> Answers:
        return ENGINES[engine](archives, views, tmp_path_factory.mktemp(engine))

    return given
