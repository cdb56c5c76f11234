"""Scaling beyond one machine: workers, zones, load balancers, web identity, KMS, and protection of data."""

from __future__ import annotations

import functools
import json

import pytest

from pipeline.plan.violations import recorded
from policy.budget_rules import namespace_total
from policy.limits import of_stack
from stack.judgement.stack import SettingsError
from stack.settings.names import AWS_TOKEN, BROKERS, CONNECT_SECRETS
from stack.specification.stack import Specification
from tests.declared import CERTIFICATE_REQUEST, TOPIC, Declared, containers, settings_of, variant
from tests.network import COMPONENT, rules, selects

DNS = "external-dns.alpha.kubernetes.io/hostname"


@pytest.fixture
def prod() -> Declared:
    """Return the stack of that name."""
    return Declared.of("prod")


@functools.cache
def with_database(exposure: str) -> Declared:
    """`prod` with a database of its own, so that every published service is there."""
    domain = {"domain": "data.example.com"} if exposure == "loadBalancer" else {}
    host = {"exposure": exposure, **domain, "sources": ["10.20.0.0/16"]}
    return variant("prod", source={}, host=host, budget={"memoryMib": 32768, "diskMib": 1_000_000})


# workers


def test_three_workers_take_three_times_the_memory(prod: Declared) -> None:
    """In the settings' sum, the quota's room, the policy's sum and what is exported."""
    connect = prod.settings.streaming.connect
    assert prod.manifest("Deployment", "connect")["spec"]["replicas"] == connect.workers == 3
    total = namespace_total(recorded(prod.recording, of_stack(prod.settings)), prod.settings.names.namespace)
    (worker,) = [part for part in total.workloads if part.name == "connect"]
    assert worker.steady == worker.peak == 3 * connect.memory_mib * 2**20
    others = prod.settings.model_copy(
        update={
            "streaming": prod.settings.streaming.model_copy(update={"connect": connect.model_copy(update={"workers": 1})}),
        }
    )
    assert Specification.of(prod.settings).memory_mib - Specification.of(others).memory_mib == 2 * connect.memory_mib
    assert prod.recording.outputs["memory"]["usedMiB"] == Specification.of(prod.settings).memory_mib


def test_one_worker_more_than_the_budget_holds_is_refused_in_the_settings() -> None:
    streaming = {"connect": {"workers": 2}}
    with pytest.raises(SettingsError, match=r"the pods may use 5118 MiB together and budget\.memoryMib is 4096"):
        variant("dev", streaming=streaming)


def test_workers_know_each_other_by_their_pods_addresses(prod: Declared) -> None:
    """They hand requests on to the one that leads; by the Service's address it would be any of them."""
    assert prod.properties("connect-config", "worker.properties")["rest.advertised.host.name"] == "${env:POD_IP}"
    assert ("connect", "connect") in {(rule.component, rule.peer) for rule in rules(prod, "egress")}


@pytest.mark.parametrize(("stack", "workloads"), [("prod", {"kafka", "connect"}), ("dev", {"kafka"}), ("guest", set())])
def test_a_drain_takes_one_pod_of_a_workload_that_has_several(stack: str, workloads: set[str]) -> None:
    declared = Declared.of(stack)
    budgets = declared.objects("PodDisruptionBudget")
    assert set(budgets) == workloads
    for name, budget in budgets.items():
        spec = budget.inputs["spec"]
        assert spec["maxUnavailable"] == 1
        assert "minAvailable" not in spec
        assert [pod for pod in declared.pods if selects(spec["selector"], declared.pods[pod]["metadata"]["labels"])] == [name]


def test_workloads_with_several_pods_are_exactly_those_with_a_disruption_budget(declared: Declared) -> None:
    several = {name for name, workload in declared.workloads.items() if workload.inputs["spec"]["replicas"] > 1}
    assert set(declared.objects("PodDisruptionBudget")) == several


# zones


def test_workers_spread_over_zones_and_nodes(prod: Declared) -> None:
    rules_ = prod.pods["connect"]["spec"]["topologySpreadConstraints"]
    assert {rule["topologyKey"]: rule["whenUnsatisfiable"] for rule in rules_} == {
        "topology.kubernetes.io/zone": "DoNotSchedule",
        "kubernetes.io/hostname": "ScheduleAnyway",
    }
    labels = prod.pods["connect"]["metadata"]["labels"]
    assert all(selects(rule["labelSelector"], labels) and rule["maxSkew"] == 1 for rule in rules_)


