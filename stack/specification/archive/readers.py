"""AWS identity of pods that only read the archive: the scheduled audit, and the exporter of the monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.specification.archive import iam
from stack.specification.archive.identity import PodIdentity

if TYPE_CHECKING:
    from stack.settings.model import Settings


def reading_identity(settings: Settings, namespace: str, component: str) -> PodIdentity:
    """Return the identity of one component.

    Args:
        settings: The stack's settings.
        namespace: Namespace of its pods.
        component: The component; part of the names of role, user and Secret.
    """
    section, by = settings.archive, settings.archive.web_identity
    role = f"{section.bucket}-{component}-reader"
    rights = {"read": iam.read_archive(section.bucket)}
    if section.format == "iceberg" and section.tables_in == "glue":
        rights["catalog"] = iam.read_catalog(section.region, settings.names.archive_namespace)
    if section.kms_key_arn is not None:
        rights["key"] = iam.decrypt(section.kms_key_arn, section.region)
    word = settings.rotation.audit
    return PodIdentity(
        component=component,
        user=None if by else f"{section.bucket}-{component}",
        role=role,
        rights=rights,
        assume=None if by else iam.assume_only(role),
        trust_pods=iam.trust_pods(by.provider_arn, by.audience, namespace, component) if by else None,
        secret=f"{component}-archive-{word}" if word else f"{component}-archive",
        rotation=word or "-",
        region=section.region,
        sts_endpoint=section.pod_url,
    )
