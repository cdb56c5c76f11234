"""A certificate authority of the stack's own, and the database server's certificate by it."""

from __future__ import annotations

import pulumi
import pulumi_tls as tls

_YEAR_HOURS = 365 * 24


class Certificates(pulumi.ComponentResource):
    """What lets a client know that it speaks to this database and nobody else."""

    authority: pulumi.Output[str]
    certificate: pulumi.Output[str]
    key: pulumi.Output[str]

    def __init__(self, name: str, host: str, aliases: list[str], addresses: list[str], opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare keys and certificates.

        Args:
            name: First part of the logical names.
            host: The server's full name inside the cluster.
            aliases: Other names that it answers to.
            addresses: Addresses that it answers at.
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
        server_key = tls.PrivateKey(f"{name}-server-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        request = tls.CertRequest(
            f"{name}-server-request",
            private_key_pem=server_key.private_key_pem,
            subject={"common_name": host},
            dns_names=[host, *aliases],
            ip_addresses=addresses,
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
