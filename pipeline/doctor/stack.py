"""The checks of a stack, in one list."""

from __future__ import annotations

import os
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pipeline.checks.check import Check, access, given, once
from pipeline.checks.tool import ask
from pipeline.doctor import (
    aws,
    brokers,
    clock,
    cluster,
    cluster_rules,
    dead_letters,
    docker,
    environment,
    kind,
    namespace,
    operator,
    pulumi_cli,
    secrets_provider,
    signatures,
    store,
)
from pipeline.existing_database import capture_rules, catalog_rules, catalogue, server_rules, session_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.checks.check import Finding, Refused
    from pipeline.doctor.stack_settings import Stack
    from pipeline.existing_database.target import Target

_LAPTOP, _PULUMI, _CLUSTER, _DATABASE = "Docker and Kind", "Pulumi", "Cluster", "Database"
_KAFKA, _AWS, _STORE, _RUNNING = "Kafka", "AWS", "Object store", "Running pipeline"


def checks(stack: Stack, machine: Callable[[], list[Check[Any]]] = list) -> list[Check[Any]]:
    """Return every check that applies to a stack, in the order of the report.

    Args:
        stack: The stack.
        machine: Returns the checks of the machine on which ``make sandbox`` makes the stack.
    """
    context = stack.settings.cluster.context
    own = _laptop(stack) if kind.is_kind(context) else machine() if stack.throw_away else []
    address = stack.settings.archive.host_url
    place = _aws(stack) if address is None else _store(stack, address)
    return [
        *own,
        *_pulumi(stack),
        *_cluster(stack),
        *signatures.checks(stack),
        *(_database(stack.target) if stack.target else []),
        *_kafka(stack),
        *place,
        *_running(stack),
    ]


def _laptop(stack: Stack) -> list[Check[Any]]:
    settings = stack.settings
    engine, existing = once(docker.look), once(partial(kind.look, settings.cluster.context))
    return [
        Check(group=_LAPTOP, name="Docker", probe=engine, judge=access(docker.engine)),
        Check(group=_LAPTOP, name="its memory", probe=engine, judge=given(partial(docker.memory, budget_mib=settings.pods_mib))),
        Check(group=_LAPTOP, name="its processors", probe=engine, judge=given(docker.processors)),
        Check(group=_LAPTOP, name="its architecture", probe=engine, judge=given(docker.architecture)),
        Check(
            group=_LAPTOP,
            name="its disk",
            probe=lambda: docker.look_at_disk(engine()),
            judge=given(partial(docker.disk, volumes_mib=settings.budget.disk_mib)),
        ),
        Check(group=_LAPTOP, name="Kind", probe=partial(ask, "kind", "version"), judge=kind.version),
        Check(group=_LAPTOP, name="its cluster", probe=existing, judge=given(kind.exists)),
        *([_ports(stack, existing)] if stack.settings.host.exposure == "nodePort" else []),
    ]


def _ports(stack: Stack, existing: Callable[[], kind.Cluster | Refused]) -> Check[Any]:
    return Check(
        group=_LAPTOP,
        name="published ports",
        probe=lambda: kind.look_at_ports(stack.ports, existing()),
        judge=partial(kind.ports, stack=stack.name),
    )


def _pulumi(stack: Stack) -> list[Check[Any]]:
    files = ("requirements.txt", "providers/requirements.txt", "pipeline/doctor/requirements.txt", "pipeline/dashboards/requirements.txt")
    installed = once(partial(environment.look, stack.root, files))
    packages: Check[Any] = Check(group=_PULUMI, name="Python packages", probe=installed, judge=environment.complete)
    if stack.throw_away:
        return [packages]
    stack_file = stack.root / f"Pulumi.{stack.name}.yaml"
    return [
        packages,
        Check(
            group=_PULUMI,
            name="command line",
            probe=partial(ask, "pulumi", "version"),
            judge=partial(pulumi_cli.version, sdk=metadata.version("pulumi")),
        ),
        Check(
            group=_PULUMI,
            name="plugins",
            probe=partial(ask, "pulumi", "plugin", "ls", "--json"),
            judge=lambda answer: pulumi_cli.plugins(answer, installed().pinned),
        ),
        Check(group=_PULUMI, name="backend", probe=partial(ask, "pulumi", "whoami", "--verbose", "--json"), judge=pulumi_cli.backend),
        Check(group=_PULUMI, name="secrets", probe=partial(secrets_provider.look, stack_file, os.environ), judge=secrets_provider.usable),
    ]


