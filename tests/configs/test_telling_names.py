"""Names that say a credential without one of the usual words: its value is found in variables and files, and a mode or place is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import pytest

from stack.configs.credentials.annotations import shows
from stack.configs.credentials.detector import hidden, shows_credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHOSEN: Final = ("letmein9", "hunter2", "Tr0ub4dor&3", "aB3dE6gH9jK2mN5pQ8sT")
_PHRASE: Final = "abandon ability able about above absent absorb abstract absurd abuse access accident"
# As variables only: a key bearer with a word is a scheme
_OF_VARIABLES: Final = {"letmein"}
HARMFUL: Final[dict[str, tuple[str, ...]]] = {
    "BEARER": (*_CHOSEN, "letmein", "Bearer letmein9"),
    "AUTHORIZATION": (*_CHOSEN, "Bearer letmein9", "Basic bWU6bGV0bWVpbjk="),
    "AUTH_HEADER": (*_CHOSEN, "Bearer letmein9"),
    "AUTHORIZATION_HEADER": (*_CHOSEN, "Bearer letmein9"),
    "JWT": _CHOSEN,
    "JWE": _CHOSEN,
    "SAS": _CHOSEN,
    "PAT": _CHOSEN,
    "PEPPER": _CHOSEN,
    "TOTP": _CHOSEN,
    "DSN": (*_CHOSEN, "me/letmein9@db:1521/shop", "me:letmein9@tcp(db:3306)/shop", "host=db user=me password=letmein9"),
    "CONNECTION_STRING": ("me/letmein9@db:1521/shop", "Server=db;Uid=me;Pwd=letmein9", "mongodb://me:letmein9@db/shop"),
    "CONN_STR": ("me/letmein9@db:1521/shop", "Server=db;Uid=me;Pwd=letmein9", "mongodb://me:letmein9@db/shop"),
    "MNEMONIC": (_PHRASE,),
    "SEED_PHRASE": (_PHRASE,),
    "RECOVERY_PHRASE": (_PHRASE,),
}
HARMLESS: Final[dict[str, tuple[str, ...]]] = {
    "BEARER": ("true", "false", "enabled", "${BEARER}", "$(TOKEN)", "/var/run/secrets/token", "ref+vault://shop/api#token"),
    "BEARER_FORMAT": ("JWT", "opaque1"),
    "BEARER_ONLY": ("true",),
    "AUTHORIZATION": ("rbac", "simple", "none", "Bearer ${TOKEN}", "enabled"),
    "AUTHORIZATION_MODE": ("Node,RBAC", "v1"),
    "AUTH_HEADER": ("X-Forwarded-User", "Authorization", "x-auth-request-email"),
    "AUTHORIZATION_HEADER": ("X-Forwarded-Access", "Authorization"),
    "AUTH_HEADER_NAME": ("X-Auth-2",),
    "JWT": ("true", "RS256", "required", "${JWT}"),
    "JWT_ALGORITHMS": ("RS256,ES256",),
    "JWT_ISSUER": ("https://id-1.example.com",),
    "JWT_JWKS": ("https://id-1.example.com/.well-known/jwks.json",),
    "SAS": ("true", "9.4"),
    "DSN": (
        *(
            "postgres://db-1:5432/shop?sslmode=require",
            "host=db1 port=5432 dbname=shop",
            "file:/data/shop1.db",
            "tcp://ch-1:9000/?database=a",
        ),
        *("sqlite:////data/a1.db?cache=shared", "user@tcp(db1:3306)/shop", "db1.example.com:5432", "clickhouse://ch1:9000", "${DSN}"),
    ),
    "CONNECTION_STRING": ("Server=db1;Database=shop;Trusted_Connection=True", "mongodb://db1:27017/shop", "me@db1:1521/shop"),
    "CONN_STR": ("Data Source=/data/a1.db", "nats://nats-0:4222,nats://nats-1:4222"),
    "CONNECTION": ("keep-alive", "db1"),
    "MNEMONIC": ("F", "Alt+F4", "open the file"),
    "SEED": ("42", "shop"),
    "PEPPER": ("true",),
    "TOTP": ("required", "sha1", "true"),
}


def surroundings(name: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield file and text of a value under a name."""
    yield ".env", f"USER=me\n{name}={value}\n"
    yield "a.yaml", f"env:\n  - name: {name}\n    value: {json.dumps(value)}\n"
    yield "a.yaml", f"shop:\n  {name.lower()}: {json.dumps(value)}\n"
    yield "a.json", json.dumps({"a": {name.lower(): value}})
    yield "a.properties", f"shop.{name.lower().replace('_', '.')}={value}\n"


