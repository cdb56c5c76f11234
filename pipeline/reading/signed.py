"""Requests to AWS, or to a store with the protocol of S3, that are signed with keys of the environment or with given ones.

A client of boto3 loads the model of its whole service, some tens of MiB; a reader sends two kinds of requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import requests
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS: Final = 10
# The store's own words for "later"; whoever looks has half a minute for a part
_AGAIN: Final = Retry(total=3, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), allowed_methods=None, raise_on_status=False)


class NoKeysError(Exception):
    """There are no AWS keys; the message says where they belong."""


class SignedRequests:
    """Sender of signed requests, which many threads may use.

    Args:
        reader: The stack's output ``reader``: region, and keys where they are not those of the environment.
    """

    def __init__(self, reader: Mapping[str, str | None]) -> None:
        """Send nothing yet; keys of a role are renewed before they end."""
        key, secret = reader.get("accessKeyId"), reader.get("secretAccessKey")
        self.region = str(reader["region"])
        self._session = None if key else Session()
        self._given = Credentials(key, secret, reader.get("sessionToken")) if key else None
        self._http = requests.Session()
        for scheme in ("http://", "https://"):
            self._http.mount(scheme, HTTPAdapter(max_retries=_AGAIN))

    def send(self, method: str, url: str, service: str, headers: Mapping[str, str], body: bytes = b"") -> requests.Response:
        """Return the answer to a request.

        Args:
            method: Method of HTTP.
            url: Address, with every sign of its path encoded.
            service: Service for which it is signed: ``s3`` or ``glue``.
            headers: Headers, which are signed, too.
            body: Content.

        Raises:
            NoKeysError: If there are no keys.
            RequestException: Of requests, if nobody answers.
        """
        credentials = self._given or (self._session.get_credentials() if self._session else None)
        if credentials is None:
            message = "there are no AWS keys: the environment, or the profile that AWS_PROFILE names, has to have them"
            raise NoKeysError(message)
        request = AWSRequest(method, url, headers=dict(headers), data=body)
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        kind(credentials.get_frozen_credentials(), service, self.region).add_auth(request)
        return self._http.request(method, url, headers=dict(request.headers.items()), data=body or None, timeout=_SECONDS)


def domain(region: str) -> str:
    """Return the domain of AWS for a region."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
