"""An existing Kafka cluster: librdkafka asks the mock brokers it carries itself, and an address where none answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from pipeline.checks.check import SEE_ABOVE, Level
from pipeline.checks.running import findings
from pipeline.doctor import brokers
from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from stack.settings.streaming import ExistingKafka
from stack.specification.stack import Specification
from tests.declared import settings_of, variant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.checks.check import Finding

NOWHERE = "127.0.0.1:1"
REGISTRY = {"kind": "external", "external": {"url": "https://schemas.internal", "addresses": ["10.3.0.0/16"], "secret": "schemas"}}


@pytest.fixture
def server() -> Iterator[str]:
    """Yield the address of one of three brokers."""
    running = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": NOWHERE})
    broker = running.list_topics(timeout=10).brokers[1]
    yield f"{broker.host}:{broker.port}"
    running.flush()


def kafka_findings(server: str, **external: Any) -> dict[str, Finding]:
    """Return the findings of the checks of a stack with this cluster, by name."""
    existing = {"bootstrapServers": ["kafka.internal:9092"], "addresses": ["10.2.0.0/16"], **external}
    kafka = {"kind": "external", "external": existing}
    settings = variant("dev", cluster={"existingNamespace": True}, streaming={"kafka": kafka, "registry": REGISTRY}).settings
    # A stack is refused whose brokers run on this machine, where no pod reaches them.
    here = settings.streaming.kafka.model_copy(
        update={"external": ExistingKafka.model_validate({**existing, "bootstrapServers": [server]})}
    )
    settings = settings.model_copy(update={"streaming": settings.streaming.model_copy(update={"kafka": here})})
    asked = [check for check in checks(Stack("dev", Specification.of(settings), ROOT)) if check.group == "Kafka"]
    return {check.name: finding for check, finding in findings(asked)}


def test_a_cluster_without_a_login_is_asked_for_its_brokers(server: str) -> None:
    answered = kafka_findings(server, protocol="PLAINTEXT")
    assert {name: (finding.level, finding.found) for name, finding in answered.items()} == {"brokers": (Level.FINE, "3 brokers")}


def test_fewer_brokers_than_configured_are_reported(server: str) -> None:
    finding = kafka_findings(server, protocol="PLAINTEXT", brokers=6)["brokers"]
    assert (finding.level, finding.cure) == (Level.FAILURE, "correct brokers: streaming.kafka.external in Pulumi.dev.yaml")
    assert "has 3 brokers and the stack declares 6" in finding.found


def test_any_of_the_servers_may_answer(server: str) -> None:
    external = ExistingKafka.model_validate({"bootstrapServers": [NOWHERE, server], "addresses": ["10.2.0.0/16"], "protocol": "PLAINTEXT"})
    assert brokers.look(external, "") == brokers.Answer(3)


def test_a_cluster_that_does_not_answer_is_reported_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brokers, "_SECONDS", 0.5)
    finding = kafka_findings(NOWHERE, protocol="PLAINTEXT")["brokers"]
    assert finding.level is Level.FAILURE
    assert f"{NOWHERE} does not answer" in finding.found
    assert "the route from here" in finding.cure


@pytest.mark.parametrize("missing", ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"])
def test_an_incomplete_login_is_named_once_and_no_request_is_sent(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in ("KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"):
        monkeypatch.setenv(name, "known")
    monkeypatch.delenv(missing)
    answered = kafka_findings(NOWHERE, secret="msk")
    assert answered["login"].level is Level.FAILURE
    assert f"not in the environment: {missing};" in answered["login"].found
    assert missing in answered["login"].cure
    assert (answered["brokers"].level, answered["brokers"].found) == (Level.UNSEEN, SEE_ABOVE)


def test_a_login_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_SASL_USERNAME", "pipeline")
    monkeypatch.setenv("KAFKA_SASL_PASSWORD", "very-secret")
    monkeypatch.setattr(brokers, "_SECONDS", 0.5)
    answered = kafka_findings(NOWHERE, secret="msk")
    assert (answered["login"].level, answered["login"].found) == (Level.FINE, "pipeline, by SCRAM-SHA-512")
    assert "user and password" in answered["brokers"].cure
    assert "very-secret" not in f"{answered}"


def test_a_stack_with_managed_brokers_has_no_checks_of_them() -> None:
    assert "Kafka" not in {check.group for check in checks(Stack("dev", Specification.of(settings_of("dev")), ROOT))}
