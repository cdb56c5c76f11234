"""Field types of the settings, each with its rule and an example in the error message."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

if TYPE_CHECKING:
    from collections.abc import Mapping


def _plain_text(value: Any) -> Any:  # noqa: ANN401 - any value of a stack file
    """Convert a YAML number or boolean to text, since the configured software reads text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


# Words that PostgreSQL accepts as names only in quotes (PostgreSQL 17, appendix C, "reserved").
_RESERVED = re.compile(
    "all|analyse|analyze|and|any|array|as|asc|asymmetric|authorization|binary|both|case|cast|check|collate|collation|column|concurrently|"
    "constraint|create|cross|current_catalog|current_date|current_role|current_schema|current_time|current_timestamp|current_user|default|"
    "deferrable|desc|distinct|do|else|end|except|false|fetch|for|foreign|freeze|from|full|grant|group|having|ilike|in|initially|inner|"
    "intersect|into|is|isnull|join|lateral|leading|left|like|limit|localtime|localtimestamp|natural|not|notnull|null|offset|on|only|or|order|"
    "outer|overlaps|placing|primary|references|returning|right|select|session_user|similar|some|symmetric|system_user|table|tablesample|then|"
    "to|trailing|true|union|unique|user|using|variadic|verbose|when|where|window|with"
)


def _unreserved(value: str) -> str:
    if _RESERVED.fullmatch(value):
        message = f"{value!r} is a reserved word of PostgreSQL and would need quotes everywhere; choose another name, for example {value}_1"
        raise ValueError(message)
    return value


def _cidr(value: str) -> str:
    import ipaddress  # noqa: PLC0415 - imported only for stacks with address ranges

    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        message = f"{value!r} is not an address range ({error}); write it as network/prefix, for example 172.18.0.0/16"
        raise ValueError(message) from None


def _written(pattern: str, rule: str) -> AfterValidator:
    """Return a validator for text that matches a pattern; ``rule`` is the error message, with an example."""
    form = re.compile(pattern)

    def check(value: str) -> str:
        if not form.fullmatch(value):
            raise ValueError(rule)
        return value

    return AfterValidator(check)


_NAME = "[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?"
_HOST = "[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?"
_PORT = r"([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])"

# A size in MiB (2**20 bytes).
Mebibytes = Annotated[int, Field(gt=0, le=1024 * 1024)]

# A share of processor time in thousandths of a core.
Millicores = Annotated[int, Field(gt=0, le=128_000)]

# A TCP port.
Port = Annotated[int, Field(ge=1, le=65535)]

# A PostgreSQL name that needs no quotes: lower case, digits, underscore, at most 63 characters, none of its reserved words.
SqlIdentifier = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$"), AfterValidator(_unreserved)]

# A table with its schema, both without quotes: public.users.
QualifiedTable = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}\.[a-z_][a-z0-9_]{0,62}$")]

# A Kubernetes object name that is also a DNS label (RFC 1123).
DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]

# A word that can end a Kubernetes name, such as 2026-11: lower case, digits and hyphens, at most 32 characters.
_WORD = r"^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$"
Word = Annotated[str, BeforeValidator(_plain_text), Field(pattern=_WORD), WithJsonSchema({"type": ["string", "integer"], "pattern": _WORD})]

# An S3 bucket name: 3 to 63 characters, lower case, digits, dots and hyphens.
BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]

# A host name or an IPv4 address, without scheme and port.
HostName = Annotated[
    str, Field(max_length=253), _written(rf"{_NAME}(\.{_NAME})*", "must be a host name or an IPv4 address, without scheme and port")
]

# A host and its TCP port, host:port.
HostPort = Annotated[str, _written(rf"{_HOST}:{_PORT}", "must be host:port with a port up to 65535, such as kafka-1.example.com:9096")]

# An HTTP URL without user, password, query and trailing slash.
HttpUrl = Annotated[
    str,
    _written(
        rf"https?://{_HOST}(:{_PORT})?(/[^\s?#]*[^/\s?#])?",
        "must be a URL such as https://schemas.example.com:8081/api, without user, password, query and trailing slash",
    ),
]

# The ARN of a key in KMS.
KmsKeyArn = Annotated[
    str,
    _written(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
        "must be the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>; not an alias, since permissions on it do not cover its key",
    ),
]

# The ARN of an OIDC identity provider in IAM.
OidcProviderArn = Annotated[
    str,
    _written(
        r"arn:aws[a-z-]*:iam::\d{12}:oidc-provider/\S+",
        "must be the ARN of the cluster's identity provider in IAM, arn:aws:iam::<account>:oidc-provider/<issuer>",
    ),
]

# An address range such as 10.0.0.0/8.
Cidr = Annotated[str, AfterValidator(_cidr)]

# Keys of the software that is configured, and their values, merged over what the program writes.
Keys = dict[str, Annotated[str, BeforeValidator(_plain_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]]

# An empty mapping.
NOTHING: Mapping[str, str] = MappingProxyType({})


def port_of(url: str) -> int:
    """Return the TCP port of a URL, or the default port of its scheme."""
    parts = urlsplit(url)
    return parts.port or {"http": 80, "https": 443}[parts.scheme]
