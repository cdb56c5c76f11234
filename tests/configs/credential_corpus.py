"""Credentials in every format, and texts that only look like them, made by generators."""

# ruff: noqa: E501
# A text on one line is easier to compare.

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Values as people choose them, and as machines do
CHOSEN = ("hunter2", "S3cr3t!pass", "correct-horse-9-battery", "Tr0ub4dor&3", "letmein-2024", "p4ss,w0rd;x", "Zq8#mL2$vX")
MADE = (
    "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
    "q7Zt2mXv9LrB4kNs8HwD3jPy",
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "dGhpc0lzQVNlY3JldDEyMzQ1",
)
NAMES = (
    "password",
    "db_password",
    "DB_PASSWORD",
    "client_secret",
    "clientSecret",
    "api_key",
    "apiKey",
    "auth_token",
    "spring.datasource.password",
)

JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
_LETTERS = "aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0"
# Issued tokens, written in parts, so that no scanner of the repository takes them for real ones
TOKENS = {
    "AWS": "AKIA" + "QX7ZL2M4N6P8R1T3",
    "AWS session": "ASIA" + "QX7ZL2M4N6P8R1T3",
    "GitHub": "ghp_" + _LETTERS + "abcdef",
    "GitHub OAuth": "gho_" + _LETTERS + "abcdef",
    "GitHub fine-grained": "github_pat_" + _LETTERS + "_" + _LETTERS,
    "GitLab": "glpat-" + _LETTERS[:20],
    "Stripe": "sk_live_" + _LETTERS[:24],
    "Stripe restricted": "rk_live_" + _LETTERS[:24],
    "Slack": "xoxb-" + "123456789012-123456789012-" + _LETTERS[:24],
    "Google": "AIza" + "Sy" + _LETTERS + "abc",
    "JWT": JWT,
    "SendGrid": "SG." + _LETTERS[:22] + "." + _LETTERS + "abcdefghijklm",
    "Vault": "hvs." + _LETTERS,
    "npm": "npm_" + _LETTERS + "abcdef",
    "OpenAI": "sk-" + "proj-" + _LETTERS,
    "Hugging Face": "hf_" + _LETTERS + "abcd",
    "DigitalOcean": "dop_v1_" + "0a1b2c3d" * 8,
    "Docker": "dckr_pat_" + _LETTERS[:27],
    "Databricks": "dapi" + "0a1b2c3d" * 4,
    "age": "AGE-SECRET-KEY-1" + _LETTERS.upper() * 2,
    "Grafana": "glsa_" + _LETTERS + "_0a1b2c3d",
}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def under_names(name: str, value: str) -> Iterator[tuple[str, str, str]]:
    """Yield format, file and text for a value under a name."""
    quoted = json.dumps(value)
    nested = name.rpartition(".")[2]
    shell = name.replace(".", "_").upper()
    yield "YAML", "application.yaml", f"server:\n  port: 8080\nstore:\n  user: me\n  {nested}: {quoted}\n  host: db\n"
    yield (
        "YAML without quotes",
        "a.yml",
        f"store:\n  {nested}: {value}\n" if not set(value) & set("#,&!") else f"store:\n  {nested}: '{value}'\n",
    )
    yield "YAML block", "a.yaml", f"store:\n  {nested}: |-\n    {value}\n  host: db\n"
    yield "YAML flow", "a.yaml", f"store: {{user: me, {nested}: {quoted}, host: db}}\n"
    yield "YAML below", "a.yaml", f"{nested}:\n  plain: {quoted}\n"
    yield "YAML list of pairs", "a.yaml", f"env:\n  - name: {shell}\n    value: {quoted}\n  - name: HOST\n    value: db\n"
    yield "JSON", "config.json", json.dumps({"store": {"user": "me", name: value, "host": "db"}}, indent=2)
    yield "JSON on one line", "config.json", json.dumps({"store": {"user": "me", name: value}})
    yield "JSON below", "config.json", json.dumps({nested: {"plain": value}})
    yield "JSON pairs", "task.json", json.dumps({"environment": [{"name": shell, "value": value}, {"name": "HOST", "value": "db"}]})
    yield "JSON pairs reversed", "task.json", json.dumps({"environment": [{"value": value, "name": shell}]})
    yield "JSON parameters", "stack.json", json.dumps([{"ParameterKey": nested, "ParameterValue": value}])
    yield "JSON in JSON", "a.json", json.dumps({"body": json.dumps({"user": "me", nested: value})})
    yield "TOML", "config.toml", f'[store]\nuser = "me"\n{nested} = {quoted}\n'
    yield "TOML table", "config.toml", f'store = {{ user = "me", {nested} = {quoted} }}\n'
    yield "INI", "config.ini", f"[store]\nuser = me\n{nested} = {value}\n"
    yield "properties", "app.properties", f"user=me\n{name}={value}\n"
    yield "properties with a colon", "app.properties", f"user: me\n{name}: {value}\n"
    yield "properties with a blank", "app.properties", f"store.user me\nstore.{nested} {value}\n"
    yield "properties with a tab", "app.properties", f"store.user\tme\nstore.{nested}\t{value}\n"
    yield "environment file", ".env", f"USER=me\n{shell}={value}\n"
    yield "shell", "run.sh", f"#!/bin/sh\nexport USER=me\nexport {shell}='{value}'\nexec app\n"
    yield "shell before a command", "run.sh", f'#!/bin/sh\n{shell}="{value}" exec app\n'
    yield "Dockerfile", "Dockerfile", f"FROM scratch\nENV {shell}={quoted}\n"
    yield "systemd", "app.service", f'[Service]\nEnvironment="{shell}={value}"\n'
    yield "XML element", "a.xml", f"<store><user>me</user><{nested}>{_xml(value)}</{nested}></store>"
    yield "XML attribute", "a.xml", f'<store user="me" {nested}="{_xml(value)}"/>'
    yield "XML property", "a.xml", f'<bean><property name="{name}" value="{_xml(value)}"/></bean>'
    yield "XML below", "a.xml", f"<{nested}><plain>{_xml(value)}</plain></{nested}>"
    yield "Hadoop", "core-site.xml", f"<configuration><property><name>{name}</name><value>{_xml(value)}</value></property></configuration>"
    yield "HCL", "a.tfvars", f'user = "me"\n{nested} = {quoted}\n'
    yield "Python", "settings.py", f"USER = 'me'\n{shell} = {quoted}\n"
    yield "Java", "A.java", f'props.setProperty("{name}", {quoted});\n'
    yield "JavaScript", "a.js", f"module.exports = {{ user: 'me', {nested}: {quoted} }};\n"
    yield "PHP", "a.php", f"<?php define('{shell}', {quoted});\n"
    yield "command", "run.sh", f"tool --user me --{nested.replace('_', '-')} '{value}' --host db\n"
    yield "command with a sign", "run.sh", f"tool --{nested.replace('_', '-')}='{value}' --host db\n"
    yield "Java property", "run.sh", f"java -D{name}='{value}' -jar a.jar\n"
    yield (
        "CSV",
        "users.csv",
        f"user,{nested},role\nme,{value},admin\n" if not set(value) & set(",;") else f"user\t{nested}\trole\nme\t{value}\tadmin\n",
    )
    yield "base64", "a.bin", _base64(f"user=me\n{name}={value}\n")


