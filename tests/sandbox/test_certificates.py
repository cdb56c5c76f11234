"""Keys and certificates: a chain that verifies, unchanged between runs, renewed in time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pulumi
import pulumi_tls as tls
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.verification import PolicyBuilder, Store

from sandbox.standins.certificates import PrivateKey
from sandbox.standins.pem import private_key

if TYPE_CHECKING:
    from conftest import Runs

HOURS = 100


def program() -> None:
    """Declare an authority and a server certificate that it signs."""
    authority_key = tls.PrivateKey("authority-key", algorithm="ECDSA", ecdsa_curve="P256")
    authority = tls.SelfSignedCert(
        "authority",
        private_key_pem=authority_key.private_key_pem,
        subject={"common_name": "Test Authority"},
        is_ca_certificate=True,
        validity_period_hours=HOURS,
        allowed_uses=["cert_signing", "crl_signing"],
    )
    key = tls.PrivateKey("key", algorithm="RSA", rsa_bits=2048)
    request = tls.CertRequest(
        "request",
        private_key_pem=key.private_key_pem,
        subject={"common_name": "registry"},
        dns_names=["registry.example"],
        ip_addresses=["127.0.0.1"],
    )
    certificate = tls.LocallySignedCert(
        "certificate",
        cert_request_pem=request.cert_request_pem,
        ca_private_key_pem=authority_key.private_key_pem,
        ca_cert_pem=authority.cert_pem,
        validity_period_hours=HOURS,
        early_renewal_hours=10,
        allowed_uses=["digital_signature", "key_encipherment", "server_auth"],
    )
    pulumi.export("authority", authority.cert_pem)
    pulumi.export("certificate", certificate.cert_pem)
    pulumi.export("key", key.private_key_pem)


def test_the_chain_verifies_for_its_name(runs: Runs) -> None:
    outputs = runs.up(program).outputs
    authority = x509.load_pem_x509_certificate(outputs["authority"].encode())
    leaf = x509.load_pem_x509_certificate(outputs["certificate"].encode())
    verifier = PolicyBuilder().store(Store([authority])).build_server_verifier(x509.DNSName("registry.example"))
    assert verifier.verify(leaf, []) == [leaf, authority]
    assert leaf.public_key() == load_pem_private_key(outputs["key"].encode(), None).public_key()


def test_a_second_run_keeps_every_key_and_certificate(runs: Runs) -> None:
    first = runs.up(program)
    second = runs.up(program)
    assert second.outputs == first.outputs
    assert len(second.unchanged) == 5


def test_a_certificate_near_its_end_is_renewed(runs: Runs) -> None:
    first = runs.up(program).outputs
    journal = runs.state_dir / "journal.json"
    content = json.loads(journal.read_text())
    for entry in content["entries"]:
        if entry["name"] == "certificate":
            entry["outputs"]["outputs"]["validityEndTime"] = (datetime.now(UTC) + timedelta(hours=9)).isoformat()
    journal.write_text(json.dumps(content))
    second = runs.up(program)
    assert second.updated == ("LocallySignedCert certificate",)
    assert second.outputs["certificate"] != first["certificate"]


@pytest.mark.parametrize("asked", [{"algorithm": "ECDSA", "ecdsaCurve": "P384"}, {"algorithm": "RSA"}, {"algorithm": "ED25519"}])
def test_private_keys_are_readable(asked: dict[str, str]) -> None:
    values = private_key(asked)
    assert load_pem_private_key(values["privateKeyPem"].encode(), None)
    assert values["publicKeyPem"].startswith("-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize("asked", [{"algorithm": "DSA"}, {"algorithm": "ECDSA", "ecdsaCurve": "P192"}])
def test_unknown_keys_are_refused(asked: dict[str, str]) -> None:
    (problem,) = PrivateKey().check(asked)
    assert "is not one of" in problem.text