def test_a_single_pod_is_not_spread(declared: Declared) -> None:
    for name, workload in declared.workloads.items():
        assert ("topologySpreadConstraints" in declared.pods[name]["spec"]) == (workload.inputs["spec"]["replicas"] > 1)


# load balancers


def test_each_broker_advertises_the_name_of_its_own_service(prod: Declared) -> None:
    """And the Service asks for that very name, in front of that very pod."""
    for ordinal in range(BROKERS):
        service = prod.manifest("Service", f"kafka-{ordinal}")
        assert service["spec"]["selector"]["statefulset.kubernetes.io/pod-name"] == f"kafka-{ordinal}"
        (port,) = service["spec"]["ports"]
        properties = prod.properties("kafka-config", f"kafka-{ordinal}.properties")
        advertised = dict(item.split("://") for item in properties["advertised.listeners"].split(","))
        assert advertised["EXTERNAL"] == f"{service['metadata']['annotations'][DNS]}:{port['port']}"
        assert advertised["EXTERNAL"] == f"kafka-{ordinal}.{prod.settings.host.domain}:{port['port']}"


def test_load_balancers_and_network_policies_let_in_the_same_addresses(prod: Declared) -> None:
    published = {name: item.inputs for name, item in prod.objects("Service").items() if item.inputs["spec"].get("clusterIP") != "None"}
    assert {item["spec"]["type"] for item in published.values()} == {"LoadBalancer"}
    for item in published.values():
        assert item["spec"]["loadBalancerSourceRanges"] == ["10.20.0.0/16"]
        assert item["spec"]["externalTrafficPolicy"] == "Local"
        assert prod.settings.host.annotations.items() <= item["metadata"]["annotations"].items()
        assert not any("nodePort" in port for port in item["spec"]["ports"])
    opened = {(rule.component, rule.peer) for rule in rules(prod, "ingress") if "/" in rule.peer}
    assert opened == {(item["spec"]["selector"][COMPONENT], "10.20.0.0/16") for item in published.values()}


@pytest.mark.parametrize("exposure", ["loadBalancer", "internal"])
def test_the_databases_certificate_names_what_clients_outside_call_it(exposure: str) -> None:
    declared = with_database(exposure)
    request = declared.only(CERTIFICATE_REQUEST).inputs
    host = declared.recording.outputs["postgres"]["host"]
    assert host == {"loadBalancer": "postgresql.data.example.com", "internal": declared.settings.names.service("postgresql")}[exposure]
    assert request["dnsNames"].count(host) == 1
    assert not request.get("ipAddresses")


def test_a_certificate_names_an_address_as_an_address() -> None:
    request = Declared.of("dev").only(CERTIFICATE_REQUEST).inputs
    assert request["ipAddresses"] == [settings_of("dev").host.address]
    assert settings_of("dev").host.address not in request["dnsNames"]


def test_internal_services_have_no_way_in_from_outside_the_cluster() -> None:
    services = with_database("internal").objects("Service").values()
    assert {item.inputs["spec"].get("type", "ClusterIP") for item in services} == {"ClusterIP"}
    properties = with_database("internal").properties("kafka-config", "kafka-1.properties")
    assert f"EXTERNAL://kafka-1.{settings_of('prod').names.namespace}.svc.cluster.local:" in properties["advertised.listeners"]


# identity


def test_a_web_identity_leaves_no_key_anywhere(prod: Declared) -> None:
    kinds = {resource.type.rpartition(":")[2] for resource in prod.recording.resources if resource.type.startswith("aws:iam/")}
    assert kinds == {"Role", "RolePolicy"}
    assert prod.secret("connect-archive")["credentials"] == ""
    assert "aws_secret_access_key" not in prod.secret("connect-archive")["config"]


