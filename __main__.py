"""The pipeline: ground, source, streaming, archive. What each layer needs from the one before stands in its arguments."""

from __future__ import annotations

import sys

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random as random
import pulumi_tls as tls

from components.archive.component import Archive, ArchiveArgs
from components.ecommerce import TABLES
from components.foundation.component import Foundation, FoundationArgs
from components.foundation.edges import ObjectStoreInCluster
from components.source.component import Source, SourceArgs
from components.streaming import registry
from components.streaming.component import Streaming
from components.streaming.contract import StreamingArgs
from components.streaming.topics import iceberg_topics
from outputs import export
from settings import Settings, SettingsError, load


def _kubernetes(settings: Settings) -> k8s.Provider:
    """The cluster by static configuration, so that a preview knows all values; changed configuration is updated in place."""
    cluster = settings.cluster
    return k8s.Provider(
        "cluster",
        context=cluster.context,
        kubeconfig=cluster.kubeconfig,
        cluster_identifier=cluster.identifier,
        enable_config_map_mutable=True,
        enable_secret_mutable=True,
    )


def _aws(settings: Settings) -> aws.Provider:
    """AWS, or a store that speaks its protocol; credentials come from the environment."""
    store = settings.archive.store
    tags: aws.ProviderDefaultTagsArgsDict = {"tags": {"project": "data-ingestion", "environment": settings.environment}}
    if store is None:
        return aws.Provider("aws", region=settings.archive.region, default_tags=tags)
    endpoint = store.host_endpoint
    return aws.Provider(
        "aws",
        region=settings.archive.region,
        default_tags=tags,
        endpoints=[{"s3": endpoint, "iam": endpoint, "sts": endpoint}],
        s3_use_path_style=True,
        skip_metadata_api_check=True,
        skip_credentials_validation=True,
        skip_requesting_account_id=True,
    )


def declare() -> None:
    """Read the stack's settings and declare its resources."""
    settings = load()
    names, host, streaming, archive = settings.names, settings.host, settings.streaming, settings.archive
    kubernetes, cloud = _kubernetes(settings), _aws(settings)
    generators = [random.Provider("random"), tls.Provider("tls")]
    store = ObjectStoreInCluster(archive.store.namespace, archive.store.port) if archive.store else None

    foundation = Foundation(
        "foundation",
        FoundationArgs(
            namespace=names.namespace,
            budget_mib=settings.budget.memory_mib,
            largest_container_mib=settings.largest_container_mib,
            provisioner=settings.cluster.provisioner,
            keep_volumes=settings.cluster.keep_volumes,
            host_sources=host.sources,
            store=store,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes]),
    )
    source = Source(
        "source",
        SourceArgs(
            ground=foundation.ground,
            names=names,
            tables=TABLES,
            settings=settings.source,
            image=settings.images.postgres,
            port=host.postgres,
            host_address=host.address,
            catalog=archive.has_catalog_database,
            rotation=settings.rotation,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes, *generators]),
    )
    stream = Streaming(
        "streaming",
        StreamingArgs(
            ground=foundation.ground,
            source=source.endpoint,
            names=names,
            tables=TABLES,
            kafka=streaming.kafka,
            registry=streaming.registry,
            connect=streaming.connect,
            topics=streaming.topics,
            debezium=settings.source.debezium,
            sink_topics=iceberg_topics(names) if archive.format == "iceberg" else (),
            kafka_image=settings.images.kafka,
            connect_image=settings.images.connect,
            registry_image=settings.images.registry or registry.IMAGES[streaming.registry.kind],
            host_address=host.address,
            kafka_ports=host.kafka,
            registry_port=host.registry,
            connect_port=host.connect,
            rotation=settings.rotation,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes, *generators]),
    )
    archived = Archive(
        "archive",
        ArchiveArgs(
            ground=foundation.ground,
            source=source.endpoint,
            stream=stream.endpoint,
            names=names,
            tables=TABLES,
            settings=archive,
            database_url=f"postgresql://{host.address}:{host.postgres.host}",
            rotation=settings.rotation,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes, cloud]),
    )
    export(settings, source, stream, archived)


if __name__ == "__main__":
    try:
        declare()
    except SettingsError as error:
        sys.exit(f"error: {error}")
