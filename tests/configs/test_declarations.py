"""Declared fields in interface files have numbers and types, and no credential; what is set to a number or has a default is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from stack.configs.credentials.detector import hidden, shows_credential

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES: Final = (
    "password",
    "user_password",
    "passphrase",
    "api_key",
    "token",
    "refresh_tokens",
    "client_secret",
    "pin",
    "bearer",
    "Passwort",
)
FORMS: Final[dict[str, tuple[str, str]]] = {
    "a field alone": ("", "string NAME = 4;"),
    "a field alone with its rule": ("", "  optional bytes NAME = 12 [deprecated = true];\n"),
    "a message": ("user.proto", 'syntax = "proto3";\nmessage User {\n  string user = 1;\n  optional string NAME = 12;\n}\n'),
    "a message without its file": (
        "",
        "message User {\n  string user = 1;\n  repeated uint64 NAME = 12;\n  shop.v1.Secret NAME_b = 100;\n}\n",
    ),
    "a message on one line": (
        "user.proto",
        "message User { string user = 1; string NAME = 15 [(rules).min_len = 12, debug_redact = true]; }\n",
    ),
    "types of other files": ("user.proto", "  google.protobuf.StringValue NAME = 100;\n  Secret NAME_b = 536870911;\n"),
    "a map": ("user.proto", "  map<string, string> NAME = 3;\n"),
    "one of": ("user.proto", "  oneof kind {\n    string NAME = 4; // the NAME of a user\n    fixed64 NAME_id = 5;\n  }\n"),
    "an enum": ("user.proto", "enum Kind {\n  KIND_UNSPECIFIED = 0;\n  NAME = 1;\n  KIND_NAME = 22;\n}\n"),
    "an enum of Thrift": ("user.thrift", "enum Kind { USER = 1, NAME = 2 }\n"),
    "a struct of Thrift": (
        "user.thrift",
        "struct User {\n  1: required string user,\n  2: optional string NAME,\n  3: string NAME_b;\n}\n",
    ),
    "Cap'n Proto": ("user.capnp", "struct User {\n  user @0 :Text;\n  NAME @1 :Text;\n}\n"),
    "FlatBuffers": ("user.fbs", "table User {\n  user:string (id: 0);\n  NAME:string (id: 1);\n}\n"),
    "GraphQL": ("user.graphql", 'type User {\n  user: String!\n  NAME: String!\n}\ninput Login { NAME: [String!]! = "" }\n'),
    "Avro's IDL": ("user.avdl", "record User { string user; union {null, string} NAME = null; string NAME_b; }\n"),
    "a file in a ConfigMap": (
        "a.yaml",
        'data:\n  user.proto: |\n    syntax = "proto3";\n    message User {\n      string NAME = 4;\n    }\n',
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_declared_field_is_no_credential(form: str, tally: Callable[[str, str, int, int], None]) -> None:
    file, text = FORMS[form]
    texts = [text.replace("NAME", name.upper() if "enum" in form else name) for name in NAMES]
    refused = [one for one in texts if shows_credential(one, file)]
    tally("credentials in every format", "harmless", len(texts), len(refused))
    assert refused == []


HARMFUL: Final = (
    ("", "password = 1234;\n", "1234"),
    ("", "password=12345678\n", "12345678"),
    ("", "Integer password = 12345678;\n", "12345678"),
    ("", "Export PASSWORD = 12345678;\n", "12345678"),
    ("", "ENV PASSWORD=12345678;\n", "12345678"),
    ("user.proto", 'message User {\n  optional string password = 4 [default = "letmein9"];\n}\n', "letmein9"),
    ("user.proto", 'message User {\n  string user = 1;\n}\n// password = "letmein9"\n', "letmein9"),
    ("user.proto", '  string password = "letmein9";\n', "letmein9"),
    ("", "message User { string user = 1; }\npassword = 12345678\n", "12345678"),
    ("", "enum Kind { USER = 1; }\nPASSWORD = 12345678;\n", "12345678"),
    ("", 'enum Kind { USER = 1; PASSWORD = "letmein9"; }\n', "letmein9"),
    ("", "string password = letmein9;\n", "letmein9"),
    ("", "password:letmein9 (id: 1);\n", "letmein9"),
)


@pytest.mark.parametrize(("file", "text", "secret"), HARMFUL, ids=repr)
@pytest.mark.adversary("secrets")
def test_a_value_that_is_set_beside_declarations_is_found_and_hidden(file: str, text: str, secret: str) -> None:
    assert shows_credential(text, file)
    assert secret not in hidden(text, file)
