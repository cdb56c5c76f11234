"""Rule for options: no property that a rule judges is exempt from comparison, so that what runs is what the rules have judged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.attachments import ATTACHMENTS
from policy.eks_access import is_map
from policy.files import with_key
from policy.kinds import starts_pods
from policy.rule import Rule
from stack.capacity.pods import POD_KINDS
from stack.configs.tokens import ACL, CONNECTOR, GROUP_POSITION, ICEBERG_TABLE, QUOTA, TOPIC
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record
    from stack.unknown import Unknown

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\*|\d+)\]|([^.\[\]]+)')
_ITEM = "[]"
_POD = (
    "automountServiceAccountToken hostIPC hostNetwork hostPID overhead priorityClassName resources runtimeClassName securityContext volumes"
)
_CONTAINER = "args command env envFrom lifecycle livenessProbe readinessProbe resources securityContext startupProbe volumeMounts"
# Properties of a workload beside its pod: numbers of pods, and how they replace each other.
_OF_WORKLOAD = (
    "strategy updateStrategy parallelism completions concurrencyPolicy schedule jobTemplate.spec.activeDeadlineSeconds volumeClaimTemplates"
)
# Judged properties by kind of Kubernetes, without workloads.
_KUBERNETES = {
    "CiliumClusterwideNetworkPolicy": "spec specs",
    "CiliumNetworkPolicy": "spec specs",
    "ClusterRole": "rules aggregationRule",
    "ClusterRoleBinding": "roleRef subjects",
    **dict.fromkeys(("GRPCRoute", "HTTPRoute", "Ingress", "TCPRoute", "TLSRoute", "UDPRoute"), "spec"),
    "HorizontalPodAutoscaler": "spec.maxReplicas spec.scaleTargetRef",
    "LimitRange": "spec",
    "Namespace": "metadata.labels.pod-security#kubernetes#io/enforce",
    "NetworkPolicy": "spec",
    "PersistentVolumeClaim": "spec.resources",
    "PodDisruptionBudget": "spec",
    "PriorityClass": "globalDefault preemptionPolicy value",
    "ResourceQuota": "spec",
    "Role": "rules",
    "RoleBinding": "roleRef subjects",
    "RuntimeClass": "overhead",
    "Service": "spec.externalIPs spec.loadBalancerSourceRanges spec.type",
}
# Of these, objects in other namespaces than the pipeline's are judged by no rule, or by what they contain.
_OWN_ONLY = {"CiliumNetworkPolicy", "LimitRange", "NetworkPolicy", "ResourceQuota", "Role", "RoleBinding"}
_FILES = ("process.roles", "config.storage.topic", "wal_level")
_OTHERS = {
    ACL: "aclPrincipal aclHost aclOperation aclPermissionType aclResourceName aclResourceType resourcePatternTypeFilter",
    CONNECTOR: "config",
    QUOTA: "config entityName",
    TOPIC: "config partitions replicationFactor",
    "aws:eks/accessEntry:AccessEntry": "kubernetesGroups principalArn userName",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "accessScope policyArn",
    "aws:ec2/securityGroupRule:SecurityGroupRule": "cidrBlocks ipv6CidrBlocks fromPort toPort protocol",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:iam/policy:Policy": "policy",
    "aws:iam/role:Role": "assumeRolePolicy inlinePolicies",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    **ATTACHMENTS,
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
    **dict.fromkeys(
        (
            *("aws:kms/externalKey:ExternalKey", "aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy", "aws:kms/replicaKey:ReplicaKey"),
            *("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy", "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"),
            *("aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy"),
            *("aws:ecr/registryPolicy:RegistryPolicy", "aws:ecr/repositoryPolicy:RepositoryPolicy"),
            *("aws:backup/vaultPolicy:VaultPolicy", "aws:glue/resourcePolicy:ResourcePolicy", "aws:msk/clusterPolicy:ClusterPolicy"),
            *("aws:dynamodb/resourcePolicy:ResourcePolicy", "aws:kinesis/resourcePolicy:ResourcePolicy"),
        ),
        "policy",
    ),
    "aws:s3tables/tableBucketPolicy:TableBucketPolicy": "resourcePolicy",
    "aws:s3tables/tablePolicy:TablePolicy": "resourcePolicy",
    "aws:lakeformation/dataLakeSettings:DataLakeSettings": "admins createDatabaseDefaultPermissions createTableDefaultPermissions",
    "aws:lakeformation/permissions:Permissions": "permissions permissionsWithGrantOptions principal",
    "aws:msk/cluster:Cluster": "brokerNodeGroupInfo.connectivityInfo",
    **dict.fromkeys(
        (
            *("aws:rds/clusterSnapshot:ClusterSnapshot", "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy"),
            *("aws:rds/snapshot:Snapshot", "aws:rds/snapshotCopy:SnapshotCopy"),
        ),
        "sharedAccounts",
    ),
    "postgresql:index/defaultPrivileges:DefaultPrivileges": "privileges role",
    "postgresql:index/grant:Grant": "objects privileges role",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": "cidrIpv4 cidrIpv6 fromPort toPort ipProtocol",
}
# Types of buckets' guards, whatever number a version of the provider appends.
_BUCKETS = {
    "Bucket": "acl forceDestroy grants lifecycleRules versioning",
    "BucketAcl": "acl accessControlPolicy",
    "BucketLifecycleConfiguration": "rules",
    "BucketPolicy": "policy",
    "BucketPublicAccessBlock": "blockPublicAcls blockPublicPolicy ignorePublicAcls restrictPublicBuckets",
    "BucketServerSideEncryptionConfiguration": "rules",
    "BucketVersioning": "versioningConfiguration",
}
# The same of the other provider of AWS.
_NATIVE_BUCKETS = {
    "aws-native:s3:AccessPoint": "policy publicAccessBlockConfiguration",
    "aws-native:s3:Bucket": "accessControl bucketEncryption lifecycleConfiguration publicAccessBlockConfiguration versioningConfiguration",
    "aws-native:s3:BucketPolicy": "policyDocument",
    "aws-native:s3:MultiRegionAccessPoint": "publicAccessBlockConfiguration",
    "aws-native:s3:MultiRegionAccessPointPolicy": "policy",
}
# Resources of the program's own providers, every input of which decides what the pipeline reads or writes.
_WHOLE = {GROUP_POSITION, ICEBERG_TABLE}
# Groups whose ingress stands in them; one without it leaves that to resources of their own.
_GROUPS = {"aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"}


def _seen(resource: Declared, record: Record) -> Iterator[Problem]:
    yield from _hidden(resource, [*_judged(resource, record)] if resource.ignored else [])


def _hidden(resource: Declared, judged: list[str]) -> Iterator[Problem]:
    for path in resource.ignored:
        hit = [one for one in judged if _meet(_steps(path), _steps(one))]
        if hit:
            shown = hit[0].replace("#", ".")
            yield Problem(
                rule=f"ignore_changes names {path}, so what runs may differ from the {shown} that the rules judge",
                cure=f"remove {path} from ignore_changes",
            )


def _steps(path: str) -> list[str]:
    """Return the steps of a property path in one spelling; a position in a list is any position."""
    found = []
    for quoted, position, name in _STEP.findall(path):
        step = quoted.replace(".", "#") if quoted else _ITEM if position or name.isdigit() else name
        found.append("*" if name == "*" else step.replace("_", "").lower())
    return found


def _meet(path: list[str], judged: list[str]) -> bool:
    """Return whether one path is above the other, or the same."""
    return all(one == other or "*" in (one, other) for one, other in zip(path, judged, strict=False))


def _judged(resource: Declared, record: Record) -> Iterator[str]:
    """Yield the paths of a resource that rules judge."""
    if starts_pods(resource):
        yield from _of_workload(resource.kind)
    elif resource.is_kubernetes:
        own = not record.limits.own or record.limits.owns(resource.namespace)
        if resource.kind in _KUBERNETES and (own or resource.kind not in _OWN_ONLY):
            yield from ["aggregationRule"] if _is_gathered(resource) else _KUBERNETES[resource.kind].split()
        if resource.kind == "ConfigMap" and (is_map(resource) or any(next(with_key(resource, key), None) for key in _FILES)):
            yield "data"
    elif resource.type in _WHOLE:
        yield from resource.inputs
    elif resource.type in _GROUPS:
        yield from ["ingress"] if resource.inputs.get("ingress") else []
    elif resource.type.startswith("aws:s3/"):
        yield from _BUCKETS.get(re.sub(r"V\d$", "", resource.kind), "").split()
    else:
        yield from (_OTHERS | _NATIVE_BUCKETS).get(resource.type, "").split()
        if resource.type.startswith("aws:") and "publiclyAccessible" in resource.inputs:
            yield "publiclyAccessible"
        # a role that attaches none itself shows what others attach to it
        if resource.type == "aws:iam/role:Role" and resource.inputs.get("managedPolicyArns"):
            yield "managedPolicyArns"


def _of_workload(kind: str) -> Iterator[str]:
    pod = {"Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec"}.get(kind, "spec.template.spec")
    yield from (f"{pod}.{key}" for key in _POD.split())
    yield from (f"{pod}.{place}[0].{key}" for place in ("initContainers", "containers") for key in _CONTAINER.split())
    yield from (f"spec.{key}" for key in _OF_WORKLOAD.split() if kind != "Pod")


def _is_gathered(resource: Declared) -> bool:
    """Return whether Kubernetes itself fills a role from others."""
    return resource.kind == "ClusterRole" and bool(resource.inputs.get("aggregationRule"))


def _replicas(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield workloads whose number of pods is exempt, though no declared autoscaler bounds it."""
    scaled = {_target(scaler) for scaler in record.of_kind("HorizontalPodAutoscaler")}
    for resource in record.of_kind(*POD_KINDS):
        bounded = (resource.namespace, resource.kind, resource.object_name) in scaled
        if starts_pods(resource) and resource.ignored and not bounded:
            # above it stands the specification, which the other check reports
            exempt = [path for path in resource.ignored if _steps(path) == ["spec", "replicas"]]
            yield from ((resource, problem) for problem in _hidden(resource, ["spec.replicas"] if exempt else []))


def _target(scaler: Declared) -> tuple[str | Unknown, str, str]:
    spec = scaler.inputs.get("spec")
    reference = spec.get("scaleTargetRef") if isinstance(spec, Mapping) else None
    target = reference if isinstance(reference, Mapping) else {}
    return scaler.namespace, str(target.get("kind")), str(target.get("name"))


RULES = (
    Rule(
        name="drift-seen",
        says="No property that the rules judge is exempt from comparison by ignore_changes.",
        check=_seen,
        at_end=_replicas,
    ),
)
