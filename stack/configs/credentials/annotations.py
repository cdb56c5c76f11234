"""Judgement of one value together with its name: a variable, a header, an annotation."""

from __future__ import annotations

import re

from stack.configs.credentials.detector import shows_credential
from stack.configs.credentials.judging import is_credential
from stack.configs.credentials.names import identifies
from stack.configs.credentials.values import is_object_name

# Ends of annotations whose value is the name of a Secret
_NAME_A_SECRET = ("auth-secret", "tls-secret", "ssl-secret", "ca-secret", "pull-secret")
# ``nginx.ingress.kubernetes.io/auth-secret: namespace/name``
_OBJECT = re.compile(r"(?:[a-z0-9-]+/)?([a-z][a-z0-9.-]*)")


def shows(name: str, value: str) -> bool:
    """Return whether a value is a credential by its name, or contains one."""
    names_an_entry = name.startswith("AIRFLOW__KUBERNETES_SECRETS__")  # secret=key
    return is_credential(name, value) or (not names_an_entry and shows_credential(value))


def annotation_shows(key: str, value: str) -> bool:
    """Return whether an annotation contains a credential: ``checksum/secret`` has a digest, ``…/auth-secret`` the name of a Secret."""
    prefix, _, name = key.rpartition("/")
    named = _OBJECT.fullmatch(value) if name.endswith(_NAME_A_SECRET) else None
    if (prefix and identifies(prefix)) or (named and is_object_name(named[1], certain=True)):
        return shows_credential(value)
    return shows(name, value)
