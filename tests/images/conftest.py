"""The jars of the worker's image as its build stages them, and probes of the tests compiled against them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from images import java_compiler, staging
from images.store import Store
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IMAGE = Path(staging.__file__).parent / "connect"


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stage the image's jars once for all tests."""
    into = tmp_path_factory.mktemp("contents")
    staging.stage(IMAGE, Store(CACHE / "jars"), into)
    return into


@pytest.fixture(scope="session")
def staged_brokers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stage the image of the brokers once for all tests."""
    into = tmp_path_factory.mktemp("kafka")
    staging.stage(IMAGE.with_name("kafka"), Store(CACHE / "jars"), into)
    return into


@pytest.fixture(scope="session")
def compiled(staged: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, list[Path]], str]:
    """Compile a folder of probes against some of the staged jars, and return the class path of both."""
    (compiler,) = {Store(CACHE / "jars").path(entry) for entry in staging.entries_of(IMAGE) if ":ecj:" in entry.source}

    def compile_probes(folder: str, of_plugin: list[Path]) -> str:
        jars, probe = [*staged.glob("libs/*.jar"), *of_plugin], tmp_path_factory.mktemp("probe") / "probe.jar"
        java_compiler.compile_sources(compiler, Path(__file__).parent / "java" / folder, jars, probe)
        return ":".join(map(str, [*jars, probe]))

    return compile_probes


@pytest.fixture(scope="session")
def class_path(staged: Path, compiled: Callable[[str, list[Path]], str]) -> Iterator[str]:
    """Compile the probes of the source once, against the image's own jars."""
    with java_compiler.jars([staged / "plugins-archives", staged / "plugins/debezium-postgres"]) as jars:
        yield compiled("source", jars)
