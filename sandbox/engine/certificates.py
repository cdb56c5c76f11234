"""Keys, certificate requests and certificates: made here, kept in the journal, renewed before they end."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.engine.failures import RefusedError
from sandbox.engine.family import Change, Converged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes, CertificatePublicKeyTypes

    from sandbox.engine.family import Step, Wanted
    from sandbox.engine.journal import Entry

_CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {"P256": ec.SECP256R1, "P384": ec.SECP384R1, "P521": ec.SECP521R1}
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


class Certificates:
    """Acts for pulumi-tls."""

    def identity(self, wanted: Wanted) -> str:
        """Name a key or certificate by its URN: it exists nowhere else."""
        return wanted.resource.urn

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep nothing: there is nothing to delete."""
        return {}

    def converge(self, wanted: Wanted, identity: str, step: Step) -> Converged:  # noqa: ARG002 of the protocol
        """Give what an earlier run made for the same inputs, unless it is about to end."""
        asked = dict(wanted.inputs)
        earlier = wanted.known.outputs if wanted.known is not None else {}
        if earlier.get("asked") == asked and not _ends_soon(earlier["values"], asked):
            values, change = earlier["values"], Change.UNCHANGED
        else:
            values, change = _MAKERS[wanted.type_name](asked), Change.UPDATED if earlier else Change.CREATED
        outputs = {**asked, **values}
        return Converged(id=_id(values), outputs=outputs, change=change, remember={"asked": asked, "values": values})

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Step) -> None:
        """Do nothing: the journal forgets it."""


def private_key(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a key pair from `algorithm` (ECDSA, RSA, ED25519), `ecdsaCurve` and `rsaBits`, as PEM."""
    algorithm = asked["algorithm"]
    key: CertificateIssuerPrivateKeyTypes
    if algorithm == "ECDSA":
        curve = _CURVES.get(asked.get("ecdsaCurve") or "P256")
        if curve is None:
            message = f"ecdsaCurve is {asked['ecdsaCurve']}; the sandbox makes {', '.join(_CURVES)}"
            raise RefusedError(message)
        key, form = ec.generate_private_key(curve()), serialization.PrivateFormat.TraditionalOpenSSL
    elif algorithm == "RSA":
        key = rsa.generate_private_key(65537, asked.get("rsaBits") or 2048)
        form = serialization.PrivateFormat.TraditionalOpenSSL
    elif algorithm == "ED25519":
        key, form = ed25519.Ed25519PrivateKey.generate(), serialization.PrivateFormat.PKCS8
    else:
        message = f"algorithm is {algorithm}; the sandbox makes ECDSA, RSA and ED25519 keys"
        raise RefusedError(message)
    pem, nothing = serialization.Encoding.PEM, serialization.NoEncryption()
    public = key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "privateKeyPem": key.private_bytes(pem, form, nothing).decode(),
        "privateKeyPemPkcs8": key.private_bytes(pem, serialization.PrivateFormat.PKCS8, nothing).decode(),
        "publicKeyPem": public.decode(),
    }


def self_signed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a certificate that signs itself, such as an authority's."""
    key = _key(asked["privateKeyPem"])
    name = _name(asked.get("subject") or {})
    return _certificate(asked, name, key.public_key(), issuer=name, signer=key, names=_names(asked))


def request(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Make a certificate request."""
    key = _key(asked["privateKeyPem"])
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(asked.get("subject") or {}))
    names = _names(asked)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return {"certRequestPem": builder.sign(key, _digest(key)).public_bytes(serialization.Encoding.PEM).decode()}


def locally_signed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Sign a request with an authority's key."""
    wish = x509.load_pem_x509_csr(asked["certRequestPem"].encode())
    authority = x509.load_pem_x509_certificate(asked["caCertPem"].encode())
    try:
        names = list(wish.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        names = []
    signer = _key(asked["caPrivateKeyPem"])
    return _certificate(asked, wish.subject, wish.public_key(), issuer=authority.subject, signer=signer, names=names)


_MAKERS: Final = {
    "PrivateKey": private_key,
    "SelfSignedCert": self_signed,
    "CertRequest": request,
    "LocallySignedCert": locally_signed,
}


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
    authority = bool(asked.get("isCaCertificate"))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    uses = set(asked.get("allowedUses") or [])
    plain_uses = {parameter: use in uses for use, parameter in _USAGES.items()}
    if any(plain_uses.values()):
        builder = builder.add_extension(x509.KeyUsage(**plain_uses), critical=True)
    extended = [_EXTENDED[use] for use in sorted(uses & _EXTENDED.keys())]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    certificate = builder.sign(signer, _digest(signer))
    return {
        "certPem": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "validityStartTime": start.isoformat(),
        "validityEndTime": end.isoformat(),
        "readyForRenewal": False,
    }


def _ends_soon(values: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    if "validityEndTime" not in values:
        return False
    early = timedelta(hours=asked.get("earlyRenewalHours") or 0)
    return datetime.now(UTC) >= datetime.fromisoformat(values["validityEndTime"]) - early


def _id(values: Mapping[str, Any]) -> str:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(str(values.get("publicKeyPem") or values.get("certPem") or values.get("certRequestPem")).encode())
    return digest.finalize().hex()[:40]


def _key(pem: str) -> CertificateIssuerPrivateKeyTypes:
    key: Any = serialization.load_pem_private_key(pem.encode(), password=None)
    loaded: CertificateIssuerPrivateKeyTypes = key
    return loaded


def _digest(key: CertificateIssuerPrivateKeyTypes) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _name(subject: Mapping[str, Any]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, subject[key]) for key, oid in _SUBJECT.items() if subject.get(key)])


def _names(asked: Mapping[str, Any]) -> list[x509.GeneralName]:
    hosts: list[x509.GeneralName] = [x509.DNSName(name) for name in asked.get("dnsNames") or []]
    return hosts + [x509.IPAddress(ipaddress.ip_address(text)) for text in asked.get("ipAddresses") or []]
