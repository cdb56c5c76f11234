"""Everyday files, variables, annotations and commands contain no credential, and a review shows what only concerns one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.configs.credentials.annotations import annotation_shows, shows
from stack.configs.credentials.commands import telling_words
from stack.configs.credentials.detector import hidden, shows_credential
from stack.configs.credentials.judging import is_credential

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    ("aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n", "aws_access_key_id = AKIAIOSFODNN7EXAMPLF\n"),
    ("secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n", "secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEZ\n"),
    (
        "keytool -importcert -noprompt -cacerts -storepass changeit -file /ca.crt\n",
        "keytool -importcert -storepass letmein9 -file /ca.crt\n",
    ),
    ("ssl.truststore.password=changeit\n", "ssl.keystore.password=changeit\n"),
    ("-Djavax.net.ssl.trustStorePassword=changeit", "-Ddb.password=changeit"),
    (
        f"dsn: https://{'0123456789abcdef' * 2}@o12.ingest.sentry.io/45\n",
        f"dsn: https://{'0123456789abcdef' * 2}:{'f' * 32}@sentry.example.com/45\n",
    ),
    (f"dsn: https://{'0123456789abcdef' * 2}@sentry.example.com/45\n", f"url: https://{'0123456789abcdef' * 2}@git.example.com/shop.git\n"),
    ('replace_pattern(body, "password=[^&\\\\s]*", "password=***")\n', 'replace_pattern(body, "password=letmein9", "x")\n'),
    (
        'replace_all_patterns(attributes, "value", "token=[^&]+", "token=REDACTED")\n',
        'f(attributes, "value", "token=[^&]+", "token=aB3dE6gH9")\n',
    ),
    ('blocked_key_patterns:\n  - ".*password.*"\n  - "api[_-]?key"\n', 'passwords:\n  - "letmein9"\n'),
    (
        f"kind: SealedSecret\nspec:\n  encryptedData:\n    password: AgBy3i4OJSWK{'PiTySYZZA9rO43cGDEqTg' * 4}==\n",
        f"kind: Secret\nstringData:\n    password: AgBy3i4OJSWK{'PiTySYZZA9rO43cGDEqTg' * 4}==\n",
    ),
    ("https://shop.example/reset?token={token}", "https://shop.example/reset?token=letmein9"),
)


@pytest.mark.parametrize(("harmless", "harmful"), PAIRS, ids=lambda text: text[:30])
def test_what_only_looks_like_a_credential_is_accepted_and_a_credential_of_the_same_shape_is_not(harmless: str, harmful: str) -> None:
    assert not shows_credential(harmless)
    assert shows_credential(harmful)


# Forms that a parser sees and a pattern misses, and values that are no placeholders; each with a harmless twin
FORMS = (
    ("a.yaml", "password: {}\n", "Password", "${PASSWORD}"),
    ("a.yaml", "x: &pw {}\npassword: *pw\n", "letmein9", "${PASSWORD}"),
    ("a.yaml", "- name: DB_PASSWORD\n  value: >-\n    {}\n", "letmein9", "${PASSWORD}"),
    ("a.yaml", "? password\n: {}\n", "letmein9", "${PASSWORD}"),
    ("a.yaml", '"pass\\u0077ord": {}\n', "letmein9", "${PASSWORD}"),
    ("a.yaml", "a: [{{name: password,\n  value:\n    {}}}]\n", "letmein9", "none"),
    ("a.yaml", "credentials:\n  user: me\n  key: {}\n", "letmein9", "password"),
    ("a.toml", 'password = """\n{}"""\n', "letmein9", "${PASSWORD}"),
    ("a.toml", '[password]\nvalue = "{}"\n', "letmein9", "${PASSWORD}"),
    ("a.toml", '"pass\\u0077ord" = "{}"\n', "letmein9", "${PASSWORD}"),
    ("a.json", '{{"pass\\u0077ord": "{}"}}', "letmein9", "${PASSWORD}"),
    ("a.json", '{{"password":\n"{}"}}', "letmein9", "${PASSWORD}"),
    ("a.json", '{{"name": "password", "x": {{"a": 1}}, "value": "{}"}}', "letmein9", "${PASSWORD}"),
    ("a.tf", 'variable "password" {{\n  default = "{}"\n}}\n', "letmein9", ""),
    ("a.properties", "password={}\n", "#{hunter2}", "#{Project.Db.Password}"),
    ("a.properties", "password={}\n", "%{Tr0ub4dor&3}", "%{env:DB_PASSWORD}"),
    ("a.yaml", 'password: "{}"\n', "#{S3cr3t!pass}", "#{ENV['DB_PASSWORD']}"),
)


@pytest.mark.parametrize(("file", "form", "harmful", "harmless"), FORMS, ids=repr)
def test_a_credential_in_an_unusual_form_is_found_and_hidden_and_its_twin_is_not(file: str, form: str, harmful: str, harmless: str) -> None:
    assert shows_credential(form.format(harmful), file)
    assert harmful not in hidden(form.format(harmful), file)
    assert not shows_credential(form.format(harmless), file)


def test_bombs_of_aliases_and_brackets_end_at_once() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{at}: &a{at} [*a{at - 1}, *a{at - 1}]\n" for at in range(1, 60))
    for text in (bomb + "password: ${X}\n", "password: " + "[" * 20_000, "password: &a [*a]\n", '{"password": ' * 5_000):
        assert not shows_credential(text, "a.yaml")


def look_alikes() -> Iterator[tuple[str, str]]:
    """Yield file and text of kinds of everyday files that only sound like credentials."""
    for name in ("password", "token", "api_key", "credentials"):
        yield "api.yaml", f"  {name}: Required. The {name} of the user, which must be set when the database is created.\n"
        yield "service.json", f'{{"{name}": {{"shape": "Shop{name.title()}", "documentation": "<p>The {name} of a user.</p>"}}}}'
        yield "members.json", f'{{"idempotency_{name}":true,\n"{name}Type": "String"}}'
        yield "client.py", f"import shop\n\ndef made({name}: str) -> Client:\n    return Client(user=user, {name}={name}, retry=True)\n"
        yield "client.py", f'import shop\n\nCLIENT_{name.upper()} = "CLIENT_{name.upper()}"\nif self.{name} == factory.CLEAR:\n    pass\n'
        yield "client.go", f"package shop\n\nfunc made() {{\n\tc.{name} := &shop.Client{{Name: name, Size: 0x1e}}\n}}\n"
        yield "client.js", f"const shop = require('shop');\nmodule.exports = {{ {name}: shopClient.{name}, user: user }};\n"
        yield "test.go", f'package shop\n\nfunc a() {{ t.Errorf("{name} = %x, want %x", a, b) }}\n'
        yield "captions.properties", f"shop.user=User\nshop.{name}={name.title().replace('_', ' ')}\n"
    yield "members.yaml", "members:\n  - user:ann@example.com\n  - serviceAccount:app-1@shop.iam.example.com\n"
    yield "resources.yaml", "api_key:\n  parents:\n  - *shop\n  - *region\n"
    yield "types.json", '{"Shop::Api::ApiKey": "b899a0d240b53d9d", "Shop::Db::Credential": "83c788859d3c6ab6"}'
    yield "pattern.json", '{"pattern": "^arn:aws:secretsmanager:[a-z0-9-]{1,20}:[0-9]{12}:secret:ShopSecret-.+"}'
    yield "key.py", 'BEGIN = "-----BEGIN PRIVATE KEY-----"\nEND = "-----END PRIVATE KEY-----"\n'
    yield "shop.service", "[Service]\nLoadCredential=shop.extra\nExecStart=systemd-ask-password --wall\n"
    yield "captions.json", '{"username": "Username", "password": "Password"}'
    yield "types.txt", "application/pgp-signature:*.sig\nimage/x-token:*.tok\n"
    yield "tls.cnf", "[ca]\nauthorityKeyIdentifier=keyid:always,issuer\nsigner_key = $dir/private/key.pem # The key\n"


STATEMENTS = (
    "ENV TOKENIZERS_PARALLELISM false\nENV SECRET_KEY_BASE_FILE /run/x\n",
    "ARG GITHUB_TOKEN\nARG PASSWORD_MIN 8\n",
    "\\set ON_ERROR_STOP on\n\\set token_count 5\n",
    "set session authorization postgres;\nset password_min 12\n",
    'variable "secret_name" { default = "shop-db-1a" }\nvariable "token_ttl" { default = "15m" }\n',
    'variable "api_key_header" { default = "X-Api-Key" }\nvariable "db_password" { default = null }\n',
    "kind: SecretStore\nspec:\n  provider: {vault: {server: https://v-1a.example.com}}\n",
    "kind: Secret\nmetadata:\n  name: shop\n  labels: {app: shop-1a}\ntype: kubernetes.io/tls\ndata: {}\n",
    "kind: Secret\nstringData: {a: '{{ .Values.password }}', b: <password>, c: 'ref+vault://x/y#z'}\n",
    "kind: Secret\ndata:\n  ca.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t\n",
    "[token]\nissuer = https://id.example.com\naudience = api\n[secrets]\nbackend = vault\npath = secret/data/shop\n",
    "[credential]\n\thelper = store\n\tuseHttpPath = true\n",
    "echo hello-1a | sudo tee /etc/motd\ncat pw | docker login --password-stdin\n",
    "aws ecr get-login-password | docker login --username AWS --password-stdin 1.dkr.ecr\n",
    'echo "${{ secrets.T }}" | docker login --password-stdin\n',
    "user nginx;\nuser default on nopass ~* +@all\nuser a on #0a1b ~*\n",
    "SELECT * FROM users WHERE password\n = 'x';\nCOMMENT ON COLUMN u.password\n  IS 'hash of it';\n",
    '[{"field": "tokens_used", "data": "1204"}, {"k": "region", "v": "eu-central-1"}]',
    "x: &token_rules {a: b}\ny:\n  - &secrets\n    a: b\n",
    "curl 'http://x?a=b' & token -x\nuseradd -p \"$(openssl passwd -6 $PW)\" a\n",
    "syscontact ops@example.com\nrocommunity public\n",
    "密码长度: 12\nimpasse: rue-12b\n",
)


@pytest.mark.parametrize("text", STATEMENTS, ids=lambda text: text[:30])
def test_an_everyday_statement_is_accepted(text: str) -> None:
    assert not shows_credential(text)


def test_kinds_of_everyday_files_are_accepted() -> None:
    assert [(file, text) for file, text in look_alikes() if shows_credential(text, file)] == []


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


@pytest.mark.parametrize(
    ("reference", "word"),
    [
        ("clientSecret: $oidc.keycloak.clientSecret", "clientSecret: $ecretK3y99x"),
        ("clientSecret: $dex.github.clientSecret", "clientSecret: $dex9!kQ2.x"),
        ("admin_password = $__file{/etc/secrets/admin}", "admin_password = $__fileX9kq2"),
        ("GF_SECURITY_ADMIN_PASSWORD=$__env{ADMIN}", "GF_SECURITY_ADMIN_PASSWORD=hunter2xQ9"),
        ("password: <%= ENV['DB_PASSWORD'] %>", "password: <%hunter2xQ9"),
        (
            "sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;",
            'sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="a" password="hunter2xQ9";',
        ),
    ],
)
def test_a_reference_of_a_common_tool_is_no_credential_and_a_word_in_its_place_is_one(reference: str, word: str) -> None:
    assert not shows_credential(f"{reference}\n")
    assert shows_credential(f"{word}\n")


# Variables and annotations that name a credential's place, each beside one that is a credential
NAMES = (
    ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET", "sql_alchemy_conn", "aB3dE6gH9jK2mN5pQ8sT"),
    ("AIRFLOW__CELERY__BROKER_URL_SECRET", "airflow/broker-url", "redis://:letmein9@redis:6379/0"),
    ("AIRFLOW__WEBSERVER__SECRET_KEY_SECRET", "airflow/config/webserver_secret_key", "aB3dE6gH9!x"),
    ("AIRFLOW__KEYCLOAK_AUTH_MANAGER__CLIENT_SECRET", "${CLIENT_SECRET}", "aB3dE6gH9jK2mN5pQ8sT"),
    ("AIRFLOW__KUBERNETES_SECRETS__AIRFLOW__CORE__FERNET_KEY", "airflow-secrets=fernet-key", "aB3dE6gH9jK2mN5pQ8sT"),
    ("DB_CREDENTIALS_SECRET", "prod/database/main", "prod/aB3dE6gH9jK2mN5pQ8sT"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLF"),
    (
        "SENTRY_DSN",
        f"https://{'0123456789abcdef' * 2}@o1.ingest.sentry.io/4",
        f"https://{'0123456789abcdef' * 2}:{'f' * 32}@s.example.com/4",
    ),
)
ANNOTATIONS = (
    (
        "nginx.ingress.kubernetes.io/auth-signin",
        "https://auth.example.com/oauth2/start?rd=$escaped_request_uri",
        "https://me:letmein9@x.y/z",
    ),
    (
        "nginx.ingress.kubernetes.io/auth-signin",
        "https://$host/oauth2/start?rd=$scheme://$host$request_uri",
        "https://x.y/?token=aB3dE6gH9jK2",
    ),
    ("nginx.ingress.kubernetes.io/auth-tls-secret", "web/client-ca", "aB3dE6gH9jK2mN5pQ8sT"),
    ("nginx.ingress.kubernetes.io/proxy-ssl-secret", "web/backend-tls", "Tr0ub4dor&3"),
)


@pytest.mark.parametrize(("name", "harmless", "harmful"), NAMES)
def test_a_variable_that_names_a_place_is_accepted(name: str, harmless: str, harmful: str) -> None:
    assert not shows(name, harmless)
    assert shows(name, harmful)


@pytest.mark.parametrize(("key", "harmless", "harmful"), ANNOTATIONS)
def test_an_annotation_that_names_a_secret_or_an_address_is_accepted(key: str, harmless: str, harmful: str) -> None:
    assert not annotation_shows(key, harmless)
    assert annotation_shows(key, harmful)


def test_the_password_of_the_jdks_own_store_is_known_to_everybody() -> None:
    assert telling_words(["keytool", "-importcert", "-storepass", "changeit", "-file", "/ca.crt"]) == []
    assert telling_words(["keytool", "-importcert", "-storepass", "letmein9"]) == [3]
    assert telling_words(["keytool", "-genkeypair", "-keypass", "changeit"]) == [3]