@pytest.mark.parametrize("name", HARMFUL)
@pytest.mark.adversary("secrets")
def test_a_literal_value_under_such_a_name_is_found_and_hidden(name: str) -> None:
    for value in HARMFUL[name]:
        for written in (name, f"SHOP_{name}", *(() if value in _OF_VARIABLES else (name.lower(),))):
            assert shows(written, value), (written, value)
            for file, text in [*surroundings(written, value)][: 2 if value in _OF_VARIABLES else None]:
                assert shows_credential(text, file), text
                assert value not in hidden(text, file), text


@pytest.mark.parametrize("name", HARMLESS)
def test_a_mode_a_place_and_a_reference_under_such_a_name_are_accepted(name: str, tally: Callable[[str, str, int, int], None]) -> None:
    for value in HARMLESS[name]:
        for written in (name, f"SHOP_{name}", name.lower()):
            assert not shows(written, value), (written, value)
            for file, text in surroundings(written, value):
                assert not shows_credential(text, file), text
    tally("credentials in every format", "harmless", len(HARMLESS[name]) * 3, 0)


SECTIONS: Final = (
    (
        "openapi.yaml",
        (
            "components:\n  securitySchemes:\n    bearer:\n      type: http\n      scheme: bearer\n      bearerFormat: JWT\n    Bearer:\n"
            "      type: apiKey\n      name: Authorization\n      in: header\nsecurity:\n  - bearer: []\n  - Bearer: [read:a1]\n"
        ),
    ),
    ("application.yaml", "security:\n  jwt:\n    issuer-uri: https://id1.example.com\n    audiences: shop-v2\n    jws: [RS256, ES256]\n"),
    (
        "plugins.yaml",
        "plugins:\n  - name: jwt\n    config: {key_claim_name: kid, maximum_expiration: 3600}\n  - name: bearer\n    value: a1\n",
    ),
    ("envoy.yaml", "jwt:\n  providers:\n    shop1:\n      issuer: shop-v1\n      forward: true\n      header: x-shop-1\n"),
    ("config.yaml", "dsn:\n  host: db1\n  port: 5432\n  name: shop2\n  options: a1b2c3\n"),
    ("request.json", '{"auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}]}}'),
    ("package.json", '{"dependencies": {"jwt": "^9.0.2", "passport-jwt": "4.0.1", "bearer": "1.2.3", "dsn": "0.1.0"}}'),
    ("pom.xml", "<properties><jwt.version>0.11.5</jwt.version><jwt>4.4.0</jwt></properties>"),
    ("a.js", "const jwt = require('jsonwebtoken');\nmodule.exports = { jwt: passportJwt2, bearer: 'bearer' };\n"),
    ("a.py", "import x\ndef made(jwt: str, dsn: str):\n    dsn = f'{user}@{host}'\n    bearer = HTTPBearer(auto_error=False)\n"),
    ("collector.yaml", "extensions:\n  bearertokenauth: {scheme: Bearer, filename: /run/t}\nauth:\n  schemes: bearer,basic2\n"),
)


@pytest.mark.parametrize(("file", "text"), SECTIONS, ids=lambda text: text[:20])
@pytest.mark.adversary("harmless")
def test_a_section_under_such_a_name_is_accepted(file: str, text: str) -> None:
    assert not shows_credential(text, file)
