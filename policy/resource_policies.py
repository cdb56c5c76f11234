"""Policies of AWS's resources, in which principals stand: nobody but named callers is admitted. Buckets have their own rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.iam_documents import is_wild
from policy.principals import admissions
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

# Types by the properties that hold the policy.
_HOLDERS = {
    ("policy", "resourcePolicy"): (
        *("aws:acmpca/policy:Policy", "aws:backup/vaultPolicy:VaultPolicy", "aws:cloudwatch/eventBusPolicy:EventBusPolicy"),
        *("aws:dynamodb/resourcePolicy:ResourcePolicy", "aws:ecr/registryPolicy:RegistryPolicy"),
        *("aws:ecr/repositoryPolicy:RepositoryPolicy", "aws:efs/fileSystemPolicy:FileSystemPolicy"),
        *("aws:glue/resourcePolicy:ResourcePolicy", "aws:kinesis/resourcePolicy:ResourcePolicy", "aws:kms/externalKey:ExternalKey"),
        *("aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy", "aws:kms/replicaExternalKey:ReplicaExternalKey"),
        *("aws:kms/replicaKey:ReplicaKey", "aws:msk/clusterPolicy:ClusterPolicy", "aws:redshift/resourcePolicy:ResourcePolicy"),
        *("aws:s3tables/tableBucketPolicy:TableBucketPolicy", "aws:s3tables/tablePolicy:TablePolicy"),
        *("aws:secretsmanager/secret:Secret", "aws:secretsmanager/secretPolicy:SecretPolicy", "aws:sns/topic:Topic"),
        *("aws:sns/topicPolicy:TopicPolicy", "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"),
        *("aws:schemas/registryPolicy:RegistryPolicy", "aws:ses/identityPolicy:IdentityPolicy"),
        *("aws:codebuild/resourcePolicy:ResourcePolicy", "aws:mediastore/containerPolicy:ContainerPolicy"),
        *("aws:networkfirewall/resourcePolicy:ResourcePolicy", "aws:oam/sinkPolicy:SinkPolicy"),
        *(
            "aws:s3control/accessGrantsInstanceResourcePolicy:AccessGrantsInstanceResourcePolicy",
            "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
        ),
        *("aws:vpclattice/authPolicy:AuthPolicy", "aws:vpclattice/resourcePolicy:ResourcePolicy"),
    ),
    ("accessPolicy",): (
        "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy",
        "aws:glacier/vault:Vault",
        "aws:glacier/vaultLock:VaultLock",
    ),
    ("content",): ("aws:organizations/resourcePolicy:ResourcePolicy",),
    ("policyDocument",): (
        "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
        "aws:codeartifact/domainPermissions:DomainPermissions",
        "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy",
        "aws:xray/resourcePolicy:ResourcePolicy",
    ),
    ("accessPolicies",): (
        *("aws:elasticsearch/domain:Domain", "aws:elasticsearch/domainPolicy:DomainPolicy"),
        *("aws:opensearch/domain:Domain", "aws:opensearch/domainPolicy:DomainPolicy"),
    ),
}
_PROPERTIES = {type_token: properties for properties, types in _HOLDERS.items() for type_token in types}
_GRANT = "aws:kms/grant:Grant"
_INVOCATION = "aws:lambda/permission:Permission"
_EVENTS = "aws:cloudwatch/eventPermission:EventPermission"
# What restricts an invocation by everybody; a function's URL has its own kind of login.
_RESTRICTING = ("functionUrlAuthType", "principalOrgId", "sourceAccount", "sourceArn")


def everybody_admitted(resource: Declared) -> Iterator[Problem]:
    """Yield how a resource of AWS admits everybody."""
    # a domain inside a VPC is reached by its security groups only
    if not resource.inputs.get("vpcOptions"):
        for name in _PROPERTIES.get(resource.type, ()):
            yield from admissions(resource.inputs.get(name))
    if resource.type == _GRANT and is_wild(str(resource.inputs.get("granteePrincipal"))):
        yield Problem(rule="grants a key to all principals", cure="name the role in granteePrincipal")
    is_restricted = any(resource.inputs.get(name) for name in _RESTRICTING)
    if resource.type == _INVOCATION and is_wild(str(resource.inputs.get("principal"))) and not is_restricted:
        yield Problem(rule="lets everybody invoke the function", cure="name an account or a service in principal, or set sourceArn")
    if resource.type == _EVENTS and is_wild(str(resource.inputs.get("principal"))) and not resource.inputs.get("condition"):
        yield Problem(rule="lets everybody send events", cure="name the account in principal, or the organisation in condition")
