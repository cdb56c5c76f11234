"""The program as a whole: allowed resources, their parents, providers and order, and the outputs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from pipeline.plan.report import memory
from pipeline.plan.violations import recorded
from pipeline.recording import record
from pipeline.recording.values import has_unknown
from policy.limits import of_stack
from stack.specification.services import PublishedServices
from tests.declared import CONNECTOR, GATE, MAKES, STACKS, TOPIC, Declared, containers, stacks_that_make, where_made

if TYPE_CHECKING:
    from pipeline.recording import Recording, Resource
    from stack.capacity.workloads import Total

LAYERS = ("foundation", "source", "streaming", "archive", "audit", "monitoring")


def layer(recording: Recording, resource: Resource) -> str:
    """Return the top-level component of a resource, or an empty string."""
    above = recording.parent(resource)
    if above is None:
        return "" if resource.custom else resource.name
    return layer(recording, above)


@functools.cache
def upstream(declared: Declared, resource: Resource) -> frozenset[Resource]:
    """Return everything that must exist before a resource."""
    urns = declared.recording.upstream(resource.urn)
    return frozenset(other for other in declared.recording.resources if other.urn in urns)


def sums_of(declared: Declared) -> Total:
    """Return a stack's memory as ``make plan`` sums it."""
    return memory(recorded(declared.recording, of_stack(declared.settings)))


def test_each_component_is_declared_by_some_stack_and_all_by_the_single_machine_ones() -> None:
    """Otherwise a test about a part could run for no stack, and pass."""
    for part in MAKES:
        assert {"dev", "sandbox", "glue"} <= set(stacks_that_make(part)) < set(STACKS)


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox"])
def test_a_second_run_declares_the_same_to_the_letter(stack: str) -> None:
    assert record(stack, preview=False) == Declared.of(stack).recording


def test_a_preview_knows_everything_that_a_policy_judges() -> None:
    """An unknown number cannot be judged; only generated secrets and AWS's own answers may be unknown."""
    judged = {
        "StatefulSet",
        "Deployment",
        "Service",
        "NetworkPolicy",
        "ResourceQuota",
        "LimitRange",
        "Topic",
        "Connector",
        "Table",
        "Bucket",
    }
    seen = {resource: resource.type.rpartition(":")[2] for resource in record("sandbox").resources}
    assert judged <= set(seen.values())
    assert [resource.name for resource, kind in seen.items() if kind in judged and has_unknown(dict(resource.inputs))] == []


def test_the_top_of_the_tree_is_four_layers_what_reads_them_and_shared_providers(declared: Declared) -> None:
    recording = declared.recording
    top = [resource for resource in recording.resources if recording.parent(resource) is None]
    off = {"audit": not declared.settings.audit.is_on, "monitoring": not declared.settings.monitoring.enabled}
    assert {resource.name for resource in top if not resource.custom} == {name for name in LAYERS if not off.get(name)}
    assert [resource.name for resource in top if resource.custom and not resource.is_provider] == []


def test_every_resource_names_its_provider(declared: Declared) -> None:
    """Without one it would go to the cluster or account that the machine is configured for."""
    by_urn = {resource.urn: resource for resource in declared.recording.resources}
    made = [resource for resource in declared.recording.resources if resource.custom and not resource.is_provider]
    assert [resource.name for resource in made if resource.provider not in by_urn] == []
    for resource in made:
        assert by_urn[resource.provider].type == f"pulumi:providers:{resource.type.split(':')[0]}"


def test_nothing_is_declared_outside_the_namespaces(declared: Declared) -> None:
    cluster_wide = {"Namespace", "StorageClass", "ClusterRole", "ClusterRoleBinding"}
    settings = declared.settings
    own = {"audit": settings.audit_namespace, "monitoring": settings.monitoring_namespace}
    # the names by which Prometheus finds pods are beside the pods
    scraped = {"connect-metrics", "schema-registry-metrics"}
    for resource in declared.recording.resources:
        if resource.type.startswith("kubernetes:") and resource.inputs["kind"] not in cluster_wide:
            metadata = resource.inputs["metadata"]
            inside = None if metadata["name"] in scraped else own.get(layer(declared.recording, resource))
            assert metadata.get("namespace") == (inside or settings.names.namespace), resource.name


def test_every_object_waits_for_the_namespace_and_its_quota(declared: Declared) -> None:
    """A pod created before the quota and the policies is neither counted nor fenced."""
    fences = {*declared.objects("ResourceQuota").values(), *declared.objects("LimitRange").values()}
    fences |= set(declared.objects("NetworkPolicy").values()) | set(declared.objects("Namespace").values())
    for workload in declared.workloads.values():
        assert fences <= upstream(declared, workload)


