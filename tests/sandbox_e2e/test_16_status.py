"""A paused sink is seen: the command ends with 1, the figures rise, and both are as before once it goes on."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox import connectors
from sandbox.paths import CHECKOUT
from stack.settings.names import Names
from tests.sandbox_e2e.watching import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psycopg

pytestmark = pytest.mark.sandbox

START = [sys.executable, "-m", "pipeline"]
TIMEOUT_S = 60.0
TABLE, TOPIC = "public.users", "postgres.public.users"


def status(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*START, "status", "--stack", "sandbox", *words], cwd=CHECKOUT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


@pytest.fixture
def figures() -> Iterator[Callable[[], dict[str, float]]]:
    """Yield what scrapes a running exporter: the sum of each metric for the table and its topic."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["exporter", "--stack", "sandbox", "--port", str(port), "--interval", "2"]

    def scrape() -> dict[str, float]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                text = answer.read().decode()
        except urllib.error.URLError:
            return {}
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for one in family.samples:
                if one.labels.get("table", TABLE) == TABLE and one.labels.get("topic", TOPIC) == TOPIC:
                    found[one.name] = found.get(one.name, 0) + one.value
        return found

    with subprocess.Popen([*START, *words], cwd=CHECKOUT, stdout=subprocess.DEVNULL) as running:
        try:
            until("the exporter has not looked yet", scrape, TIMEOUT_S)
            yield scrape
        finally:
            running.terminate()
    assert running.returncode == 0


@pytest.fixture
def sink(outputs: dict[str, Any]) -> Iterator[Any]:
    """Yield the worker's client, and let the sink run at the end."""
    client = connectors.client(outputs)
    yield client
    client.resume(Names.sink_connector, seconds=20)


def test_a_paused_sink_is_late_in_the_command_and_in_the_figures(
    database: psycopg.Connection[dict[str, Any]], sink: Any, figures: Callable[[], dict[str, float]], mark: str
) -> None:
    done = status()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "HEALTHY" in done.stdout
    assert "oldest change not archived" in done.stdout
    assert figures()["pipeline_status"] == 0

    def age() -> float:
        return figures().get("pipeline_archive_oldest_waiting_seconds", -1.0)

    sink.pause(Names.sink_connector, seconds=20)
    database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Paused', 'Sink')", [f"{mark}@example.com"])
    database.commit()
    first = until("the age of the waiting change does not rise", lambda: age() > 0 and figures(), TIMEOUT_S)
    assert first["kafka_consumer_lag"] > 0
    assert first["kafka_consumer_lag_seconds"] > 0
    until("it does not rise further", lambda: age() > first["pipeline_archive_oldest_waiting_seconds"], TIMEOUT_S)
    late = status("--json")
    assert late.returncode == 1, late.stdout + late.stderr
    found = json.loads(late.stdout)
    assert any("s3-sink-connector is PAUSED" in one["text"] for one in found["concerns"])
    assert found["facts"]["waiting"][TABLE]["since"] is not None

    sink.resume(Names.sink_connector, seconds=20)
    until("the change does not reach the archive", lambda: age() == 0, TIMEOUT_S)
    until("the stack is not healthy again", lambda: figures().get("pipeline_status") == 0, TIMEOUT_S)
    assert figures()["kafka_consumer_lag"] == 0, "what is left behind the last record is the mark of a transaction"
    done = status()
    assert done.returncode == 0, done.stdout + done.stderr
