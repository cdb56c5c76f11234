"""Routes outside of a specification: annotations of an Ingress, and the ConfigMap by which ingress-nginx publishes ports."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

# A Service behind a published port: namespace/name:port, and a host to which a piece of configuration sends
_BEHIND_A_PORT = re.compile(r"([a-z0-9-]{1,63})/([a-z0-9-]{1,63}):\w{1,63}(?::\w*){0,2}")
_HOST = re.compile(
    r"(?:proxy_pass|grpc_pass|server|upstream)\s{1,20}(?:\w{2,5}://)?([a-z0-9-]{1,63})(?:\.([a-z0-9-]{1,63}))?(?=[.:/;\s]|$)"
)
_NAMED = ("/default-backend", "/service-upstream-name")
_PIECES = ("-snippet", "/upstream-vhost")


def published_ports(config_map: Declared) -> list[tuple[str, str]]:
    """Return name and namespace of each Service that a ConfigMap of published ports names."""
    data = config_map.inputs.get("data") if config_map.is_kubernetes and config_map.kind == "ConfigMap" else None
    values = [value for key, value in data.items() if str(key).isdecimal()] if isinstance(data, Mapping) else []
    found = (_BEHIND_A_PORT.fullmatch(value.strip()) for value in values if isinstance(value, str))
    return [(one[2], one[1]) for one in found if one]


def annotated(metadata: object) -> Iterator[tuple[str, str | None]]:
    """Yield each Service that annotations of an Ingress name, with its namespace where one stands beside it."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    for key, value in annotations.items() if isinstance(annotations, Mapping) else ():
        if not isinstance(value, str):
            continue
        if str(key).endswith(_NAMED):
            namespace, _, name = value.rpartition("/")
            yield name, namespace or None
        elif str(key).endswith(_PIECES):
            yield from ((host[1], host[2]) for host in _HOST.finditer(value))
