"""Rights, trust policies and attachments: everything wider than a named thing is refused, and what names it is accepted."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from components.archive import identity
from policy.declared import Declared, Limits
from policy.iam_documents import actions_without_resource
from stack.specification.archive import iam
from tests.policy.judging import by_pack, by_plan

if TYPE_CHECKING:
    from collections.abc import Callable

ACCOUNT = "123456789012"
LIMITS = Limits(own="data-ingestion")


def made(kind: str, **inputs: Any) -> Declared:
    """Return a resource of AWS: ``iam/role:Role``."""
    return Declared(urn=f"urn::{kind}{inputs.get('name', '')}", type=f"aws:{kind}", name=kind.rpartition(":")[2], inputs=inputs)


def refused(*resources: Declared) -> bool:
    """Return whether plan and pack refuse rights, in agreement."""
    plan = {violation.rule for violation in by_plan(resources, LIMITS)}
    pack = {rule for rule, _message in by_pack(resources, LIMITS)}
    assert plan == pack
    assert plan <= {"iam-exact"}
    return bool(plan)


def rights(action: Any, resource: Any, **more: Any) -> Declared:
    """Return rights of a user."""
    document = {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}
    return made("iam/userPolicy:UserPolicy", user="u", policy=json.dumps(document))


# service, region, account, what stands before the name, a name, what may stand after it
NAMED = (
    ("s3", "", "", "", "archive", "/topics/*"),
    ("s3", "", "", "", "archive", ""),
    ("iam", "", ACCOUNT, "role/", "archive-connect", ""),
    ("iam", "", "*", "role/", "archive-connect", ""),
    ("iam", "", ACCOUNT, "user/", "${aws:username}", ""),
    ("kms", "eu-central-1", ACCOUNT, "key/", "1234abcd-12ab-34cd-56ef-1234567890ab", ""),
    ("kms", "eu-central-1", ACCOUNT, "alias/", "archive", ""),
    ("glue", "eu-central-1", "*", "table/", "archive", "/*"),
    ("glue", "eu-central-1", ACCOUNT, "database/", "archive", ""),
    ("dynamodb", "eu-central-1", ACCOUNT, "table/", "orders", "/index/*"),
    ("sqs", "eu-central-1", ACCOUNT, "", "jobs", ""),
    ("sns", "eu-central-1", ACCOUNT, "", "alarms", ":*"),
    ("lambda", "eu-central-1", ACCOUNT, "function:", "resize", ":*"),
    ("logs", "eu-central-1", ACCOUNT, "log-group:", "/aws/lambda/resize", ":*"),
    ("logs", "eu-central-1", ACCOUNT, "log-group:", "/aws/lambda/resize", ":log-stream:*"),
    ("secretsmanager", "eu-central-1", ACCOUNT, "secret:", "shop/login", "-??????"),
    ("ssm", "eu-central-1", ACCOUNT, "parameter/", "shop", "/*"),
    ("ecr", "eu-central-1", ACCOUNT, "repository/", "shop", "/web"),
    ("kafka", "eu-central-1", ACCOUNT, "cluster/", "shop", "/*"),
    ("kinesis", "eu-central-1", ACCOUNT, "stream/", "orders", ""),
    ("rds-db", "eu-central-1", ACCOUNT, "dbuser:", "cluster-ABCD", "/app"),
    ("elasticloadbalancing", "eu-central-1", ACCOUNT, "loadbalancer/app/", "web", "/*"),
    ("autoscaling", "eu-central-1", ACCOUNT, "autoScalingGroup:*:autoScalingGroupName/", "web", ""),
    ("states", "eu-central-1", ACCOUNT, "execution:", "orders", ":*"),
    ("execute-api", "eu-central-1", ACCOUNT, "", "abcd1234", "/prod/GET/*"),
)
ONE_OF_A_KIND = ("arn:aws:glue:eu-central-1:*:catalog", f"arn:aws:glue:eu-central-1:{ACCOUNT}:catalog")


def arns() -> list[tuple[str, bool]]:
    """Return ARNs, each with whether it is wider than a name: every part of every named thing, replaced by wildcards."""
    found = [(one, False) for one in ONE_OF_A_KIND]
    for service, region, account, kind, name, rest in NAMED:

        def arn(
            partition: str = "aws",
            service: str = service,
            region: str = region,
            account: str = account,
            kind: str = kind,
            name: str = name,
            rest: str = rest,
        ) -> str:
            return f"arn:{partition}:{service}:{region}:{account}:{kind}{name}{rest}"

        found.append((arn(), False))
        wide = [arn(partition=one) for one in ("*", "aws*", "a?s")]
        wide += [
            arn(service=f"{service[:2]}*"),
            arn(service="*"),
            arn()[4:],
            f"{kind}{name}{rest}",
            f"arn:aws:{service}:{region}:{account}:*",
        ]
        wide += [
            arn(name=one, rest=rest) for one in ("*", "**", "?*", f"{name[:3]}*", f"*{name[-3:]}", f"{name[:4]}?", "${aws:RequestTag/x}")
        ]
        wide += [arn(region=one) for one in ("*", "eu-*", "eu-central-?") if region]
        wide += [arn(account=one) for one in ("12345*", "????????????") if account]
        wide += [arn(kind=f"{kind[:2]}*/") for _once in "1" if kind.endswith("/") and kind.count("/") == 1]
        found += [(one, True) for one in wide]
    found += [
        (one, True) for one in ("*", "**", "?", "*:*", "arn:*", "arn:aws:s3*", "arn:aws:iam::*:*", "arn:aws:s3:::", "arn:aws:s3:::*/*")
    ]
    return sorted(set(found))


@pytest.mark.full
def test_every_resource_is_judged_by_what_it_names(figure: Callable[[str], None]) -> None:
    wrong = [arn for arn, wide in arns() if refused(rights("service:Action", [arn])) != wide]
    assert wrong == []
    figure(
        f"rights: {sum(wide for _arn, wide in arns())} ARNs wider than a name refused, {sum(not wide for _arn, wide in arns())} others not"
    )


LITERAL = {"StringEquals": {"aws:RequestTag/team": "data"}}
SERVICE = {"StringEquals": {"iam:AWSServiceName": "kafka.amazonaws.com"}}
# Everyday rights for which nothing narrower can be written, each beside one that is wider; with the condition of both
TWINS: tuple[tuple[Any, Any, Any, Any, Any], ...] = (
    ("route53:GetChange", "arn:aws:route53:::change/*", "route53:GetChange", "arn:aws:route53:::*", None),
    ("route53:GetChange", "arn:aws:route53:::change/*", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/*", None),
    ("ec2:RunInstances", "*", "ec2:TerminateInstances", "*", LITERAL),
    (["ec2:CreateVolume", "ec2:CreateTags"], "arn:aws:ec2:*:*:volume/*", ["ec2:CreateVolume", "ec2:DeleteVolume"], "*", LITERAL),
    (
        "secretsmanager:GetSecretValue",
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/*",
        *("secretsmanager:GetSecretValue",),
        "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop*",
        None,
    ),
    (
        "logs:PutLogEvents",
        "arn:aws:logs:eu-central-1:123456789012:log-group:/shop/*",
        "logs:PutLogEvents",
        "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/*",
        None,
    ),
    (
        "logs:PutLogEvents",
        "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/lambda/shop-*:*",
        "logs:PutLogEvents",
        "arn:aws:logs:eu-central-1:123456789012:log-group:/*",
        None,
    ),
    ("iam:CreateServiceLinkedRole", "*", "iam:CreateRole", "*", SERVICE),
    ("ec2:Describe*", "*", "ec2:*", "*", None),
    (["eks:DescribeCluster", "autoscaling:Describe*"], "*", ["eks:DescribeCluster", "eks:Get*"], "*", None),
)


@pytest.mark.parametrize(("narrow", "thing", "wide", "things", "condition"), TWINS)
def test_everyday_rights_are_accepted_and_their_wider_twins_are_not(
    narrow: Any, thing: Any, wide: Any, things: Any, condition: Any
) -> None:
    assert not refused(rights(narrow, thing, Condition=condition))
    assert refused(rights(wide, things, Condition=condition))
    if condition:
        assert refused(rights(narrow, "*"))
        (operator, keys), *_ = condition.items()
        assert refused(rights(narrow, "*", Condition={operator: dict.fromkeys(keys, "*")}))


@pytest.mark.parametrize("name", ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "service-role/AWSLambdaBasicExecutionRole"])
def test_policies_of_aws_that_its_services_need_are_accepted(name: str) -> None:
    attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
    for arn, harmful in ((f"arn:aws:iam::aws:policy/{name}", False), (f"arn:aws:iam::aws:policy/{name}FullAccess", True)):
        one = Declared(urn="urn::a", type=attachment, name="a", inputs={"role": "r", "policyArn": arn})
        within = Declared(urn="urn::r", type="aws:iam/role:Role", name="r", inputs={"name": "r", "managedPolicyArns": [arn]})
        assert refused(one) == refused(within) == harmful
    customers = Declared(
        urn="urn::r", type="aws:iam/role:Role", name="r", inputs={"managedPolicyArns": ["arn:aws:iam::123456789012:policy/other"]}
    )
    assert refused(customers)


@pytest.mark.parametrize(
    "action",
    [
        "ecr:GetAuthorizationToken",
        "sts:GetCallerIdentity",
        "kms:ListAliases",
        "s3:ListAllMyBuckets",
        ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        "EC2:describeinstances",
        "tag:GetResources",
    ],
)
def test_actions_that_know_no_resource_are_accepted(action: Any) -> None:
    assert not refused(rights(action, "*"))
    assert not refused(rights(action, ["*"]))
    assert refused(rights([*([action] if isinstance(action, str) else action), "s3:GetObject"], "*"))
    assert refused(rights(action, "arn:*"))


@pytest.mark.parametrize(
    "action", ["s3:GetObject", "iam:PassRole", "sts:AssumeRole", "kms:Decrypt", "s3:PutAccountPublicAccessBlock", "x:Y"]
)
def test_other_actions_on_everything_are_refused(action: str) -> None:
    assert refused(rights(action, "*"))
    assert action.lower() not in actions_without_resource()


def test_metrics_need_the_name_of_their_namespace() -> None:
    named = {"StringEquals": {"cloudwatch:namespace": "shop"}}
    assert not refused(rights("cloudwatch:PutMetricData", "*", Condition=named))
    for condition in ({}, {"StringLike": {"cloudwatch:namespace": "*"}}, {"StringNotEquals": {"cloudwatch:namespace": "shop"}}):
        assert refused(rights("cloudwatch:PutMetricData", "*", Condition=condition))


@pytest.mark.parametrize("key", ["aws:ResourceTag/team", "ec2:ResourceTag/team", "kms:ResourceAliases"])
def test_a_tag_names_a_resource(key: str) -> None:
    assert not refused(
        rights("ec2:StartInstances", f"arn:aws:ec2:eu-central-1:{ACCOUNT}:instance/*", Condition={"StringEquals": {key: "data"}})
    )
    for operator, value in (
        ("StringNotEquals", "data"),
        ("StringLike", "*"),
        ("StringEqualsIfExists", "data"),
        ("ForAllValues:StringEquals", "data"),
    ):
        assert refused(rights("ec2:StartInstances", "*", Condition={operator: {key: value}})), operator


@pytest.mark.parametrize(
    "statement",
    [{"NotAction": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}, {"Action": "s3:GetObject", "NotResource": "arn:aws:s3:::a"}],
)
def test_all_but_some_is_everything(statement: dict[str, Any]) -> None:
    assert refused(made("iam/rolePolicy:RolePolicy", role="r", policy={"Statement": {"Effect": "Allow", **statement}}))
    assert not refused(made("iam/rolePolicy:RolePolicy", role="r", policy={"Statement": {"Effect": "Deny", **statement}}))


def test_the_programs_own_rights_name_their_things() -> None:
    documents = [
        iam.assume_only("archive-connect"),
        iam.write_archive("archive", reads=True),
        iam.use_catalog("eu-central-1", "archive"),
        iam.use_key(f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234", "eu-central-1"),
    ]
    assert identity.iam is iam
    assert [one for one in documents if refused(made("iam/rolePolicy:RolePolicy", role="r", policy=json.dumps(one)))] == []


GITHUB, EKS = "token.actions.githubusercontent.com", "oidc.eks.eu-central-1.amazonaws.com/id/ABCD"


def trust(principal: Any, condition: Any = None, key: str = "Principal") -> Declared:
    """Return a role that trusts a principal."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", key: principal, **({"Condition": condition} if condition else {})}
    return made("iam/role:Role", assumeRolePolicy=json.dumps({"Statement": [statement]}))


