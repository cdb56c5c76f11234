"""Sample outputs of resources whose real outputs exist only after a deployment.

They are recognisable, valid where a program may decode them, and equal in every run.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pipeline.recording.registration import Resource

ACCOUNT: Final = "123456789012"

# Output properties of each type in addition to its inputs, as patterns of the logical or physical name.
_PATTERNS: Final[dict[str, dict[str, str]]] = {
    "random:index/randomPassword:RandomPassword": {"result": "sample-{name}"},
    "tls:index/privateKey:PrivateKey": {"privateKeyPem": "sample private key of {name}", "publicKeyPem": "sample {name}"},
    "tls:index/selfSignedCert:SelfSignedCert": {"certPem": "sample certificate {name}"},
    "tls:index/certRequest:CertRequest": {"certRequestPem": "sample request {name}"},
    "tls:index/locallySignedCert:LocallySignedCert": {"certPem": "sample certificate {name}"},
    "aws:s3/bucket:Bucket": {"bucket": "{physical}", "arn": "arn:aws:s3:::{physical}"},
    "aws:iam/user:User": {"name": "{physical}", "arn": f"arn:aws:iam::{ACCOUNT}:user/{{physical}}"},
    "aws:iam/role:Role": {"name": "{physical}", "arn": f"arn:aws:iam::{ACCOUNT}:role/{{physical}}"},
    "aws:iam/accessKey:AccessKey": {"secret": "sample-secret-of-{name}"},
}
_PHYSICAL: Final = ("bucket", "name")


def outputs(resource: Resource) -> dict[str, Any]:
    """Return the inputs of a resource with samples of the outputs that its provider would add."""
    physical = next((resource.inputs[key] for key in _PHYSICAL if resource.inputs.get(key)), resource.name)
    added: dict[str, Any] = {
        key: pattern.format(name=resource.name, physical=physical) for key, pattern in _PATTERNS.get(resource.type, {}).items()
    }
    if resource.type == "random:index/randomBytes:RandomBytes":
        content = resource.name.encode().ljust(resource.inputs["length"], b"-")[: resource.inputs["length"]]
        added = {"base64": base64.b64encode(content).decode(), "hex": content.hex()}
    return {**resource.inputs, **added}
