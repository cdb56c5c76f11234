"""The pipeline: ground, source, streaming, archive. What each layer needs from the one before stands in its arguments."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pulumi_random as random
import pulumi_tls as tls

from components.archive.component import Archive, ArchiveArgs
from components.foundation.component import Foundation, FoundationArgs
from components.source.component import Source, SourceArgs
from components.source.existing import ExistingSource
from components.streaming.component import Streaming
from components.streaming.contract import StreamingArgs
from judgement.stack import SettingsError
from outputs import export
from running_stack import load
from specification.edges import COMPONENTS, OBJECT_STORE, ObjectStoreInCluster, Outside
from specification.services import Reach
from specification.streaming import registry
from specification.streaming.topics import iceberg_topics
from specification.workloads import largest_container_mib

if TYPE_CHECKING:
    from settings.model import Settings


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


def _aws(settings: Settings) -> list[pulumi.ProviderResource]:
    """AWS, or an emulator that speaks its protocol; credentials come from the environment. Nothing where no AWS is used."""
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


def _outside(settings: Settings) -> list[Outside]:
    """What the stack uses instead of making it."""
    database, streaming = settings.source.external, settings.streaming
    kafka, schemas = streaming.kafka.external, streaming.registry.external
    found = []
    if database is not None:
        found.append(Outside("postgresql", ("connect",), database.addresses, (database.port,)))
    if kafka is not None:
        clients = ("connect", registry.NAME) if streaming.registry.is_managed else ("connect",)
        found.append(Outside("kafka", clients, kafka.addresses, kafka.ports))
    if settings.archive.aws_addresses:
        found.append(Outside("aws-endpoints", ("connect",), settings.archive.aws_addresses, (443,)))
    if settings.archive.endpoint is not None:
        found.append(Outside(OBJECT_STORE, ("connect",), settings.archive.endpoint.addresses, (settings.archive.endpoint.port,)))
    if schemas is not None:
        found.append(Outside(registry.NAME, ("connect",), schemas.addresses, (schemas.port,)))
    return found


def declare() -> None:
    """Read the stack's settings and declare its resources."""
    settings = load()
    names, streaming, archive = settings.names, settings.streaming, settings.archive
    reach = Reach(host=settings.host, names=names)
    outside = _outside(settings)
    kubernetes, cloud = _kubernetes(settings), _aws(settings)
    generator = random.Provider("random")
    store = ObjectStoreInCluster(archive.store.namespace, archive.store.port) if archive.store else None

    foundation = Foundation(
        "foundation",
        FoundationArgs(
            namespace=names.namespace,
            budget_mib=settings.budget.memory_mib,
            largest_container_mib=largest_container_mib(settings),
            provisioner=settings.cluster.provisioner,
            keep_volumes=settings.cluster.keep_volumes,
            host_sources=settings.host.sources,
            store=store,
            existing_namespace=settings.cluster.existing_namespace,
            protect=settings.protect,
            database_class=settings.source.storage_class,
            streaming_class=streaming.kafka.storage_class,
            made=COMPONENTS - {other.name for other in outside},
            outside=outside,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes]),
    )
    source: Source | ExistingSource
    if settings.source.external is not None:
        source = ExistingSource("source", settings.source.external, names, catalog=archive.has_catalog_database)
    else:
        source = Source(
            "source",
            SourceArgs(
                ground=foundation.ground,
                names=names,
                settings=settings.source,
                image=settings.images.postgres,
                published=reach.postgres,
                catalog=archive.has_catalog_database,
                rotation=settings.rotation,
            ),
            opts=pulumi.ResourceOptions(providers=[kubernetes, generator, tls.Provider("tls")]),
        )
    stream = Streaming(
        "streaming",
        StreamingArgs(
            ground=foundation.ground,
            source=source.endpoint,
            names=names,
            tables=settings.source.tables,
            kafka=streaming.kafka,
            registry=streaming.registry,
            connect=streaming.connect,
            topics=streaming.topics,
            debezium=settings.source.debezium,
            sink_topics=iceberg_topics(names) if archive.format == "iceberg" else (),
            kafka_image=settings.images.kafka,
            connect_image=settings.images.connect,
            registry_image=settings.images.registry or registry.IMAGES.get(streaming.registry.kind, ""),
            reach=reach,
            spread=settings.cluster.spread,
            token_audience=archive.web_identity.audience if archive.web_identity else None,
            rotation=settings.rotation,
            archive_secret=archive.endpoint.secret if archive.endpoint else None,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes, generator]),
    )
    archived = Archive(
        "archive",
        ArchiveArgs(
            ground=foundation.ground,
            source=source.endpoint,
            stream=stream.endpoint,
            names=names,
            tables=settings.source.tables,
            settings=archive,
            kafka=streaming.kafka.external,
            rotation=settings.rotation,
        ),
        opts=pulumi.ResourceOptions(providers=[kubernetes, *cloud]),
    )
    export(settings, reach, source, stream, archived)


if __name__ == "__main__":
    try:
        declare()
    except SettingsError as error:
        sys.exit(f"error: {error}")
