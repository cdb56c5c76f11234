"""Short questions to the API server, asked with the administrator's certificate and nothing but the standard library."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any

from sandbox import addresses

if TYPE_CHECKING:
    from pathlib import Path

_TIMEOUT_S = 5.0
_OK = 200


class Api:
    """A reader of the API server; every answer is None when there is none.

    Args:
        pki: The folder with the cluster's certificates.
    """

    def __init__(self, pki: Path) -> None:
        """Trust the cluster's own authority and nobody else."""
        self._tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def ready(self) -> bool:
        """Tell whether the API server says that it is ready."""
        return self._get("/readyz") is not None

    def node_ready(self) -> bool:
        """Tell whether the node may be given pods."""
        node = self._object(f"/api/v1/nodes/{addresses.NODE_NAME}")
        conditions = node.get("status", {}).get("conditions", [])
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)

    def deployment_ready(self, namespace: str, name: str) -> bool:
        """Tell whether the newest version of a deployment has all its pods available and no other is left."""
        deployment = self._object(f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}")
        status, wanted = deployment.get("status", {}), deployment.get("spec", {}).get("replicas")
        current = status.get("observedGeneration") == deployment.get("metadata", {}).get("generation")
        return (
            wanted is not None
            and current
            and status.get("availableReplicas") == status.get("updatedReplicas") == status.get("replicas") == wanted
        )

    def warnings(self, namespace: str) -> list[str]:
        """Return the newest warnings of a namespace: what keeps its pods from running."""
        events = self._object(f"/api/v1/namespaces/{namespace}/events").get("items", [])
        told = [f"{event['involvedObject'].get('name')}: {event.get('message')}" for event in events if event.get("type") == "Warning"]
        return told[-10:]

    def _object(self, path: str) -> dict[str, Any]:
        body = self._get(path)
        parsed: dict[str, Any] = json.loads(body) if body else {}
        return parsed

    def _get(self, path: str) -> bytes | None:
        connection = http.client.HTTPSConnection(addresses.NODE, addresses.API_PORT, timeout=_TIMEOUT_S, context=self._tls)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return body if answer.status == _OK else None
