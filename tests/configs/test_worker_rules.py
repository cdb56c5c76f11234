"""Settings that weaken a worker are refused; the program's own are accepted."""

from __future__ import annotations

import pytest

from stack.configs.worker_rules import worker_problems
from tests.connector_configs import ICEBERG, S3, SOURCE, WORKER, changed
from tests.policy.mutations_config import LOGIN


@pytest.mark.parametrize("sink", [S3, ICEBERG], ids=["s3", "iceberg"])
def test_what_the_program_renders_keeps_its_promises(sink: dict[str, str]) -> None:
    assert worker_problems(WORKER, SOURCE, sink) == []


BAD = [
    ("exactly.once.source.support", None, "at least once"),
    ("exactly.once.source.support", "preparing", "set enabled"),
    ("config.storage.replication.factor", "1", "Connect's state"),
    ("offset.storage.replication.factor", "1", "Connect's state"),
    ("status.storage.replication.factor", "2", "Connect's state"),
    ("producer.acks", "1", "a failing broker"),
    ("producer.override.acks", "0", "a failing broker"),
    ("producer.enable.idempotence", "false", "idempotent producer"),
    ("consumer.auto.offset.reset", "latest", "skip the existing rows"),
    ("offset.flush.interval.ms", "0", "never be stored"),
    ("config.providers", "env", "refers to ${dir:…}, which would be used literally"),
    ("config.providers.dir.class", None, "needs a class"),
    ("config.providers.env.param.allowlist.pattern", None, "any variable of the worker"),
    ("config.providers.env.param.allowlist.pattern", ".*", "any variable of the worker"),
    ("config.providers.env.param.allowlist.pattern", "^.+$", "any variable of the worker"),
    *(
        ("config.providers.env.param.allowlist.pattern", pattern, "any variable of the worker")
        for pattern in (".*|x", "(?s).*", "[\\s\\S]*", "^POD_IP$|.+", "\\w+", "[A-Z0-9_]+", ".*_?.*", "(", ".{1,99}")
    ),
    *(("config.providers.dir.param.allowed.paths", path, "any folder") for path in ("//", "/.", "/etc/connect/secrets,/", "/etc/..")),
    ("config.providers.dir.param.allowed.paths", None, "any folder"),
    ("config.providers.dir.param.allowed.paths", "/", "any folder"),
    ("offset.storage.topic", "connect-configs", "need separate topics"),
    ("connector.client.config.override.policy", "None", "would be refused"),
    ("connector.client.config.override.policy", "Principal", "would be refused"),
    ("connector.client.config.override.allowlist", None, "does not list auto.offset.reset, compression.type"),
    ("connector.client.config.override.allowlist", "linger.ms", "does not list auto.offset.reset, compression.type"),
    ("rest.extension.classes", None, "could change connectors"),
    ("rest.extension.classes", "org.example.NoBasicAuth", "could change connectors"),
    ("rest.extension.classes", f"{LOGIN},org.example.Open", "past the login"),
    ("admin.listeners", "http://0.0.0.0:8084", "asks for no login"),
    ("admin.listeners", "https://:8084", "leave it empty"),
    ("listeners", "http://0.0.0.0:8083,http://0.0.0.0:9999", "set http://0.0.0.0:8083"),
    ("listeners", "somewhere", "no door that the rules"),
    ("ssl.keystore.password", "hunter2", "is a credential in plain text"),
]


@pytest.mark.parametrize(("key", "value", "told"), BAD, ids=[f"{key}={value}" for key, value, _ in BAD])
def test_each_weakness_is_refused(key: str, value: str | None, told: str) -> None:
    (problem,) = worker_problems(changed(WORKER, **{key: value}), SOURCE, S3)
    assert problem.key == key
    assert told in str(problem)
    assert "hunter2" not in str(problem)


@pytest.mark.parametrize("login", ["sasl.jaas.config", "ssl.keystore.location", "security.protocol"])
def test_a_login_of_a_connectors_own_is_refused_by_the_preview_as_by_the_worker(login: str) -> None:
    (problem,) = worker_problems(WORKER, {**SOURCE, f"producer.override.{login}": "x"})
    assert f"does not list {login}, which connectors override: the worker would refuse them" in str(problem)


def test_a_declared_worker_may_let_connectors_override_every_key() -> None:
    every = {"connector.client.config.override.policy": "All", "connector.client.config.override.allowlist": None}
    assert worker_problems(changed(WORKER, **every), SOURCE, S3) == []


@pytest.mark.parametrize("pattern", ["^POD_IP$", "POD_IP|POD_NAME", "CONNECT_.*", "(AWS_REGION|DB_[A-Z]+)"])
def test_a_list_of_variables_is_accepted(pattern: str) -> None:
    assert worker_problems(changed(WORKER, **{"config.providers.env.param.allowlist.pattern": pattern})) == []


def test_copies_may_be_left_to_the_brokers() -> None:
    assert worker_problems(changed(WORKER, **{"offset.storage.replication.factor": "-1"})) == []


def test_a_reference_without_any_provider_is_reported_once_for_each_provider() -> None:
    """Without config.providers the worker takes the text ${env:X} as the password itself."""
    bare = changed(WORKER, **{key: None for key in WORKER if key.startswith("config.providers")})
    problems = worker_problems(bare, {"database.password": "${env:PASSWORD}", "x": "${env:OTHER}"}, SOURCE)
    assert [problem.key for problem in problems] == ["config.providers", "config.providers"]
    assert "${dir:…}" in str(problems[0])
    assert "${env:…}" in str(problems[1])
