"""The program as each stack declares it, an object store, and one configuration of property tests for the whole suite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import hypothesis
import pytest

from pipeline.checks.direct import without_proxy
from sandbox.addresses import NODE
from tests.adversary import counted, recorded, summary, tally
from tests.declared import STACKS, Declared
from tests.no_skips import pytest_runtest_makereport
from tests.tiers import pytest_addoption, sample, unstable_tests, without_the_full_tier

__all__ = ["counted", "pytest_addoption", "pytest_runtest_makereport", "sample", "tally"]

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# the same examples in every run: a red build is then due to the change, and slow machines do not fail
hypothesis.settings.register_profile("project", deadline=None, derandomize=True, database=None)
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("project"), max_examples=15)
hypothesis.settings.load_profile("project")


LONGEST = "test_mutants.py"


def pytest_configure(config: pytest.Config) -> None:
    """Let property tests of the quick tier try a few examples."""
    if config.option.quick:
        hypothesis.settings.load_profile("quick")


@pytest.fixture(scope="session", autouse=True)
def _outputs_in_text_are_errors() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _without_proxy() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in without_proxy(os.environ, NODE).items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Record a line that the end of the run prints."""
    return lambda line: record_property("figure", line)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the tier, and put the file that takes longest first: a worker that came to it last would work alone at the end."""
    without_the_full_tier(config, items)
    items.sort(key=lambda item: item.path.name != LONGEST)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures that tests have recorded, in whichever process, and the counts of the adversary."""
    calls = [report for reports in terminalreporter.stats.values() for report in reports if getattr(report, "when", "") == "call"]
    figures = [str(value) for report in calls for name, value in report.user_properties if name == "figure"]
    for title, lines in (("figures", figures), ("adversary", summary(recorded(calls)))):
        if lines:
            terminalreporter.section(title)
            for line in lines:
                terminalreporter.write_line(line)
    unstable_tests(terminalreporter)


@pytest.fixture(params=sorted(STACKS))
def declared(request: pytest.FixtureRequest) -> Declared:
    """Return the recording of one stack; a test with this argument runs for every stack."""
    return Declared.of(request.param)


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """Start moto on a free loopback port and yield its URL."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - takes a second, which few tests need

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()
