"""Managed policies and groups that a resource attaches: the rights in them are declared in this program, or name their things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Resources that attach managed policies, each with the property that names them.
ATTACHMENTS = {
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "policyArn",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "policyArn",
    "aws:iam/groupPolicyAttachment:GroupPolicyAttachment": "policyArn",
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": "policyArns",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "policyArns",
    "aws:iam/groupPolicyAttachmentsExclusive:GroupPolicyAttachmentsExclusive": "policyArns",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}
# Managed policies of AWS that name their things, or contain only actions without a resource.
_NARROW_MANAGED = {"AWSDenyAll", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess", "IAMUserChangePassword"}
# Managed policies that EKS, its nodes and add-ons, Lambda and ECS need in exactly this form.
_OF_SERVICES = {
    *("AmazonEKSBlockStoragePolicy", "AmazonEKSClusterPolicy", "AmazonEKSComputePolicy", "AmazonEKSFargatePodExecutionRolePolicy"),
    *("AmazonEKSLoadBalancingPolicy", "AmazonEKSNetworkingPolicy", "AmazonEKSServicePolicy", "AmazonEKSVPCResourceController"),
    *("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"),
    *("AmazonEC2ContainerRegistryReadOnly", "AmazonSSMManagedInstanceCore", "CloudWatchAgentServerPolicy"),
    *("service-role/AWSLambdaBasicExecutionRole", "service-role/AWSLambdaVPCAccessExecutionRole"),
    *("service-role/AWSLambdaSQSQueueExecutionRole", "service-role/AWSLambdaKinesisExecutionRole"),
    *("service-role/AWSLambdaDynamoDBExecutionRole", "service-role/AmazonEBSCSIDriverPolicy", "service-role/AmazonEFSCSIDriverPolicy"),
    *("service-role/AmazonECSTaskExecutionRolePolicy", "service-role/AmazonRDSEnhancedMonitoringRole"),
}
_MEMBERSHIPS = {"aws:iam/userGroupMembership:UserGroupMembership": "groups", "aws:iam/groupMembership:GroupMembership": "group"}
_INLINE = "declare a policy with only the required actions and resources"


def attached(resource: Declared, key: str = "") -> Iterator[Problem]:
    """Check attached policies of AWS; those of the customer are looked up at the end, when all are declared.

    Args:
        resource: The resource.
        key: Property that names the policies; by default that of an attachment.
    """
    for arn in _listed(resource.inputs.get(key or ATTACHMENTS[resource.type])):
        if isinstance(arn, Unknown):
            yield Problem(
                rule="attaches a policy that is not known at preview", cure="declare its document as an inline policy of the role"
            )
        elif _of_aws(str(arn)) and not _is_accepted(str(arn)):
            yield Problem(rule=f"attaches {arn}, which is wider than named things", cure=_INLINE)


def _listed(said: object) -> list[object]:
    return list(said) if isinstance(said, (list, tuple)) else [said]


def _is_accepted(arn: str) -> bool:
    return arn.rpartition("/")[2] in _NARROW_MANAGED or arn.partition(":policy/")[2] in _OF_SERVICES


def _of_aws(arn: str) -> bool:
    return arn.split(":")[4:5] == ["aws"]


def undeclared(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield attachments and memberships whose rights this program declares nowhere, so that nothing judges them."""
    policies = {str(one.inputs.get("name")) for one in record.of_type("aws:iam/policy:Policy")}
    groups = {str(one.inputs.get("name")) for one in record.of_type("aws:iam/group:Group")}
    for kind, key in (*ATTACHMENTS.items(), ("aws:iam/role:Role", "managedPolicyArns")):
        for resource in record.of_type(kind):
            for arn in _listed(resource.inputs.get(key)):
                if isinstance(arn, str) and not _of_aws(arn) and arn.rpartition("/")[2] not in policies:
                    yield (
                        resource,
                        Problem(rule=f"attaches {arn}, whose document this program does not declare, so nothing judges it", cure=_INLINE),
                    )
    for kind, key in _MEMBERSHIPS.items():
        for resource in record.of_type(kind):
            for group in _listed(resource.inputs.get(key)):
                if not groups or (isinstance(group, str) and group not in groups):
                    yield (
                        resource,
                        Problem(
                            rule=f"gives the rights of the group {group}, which this program does not declare, so nothing judges them",
                            cure="declare the group with its policies, or a UserPolicy",
                        ),
                    )
