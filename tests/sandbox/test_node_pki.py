"""The cluster's certificates: each identity is as Kubernetes expects, no other user can read them, and an incomplete set is replaced."""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox import addresses
from sandbox.cluster import pki

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pki") / "pki"
    pki.make(made)
    return made


def _certificate(folder: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


@pytest.mark.parametrize("identity", pki.IDENTITIES, ids=lambda identity: identity.file)
def test_each_certificate_is_signed_by_the_authority_for_its_user_and_groups(folder: Path, identity: pki.Identity) -> None:
    certificate = _certificate(folder, identity.file)
    certificate.verify_directly_issued_by(_certificate(folder, "ca"))
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [identity.user]
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == list(identity.groups)


def test_the_api_server_may_serve_on_the_addresses_that_it_is_reached_by(folder: Path) -> None:
    names = _certificate(folder, "kube-apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    served = names.get_values_for_type(x509.IPAddress)
    assert ipaddress.ip_address(addresses.NODE) in served
    assert ipaddress.ip_address(addresses.API_SERVICE) in served
    assert "kubernetes.default.svc" in names.get_values_for_type(x509.DNSName)


def test_no_other_user_may_read_any_file(folder: Path) -> None:
    assert folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in folder.iterdir() if path.stat().st_mode & 0o077] == []


def test_a_complete_set_is_kept_and_an_incomplete_one_is_replaced(tmp_path: Path) -> None:
    pki.make(tmp_path)
    first = (tmp_path / "ca.crt").read_bytes()
    pki.make(tmp_path)
    assert (tmp_path / "ca.crt").read_bytes() == first
    (tmp_path / "complete").unlink()
    pki.make(tmp_path)
    assert (tmp_path / "ca.crt").read_bytes() != first
    _certificate(tmp_path, "admin").verify_directly_issued_by(_certificate(tmp_path, "ca"))


def test_the_portable_kubeconfig_names_no_file(folder: Path) -> None:
    config = json.loads(pki.portable_kubeconfig(folder))
    assert config["clusters"][0]["cluster"]["server"] == addresses.API_SERVER
    assert str(folder) not in pki.portable_kubeconfig(folder)