def test_layers_wait_only_for_the_layers_before_them(declared: Declared) -> None:
    """So streaming never waits for the archive, and the database only for the foundation."""
    for resource in declared.recording.resources:
        own = layer(declared.recording, resource)
        if own:
            for other in upstream(declared, resource):
                theirs = layer(declared.recording, other)
                assert not theirs or LAYERS.index(theirs) <= LAYERS.index(own), f"{resource.name} waits for {other.name}"


def test_workloads_wait_for_all_they_mount(declared: Declared) -> None:
    """Except for optional mounts (the archive's identity is created later, by design) and existing Secrets."""
    for name, workload in declared.workloads.items():
        before = upstream(declared, workload)
        spec = declared.pods[name]["spec"]
        assert declared.objects("ServiceAccount")[spec["serviceAccountName"]] in before
        mounted = [volume for volume in spec["volumes"] if not volume.get("secret", {}).get("optional")]
        for volume in mounted:
            if "secret" in volume and volume["secret"]["secretName"] in declared.found_secrets:
                assert volume["secret"]["secretName"] not in declared.objects("Secret")
            elif "secret" in volume:
                assert declared.objects("Secret")[volume["secret"]["secretName"]] in before
            if "configMap" in volume:
                assert declared.objects("ConfigMap")[volume["configMap"]["name"]] in before


def test_services_that_are_awaited_come_after_their_pods(declared: Declared) -> None:
    """A headless one is created before: the pods are named by it. Those of the monitoring name pods that are there already."""
    for service in declared.objects("Service").values():
        if layer(declared.recording, service) == "monitoring":
            continue
        selector = service.inputs["spec"]["selector"].items()
        for name, pod in declared.pods.items():
            if pod["metadata"]["labels"].items() <= dict(selector).items():
                workload = declared.workloads[name]
                headless = service.inputs["spec"].get("clusterIP") == "None"
                first, second = (service, workload) if headless else (workload, service)
                assert first in upstream(declared, second), f"{second.name} does not wait for {first.name}"


def test_no_topic_before_the_gate(declared: Declared) -> None:
    """The Kafka provider keeps its first connection error."""
    provider = declared.only("pulumi:providers:kafka")
    assert declared.only(GATE) in upstream(declared, provider)
    assert {topic.provider for topic in declared.topics.values()} == {provider.urn}


@where_made("brokers")
def test_no_topic_before_every_broker_can_be_reached(declared: Declared) -> None:
    gate = declared.only(GATE)
    published = {item for name, item in declared.objects("Service").items() if name.startswith("kafka-") and "headless" not in name}
    assert len(published) == declared.manifest("StatefulSet", "kafka")["spec"]["replicas"]
    assert published <= upstream(declared, gate)


def test_connectors_wait_for_all_their_topics(declared: Declared) -> None:
    """No system creates a topic by itself, so a connector fails if it starts before its topic exists."""
    for resource in declared.recording.of_type(CONNECTOR):
        config = resource.inputs["config"]
        named = set(declared.topics) & {name for value in config.values() for name in value.split(",")}
        assert {other.inputs["name"] for other in upstream(declared, resource) if other.type == TOPIC} >= named
    before_source = upstream(declared, declared.recording.get("streaming-source-connector"))
    captured = {declared.settings.names.heartbeat_topic, *declared.sink_config["topics"].split(",")}
    assert captured <= {other.inputs["name"] for other in before_source if other.type == TOPIC}


def test_connectors_depend_on_worker_database_and_registry(declared: Declared) -> None:
    made = {"connect": True, "schema-registry": MAKES["registry"](declared.settings), "postgresql": MAKES["database"](declared.settings)}
    services = declared.objects("Service")
    assert {name: name in services for name in made} == made
    for resource in declared.recording.of_type(CONNECTOR):
        before = upstream(declared, resource)
        assert {services[name] for name in made if made[name]} <= before


def test_the_sink_waits_for_tables_bucket_and_identity(declared: Declared) -> None:
    before = upstream(declared, declared.recording.get("archive-sink-connector"))
    assert set(declared.iceberg_tables.values()) <= before
    assert not MAKES["role"](declared.settings) or declared.objects("Secret")["connect-archive"] in before
    aws = {resource for resource in declared.recording.resources if resource.type.startswith("aws:")}
    assert {resource for resource in aws if layer(declared.recording, resource) not in {"audit", "monitoring"}} <= before


