"""Field types of the settings, each with its rule and an example in the error message."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from stack.configs.ports import HIGHEST_PORT, is_port
from stack.settings.sql_names import PLAIN, RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SWITCHES = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def _plain_text(value: Any) -> Any:  # noqa: ANN401 - any value of a stack file
    """Convert a YAML number or boolean to text, since the configured software reads text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def _switch(value: Any) -> Any:  # noqa: ANN401 - any value of a stack file
    """Convert the words of YAML 1.1, which Pulumi passes on as text; a number is no switch."""
    if isinstance(value, str):
        value = _SWITCHES.get(value.lower(), value)
    if not isinstance(value, bool):
        message = "must be true or false; write one of them"
        raise ValueError(message)  # noqa: TRY004 - Pydantic reports ValueError
    return value


# Schemas of PostgreSQL itself.
_SYSTEM_SCHEMA = re.compile("pg_[a-z0-9_]*|information_schema")
_LONGEST_NAME = 63


_PORT_OF_ISSUER = re.compile(":oidc-provider/[^/]*:([0-9]+)")


def _issued_at_a_port(value: str) -> str:
    port = _PORT_OF_ISSUER.search(value)
    if port is not None and not is_port(port[1]):
        message = f"names an issuer at port {port[1]}, and ports are numbers from 1 to {HIGHEST_PORT}; write the ARN as IAM shows it"
        raise ValueError(message)
    return value


def _identifier(value: str) -> str:
    if not PLAIN.fullmatch(value):
        message = (
            "is no name that PostgreSQL takes without quotes: at most 63 lower-case letters a to z, digits and underscores, the first of "
            "them no digit; choose such a name"
        )
        raise ValueError(message)
    if RESERVED.fullmatch(value):
        message = f"{value!r} is a reserved word of PostgreSQL and would need quotes everywhere; choose another name, for example {value}_1"
        raise ValueError(message)
    return value


def _schema(value: str) -> str:
    if _SYSTEM_SCHEMA.fullmatch(_identifier(value)):
        message = f"{value!r} is a schema of PostgreSQL itself; choose another"
        raise ValueError(message)
    return value


def _database_name(value: str) -> str:
    if not value or "\0" in value or len(value.encode()) > _LONGEST_NAME:
        message = "is no name of PostgreSQL, which has 1 to 63 bytes in UTF-8; write the name as the database has it, without quotes of SQL"
        raise ValueError(message)
    return value


def _qualified(value: str) -> str:
    schema, dot, table = value.partition(".")
    if not dot:
        message = "must be a table with its schema, such as public.orders"
        raise ValueError(message)
    _schema(schema)
    _identifier(table)
    return value


def written(pattern: str, rule: str) -> tuple[AfterValidator, Any]:
    """Return validator and JSON schema of text that matches a pattern.

    Args:
        pattern: Pattern of the whole text; its digits are those of ASCII.
        rule: Error message, with the rule in words and an example.
    """
    form = re.compile(pattern)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(rule)
        return value

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^({pattern})$"})


def _without(found: re.Pattern[str], what: str) -> Callable[[str], str]:
    """Return a check that refuses text with some characters."""

    def check(value: str) -> str:
        if found.search(value):
            message = f"contains {what}; remove it"
            raise ValueError(message)
        return value

    return check


# True or false, also in the words of YAML 1.1.
Switch = Annotated[bool, BeforeValidator(_switch)]

# A size in MiB (2**20 bytes).
Mebibytes = Annotated[int, Field(gt=0, le=1024 * 1024, strict=True)]

# A share of processor time in thousandths of a core.
Millicores = Annotated[int, Field(gt=0, le=128_000, strict=True)]

# A TCP port.
Port = Annotated[int, Field(ge=1, le=HIGHEST_PORT, strict=True)]

# A PostgreSQL name that needs no quotes: lower case, digits, underscore, at most 63 characters, none of its reserved words.
SqlIdentifier = Annotated[str, AfterValidator(_identifier), Field(json_schema_extra={"pattern": "^[a-z_][a-z0-9_]{0,62}$"})]

