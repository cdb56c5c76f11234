"""The certificates and kubeconfigs of one throw-away cluster: its own authority, elliptic keys, nothing shared between clusters."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox import addresses, signing

if TYPE_CHECKING:
    from pathlib import Path

_LIFE = dt.timedelta(days=365)  # a sandbox lives for hours or days; a year also covers the forgotten ones
_SKEW = dt.timedelta(minutes=5)
_COMPLETE = "complete"


@dataclass(frozen=True)
class Identity:
    """Whom a certificate speaks for.

    Attributes:
        file: Stem of the files that hold it.
        user: Common name: the user Kubernetes sees.
        groups: Organisations: the groups Kubernetes sees.
        serves: Addresses and host names it may serve TLS on; empty for one that is a client only.
        kubeconfig: Whether it gets a kubeconfig beside its certificate.
    """

    file: str
    user: str
    groups: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    kubeconfig: bool = True


IDENTITIES = (
    Identity("admin", "sandbox-admin", ("system:masters",)),
    Identity("kube-controller-manager", "system:kube-controller-manager"),
    Identity("kube-scheduler", "system:kube-scheduler"),
    Identity("kube-proxy", "system:kube-proxy"),
    Identity("kubelet", f"system:node:{addresses.NODE_NAME}", ("system:nodes",), (addresses.NODE_NAME, addresses.NODE)),
    Identity("network-policies", "sandbox:network-policies"),
    Identity("volume-provisioner", "sandbox:volume-provisioner"),
    Identity(
        "kube-apiserver",
        "kube-apiserver",
        serves=(
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
            f"kubernetes.default.svc.{addresses.DOMAIN}",
            "localhost",
            addresses.API_SERVICE,
            addresses.NODE,
        ),
        kubeconfig=False,
    ),
    Identity("kubelet-client", "kube-apiserver-kubelet-client", ("system:masters",), kubeconfig=False),
    Identity("etcd", "etcd", serves=("localhost", addresses.NODE), kubeconfig=False),
)
"""Every certificate of the cluster."""


def make(folder: Path) -> None:
    """Fill the folder with the authority, each identity's ``.crt``, ``.key`` and ``.kubeconfig``, and the service accounts' key pair.

    Does nothing when it is filled already; starts anew when an earlier run was interrupted, since half an authority trusts nothing.
    """
    if (folder / _COMPLETE).exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    _write(folder / "ca.crt", authority.public_bytes(serialization.Encoding.PEM))
    for identity in IDENTITIES:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(identity, key, authority, authority_key)
        _write(folder / f"{identity.file}.crt", certificate.public_bytes(serialization.Encoding.PEM))
        _write(folder / f"{identity.file}.key", _private(key))
        if identity.kubeconfig:
            _write(folder / f"{identity.file}.kubeconfig", json.dumps(kubeconfig(identity, folder), indent=2).encode())
    tokens = ec.generate_private_key(ec.SECP256R1())
    _write(folder / "service-accounts.key", _private(tokens))
    _write(folder / "service-accounts.pub", _public(tokens))
    _write(folder / _COMPLETE, b"")


def kubeconfig(identity: Identity, folder: Path) -> dict[str, object]:
    """Return a kubeconfig that names the identity's files; JSON is YAML, so it needs no YAML writer."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "sandbox", "cluster": {"server": addresses.API_SERVER, "certificate-authority": str(folder / "ca.crt")}},
        ],
        "users": [
            {
                "name": identity.user,
                "user": {
                    "client-certificate": str(folder / f"{identity.file}.crt"),
                    "client-key": str(folder / f"{identity.file}.key"),
                },
            },
        ],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": identity.user}}],
        "current-context": "sandbox",
    }


def portable_kubeconfig(folder: Path) -> str:
    """Return the administrator's kubeconfig with certificates and key inside, so that it works wherever it is copied to."""

    def content(name: str) -> str:
        return base64.b64encode((folder / name).read_bytes()).decode()

    config = kubeconfig(IDENTITIES[0], folder)
    config["clusters"] = [
        {"name": "sandbox", "cluster": {"server": addresses.API_SERVER, "certificate-authority-data": content("ca.crt")}},
    ]
    user = {"client-certificate-data": content("admin.crt"), "client-key-data": content("admin.key")}
    config["users"] = [{"name": IDENTITIES[0].user, "user": user}]
    return json.dumps(config, indent=2) + "\n"


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox-authority")])
    usages = ("digital_signature", "key_cert_sign", "crl_sign")
    return signing.certificate(name, key.public_key(), issuer=name, signer=key, valid=_valid(), authority=True, usages=usages)


def _certificate(
    identity: Identity,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in identity.groups]
    subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, identity.user)])
    return signing.certificate(
        subject,
        key.public_key(),
        issuer=authority.subject,
        signer=authority_key,
        valid=_valid(),
        extended=[ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if identity.serves else [])],
        names=[signing.alternative_name(name) for name in identity.serves],
    )


def _valid() -> tuple[dt.datetime, dt.datetime]:
    now = dt.datetime.now(tz=dt.UTC)
    return now - _SKEW, now + _LIFE


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _public(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_bytes(content)