def test_the_role_trusts_the_workers_pods_and_the_token_that_they_are_given(prod: Declared) -> None:
    """Read from both ends: the document, and the pods."""
    (trust,) = json.loads(prod.only("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    given = prod.settings.archive.web_identity
    assert given is not None
    issuer = given.provider_arn.partition("oidc-provider/")[2]
    account, namespace = prod.pods["connect"]["spec"]["serviceAccountName"], prod.manifest("Deployment", "connect")["metadata"]["namespace"]
    (volume,) = [volume for volume in prod.pods["connect"]["spec"]["volumes"] if "projected" in volume]
    (source,) = volume["projected"]["sources"]
    token = source["serviceAccountToken"]
    assert (trust["Action"], trust["Principal"]) == ("sts:AssumeRoleWithWebIdentity", {"Federated": given.provider_arn})
    assert trust["Condition"] == {
        "StringEquals": {f"{issuer}:sub": f"system:serviceaccount:{namespace}:{account}", f"{issuer}:aud": token["audience"]}
    }
    assert token["expirationSeconds"] == 3600


def test_the_token_is_where_the_profile_looks_and_out_of_reach_of_connectors(prod: Declared) -> None:
    """Only the worker's own container has it, and a configuration cannot refer to it."""
    mounts = {
        one["name"]: [mount["mountPath"] for mount in one["volumeMounts"] if mount["name"] == "aws-token"]
        for one in containers(prod.pods["connect"])
    }
    assert [place for places in mounts.values() for place in places] == [AWS_TOKEN]
    assert f"web_identity_token_file = {AWS_TOKEN}/token" in prod.secret("connect-archive")["config"].splitlines()
    allowed = prod.properties("connect-config", "worker.properties")["config.providers.dir.param.allowed.paths"]
    assert allowed == CONNECT_SECRETS
    assert not f"{AWS_TOKEN}/".startswith(f"{allowed}/")


def test_without_a_web_identity_no_pod_has_a_token(declared: Declared) -> None:
    tokens = [name for name, pod in declared.pods.items() if any("projected" in volume for volume in pod["spec"]["volumes"])]
    assert tokens == (["connect"] if declared.settings.archive.web_identity else [])


# KMS


def test_objects_are_encrypted_by_the_key_and_the_role_may_use_that_one_only(prod: Declared) -> None:
    key = prod.settings.archive.kms_key_arn
    (rule,) = prod.only("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}, "bucketKeyEnabled": True}
    (statement,) = json.loads(prod.recording.get("archive-key", "aws:iam/rolePolicy:RolePolicy").inputs["policy"])["Statement"]
    assert (statement["Resource"], sorted(statement["Action"])) == (key, ["kms:Decrypt", "kms:GenerateDataKey"])
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": f"s3.{prod.settings.archive.region}.amazonaws.com"}}


def test_without_a_key_s3_encrypts_by_its_own_and_no_right_is_given_on_any() -> None:
    declared = Declared.of("dev")
    (rule,) = declared.only("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration").inputs["rules"]
    assert rule == {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    policies = [str(item.inputs["policy"]) for item in declared.recording.of_type("aws:iam/rolePolicy:RolePolicy")]
    assert not any("kms:" in policy for policy in policies)


def test_an_existing_bucket_keeps_its_encryption_and_the_role_may_use_its_key() -> None:
    settings = settings_of("prod").archive
    archive = {"bucket": "warehouse", "existingBucket": True, "region": settings.region, "kmsKeyArn": settings.kms_key_arn}
    declared = variant("prod", archive=archive)
    assert [item.type for item in declared.recording.resources if item.type.startswith("aws:s3/")] == []
    assert settings.kms_key_arn in declared.recording.get("archive-key", "aws:iam/rolePolicy:RolePolicy").inputs["policy"]


# what may not be deleted

HOLDS_DATA = {
    "kubernetes:core/v1:Namespace",
    "kubernetes:apps/v1:StatefulSet",
    "kafka:index/topic:Topic",
    "iceberg:index:Table",
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
}
"""What holds data, and the guards of the bucket, without which it would stay behind open."""
OUTLIVES = {"kubernetes:core/v1:Namespace", TOPIC, "aws:s3/bucket:Bucket"}


@functools.cache
def protected() -> Declared:
    """Every kind of thing that holds data, protected."""
    return variant("dev", protect=True, archive={"bucket": "warehouse", "format": "iceberg"}, streaming={"registry": {"kind": "apicurio"}})


def test_what_holds_data_can_be_neither_deleted_nor_replaced() -> None:
    resources = [resource for resource in protected().recording.resources if resource.custom]
    assert {resource.type for resource in resources if resource.protect} == HOLDS_DATA
    assert {resource.type for resource in resources if not resource.protect} & HOLDS_DATA == set()


def test_topics_and_bucket_outlive_a_destroy_that_is_told_to_ignore_it() -> None:
    resources = protected().recording.resources
    assert {resource.type for resource in resources if resource.retain_on_delete} == OUTLIVES
    assert {resource.type for resource in resources if not resource.retain_on_delete} & OUTLIVES == set()


def test_nothing_is_protected_or_left_behind_without_the_setting(declared: Declared) -> None:
    marked = {resource.type for resource in declared.recording.resources if resource.protect or resource.retain_on_delete}
    assert bool(marked) == declared.settings.protect
    assert marked <= HOLDS_DATA


def test_only_prod_is_protected_as_shipped() -> None:
    assert {stack: settings_of(stack).protect for stack in ("dev", "sandbox", "prod")} == {"dev": False, "sandbox": False, "prod": True}
