"""Ends of the certificates that the pipeline's connections to the database depend on."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from typing import TYPE_CHECKING, Final

from cryptography import x509

if TYPE_CHECKING:
    from pipeline.description.stack import Description

# PostgreSQL's request for TLS: its length, and a number that is no version of the protocol
_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_YES: Final = b"S"
_SECONDS: Final = 10.0

SERVER: Final = "postgresql"
AUTHORITY: Final = "postgresql-ca"


class NoCertificateError(Exception):
    """The server shows no certificate; the message says why."""


def look(stack: Description) -> dict[str, float]:
    """Return the end of each certificate, in seconds since 1970: that of the database, and that of its authority if the program made it.

    Raises:
        NoCertificateError: If the server does not speak TLS.
        OSError: If it does not answer.
    """
    found, authority = {SERVER: ends(shown_by(*stack.database))}, stack.authority()
    if authority is not None:
        found[AUTHORITY] = ends(x509.load_pem_x509_certificate(authority.encode()))
    return found


def shown_by(host: str, port: int) -> x509.Certificate:
    """Return the certificate that a PostgreSQL server shows, valid or not; nobody logs in.

    Raises:
        NoCertificateError: If the server does not speak TLS.
        OSError: If it does not answer.
    """
    anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((host, port), timeout=_SECONDS) as plain:
        plain.sendall(_REQUEST)
        if plain.recv(1) != _YES:
            message = f"the database at {host}:{port} does not speak TLS"
            raise NoCertificateError(message)
        with anything.wrap_socket(plain) as encrypted:
            shown = encrypted.getpeercert(binary_form=True)
            # without a goodbye, the server would log each look as a connection that was reset
            with contextlib.suppress(OSError):
                encrypted.unwrap()
    if shown is None:
        message = f"the database at {host}:{port} shows no certificate"
        raise NoCertificateError(message)
    return x509.load_der_x509_certificate(shown)


def ends(certificate: x509.Certificate) -> float:
    """Return the last moment of a certificate, in seconds since 1970."""
    return certificate.not_valid_after_utc.timestamp()