def _xml(value: str) -> str:
    return value.replace("&", "&amp;")


def by_place(value: str) -> Iterator[tuple[str, str, str]]:
    """Yield format, file and text for a password that shows by its place."""
    word = value.replace("'", "").replace(",", "").replace(";", "").replace("#", "").replace("&", "")
    yield "SQL role", "init.sql", f"CREATE ROLE app LOGIN PASSWORD '{value}';\n"
    yield "SQL alter", "init.sql", f"ALTER USER app WITH ENCRYPTED PASSWORD '{value}';\n"
    yield "SQL identified", "init.sql", f"CREATE USER 'app'@'%' IDENTIFIED BY '{value}';\n"
    yield "SQL insert", "init.sql", f"INSERT INTO users (name, password) VALUES ('me', '{value}');\n"
    yield "SQL options", "init.sql", f"CREATE USER MAPPING FOR app SERVER s OPTIONS (user 'me', password '{value}');\n"
    yield "SQL subscription", "init.sql", f"CREATE SUBSCRIPTION s CONNECTION 'host=db user=me password={word}' PUBLICATION p;\n"
    yield "netrc", ".netrc", f"machine db.example.com login me password {word}\n"
    yield "netrc over lines", ".netrc", f"machine db.example.com\n  login me\n  password {word}\n"
    yield "pgpass", ".pgpass", f"db.example.com:5432:shop:me:{word}\n"
    yield "pgpass for all", "pgpass", f"*:*:*:me:{word}\n"
    yield "htpasswd", ".htpasswd", "me:$apr1$Xy12ab34$K9mN2pQ4sT6vW8yZ1cF0a/\n"
    yield "htpasswd bcrypt", "users", "me:$2y$10$" + "abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ01234" + "\n"
    yield "userlist", "userlist.txt", f'"me" "{word}"\n'
    yield "kubeconfig token", "config", f"apiVersion: v1\nkind: Config\nusers:\n- name: me\n  user:\n    token: {word}\n"
    yield (
        "kubeconfig key",
        "config",
        f"users:\n- name: me\n  user:\n    client-key-data: {_base64('-----BEGIN RSA PRIVATE KEY-----' + word)}\n",
    )
    yield "Docker", "config.json", json.dumps({"auths": {"registry.example": {"auth": _base64("me:" + word)}}})
    yield "npmrc", ".npmrc", f"//registry.example/:_authToken={word}\n"
    yield "pypirc", ".pypirc", f"[pypi]\nusername = me\npassword = {word}\n"
    yield "URL", "a.conf", f"url = postgresql://me:{word}@db:5432/shop\n"
    yield "URL without a user", "a.conf", f"url = redis://:{word}@cache:6379/0\n"
    yield "JDBC", "a.conf", f"url=jdbc:postgresql://db/shop?user=me&password={word}\n"
    yield "DSN", "a.conf", f'dsn = "host=db user=me password={word} dbname=shop"\n'
    yield "ADO", "a.conf", f"conn=Server=db;User Id=me;Password={word};\n"
    yield "ODBC", "odbc.ini", f"[shop]\nServer = db\nUID = me\nPWD = {word}\n"
    yield "Azure", "a.conf", f"conn=DefaultEndpointsProtocol=https;AccountName=x;AccountKey={_base64(word * 6)}\n"
    yield "SAS", "a.conf", "url=https://x.blob.core.windows.net/c?sv=2022-11-02&sr=c&sig=a%2FbC9dEfG7hIjK5lMnO3pQrS1tUvW%3D\n"
    yield "header", "a.http", f"GET / HTTP/1.1\nAuthorization: Basic {_base64('me:' + word)}\n"
    yield "bearer", "a.http", f"Authorization: Bearer {word}\n"
    yield "nginx", "nginx.conf", f'proxy_set_header Authorization "Basic {_base64("me:" + word)}";\n'
    yield "API key header", "a.http", f"X-Api-Key: {word}\n"
    yield "JAAS", "jaas.conf", f'KafkaClient {{ x.PlainLoginModule required username="me" password="{word}"; }};\n'
    yield "JAAS property", "a.properties", f'sasl.jaas.config=x.ScramLoginModule required username="me" password="{word}";\n'
    yield "curl", "run.sh", f"curl -u me:{word} https://db\n"
    yield "curl attached", "run.sh", f"curl -sS -ume:{word} https://db\n"
    yield "curl header", "run.sh", f"curl -H 'Authorization: Bearer {word}1234' https://db\n"
    yield "mysql", "run.sh", f"mysql -h db -u me -p'{word}' shop\n"
    yield "redis-cli", "run.sh", f"redis-cli -h db -a {word} ping\n"
    yield "redis", "redis.conf", f"port 6379\nrequirepass {word}\n"
    yield "psql", "run.sh", f"PGPASSWORD={word} psql -h db -U me shop\n"
    yield "sshpass", "run.sh", f"sshpass -p {word} ssh me@db\n"
    yield "docker login", "run.sh", f"docker login -u me -p {word} registry.example\n"
    yield "openssl", "run.sh", f"openssl pkcs12 -in a -passin pass:{word}\n"
    yield "secret from a literal", "run.sh", f"kubectl create secret generic s --from-literal=password={word}\n"
    yield "WireGuard", "wg0.conf", f"[Interface]\nPrivateKey = {_base64(word * 4)[:43]}=\n"
    yield "login without a scheme", "a.conf", f"server = me:{word}@db.example.com:5432\n"
    yield "git credentials", ".git-credentials", f"https://me:{word}@git.example.com\n"
    yield "list of users", "passwords.properties", f"me: {word}\n"
    yield "PEM", "tls.key", f"-----BEGIN PRIVATE KEY-----\n{_base64(word * 9)}\n-----END PRIVATE KEY-----\n"