def _cluster(stack: Stack) -> list[Check[Any]]:
    settings, place = stack.settings, stack.place
    context = settings.cluster.context
    seen = once(partial(cluster.look, place))
    rules, report = cluster_rules, given if stack.throw_away else access
    spared = frozenset(
        {*(["namespaces"] if settings.cluster.existing_namespace else []), *([] if stack.own_classes else ["storageclasses"])}
    )
    judgements: dict[str, Callable[[Any], Finding]] = {
        "nodes": partial(rules.nodes, context=context),
        **({"zones": rules.zones} if settings.cluster.spread == "zones" and settings.streaming.kafka.is_managed else {}),
        "memory of the nodes": partial(rules.memory, budget_mib=settings.pods_mib, largest_mib=stack.specification.largest_container_mib),
        **({"volumes": partial(rules.storage, settings=settings.cluster, stack=stack.name)} if stack.own_classes else {}),
        **{f"class {name}": partial(rules.named_class, name=name, keep=settings.cluster.keep_volumes) for name in stack.named_classes},
        "rights": partial(rules.rights, context=context, unneeded=spared),
        **({} if stack.throw_away and not place.secrets else {"namespace": partial(rules.namespace, place=place)}),
        **namespace.judgements(place),
        **({"secrets": partial(rules.secrets, place=place)} if place.secrets else {}),
        **operator.judgements(place),
        "images": partial(rules.images, wanted=stack.images, cure="make sandbox" if stack.throw_away else "make images"),
        # the sandbox's node enforces network policies itself, not in a DaemonSet
        **({} if stack.throw_away else {"network policies": partial(rules.network_policies, context=context)}),
    }
    return [
        Check(group=_CLUSTER, name="answers", probe=seen, judge=report(rules.answers)),
        Check(group=_CLUSTER, name="kubectl", probe=partial(ask, "kubectl", "version", "--client"), judge=rules.kubectl),
        *(Check(group=_CLUSTER, name=name, probe=seen, judge=given(judge)) for name, judge in judgements.items()),
    ]


def _database(target: Target) -> list[Check[Any]]:
    seen = once(partial(catalogue.look, target))
    server, capture = server_rules, capture_rules
    judgements: dict[str, Callable[[Any], Finding]] = {
        "version": server.version,
        "primary": server.writable,
        "write-ahead log": partial(server.wal_level, target=target),
        "free slots": partial(server.free_slots, target=target),
        "free senders": partial(server.free_senders, target=target),
        "log kept for slots": partial(server.kept_log, target=target),
        "sender timeout": partial(server.sender_timeout, target=target),
        "idle slots": partial(server.idle_slots, target=target),
        "slot": partial(server.own_slot, target=target),
        "other slots": partial(server.other_slots, target=target),
        "tables": partial(capture.tables, target=target),
        "role": partial(capture.role, target=target),
        "session settings": partial(session_rules.settings, target=target),
        "grants": partial(capture.grants, target=target),
        "row security": partial(capture.hidden_rows, target=target),
        "heartbeat table": partial(capture.heartbeat, target=target),
        "publication": partial(capture.publication, target=target),
        "published changes": partial(capture.published, target=target),
        "replica identity": partial(capture.replica_identity, target=target),
        "columns": partial(capture.columns, target=target),
        **({"Iceberg catalog": partial(catalog_rules.catalog, target=target)} if target.catalog else {}),
    }
    return [
        Check(group=_DATABASE, name="login", probe=seen, judge=access(partial(server.reached, target=target))),
        *(Check(group=_DATABASE, name=name, probe=seen, judge=given(judge)) for name, judge in judgements.items()),
    ]


def _running(stack: Stack) -> list[Check[Any]]:
    bootstrap = stack.specification.streaming.kafka.bootstrap
    return [
        Check(
            group=_RUNNING,
            name="dead letters",
            probe=partial(dead_letters.look, stack.settings, bootstrap),
            judge=partial(dead_letters.none_open, stack=stack.name),
        )
    ]


def _kafka(stack: Stack) -> list[Check[Any]]:
    external = stack.settings.streaming.kafka.external
    if external is None:
        return []
    user = once(brokers.look_at_login) if external.logs_in else str
    logged_in = partial(brokers.login, mechanism=external.mechanism)
    return [
        *([Check(group=_KAFKA, name="login", probe=user, judge=access(logged_in))] if external.logs_in else []),
        Check(
            group=_KAFKA,
            name="brokers",
            probe=lambda: brokers.look(external, user()),
            judge=given(partial(brokers.brokers, external=external, stack=stack.name)),
        ),
    ]


def _aws(stack: Stack) -> list[Check[Any]]:
    archive = stack.settings.archive
    who = once(partial(aws.look, archive.region))
    address = f"https://s3.{archive.region}.amazonaws.com/"
    return [
        Check(group=_AWS, name="identity", probe=who, judge=access(aws.identity)),
        Check(group=_AWS, name="region", probe=partial(aws.look_at_region, archive.region), judge=aws.region),
        Check(
            group=_AWS,
            name="bucket",
            probe=lambda: aws.look_at_bucket(archive.bucket, archive.region, who()),
            judge=given(
                partial(aws.existing_bucket, home=archive.region, stack=stack.name)
                if archive.existing_bucket
                else partial(aws.bucket, home=archive.region, environment=stack.settings.environment, stack=stack.name)
            ),
        ),
        Check(group=_AWS, name="clock", probe=partial(clock.look, address), judge=access(clock.skew)),
    ]


def _store(stack: Stack, address: str) -> list[Check[Any]]:
    archive = stack.settings.archive
    seen = once(partial(clock.look, address))
    used_here = archive.store is not None or archive.format == "iceberg"
    report = (given if stack.throw_away else access)(clock.endpoint) if used_here else store.of_pods
    needs_key = archive.endpoint is not None and archive.format == "iceberg"
    return [
        Check(group=_STORE, name="endpoint", probe=seen, judge=report),
        *([Check(group=_STORE, name="key", probe=store.look_for_key, judge=store.key)] if needs_key else []),
        Check(group=_STORE, name="clock", probe=seen, judge=given(clock.skew)),
    ]