# A name as a database has it, of any characters; SQL writes it in quotes.
DatabaseName = Annotated[str, AfterValidator(_database_name), Field(json_schema_extra={"minLength": 1, "maxLength": 63})]

# A schema of a database, none of PostgreSQL's own.
SchemaName = Annotated[str, AfterValidator(_schema), Field(json_schema_extra={"pattern": "^[a-z_][a-z0-9_]{0,62}$"})]

# A table with its schema, both without quotes: public.users.
QualifiedTable = Annotated[
    str, AfterValidator(_qualified), Field(json_schema_extra={"pattern": r"^[a-z_][a-z0-9_]{0,62}\.[a-z_][a-z0-9_]{0,62}$"})
]

# A Kubernetes object name that is also a DNS label (RFC 1123).
DnsLabel = Annotated[
    str,
    *written(
        "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        "is no name of a Kubernetes object: 1 to 63 lower-case letters, digits and hyphens, with a letter or digit at both ends; choose "
        "such a name",
    ),
]

# A word that can end a Kubernetes name, such as 2026-11: lower case, digits and hyphens, at most 32 characters.
_WORD = "[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?"
Word = Annotated[
    str,
    BeforeValidator(_plain_text),
    written(
        _WORD, "must have 1 to 32 lower-case letters, digits and hyphens, with a letter or digit at both ends; write a word such as 2026-11"
    )[0],
    WithJsonSchema({"type": ["string", "integer"], "pattern": f"^{_WORD}$"}),
]

# The ARN of a key in KMS.
KmsKeyArn = Annotated[
    str,
    *written(
        "arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+",
        "must be the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>; not an alias, since permissions on it do not cover its key",
    ),
]

# The ARN of an OIDC identity provider in IAM. Its issuer is a URL without the scheme.
OidcProviderArn = Annotated[
    str,
    *written(
        "arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/[a-zA-Z0-9][-a-zA-Z0-9.]*[a-zA-Z0-9](:[0-9]+)?(/[-A-Za-z0-9._~]+)*",
        "must be the ARN of the cluster's identity provider in IAM, arn:aws:iam::<account>:oidc-provider/<issuer>, whose issuer is a URL "
        "without https:// and without a trailing slash",
    ),
    AfterValidator(_issued_at_a_port),
]

# Text in one line, such as a foreign name.
Line = Annotated[
    str,
    # neither control characters nor marks that change the order of what is printed, nor halves of a character
    *written(
        "[^\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ud800-\\udfff]{1,1000}",
        "must be a text in one line, of at most 1000 visible characters; write one",
    ),
]

_Key = Annotated[
    str,
    AfterValidator(_without(re.compile(r"[^!-~]|[=\\#!]"), "a blank, '=', '#' or another character that is in no key")),
    Field(min_length=1),
]


def _value(found: str, what: str) -> tuple[BeforeValidator, AfterValidator, WithJsonSchema]:
    """Return validators and JSON schema of a key's value, which is text without some characters."""
    schema = WithJsonSchema({"type": ["string", "number", "boolean"]})
    return BeforeValidator(_plain_text), AfterValidator(_without(re.compile(found), what)), schema


# A value as text: a number or a word of YAML, too.
Scalar = Annotated[str, *_value(r"[\x00-\x1f\x7f]", "a line break or another control character")]

# Keys of the software that is configured, and their values, merged over what the program writes.
Keys = dict[_Key, Annotated[str, *_value(r"[\x00-\x08\x0b-\x1f\x7f]", "a control character")]]

# Keys of a file with a line for each.
FileKeys = dict[_Key, Annotated[str, *_value(r"[\x00-\x1f\x7f]", "a line break or another control character, which the file cannot hold")]]

# Keys of a Java property file, whose readers change backslashes and know the letters of ISO 8859-1 only.
PropertyKeys = dict[
    _Key,
    Annotated[str, *_value(r"[^ -~]|\\", "a line break, a backslash or a letter outside ASCII, which a property file would change")],
]

# An empty mapping.
NOTHING: Mapping[str, str] = MappingProxyType({})