def credentials() -> Iterator[tuple[str, str, str, str]]:
    """Yield format, file, text and the part that nobody may see, for every credential of the corpus."""
    values = (*CHOSEN, *MADE)
    for at, name in enumerate(NAMES):
        for step in range(3):
            value = values[(at + 4 * step) % len(values)]
            for form, file, text in under_names(name, value):
                yield f"{form}: {name}", file, text, value
    for value in CHOSEN[:3] + MADE[:2]:
        for form, file, text in by_place(value):
            yield form, file, text, ""
    for issuer, token in TOKENS.items():
        for form, file, text in (
            ("variable", ".env", f"SOMETHING={token}\n"),
            ("YAML", "a.yaml", f"something:\n  other: {token}\n"),
            ("JSON", "a.json", json.dumps({"something": [token]})),
            ("comment", "a.conf", f"# was {token} before\n"),
            ("URL", "a.conf", f"remote = https://{token}@git.example.com/x\n" if "." not in token else f"url = https://x/y?t={token}\n"),
        ):
            yield f"{issuer} in {form}", file, text, token


# Names and values of everyday variables that only sound like credentials
HARMLESS_VARIABLES = {
    "TOKENIZER": "bert-base", "TOKENIZERS_PARALLELISM": "false", "TOKEN_ISSUER": "https://issuer.example.com", "TOKEN_TTL": "3600s",
    "SECRETS_MANAGER_REGION": "eu-central-1", "API_KEY_HEADER": "X-Api-Key", "PASSWORD_HASH_ALGORITHM": "argon2",
    "DB_PASSWORD_SECRET": "postgresql-roles", "PASSWORD_FILE": "/run/secrets/db", "PWD": "/app", "OLDPWD": "/", "MAX_TOKENS": "4096",
    "PASSWORD_MIN_LENGTH": "12", "TOKEN_URL": "https://idp.example.com/token", "SECRET_NAME": "shop-db", "POSTGRES_PASSWORD_FILE": "/run/s/pw",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/eks.amazonaws.com/serviceaccount/token", "KEY_PREFIX": "shop:", "CACHE_KEY": "v1:users",
    "PRIMARY_KEY": "id", "PARTITION_KEY": "user_id", "SORT_KEY": "created_at", "ROUTING_KEY": "orders.created", "PUBLIC_KEY": "/etc/keys/public.pem",
    "AUTH_TYPE": "basic", "AUTH_ENABLED": "true", "AUTHOR": "ann", "AUTHORITY": "https://login.example.com", "COMPASS": "north",
    "BYPASS_CACHE": "true", "PASSIVE_MODE": "true", "PASSENGER_COUNT": "4", "MONKEY": "george", "KEYBOARD": "de", "KEYCLOAK_URL": "https://id.example.com",
    "KEYSTORE_TYPE": "PKCS12", "KEYSTORE_LOCATION": "/etc/tls/keystore.p12", "SSL_KEYSTORE_PASSWORD_FILE": "/etc/tls/password",
    "CREDENTIALS_PROVIDER": "env", "GOOGLE_APPLICATION_CREDENTIALS": "/var/secrets/google/key.json", "SECRET_BACKEND": "vault",
    "VAULT_SECRET_PATH": "secret/data/shop", "PASSWORD_POLICY": "strong", "PASSWORD_RESET_URL": "https://shop.example.com/reset",
    "TOKEN_EXPIRATION_MS": "900000", "JWT_ISSUER": "shop", "JWT_AUDIENCE": "api", "JWT_ALGORITHM": "RS256", "COOKIE_NAME": "session",
    "SESSION_COOKIE_SECURE": "true", "CSRF_TOKEN_HEADER": "X-CSRF-Token", "API_KEY_ID": "3f2c9a", "AWS_KMS_KEY_ID": "alias/shop",
    "SSH_KEY_PATH": "/root/.ssh/id_ed25519", "ACCESS_KEY_ROTATION_DAYS": "90", "TOKEN_BUCKET_SIZE": "100", "PASSWORD_ENCODER": "bcrypt",
    "KUBERNETES_SERVICE_HOST": "10.0.0.1", "IMAGE_PULL_SECRET": "regcred", "TLS_SECRET": "shop-tls", "CLIENT_ID": "shop-web",
    "ENABLE_TOKEN_AUTH": "true", "DISABLE_PASSWORD_LOGIN": "true", "REQUIRE_PASSWORD_CHANGE": "no", "PASSWORD_AUTHENTICATION": "no",
    "PAD_TOKEN": "[PAD]", "EOS_TOKEN": "</s>", "CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk", "GIT_COMMIT": "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c",
    "IMAGE_DIGEST": "sha256:" + "9f8e7d6c5b4a3928" * 4, "REQUEST_ID": "123e4567-e89b-12d3-a456-426614174000", "JAVA_CLASS": "io.debezium.connector.postgresql.PostgresConnector",
    "TOPIC": "shop.public.users", "DB_URL": "jdbc:postgresql://db:5432/shop?sslmode=require", "DB_PASSWORD": "$(PASSWORD)", "API_TOKEN": "${API_TOKEN}",
    "MYSQL_ROOT_PASSWORD": "${env:PASSWORD}", "REDIS_URL": "redis://cache:6379/0", "DATABASE_URL": "postgresql://app@db/shop", "ETCD_ENDPOINTS": "https://a:2379,https://b:2379",
    "BOOTSTRAP": "kafka-0:9092,kafka-1:9092", "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "WEBHOOK_SECRET_REF": "shop-webhook", "SECRET_STORE": "cluster-store",
    "SIGNING_KEY_ALGORITHM": "ES256", "ENCRYPTION_KEY_ARN": "arn:aws:kms:eu-central-1:123456789012:key/123e4567-e89b-12d3-a456-426614174000",
    "CONTACT": "mailto:ann@example.com", "SCHEDULE": "0 3 * * *", "IMAGE": "registry.example/shop:1.2@sha256:" + "ab" * 32,
    "NUM_TOKENS": "256", "TOKEN_TYPE": "Bearer", "PASSWORD_FIELD": "passwd", "SECRET_KEY_REF": "password", "PASSWORD_ITERATIONS": "310000",
    "ACCESS_TOKEN_LIFETIME": "15m", "REFRESH_TOKEN_ROTATION": "enabled", "TOKENS_PER_MINUTE": "60", "DB_PASSWORD_KEY": "password",
    "LOG_LEVEL": "info", "LDAP_USER_PASSWORD_ATTRIBUTE": "userPassword", "SMTP_AUTH": "plain", "S3_ACCESS_KEY_PROVIDER": "web-identity",
    "AZURE_DB_PASSWORD": "@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/db)", "OCTOPUS_DB_PASSWORD": "#{Db.Password}#",
    "REPLACED_DB_PASSWORD": "__DB_PASSWORD__", "MAVEN_DB_PASSWORD": "@@DB_PASSWORD@@", "CLIENT_SECRET": "$web-client:clientSecret",
}  # fmt: skip