def provider(issuer: str) -> dict[str, str]:
    """Return an identity provider as a principal."""
    return {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}


EVERYBODY: tuple[Any, ...] = (
    "*",
    ["*"],
    {"AWS": "*"},
    {"AWS": ["*"]},
    {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "*"]},
    {"AWS": "arn:aws:iam::*:root"},
)
# conditions that restrict nothing, and conditions that name callers
RESTRICTING_NOTHING: tuple[Any, ...] = (
    None,
    {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    {"StringLike": {"aws:PrincipalArn": "*"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
    {"StringLike": {"aws:PrincipalOrgID": "o-*"}},
    {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-abc"}},
    {"ForAllValues:StringEquals": {"aws:PrincipalOrgID": ["o-abc"]}},
    {"Null": {"aws:PrincipalOrgID": "false"}},
    {"StringEquals": {"aws:RequestedRegion": "eu-central-1"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
    {"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}},
    {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}},
)
NAMING: tuple[Any, ...] = (
    {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}},
    {"stringequals": {"AWS:principalorgid": ["o-abc"]}},
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:eu-central-1:{ACCOUNT}:*"}},
    {"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::archive"}},
    {"StringLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/deploy-*"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "10.0.0.0/8"]}},
    {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}, "Bool": {"aws:SecureTransport": "true"}},
)


def test_trust_in_everybody_is_refused_unless_a_condition_names_them() -> None:
    for principal in EVERYBODY:
        assert [one for one in RESTRICTING_NOTHING if not refused(trust(principal, one))] == []
        assert [one for one in NAMING if refused(trust(principal, one))] == []
    assert refused(trust({"AWS": ACCOUNT}, key="NotPrincipal"))


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": ACCOUNT},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        {"Service": "ec2.amazonaws.com"},
        {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/x"},
    ],
)
def test_trust_in_a_name_is_accepted(principal: Any) -> None:
    assert not refused(trust(principal))


