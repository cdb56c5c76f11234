"""The detector finds every credential of the corpus, in whatever format, and refuses nothing that only looks like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.credentials.commands import telling_words
from stack.configs.credentials.detector import hidden, hidden_in_message, shows_credential
from stack.configs.credentials.judging import is_credential
from tests.configs.credential_corpus import HARMLESS_VARIABLES, credentials, harmless

if TYPE_CHECKING:
    from collections.abc import Callable

_LEAST = {"credentials": 200, "formats": 30, "harmless": 300}
_HUNDREDTH = 0.01


def test_every_credential_of_the_corpus_is_found(tally: Callable[[str, str, int, int], None]) -> None:
    corpus = list(credentials())
    formats = {form.partition(":")[0] for form, *_ in corpus}
    assert len(corpus) >= _LEAST["credentials"]
    assert len(formats) >= _LEAST["formats"]
    assert [(form, text) for form, file, text, _ in corpus if not shows_credential(text, file)] == []
    tally("credentials in every format", "harmful", len(corpus), 0)


def test_no_credential_of_the_corpus_is_printed_and_hiding_twice_changes_nothing(tally: Callable[[str, str, int, int], None]) -> None:
    shown = [(form, text) for form, file, text, part in credentials() if part and part in hidden(text, file)]
    tally("credentials in every format", "secrets", len(list(credentials())), len(shown))
    assert shown == []
    assert [text for _, file, text, _ in credentials() if hidden(hidden(text, file), file) != hidden(text, file)] == []


def test_of_what_only_looks_like_a_credential_at_most_a_hundredth_is_refused(tally: Callable[[str, str, int, int], None]) -> None:
    corpus = list(harmless())
    refused = [title for title, file, text in corpus if shows_credential(text, file)]
    assert len(corpus) >= _LEAST["harmless"]
    assert len(refused) <= len(corpus) * _HUNDREDTH, refused
    tally("credentials in every format", "harmless", len(corpus), len(refused))


@pytest.mark.parametrize("name", HARMLESS_VARIABLES)
@pytest.mark.adversary("harmless")
def test_an_everyday_variable_is_no_credential(name: str) -> None:
    assert not is_credential(name, HARMLESS_VARIABLES[name])


COMMANDS = (
    ["curl", "-u", "me:letmein", "http://x"],
    ["mysql", "-pletmein"],
    ["redis-cli", "-a", "letmein", "ping"],
    ["sh", "-c", "PGPASSWORD=letmein psql"],
    ["rabbitmqctl", "add_user", "a", "letmein"],
    ["htpasswd", "-b", "f", "a", "letmein"],
    ["aws", "configure", "set", "aws_secret_access_key", "abc/def"],
    ["openssl", "enc", "-pass", "pass:letmein"],
    ["docker", "login", "-u", "a", "-p", "letmein"],
    ["helm", "install", "--set-string=auth.password=letmein"],
    ["sh", "-c", "echo root:letmein | chpasswd"],
    ["git", "clone", "https://abc123def456@git/x"],
)
EVERYDAY_COMMANDS = (
    ["psql", "-p", "5432"],
    ["ssh", "-p", "22", "h"],
    ["docker", "run", "-p", "80:80", "x"],
    ["mysql", "-p$PW"],
    ["openssl", "req", "-passin", "file:/x/y"],
    ["docker", "login", "--password-stdin"],
    ["kubectl", "create", "secret", "generic", "x", "--from-file=password=./password"],
    ["sh", "-c", "export PASSWORD=$(cat /run/secrets/pw)"],
    ["java", "-XX:ReservedCodeCacheSize=64m", "-Djavax.net.ssl.trustStore=/etc/x/y"],
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:30])
@pytest.mark.adversary("harmful")
def test_a_credential_in_a_command_is_found(words: list[str]) -> None:
    assert telling_words(words) or any(map(shows_credential, words))


@pytest.mark.parametrize("words", EVERYDAY_COMMANDS, ids=lambda words: " ".join(words)[:30])
@pytest.mark.adversary("harmless")
def test_an_everyday_command_is_accepted(words: list[str]) -> None:
    assert not telling_words(words)
    assert not any(map(shows_credential, words))


MESSAGES = (
    'FATAL: {"password": "letmein9"}',
    "jdbc:postgresql://u:letmein9@h refused",
    "pwd=letmein9",
    "Authorization: Basic letmein9",
    "Invalid password: letmein9",
    "host admin:letmein9@db",
    "https://letmein9@host answers 401",
    "mysql -pletmein9 ended with 1",
)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.adversary("secrets")
def test_no_message_shows_one(message: str) -> None:
    assert "letmein9" not in hidden_in_message(message)
