"""Key pairs, requests and certificates as PEM: pure but for chance and the clock."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from providers.operations import ProviderError
from sandbox import signing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, CertificatePublicKeyTypes

ALGORITHMS: Final = ("ECDSA", "RSA", "ED25519")
CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {"P224": ec.SECP224R1, "P256": ec.SECP256R1, "P384": ec.SECP384R1, "P521": ec.SECP521R1}
_SUBJECT: Final = {
    "commonName": NameOID.COMMON_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "country": NameOID.COUNTRY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "locality": NameOID.LOCALITY_NAME,
}
_EXTENDED: Final = {
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
}
_USAGES: Final = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
USES: Final = frozenset({*_USAGES, *_EXTENDED}) - {"encipher_only", "decipher_only"}
"""Supported uses of a certificate; the two left out have a meaning only beside key agreement."""


def private_key(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a key pair from `algorithm` (ECDSA, RSA, ED25519), `ecdsaCurve` and `rsaBits`, as PEM."""
    algorithm = asked["algorithm"]
    key: CertificateIssuerPrivateKeyTypes
    if algorithm == "ECDSA":
        key, form = ec.generate_private_key(CURVES[asked.get("ecdsaCurve") or "P224"]()), serialization.PrivateFormat.TraditionalOpenSSL
    elif algorithm == "RSA":
        key = rsa.generate_private_key(65537, asked.get("rsaBits") or 2048)
        form = serialization.PrivateFormat.TraditionalOpenSSL
    else:
        key, form = ed25519.Ed25519PrivateKey.generate(), serialization.PrivateFormat.PKCS8
    pem, nothing = serialization.Encoding.PEM, serialization.NoEncryption()
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "privateKeyPem": key.private_bytes(pem, form, nothing).decode(),
        "privateKeyPemPkcs8": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, nothing).decode(),
        "publicKeyPem": public.decode(),
        **_openssh(key, curve=asked.get("ecdsaCurve")),
    }


def _openssh(key: CertificateIssuerPrivateKeyTypes, *, curve: object) -> dict[str, Any]:
    """Spell a pair as OpenSSH does, with its fingerprints; nothing for the one curve that OpenSSH does not know."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and curve in (None, "P224"):
        return dict.fromkeys(("privateKeyOpenssh", "publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256"), "")
    form, nothing = serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    blob = base64.b64decode(public.split()[1])
    md5 = hashlib.md5(blob, usedforsecurity=False).digest()
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "privateKeyOpenssh": key.private_bytes(serialization.Encoding.PEM, form, nothing).decode(),
        "publicKeyOpenssh": f"{public.decode()}\n",
        "publicKeyFingerprintMd5": md5.hex(":"),
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }


def self_signed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a certificate that signs itself, such as an authority's."""
    key = _key(asked["privateKeyPem"])
    name = _name(asked.get("subject") or {})
    made = _certificate(asked, name, key.public_key(), issuer=name, signer=key, names=_names(asked))
    return {**made, "keyAlgorithm": _algorithm(key)}


def request(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a certificate request."""
    key = _key(asked["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(asked.get("subject") or {}))
    names = _names(asked)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    pem = builder.sign(key, signing.digest(key)).public_bytes(serialization.Encoding.PEM).decode()
    return {"certRequestPem": pem, "keyAlgorithm": _algorithm(key)}


def locally_signed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Sign a request with an authority's key."""
    wish = x509.load_pem_x509_csr(asked["certRequestPem"].encode())
    authority = x509.load_pem_x509_certificate(asked["caCertPem"].encode())
    try:
        names = list(wish.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    signer = _key(asked["caPrivateKeyPem"])
    made = _certificate(asked, wish.subject, wish.public_key(), issuer=authority.subject, signer=signer, names=names)
    return {**made, "caKeyAlgorithm": _algorithm(signer)}


def _certificate(
    asked: Mapping[str, Any],
    subject: x509.Name,
    public: CertificatePublicKeyTypes,
    *,
    issuer: x509.Name,
    signer: CertificateIssuerPrivateKeyTypes,
    names: list[x509.GeneralName],
) -> dict[str, Any]:
    start = datetime.now(UTC).replace(microsecond=0)
    end = start + timedelta(hours=asked["validityPeriodHours"])
    uses = set(asked.get("allowedUses") or [])
    certificate = signing.certificate(
        subject,
        public,
        issuer=issuer,
        signer=signer,
        valid=(start, end),
        authority=bool(asked.get("isCaCertificate")),
        usages=[usage for use, usage in _USAGES.items() if use in uses],
        extended=[_EXTENDED[use] for use in sorted(uses & _EXTENDED.keys())],
        names=names,
    )
    return {
        "certPem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "validityStartTime": start.isoformat(),
        "validityEndTime": end.isoformat(),
        "readyForRenewal": False,
    }


def _algorithm(key: CertificateIssuerPrivateKeyTypes) -> str:
    kinds = {ec.EllipticCurvePrivateKey: "ECDSA", rsa.RSAPrivateKey: "RSA", ed25519.Ed25519PrivateKey: "ED25519"}
    return next(name for kind, name in kinds.items() if isinstance(key, kind))


def _key(pem: str) -> CertificateIssuerPrivateKeyTypes:
    try:
        key: Any = serialization.load_pem_private_key(pem.encode(), password=None)
    except ValueError:
        message = "privateKeyPem is not a readable PEM private key; pass the output of PrivateKey"
        raise ProviderError(message) from None
    loaded: CertificateIssuerPrivateKeyTypes = key
    return loaded


def _name(subject: Mapping[str, Any]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, subject[key]) for key, oid in _SUBJECT.items() if subject.get(key)])


def _names(asked: Mapping[str, Any]) -> list[x509.GeneralName]:
    hosts: list[x509.GeneralName] = [x509.DNSName(name) for name in asked.get("dnsNames") or []]
    return hosts + [x509.IPAddress(ipaddress.ip_address(text)) for text in asked.get("ipAddresses") or []]
