"""Options that exempt a judged property from comparison; and everyday ones beside them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.configs.tokens import CONNECTOR, GROUP_POSITION, ICEBERG_TABLE, TOPIC
from tests.policy.workbench import Workbench, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made

PODS = {
    "Deployment": "spec.template.spec",
    "StatefulSet": "spec.template.spec",
    "CronJob": "spec.jobTemplate.spec.template.spec",
    "Pod": "spec",
}
GROUPS = {"Deployment": "apps/v1", "StatefulSet": "apps/v1", "CronJob": "batch/v1", "Pod": "core/v1"}
NETWORKING = "networking.k8s.io/v1"
RBAC = "rbac.authorization.k8s.io/v1"


def of(kind: str, **inputs: Any) -> Declared:
    """Return a resource outside Kubernetes."""
    return Declared(urn=f"urn::{kind}", type=kind, name="one", inputs=inputs)


def _workload(kind: str) -> Declared:
    spec = pod(container(memory="16Mi"))
    template: dict[str, Any] = {"strategy": {"type": "Recreate"}, "template": {"spec": spec}}
    job = {"schedule": "0 3 * * *", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"template": {"spec": spec}}}}
    return extra(kind, "worker", {"Pod": spec, "CronJob": job}.get(kind, template), GROUPS[kind])


def judged() -> Iterator[tuple[Declared, str]]:
    """Yield resources, each with the path of a property that a rule judges."""
    for kind, spec in PODS.items():
        places = ("containers[0].resources", "containers[*].resources.limits", 'containers[0].resources.limits["memory"]', "volumes")
        more = (
            "containers",
            "containers[1].command",
            "containers[0].env",
            "containers[0].securityContext",
            "securityContext",
            "hostNetwork",
        )
        yield from ((_workload(kind), f"{spec}.{place}") for place in (*places, *more, "init_containers[0].resources"))
        yield from ((_workload(kind), path) for path in ("spec", "*", spec))
    yield _workload("Deployment"), "spec.strategy"
    yield _workload("Deployment"), "spec.replicas"
    yield _workload("CronJob"), "spec.concurrencyPolicy"
    quota = extra("ResourceQuota", "quota", {"hard": {"limits.memory": "1Gi"}})
    yield from ((quota, path) for path in ("spec", "spec.hard", 'spec.hard["limits.memory"]', "*"))
    yield extra("LimitRange", "limits", {}), "spec.limits"
    policy = extra("NetworkPolicy", "policy", {"podSelector": {}}, NETWORKING)
    yield from ((policy, path) for path in ("spec", "spec.ingress", "spec.ingress[0].from"))
    yield extra("PodDisruptionBudget", "drain", {"maxUnavailable": 1}, "policy/v1"), "spec.maxUnavailable"
    yield extra("Service", "connect", {"type": "ClusterIP"}), "spec.loadBalancerSourceRanges"
    yield extra("Role", "reader", {}, RBAC), "rules"
    yield extra("ClusterRoleBinding", "reader", {}, RBAC), "subjects"
    yield extra("Namespace", "data-ingestion", {}), 'metadata.labels["pod-security.kubernetes.io/enforce"]'
    yield extra("PersistentVolumeClaim", "data", {"resources": {"requests": {"storage": "1Gi"}}}), "spec.resources"
    config = extra("ConfigMap", "config", {})
    files = {**config.inputs, "data": {"worker.properties": "config.storage.topic=x\n"}}
    yield from ((dataclasses.replace(config, inputs=files), path) for path in ("data", 'data["worker.properties"]'))
    for path in ("config", 'config["errors.tolerance"]', "*"):
        yield of(CONNECTOR, name="c", config={}), path
        yield of(TOPIC, name="t", config={}, replicationFactor=3), path
    yield of(TOPIC, name="t", config={}, replicationFactor=3), "replication_factor"
    yield of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", bucket="b"), "blockPublicAcls"
    yield of("aws:s3/bucketPolicy:BucketPolicy", bucket="b"), "policy"
    yield of("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", bucket="b"), "rules"
    yield of("aws:iam/rolePolicy:RolePolicy", role="r"), "policy"
    yield of("aws:iam/role:Role", name="r"), "assumeRolePolicy"
    yield of("aws:ec2/securityGroup:SecurityGroup", ingress=[{"protocol": "tcp", "fromPort": 443, "toPort": 443}]), "ingress"
    yield of("aws:rds/instance:Instance", publiclyAccessible=False), "publiclyAccessible"
    yield from _judged_elsewhere()


def _judged_elsewhere() -> Iterator[tuple[Declared, str]]:
    for kind, inputs in ((GROUP_POSITION, {"group": "g", "topic": "t"}), (ICEBERG_TABLE, {"namespace": "n", "name": "t"})):
        yield from ((of(kind, **inputs), path) for path in ("*", *inputs))
    for kind in (
        *("kms/key:Key", "kms/keyPolicy:KeyPolicy", "sqs/queue:Queue", "sqs/queuePolicy:QueuePolicy", "sns/topic:Topic"),
        *("sns/topicPolicy:TopicPolicy", "secretsmanager/secretPolicy:SecretPolicy", "ecr/repositoryPolicy:RepositoryPolicy"),
    ):
        yield of(f"aws:{kind}", name="n"), "policy"
    for kind in ("rds/snapshot:Snapshot", "rds/clusterSnapshotCopy:ClusterSnapshotCopy"):
        yield of(f"aws:{kind}", name="n"), "sharedAccounts"
    yield of("postgresql:index/grant:Grant", role="reporting", privileges=["SELECT"]), "privileges"
    yield extra("CiliumNetworkPolicy", "c", {"endpointSelector": {"matchLabels": {"app": "web"}}}, "cilium.io/v2"), "spec.ingress"
    for part in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "lifecycle.preStop"):
        yield _workload("Deployment"), f"spec.template.spec.containers[0].{part}"
    yield of("aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", bucket="b"), "rules"
    yield of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", bucket="b"), "rules[0].expiration"
    gathered = extra("ClusterRole", "view-all", {}, RBAC)
    own = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"example.com/aggregate": "true"}}]}}
    yield dataclasses.replace(gathered, inputs={**gathered.inputs, **own}), "aggregationRule"
    arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    for who in ("role", "user", "group"):
        kind = f"{who.capitalize()}PolicyAttachment"
        yield of(f"aws:iam/{who}PolicyAttachment:{kind}", policyArn=arn), "policyArn"
        yield of(f"aws:iam/{who}PolicyAttachmentsExclusive:{kind}sExclusive", policyArns=[arn]), "policyArns"
    yield of("aws:iam/role:Role", name="r"), "inlinePolicies"
    yield of("aws:iam/role:Role", name="r", managedPolicyArns=[arn]), "managed_policy_arns"
    yield of("aws:s3/bucketVersioning:BucketVersioning", bucket="b"), "versioningConfiguration.status"


def free() -> Iterator[tuple[Declared, str]]:
    """Yield resources, each with a path that is ignored every day."""
    for kind, spec in PODS.items():
        for path in (
            "metadata",
            "metadata.annotations",
            'metadata.labels["app"]',
            f"{spec}.containers[0].image",
            f"{spec}.nodeSelector",
            "status",
        ):
            yield _workload(kind), path
    yield _workload("Deployment"), 'spec.template.metadata.annotations["kubectl.kubernetes.io/restartedAt"]'
    for kind, group in (("ResourceQuota", "core/v1"), ("NetworkPolicy", NETWORKING), ("Service", "core/v1"), ("Role", RBAC)):
        yield extra(kind, "it", {}, group), "metadata.annotations"
    yield extra("Service", "connect", {}), "spec.clusterIP"
    yield extra("Service", "connect", {}), "spec.ports[0].nodePort"
    yield extra("NetworkPolicy", "policy", {}, NETWORKING, "web"), "spec"
    yield extra("Secret", "tls", {}), "data"
    yield extra("Namespace", "data-ingestion", {}), 'metadata.labels["team"]'
    config = extra("ConfigMap", "ca", {})
    yield dataclasses.replace(config, inputs={**config.inputs, "data": {"ca.crt": "x"}}), "data"
    gathered = extra("ClusterRole", "view-all", {}, RBAC)
    own = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"example.com/aggregate": "true"}}]}}
    yield dataclasses.replace(gathered, inputs={**gathered.inputs, **own}), "rules"
    yield of("aws:ec2/securityGroup:SecurityGroup", description="rules are resources"), "ingress"
    yield from ((of("aws:rds/instance:Instance", engine="postgres"), path) for path in ("password", "engineVersion", "allocatedStorage"))
    yield from ((of("aws:ec2/instance:Instance", ami="ami-1"), path) for path in ("ami", "tags", "userData"))
    yield of("aws:iam/role:Role", name="r"), "tags"
    yield of("aws:iam/role:Role", name="r"), "managedPolicyArns"


def exempt(one: Declared, *paths: str) -> Declared:
    """Return a resource with ignored paths."""
    return dataclasses.replace(one, ignored=paths)


def options(bench: Workbench) -> Iterator[Made]:
    """Yield the resources of a stack with judged properties, and everyday ones, exempt."""
    for kind, path in (("StatefulSet", "spec"), ("Connector", "config"), ("Topic", "config"), ("Bucket", "acl"), ("RolePolicy", "policy")):
        for name in bench.of_kind(kind)[:1]:
            for judged_path, rule in ((path, "drift-seen"), ("metadata.annotations", None)):
                made = bench.changed(name, lambda _inputs: None, kind)
                changed = [exempt(one, judged_path) if (one.name, one.kind) == (name, kind) else one for one in made]
                yield f"options: {judged_path} of {name}", rule, changed