def test_exported_memory_is_the_sum_of_the_limits(declared: Declared) -> None:
    sums = sums_of(declared)
    exported = declared.recording.outputs["memory"]
    assert exported["usedMiB"] * 2**20 == sums.steady
    assert exported["budgetMiB"] * 2**20 == sums.budget
    assert exported["freeMiB"] * 2**20 == sums.free


def test_the_budget_holds_while_everything_rolls_out_at_once(declared: Declared) -> None:
    sums = sums_of(declared)
    assert {part.name for part in sums.workloads} == set(declared.workloads)
    assert 0 < sums.steady <= sums.peak <= sums.budget


def test_the_quota_is_the_budget(declared: Declared) -> None:
    hard = declared.manifest("ResourceQuota", "memory-budget")["spec"]["hard"]
    assert {key: value for key, value in hard.items() if "memory" in key} == dict.fromkeys(
        ("limits.memory", "requests.memory"), f"{declared.settings.budget.memory_mib}Mi"
    )


def test_exported_addresses_are_reachable_from_outside(declared: Declared) -> None:
    """Published services by their addresses, existing systems by the settings' own words."""
    settings, outputs = declared.settings, declared.recording.outputs
    reach = PublishedServices(host=settings.host, names=settings.names)
    database, kafka, registry = settings.source.external, settings.streaming.kafka.external, settings.streaming.registry.external
    at = database or reach.postgres.outside
    assert (outputs["postgres"]["host"], outputs["postgres"]["port"]) == (at.host, at.port)
    brokers = list(kafka.bootstrap_servers) if kafka else [str(broker.outside) for broker in reach.brokers]
    assert outputs["kafka"]["bootstrapServers"].split(",") == brokers
    assert outputs["connect"]["url"] == f"http://{reach.connect.outside}"
    inside = declared.source_config["value.converter.schema.registry.url"]
    if registry:
        assert outputs["registry"] == {"url": registry.url}
        assert inside == registry.url
    else:
        host, slash, path = outputs["registry"]["url"].removeprefix("http://").partition("/")
        assert host == str(reach.registry.outside)
        assert inside.removeprefix("http://").partition("/")[1:] == (slash, path)


@where_made("node ports")
def test_exported_addresses_are_the_published_ports(declared: Declared) -> None:
    host, outputs = declared.settings.host, declared.recording.outputs
    assert (outputs["postgres"]["host"], outputs["postgres"]["port"]) == (host.address, host.postgres.host)
    assert outputs["kafka"]["bootstrapServers"].split(",") == [f"{host.address}:{pair.host}" for pair in host.kafka]
    assert outputs["connect"]["url"] == f"http://{host.address}:{host.connect.host}"
    assert outputs["registry"]["url"].startswith(f"http://{host.address}:{host.registry.host}")


def test_exported_tables_lead_from_table_to_topic_to_objects(declared: Declared) -> None:
    exported = declared.recording.outputs["tables"]
    assert [row["name"] for row in exported] == declared.source_config["table.include.list"].split(",")
    assert [row["topic"] for row in exported] == declared.sink_config["topics"].split(",")
    if declared.iceberg_tables:
        assert [row["location"] for row in exported] == [
            declared.iceberg_tables[name].inputs["location"] for name in declared.sink_config["iceberg.tables"].split(",")
        ]


def test_commands_to_look_inside_name_what_exists(declared: Declared) -> None:
    inside = declared.recording.outputs["lookInside"]
    assert inside["workerLog"].split("/")[-1] in declared.objects("Deployment")
    assert f"--context {declared.settings.cluster.context} " in inside["pods"]
    optional = {"sql": MAKES["database"](declared.settings), "brokerLog": MAKES["brokers"](declared.settings)}
    assert {command: command in inside for command in optional} == optional
    if "sql" in inside:
        sql = inside["sql"].split()
        assert declared.settings.names.database == sql[-1]
        assert sql[sql.index("-it") + 1].rpartition("-")[0] in declared.objects("StatefulSet")
    if "brokerLog" in inside:
        assert inside["brokerLog"].split()[-1].rpartition("-")[0] in declared.objects("StatefulSet")


def test_images_are_those_of_the_settings(declared: Declared) -> None:
    images = declared.settings.images
    used = {name: {container["image"] for container in containers(pod)} for name, pod in declared.pods.items()}
    schemas = used.pop("schema-registry", None)
    assert (schemas is not None) == MAKES["registry"](declared.settings)
    assert images.registry is None or schemas in (None, {images.registry})
    made = {"postgresql": "database", "kafka": "brokers"}
    wanted = {"postgresql": {images.postgres}, "kafka": {images.kafka}, "connect": {images.connect}}
    assert used == {name: image for name, image in wanted.items() if name == "connect" or MAKES[made[name]](declared.settings)}