@pytest.mark.parametrize(
    ("issuer", "subject", "wide"),
    [
        *((GITHUB, one, True) for one in ("*", "repo:*", "repo:shop/*", "repo:*/*", "repo:shop*/web:*", "repo:?hop/web:*", "r*")),
        *((GITHUB, one, False) for one in ("repo:shop/web:*", "repo:shop/web:ref:refs/heads/main", "repo:shop/web:environment:*")),
        *((EKS, f"system:serviceaccount:{one}", True) for one in ("*", "*:*", "*:writer", "data*:writer")),
        *((EKS, f"system:serviceaccount:{one}", False) for one in ("data:writer", "data:*", "data:writer-*")),
        ("gitlab.example.com", "project_path:shop/web:ref_type:branch:ref:*", False),
        ("gitlab.example.com", "project_path:*", True),
    ],
)
def test_an_identity_provider_needs_a_subject(issuer: str, subject: str, wide: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (
        refused(trust(provider(issuer), {"StringLike": {f"{issuer}:sub": subject}, "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}}))
        == wide
    )
    assert refused(trust(provider(issuer), {"StringEquals": {f"{issuer}:aud": "sts.amazonaws.com"}}))
    assert refused(trust(provider(issuer), {"StringNotLike": {f"{issuer}:sub": subject}}))


def test_an_application_is_named_by_its_audience() -> None:
    assert not refused(
        trust({"Federated": "cognito-identity.amazonaws.com"}, {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu:1"}})
    )
    assert refused(trust({"Federated": "cognito-identity.amazonaws.com"}))


ATTACHING = ("role", "user", "group")


@pytest.mark.parametrize("of", ATTACHING)
def test_attached_policies_are_declared_here(of: str) -> None:
    kind = f"iam/{of}PolicyAttachment:{of.title()}PolicyAttachment"
    exclusive = f"iam/{of}PolicyAttachmentsExclusive:{of.title()}PolicyAttachmentsExclusive"
    own = made("iam/policy:Policy", name="writer", policy=json.dumps(iam.assume_only("x")))
    aws = [
        f"arn:{partition}:iam::aws:policy/{name}"
        for partition, name in itertools.product(
            ("aws", "aws-us-gov"), ("AdministratorAccess-Amplify", "service-role/AmazonElasticMapReduceforEC2Role")
        )
    ]
    for arn in (*aws, f"arn:aws:iam::{ACCOUNT}:policy/any"):
        assert refused(made(kind, policyArn=arn))
        assert refused(made(exclusive, policyArns=[arn]))
    assert not refused(own, made(kind, policyArn=f"arn:aws:iam::{ACCOUNT}:policy/writer"))
    assert not refused(made(kind, policyArn="arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"))


def test_a_group_is_declared_here() -> None:
    assert refused(made("iam/userGroupMembership:UserGroupMembership", user="u", groups=["admins"]))
    group = made("iam/group:Group", name="readers")
    assert not refused(group, made("iam/userGroupMembership:UserGroupMembership", user="u", groups=["readers"]))


@pytest.mark.parametrize(
    "kind",
    ["sqs/queuePolicy:QueuePolicy", "sns/topicPolicy:TopicPolicy", "kms/keyPolicy:KeyPolicy", "secretsmanager/secretPolicy:SecretPolicy"],
)
def test_policies_of_resources_admit_named_principals(kind: str) -> None:
    def admits(principal: Any, condition: Any = None) -> Declared:
        statement = {"Effect": "Allow", "Action": "x:Y", "Resource": "*", "Principal": principal, "Condition": condition}
        return made(kind, policy=json.dumps({"Statement": [statement]}))

    assert all(refused(admits(one)) for one in EVERYBODY)
    assert not any(refused(admits("*", one)) for one in NAMING)
    assert not refused(admits({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))


KEPT = (
    ("kms/externalKey:ExternalKey", "policy"),
    ("kms/replicaKey:ReplicaKey", "policy"),
    ("msk/clusterPolicy:ClusterPolicy", "policy"),
    ("s3tables/tableBucketPolicy:TableBucketPolicy", "resourcePolicy"),
    ("s3tables/tablePolicy:TablePolicy", "resourcePolicy"),
    ("backup/vaultPolicy:VaultPolicy", "policy"),
    ("dynamodb/resourcePolicy:ResourcePolicy", "policy"),
    ("kinesis/resourcePolicy:ResourcePolicy", "policy"),
)


@pytest.mark.parametrize(("kind", "key"), KEPT)
def test_policies_of_keys_brokers_tables_and_vaults_admit_named_principals(kind: str, key: str) -> None:
    def admits(principal: Any) -> Declared:
        statement = {"Effect": "Allow", "Action": "x:Y", "Resource": "*", "Principal": principal}
        return made(kind, **{key: json.dumps({"Statement": [statement]})})

    assert all(refused(admits(one)) for one in EVERYBODY)
    assert not refused(admits({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert not refused(made(kind))


def test_a_grant_names_its_principal() -> None:
    assert refused(made("kms/grant:Grant", granteePrincipal="*"))
    assert not refused(made("kms/grant:Grant", granteePrincipal=f"arn:aws:iam::{ACCOUNT}:role/reader"))


def native(kind: str, **inputs: Any) -> Declared:
    """Return a resource of the other provider of AWS."""
    return Declared(urn=f"urn::{kind}", type=f"aws-native:iam:{kind}", name=kind, inputs=inputs)


@pytest.mark.parametrize("kind", ["GroupPolicy", "ManagedPolicy", "Policy", "RolePolicy", "UserPolicy"])
def test_rights_of_the_other_provider_are_judged_alike(kind: str) -> None:
    wide = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    named = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::archive/*"}]}
    trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}
    open_trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}]}
    for document, harmful in ((wide, True), (named, False)):
        assert refused(native(kind, policyDocument=document)) == harmful
        assert refused(native("Role", policies=[{"policyName": "x", "policyDocument": document}])) == harmful
    assert refused(native("Role", assumeRolePolicyDocument=open_trust))
    assert not refused(native("Role", assumeRolePolicyDocument=trust))
    assert refused(native("User", managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]))
    assert not refused(native("User", managedPolicyArns=["arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"]))


@pytest.mark.parametrize("text", ["", "no json", "{", "[]", "3", '{"Statement": [null]}', '{"Statement": 3}'])
@pytest.mark.parametrize(
    ("kind", "key"),
    [("iam/rolePolicy:RolePolicy", "policy"), ("iam/role:Role", "assumeRolePolicy"), ("sqs/queuePolicy:QueuePolicy", "policy")],
)
def test_a_policy_that_is_no_document_is_named(kind: str, key: str, text: str) -> None:
    (violation,) = by_plan([made(kind, **{key: text})], LIMITS)
    assert "the policy is no JSON document with statements" in violation.message
    assert refused(made(kind, **{key: text}))
