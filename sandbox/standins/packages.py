"""The four packages that the stand-ins make up, as the engine's adapter and the sandbox's own driver use them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

from sandbox.standins import certificates, random_values
from sandbox.standins.aws.bucket_settings import SETTINGS
from sandbox.standins.aws.buckets import Bucket
from sandbox.standins.aws.clients import Account
from sandbox.standins.aws.identities import AccessKey, Role, RolePolicy, User, UserPolicy
from sandbox.standins.kafka import Topic

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from providers.operations import Operations, Plain, Reporter
    from sandbox.standins.aws.standin import AwsStandIn
    from sandbox.standins.shape import StandIn
    from stack.problem import Problem

    Maker = Callable[[Plain, Reporter, threading.Event], tuple[StandIn, ...]]

_VALUES: Final[tuple[type[StandIn], ...]] = (
    random_values.RandomPassword,
    random_values.RandomString,
    random_values.RandomBytes,
    random_values.RandomInteger,
)
_PEM: Final[tuple[type[StandIn], ...]] = (
    certificates.PrivateKey,
    certificates.SelfSignedCert,
    certificates.CertRequest,
    certificates.LocallySignedCert,
)
_AWS: Final[tuple[type[AwsStandIn], ...]] = (Bucket, *SETTINGS, User, Role, RolePolicy, UserPolicy, AccessKey)


def _values(config: Plain, reporter: Reporter, cancelled: threading.Event) -> tuple[StandIn, ...]:  # noqa: ARG001  # a maker's
    return tuple(kind() for kind in _VALUES)


def _pem(config: Plain, reporter: Reporter, cancelled: threading.Event) -> tuple[StandIn, ...]:  # noqa: ARG001  # a maker's
    return tuple(kind() for kind in _PEM)


def _aws(config: Plain, reporter: Reporter, cancelled: threading.Event) -> tuple[StandIn, ...]:  # noqa: ARG001  # a maker's
    account = Account(config)
    return tuple(kind(account) for kind in _AWS)


def _kafka(config: Plain, reporter: Reporter, cancelled: threading.Event) -> tuple[StandIn, ...]:
    return (Topic(config, reporter, cancelled),)


@dataclass(frozen=True)
class StandInPackage:
    """One package.

    Attributes:
        name: The first part of its type tokens.
        kinds: Its resource types.
        make: Makes their operations from the provider's configuration.
        adopts: Whether a creation adopts what is there under the name: without the engine always, since its journal may be lost.
    """

    name: str
    kinds: tuple[type[StandIn], ...]
    make: Maker
    adopts: bool = True

    @property
    def resources(self) -> tuple[str, ...]:
        """Its type tokens."""
        return tuple(kind.shape.token for kind in self.kinds)

    @property
    def version(self) -> str:
        """The version of the installed SDK: the engine warns of every resource whose plugin is older."""
        return metadata.version(f"pulumi-{self.name}")

    def config_problems(self, config: Plain) -> list[Problem]:  # noqa: ARG002  # the protocol's
        """Find nothing: what cannot work is refused where it is used, since a preview uses nothing."""
        return []

    def operations(self, config: Plain, reporter: Reporter, cancelled: threading.Event) -> Mapping[str, Operations]:
        """Give the operations by type token."""
        table = {made.shape.token: made for made in self.make(config, reporter, cancelled)}
        for made in table.values():
            made.adopts = made.adopts and self.adopts
        return table


PACKAGES: Final = {
    package.name: package
    for package in (
        StandInPackage("aws", _AWS, _aws),
        StandInPackage("kafka", (Topic,), _kafka),
        StandInPackage("random", _VALUES, _values),
        StandInPackage("tls", _PEM, _pem),
    )
}
