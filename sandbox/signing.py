"""Signs X.509 certificates: those of the throw-away cluster and those of the program."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, CertificatePublicKeyTypes

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
"""Permitted uses of a key, by their names in X.509."""


def certificate(  # noqa: PLR0913 - what a certificate says
    subject: x509.Name,
    public: CertificatePublicKeyTypes,
    *,
    issuer: x509.Name,
    signer: CertificateIssuerPrivateKeyTypes,
    valid: tuple[datetime, datetime],
    authority: bool = False,
    usages: Iterable[str] = (),
    extended: Sequence[x509.ObjectIdentifier] = (),
    names: Sequence[x509.GeneralName] = (),
) -> x509.Certificate:
    """Sign a certificate.

    Args:
        subject: Whose it is.
        public: Their key.
        issuer: Who signs.
        signer: The key to sign with.
        valid: Its first and last moment.
        authority: Whether it may sign others.
        usages: Those of `USAGES` that it is for; any when none is given.
        extended: Further uses.
        names: What it may serve as.
    """
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    wanted = frozenset(usages)
    if wanted:
        builder = builder.add_extension(x509.KeyUsage(**{usage: usage in wanted for usage in USAGES}), critical=True)
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer, digest(signer))


def digest(key: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | None:
    """Return the digest for a key's signature; Ed25519 has its own and takes none."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def alternative_name(text: str) -> x509.GeneralName:
    """Return an alternative name as X.509 has it: an IP address or a host name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
