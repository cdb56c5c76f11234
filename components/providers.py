"""Explicit providers for the stack's cluster and AWS region, never the environment's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi_aws as aws
import pulumi_kubernetes as k8s

if TYPE_CHECKING:
    import pulumi

    from stack.settings.cluster import ClusterSettings
    from stack.settings.model import Settings


def kubernetes_provider(cluster: ClusterSettings) -> k8s.Provider:
    """Declare the Kubernetes provider. Its configuration is static, so that a preview knows all values; objects are updated in place."""
    return k8s.Provider(
        "cluster",
        context=cluster.context,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.identifier,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def aws_providers(settings: Settings) -> list[pulumi.ProviderResource]:
    """Declare the provider for AWS or for its emulator inside the cluster, or none without AWS. Credentials come from the environment."""
    if settings.archive.endpoint is not None:
        return []
    store = settings.archive.store
    tags: aws.ProviderDefaultTagsArgsDict = {"tags": {"project": "data-ingestion", "environment": settings.environment}}
    if store is None:
        return [aws.Provider("aws", region=settings.archive.region, default_tags=tags)]
    endpoint = store.host_endpoint
    emulator = aws.Provider(
        "aws",
        region=settings.archive.region,
        default_tags=tags,
        endpoints=[{"s3": endpoint, "iam": endpoint, "sts": endpoint}],
        s3_use_path_style=True,
        skip_metadata_api_check=True,
        skip_credentials_validation=True,
        skip_requesting_account_id=True,
    )
    return [emulator]
