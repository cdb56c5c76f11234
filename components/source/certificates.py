"""Certificate authority of the stack, and the database server's certificate."""

from __future__ import annotations

from ipaddress import ip_address

import pulumi
import pulumi_tls as tls

_YEAR_HOURS = 365 * 24


def _is_address(outside: str) -> bool:
    try:
        ip_address(outside)
    except ValueError:
        return False
    return True


class Certificates(pulumi.ComponentResource):
    """Certificates by which a client verifies the database server.

    Attributes:
        authority: Certificate of the authority, PEM.
        certificate: Certificate of the server, PEM.
        key: Private key of the server, PEM.
    """

    authority: pulumi.Output[str]
    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(self, name: str, host: str, aliases: list[str], outside: str, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare keys and certificates.

        Args:
            name: First part of the logical names.
            host: Full DNS name of the server inside the cluster.
            aliases: Further DNS names in the certificate.
            outside: Name or address of the server outside the cluster.
            opts: Parent and providers.
        """
        super().__init__("cdc:source:Certificates", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        authority_key = tls.PrivateKey(f"{name}-authority-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        authority = tls.SelfSignedCert(
            f"{name}-authority",
            private_key_pem=authority_key.private_key_pem,
            subject={"common_name": "data-ingestion database authority"},
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "crl_signing"],
            validity_period_hours=10 * _YEAR_HOURS,
            opts=child,
        )
        is_address = _is_address(outside)
        server_key = tls.PrivateKey(f"{name}-server-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        request = tls.CertRequest(
            f"{name}-server-request",
            private_key_pem=server_key.private_key_pem,
            subject={"common_name": host},
            dns_names=[host, *aliases, *([] if is_address or outside == host else [outside])],
            ip_addresses=[outside] if is_address else [],
            opts=child,
        )
        server = tls.LocallySignedCert(
            f"{name}-server-certificate",
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=authority_key.private_key_pem,
            ca_cert_pem=authority.cert_pem,
            allowed_uses=["server_auth", "digital_signature", "key_encipherment"],
            validity_period_hours=2 * _YEAR_HOURS,
            early_renewal_hours=90 * 24,
            opts=child,
        )
        self.authority = authority.cert_pem
        self.certificate = server.cert_pem
        self.key = server_key.private_key_pem
        self.register_outputs({})
