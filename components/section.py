"""The base of every settings section, and the words of the domain used as types in them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

if TYPE_CHECKING:
    from collections.abc import Mapping


class Section(BaseModel):
    """A frozen group of settings, written in camelCase in a stack file; a key that is not declared is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def _keep_what_is_not_given(cls, given: Any) -> Any:  # noqa: ANN401 - whatever a stack file holds
        """What a section within this one leaves out is what holds in this place, which may differ from its kind's own defaults."""
        if not isinstance(given, dict):
            return given
        filled = dict(given)
        for name, field in cls.model_fields.items():
            key = name if name in given else to_camel(name)
            if isinstance(field.default, Section) and isinstance(given.get(key), dict):
                filled[key] = _filled(field.default, given[key])
        return filled


def _filled(default: Section, given: dict[str, Any]) -> dict[str, Any]:
    filled = dict(given)
    for name in type(default).model_fields:
        key, value = name if name in given else to_camel(name), getattr(default, name)
        if key not in given:
            filled[key] = value
        elif isinstance(value, Section) and isinstance(given[key], dict):
            filled[key] = _filled(value, given[key])
    return filled


def _plain_text(value: Any) -> Any:  # noqa: ANN401 - whatever a stack file holds
    """YAML reads 50 and true as a number and a truth; the software that is configured reads text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


def _cidr(value: str) -> str:
    import ipaddress  # noqa: PLC0415 - only a stack that names address ranges pays for it

    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        message = f"{value!r} is not an address range ({error}); write it as network/prefix, for example 172.18.0.0/16"
        raise ValueError(message) from None


Mebibytes = Annotated[int, Field(gt=0, le=1024 * 1024)]
"""A size in MiB (2**20 bytes)."""

Millicores = Annotated[int, Field(gt=0, le=128_000)]
"""A share of processor time in thousandths of a core."""

Port = Annotated[int, Field(ge=1, le=65535)]
"""A TCP port."""

SqlIdentifier = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}$")]
"""A PostgreSQL name that needs no quotes: lower case, digits, underscore, at most 63 characters."""

QualifiedTable = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]{0,62}\.[a-z_][a-z0-9_]{0,62}$")]
"""A table with its schema, both without quotes: ``public.users``."""

DnsLabel = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""A Kubernetes object name that is also a DNS label (RFC 1123)."""

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""An S3 bucket name: 3 to 63 characters, lower case, digits, dots and hyphens."""

HostName = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?)*$", max_length=253)
]
"""A host's name or IPv4 address, without scheme and port."""

HostPort = Annotated[str, Field(pattern=r"^[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?:[1-9][0-9]{1,4}$")]
"""A host and its TCP port, ``host:port``."""

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^/@\s]+(/[^\s]*[^/\s])?$")]
"""An HTTP address without user, password and slash at its end."""

Arn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:\S+$")]
"""The full name of something in AWS."""

OidcProviderArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:oidc-provider/\S+$")]
"""An identity provider in IAM."""

Cidr = Annotated[str, AfterValidator(_cidr)]
"""An address range such as 10.0.0.0/8."""

Keys = dict[str, Annotated[str, BeforeValidator(_plain_text)]]
"""Keys of the software that is configured, and their values, merged over what the program writes."""

NOTHING: Mapping[str, str] = MappingProxyType({})
"""No keys at all."""
