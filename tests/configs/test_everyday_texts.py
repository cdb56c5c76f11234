"""Everyday files, variables, annotations and commands contain no credential, and a review shows what only concerns one."""

from __future__ import annotations

import pytest

from configs.credentials.commands import telling_words
from configs.credentials.detector import hidden, shows_credential
from configs.credentials.judging import is_credential

# Each with a value that is none, beside one of the same shape that is
PAIRS = (
    ('{"input_token": "NextToken", "output_token": "NextToken"}', '{"access_token": "aB3dE6gH9jK2"}'),
    ('{"dependencies": {"minipass": "^7.0.3", "js-tokens": "^4.0.0 || ^5.0.0"}}', '{"registry": {"pass": "7up-forever"}}'),
    ("'no-secrets': 'error',", "'secrets': 'letmein9',"),
    ('PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]', 'PASSWORD = "letmein9"'),
    ("login.password=Enter your password\nlogin.token=Token\n", "login.password=letmein9\n"),
    ('{"confirmPassword": "Confirm password", "apiKey": "API key"}', '{"confirmPassword": "letmein9"}'),
    ('read -rsp "Password: " password\npg_dump "shop"\n', 'curl "http://x" password="letmein9"\n'),
    ("echo 'password: must be set'\n", "{user: me, password: letmein9}\n"),
    ("Choose a user. Password: at least 12 characters.", "user: me\npassword: letmein\n"),
    ("PASSWORD=${PASSWORD:?set PASSWORD}\n", "PASSWORD=${PASSWORD:-letmein9}\n"),
    ("ALTER ROLE app WITH LOGIN PASSWORD :'app_password';", "ALTER ROLE app WITH LOGIN PASSWORD 'letmein9';"),
    ("SELECT set_config('search_path', 'pg_catalog', true);", "SELECT set_config('app.password', 'letmein9', true);"),
    ("openssl req -x509 -nodes -keyout key.pem -out cert.pem\n", "openssl enc -aes-256-cbc -k letmein9 -in a\n"),
    ("password \"#{ENV['ES_PASSWORD']}\"\n", 'password "letmein9"\n'),
    ('match => { "message" => "token=%{WORD:token}" }', 'match => { "message" => "token=letmein9" }'),
    ('headers = {"Authorization": f"Bearer {token}"}', 'headers = {"Authorization": "Bearer aB3dE6gH9"}'),
    ('{"key": "Q-3f2a7d1c-1f2e-4a0e-9f0e-0c1a2b3c4d5e-0"}', '{"api_key": "Q-3f2a7d1c-9x"}'),
    ("labels: key1=value1\n", "api_key1=letmein9\n"),
    ("https://shop.example/reset?token={token}", "https://shop.example/reset?token=letmein9"),
)


@pytest.mark.parametrize(("harmless", "harmful"), PAIRS, ids=lambda text: text[:30])
def test_what_only_looks_like_a_credential_is_accepted_and_a_credential_of_the_same_shape_is_not(harmless: str, harmful: str) -> None:
    assert not shows_credential(harmless)
    assert shows_credential(harmful)


VARIABLES = {
    "GPG_KEY": "E3FF2839C048B25C084DEBE9B26995E310250568",
    "STRIPE_PUBLISHABLE_KEY": "pk_live_51H8abcDEFghiJKLmno",
    "RECAPTCHA_SITE_KEY": "6LdAbCdEfGhIjKlMnOpQrStUvWxYz0123456789",
    "KAFKA_SSL_KEYSTORE_CREDENTIALS": "keystore_creds",
    "ETCD_INITIAL_CLUSTER_TOKEN": "etcd-cluster-1",
    "S3_KEY": "exports/2024/a.parquet",
}


@pytest.mark.parametrize("name", VARIABLES)
def test_an_everyday_variable_is_accepted(name: str) -> None:
    assert not is_credential(name, VARIABLES[name])
    assert not shows_credential(VARIABLES[name])


def test_an_argument_that_names_a_variable_or_a_file_is_no_credential() -> None:
    words = ["openssl", "req", "-keyout", "key.pem", "-keyform", "PEM"]
    assert not telling_words(words)
    assert not shows_credential("-storepass:env")


SHOWN = (
    "bearer_token_file: /var/run/secrets/kubernetes.io/serviceaccount/token\n",
    "token_ttl = 1h\npassword_min_length = 12\n",
    "usePasswordFiles: true\nautomountServiceAccountToken: false\n",
    "delegation.token.max.lifetime.ms=604800000\n",
)


@pytest.mark.parametrize("text", SHOWN, ids=lambda text: text[:30])
def test_a_switch_an_amount_and_a_path_are_shown(text: str) -> None:
    assert hidden(text) == text