HARMLESS_TEXTS = {
    "an OpenAPI schema": ("openapi.yaml", "components:\n  schemas:\n    Login:\n      properties:\n        password:\n          type: string\n          minLength: 8\n        token: {type: string}\n"),
    "a JSON schema": ("schema.json", '{"properties": {"password": {"type": "string", "description": "The password"}, "apiKey": {"type": ["string", "null"]}}}'),
    "a table of SQL": ("init.sql", "CREATE TABLE users (id bigint PRIMARY KEY, password text NOT NULL, token varchar(64), api_key uuid);\n"),
    "a grant": ("init.sql", "GRANT SELECT ON public.tokens TO app;\nALTER ROLE app PASSWORD :'password';\n"),
    "a query": ("q.sql", "SELECT password_hash FROM users WHERE token = $1 AND secret IS NOT NULL;\n"),
    "a script": ("run.sh", '#!/bin/sh\nset -eu\nPASSWORD="$(cat /run/secrets/db)"\nexport PGPASSWORD="$PASSWORD"\nexec psql -h db -U app -p 5432 shop\n'),
    "a script with a check": ("run.sh", 'if [ -z "$TOKEN" ]; then echo "TOKEN is missing: set it" >&2; exit 1; fi\nmkdir -p data\ncp -p a b\nssh -p 22 db\n'),
    "a curl with variables": ("run.sh", 'curl -fsS -u "$USER:$PASSWORD" -H "Authorization: Bearer ${TOKEN}" https://db:8443/x\n'),
    "a mysql with a variable": ("run.sh", 'mysql -h db -u app -p"$MYSQL_PASSWORD" shop\nredis-cli -a "$REDIS_PASSWORD" ping\n'),
    "references to Secrets": ("a.yaml", "env:\n  - name: DB_PASSWORD\n    valueFrom:\n      secretKeyRef:\n        name: shop-db\n        key: password\nimagePullSecrets:\n  - name: regcred\n"),
    "a volume": ("a.yaml", "volumes:\n  - name: tls\n    secret:\n      secretName: shop-tls\n      defaultMode: 256\n"),
    "a compose file": ("compose.yaml", "services:\n  db:\n    image: postgres:17\n    secrets:\n      - db_password\n    environment:\n      POSTGRES_PASSWORD_FILE: /run/secrets/db_password\nsecrets:\n  db_password:\n    file: ./password.txt\n"),
    "a workflow": ("ci.yml", "env:\n  TOKEN: ${{ secrets.TOKEN }}\njobs:\n  a:\n    secrets: inherit\n    permissions:\n      id-token: write\n"),
    "a template": ("a.yaml", 'password: {{ .Values.password | quote }}\ntoken: "{{ lookup("env", "TOKEN") }}"\n'),
    "Debezium": ("a.properties", "database.user=debezium\ndatabase.password=${file:/etc/secrets/db.properties:password}\nslot.name=debezium\n"),
    "a worker": ("worker.properties", "key.converter=io.confluent.connect.avro.AvroConverter\nbasic.auth.credentials.source=USER_INFO\nsasl.mechanism=SCRAM-SHA-512\nlisteners=https://0.0.0.0:8083\n"),
    "a Prometheus file": ("prometheus.yml", "scrape_configs:\n  - job_name: a\n    authorization:\n      type: Bearer\n      credentials_file: /var/run/secrets/token\n    basic_auth:\n      username: me\n      password_file: /etc/pw\n"),
    "pg_hba.conf": ("pg_hba.conf", "# TYPE DATABASE USER ADDRESS METHOD\nlocal all all trust\nhost all all 0.0.0.0/0 scram-sha-256\nhostssl shop app 10.0.0.0/8 password\n"),
    "postgresql.conf": ("postgresql.conf", "password_encryption = scram-sha-256\nssl_key_file = '/etc/tls/tls.key'\nssl_passphrase_command_supports_reload = off\n"),
    "nginx": ("nginx.conf", 'auth_basic "Members";\nauth_basic_user_file /etc/nginx/.htpasswd;\nssl_certificate_key /etc/tls/tls.key;\nproxy_set_header Authorization $http_authorization;\n'),
    "prose": ("README.md", "The password is read from a Secret. Tokens expire after an hour; a token has three parts. See the key: id.\n"),
    "a list of names": ("a.json", '{"redact": ["password", "token", "secret"], "headers": ["Authorization", "X-Api-Key"]}'),
    "a Python program": ("a.py", "def login(user: str, password: str) -> str:\n    token = client.token(user, password)\n    secret = os.environ['SECRET']\n    api_key = settings.api_key\n    return token\n"),
    "a JavaScript program": ("a.js", "const password = process.env.PASSWORD;\nconst token = await auth.getToken(user);\nmodule.exports = { password, token: token };\n"),
    "a Java program": ("A.java", 'String password = System.getenv("DB_PASSWORD");\nprops.put("password", password);\n'),
    "a Go program": ("a.go", 'password := os.Getenv("PASSWORD")\ntoken, err := newToken(ctx)\n'),
    "a public key": ("id.pub", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq2bqEJm5n8yqk2w1o5m2v8t3x6z9c0r4u7y1i3o5p8 me@host\n"),
    "a certificate": ("ca.crt", "-----BEGIN CERTIFICATE-----\n" + "MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n" * 5 + "-----END CERTIFICATE-----\n"),
    "a lock file": ("package-lock.json", '{"integrity": "sha512-aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0aB3dE5gH7jK9mN2pQ4sT6vW8yZ1cF0==", "name": "npm:react@18"}'),
    "requirements": ("requirements.txt", "requests==2.32.3 --hash=sha256:" + "9f8e7d6c5b4a3928" * 4 + "\n"),
    "a Grafana board": ("board.json", '{"uid": "a1b2c3d4e5f6", "targets": [{"expr": "rate(token_requests_total[5m])", "legendFormat": "{{token}}"}]}'),
    "a log pattern": ("log4j2.xml", '<PatternLayout pattern="%d{HH:mm:ss} %-5p [%t] %c{2} - %m%n"/><Property name="key">value</Property>'),
    "a Maven file": ("pom.xml", "<project><artifactId>token-service</artifactId><properties><secret.version>1.2</secret.version></properties></project>"),
    "passwd": ("etc-passwd.txt", "root:x:0:0:root:/root:/bin/bash\npostgres:x:999:999::/home/postgres:/bin/sh\n"),
    "CSV": ("a.csv", "id,name,price\n1,Token ring,20\n2,Keyboard,35\n"),
    "alerts": ("rules.yml", "- alert: TokenExpired\n  expr: token_expiry < 3600\n  annotations:\n    summary: 'The token of {{ $labels.pod }} expires'\n"),
    "Vault": ("agent.hcl", 'auto_auth {\n  method "kubernetes" {\n    config = { role = "shop", token_path = "/var/run/secrets/token" }\n  }\n}\ntemplate { contents = "{{ with secret \\"secret/data/shop\\" }}{{ .Data.password }}{{ end }}" }\n'),
    "an ExternalSecret": ("es.yaml", "spec:\n  secretStoreRef: {name: store, kind: ClusterSecretStore}\n  data:\n    - secretKey: password\n      remoteRef: {key: shop/db, property: password}\n"),
    "sops": ("a.yaml", "password: ENC[AES256_GCM,data:aB3dE5gH7jK9,iv:mN2pQ4sT6vW8=,tag:yZ1cF0==,type:str]\n"),
    "Spring": ("application.yaml", "spring:\n  datasource:\n    username: app\n    password: ${DB_PASSWORD}\n  security:\n    oauth2:\n      resourceserver:\n        jwt:\n          issuer-uri: https://id.example.com\n"),
    "Keycloak": ("realm.json", '{"passwordPolicy": "length(12)", "accessTokenLifespan": 300, "resetPasswordAllowed": true, "tokenUrl": "https://x/token"}'),
    "Redis": ("redis.conf", "port 6379\nmaxmemory 64mb\nappendonly yes\nprotected-mode yes\n"),
    "HAProxy": ("haproxy.cfg", "frontend a\n  bind :443 ssl crt /etc/tls/tls.pem\n  http-request set-header X-Auth-Token %[var(txn.token)]\n"),
    "iptables": ("fw.sh", "iptables -A INPUT -p tcp --dport 22 -j ACCEPT\nnc -z -p 80 db\n"),
    "a DNS zone": ("db.zone", 'key 300 IN TXT "v=spf1 include:example.com ~all"\n'),
    "a flag with a file": ("run.sh", "tool --password-file /run/pw --token-path=/run/token --api-key-header X-Key --secret-name shop\n"),
}  # fmt: skip


def harmless() -> Iterator[tuple[str, str, str]]:
    """Yield title, file and text of everything that is no credential."""
    for name, value in HARMLESS_VARIABLES.items():
        lower = name.lower().replace("_", ".")
        yield f"variable {name}", ".env", f"USER=me\n{name}={value}\n"
        yield f"YAML {name}", "a.yaml", f"env:\n  - name: {name}\n    value: {json.dumps(value)}\n"
        yield f"properties {name}", "a.properties", f"{lower} = {value}\n"
        yield f"JSON {name}", "a.json", json.dumps({lower.replace(".", "_"): value, "other": 1})
    for title, (file, text) in HARMLESS_TEXTS.items():
        yield title, file, text
