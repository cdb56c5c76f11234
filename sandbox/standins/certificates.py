"""Keys, certificate requests and certificates, as pulumi-tls gives them: they exist in the state alone, and are renewed before they end."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from providers.operations import Change, Plain, State
from sandbox.standins import pem
from sandbox.standins.random_values import Value
from sandbox.standins.shape import Shape
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED: Final[dict[str, Any]] = {"subject": None, "dnsNames": None, "ipAddresses": None}
_SIGNED: Final[dict[str, Any]] = {"earlyRenewalHours": 0, "isCaCertificate": False}
_LEARNT: Final = ("certPem", "validityStartTime", "validityEndTime", "readyForRenewal", "keyAlgorithm")


class _Pem(Value):
    """Value derived from keys; it exists in the state alone."""

    def problems(self, inputs: Plain, previous: Plain | None) -> list[Problem]:  # noqa: ARG002  # the protocol's
        """Refuse uses of a certificate that would be left out of it in silence."""
        uses = inputs.get("allowedUses")
        known = sorted(pem.USES)
        return [
            Problem(path=f"allowedUses[{index}]", rule=f"{use} is not one of {', '.join(known)}")
            for index, use in enumerate(uses if isinstance(uses, list) else [])
            if isinstance(use, str) and use not in pem.USES
        ]

    def create(self, inputs: Plain) -> State:
        """Make it; its id is a digest, as the published provider's is."""
        values = self.made(inputs)
        return State(_id(values), {**inputs, **values})


class PrivateKey(_Pem):
    """A key pair."""

    shape = Shape(
        token="tls:index/privateKey:PrivateKey",  # noqa: S106  # a type token
        required=frozenset({"algorithm"}),
        optional={"ecdsaCurve": "P224", "rsaBits": 2048},
        learnt=(
            "privateKeyPem",
            "privateKeyPemPkcs8",
            "privateKeyOpenssh",
            "publicKeyPem",
            "publicKeyOpenssh",
            "publicKeyFingerprintMd5",
            "publicKeyFingerprintSha256",
        ),
        secret=("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"),
        replaces=frozenset({"algorithm", "ecdsaCurve", "rsaBits"}),
    )

    def problems(self, inputs: Plain, previous: Plain | None) -> list[Problem]:  # noqa: ARG002  # the protocol's
        """Refuse algorithms and curves that the published provider does not know either."""
        problems = []
        for key, known in (("algorithm", pem.ALGORITHMS), ("ecdsaCurve", tuple(pem.CURVES))):
            value = inputs.get(key)
            if isinstance(value, str) and value not in known:
                problems.append(Problem(path=key, rule=f"{value} is not one of {', '.join(known)}"))
        return problems

    def made(self, inputs: Plain) -> Plain:
        """Make the pair."""
        return pem.private_key(inputs)


class SelfSignedCert(_Pem):
    """A certificate that signs itself."""

    shape = Shape(
        token="tls:index/selfSignedCert:SelfSignedCert",  # noqa: S106  # a type token
        required=frozenset({"allowedUses", "validityPeriodHours", "privateKeyPem"}),
        optional=_SIGNED | _NAMED,
        learnt=_LEARNT,
        replaces=frozenset({"allowedUses", "validityPeriodHours", "privateKeyPem", "isCaCertificate", *_NAMED}),
    )

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """As by the inputs; one that is about to end is replaced."""
        return super().diff(old, new) + _renewal(old, new)

    def made(self, inputs: Plain) -> Plain:
        """Make the certificate."""
        return pem.self_signed(inputs)


class CertRequest(_Pem):
    """A certificate request."""

    shape = Shape(
        token="tls:index/certRequest:CertRequest",  # noqa: S106  # a type token
        required=frozenset({"privateKeyPem"}),
        optional=_NAMED,
        learnt=("certRequestPem", "keyAlgorithm"),
        replaces=frozenset({"privateKeyPem", *_NAMED}),
    )

    def made(self, inputs: Plain) -> Plain:
        """Make the request."""
        return pem.request(inputs)


class LocallySignedCert(_Pem):
    """A certificate that an authority of the same program signs."""

    shape = Shape(
        token="tls:index/locallySignedCert:LocallySignedCert",  # noqa: S106  # a type token
        required=frozenset({"allowedUses", "validityPeriodHours", "certRequestPem", "caCertPem", "caPrivateKeyPem"}),
        optional=_SIGNED,
        learnt=(*_LEARNT[:-1], "caKeyAlgorithm"),
        replaces=frozenset({"allowedUses", "validityPeriodHours", "certRequestPem", "caCertPem", "caPrivateKeyPem", "isCaCertificate"}),
    )

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """As by the inputs; one that is about to end is replaced."""
        return super().diff(old, new) + _renewal(old, new)

    def made(self, inputs: Plain) -> Plain:
        """Make the certificate."""
        return pem.locally_signed(inputs)


def _renewal(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """Ask for another certificate from `earlyRenewalHours` before the end of this one."""
    early = new.get("earlyRenewalHours") or 0
    if "validityEndTime" not in old or not isinstance(early, int):
        return []
    due = datetime.fromisoformat(old["validityEndTime"]) - timedelta(hours=early)
    return [Change("readyForRenewal", "update", replace=True)] if datetime.now(UTC) >= due else []


def _id(values: Mapping[str, Any]) -> str:
    text = values.get("publicKeyPem") or values.get("certPem") or values.get("certRequestPem")
    return hashlib.sha256(str(text).encode()).hexdigest()[:40]
