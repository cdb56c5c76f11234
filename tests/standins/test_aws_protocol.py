"""The stand-in for pulumi-aws as the engine's plugin, in front of a real emulator: create, change, replace, import."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import grpc
import pytest

from tests.providers.plugin import CHANGED, SAME, Plugin, running

if TYPE_CHECKING:
    from collections.abc import Iterator

BUCKET, USER, ROLE = "aws:s3/bucket:Bucket", "aws:iam/user:User", "aws:iam/role:Role"
POLICY, KEY = "aws:iam/userPolicy:UserPolicy", "aws:iam/accessKey:AccessKey"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "sts:AssumeRole"}],
}
WRITE = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}]}
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "admin", "AWS_SECRET_ACCESS_KEY": "admin"}
SETTINGS: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "aws:s3/bucketVersioning:BucketVersioning": (
        {"versioningConfiguration": {"status": "Enabled"}},
        "put_bucket_versioning",
        {"VersioningConfiguration": {"Status": "Suspended"}},
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        "put_bucket_encryption",
        {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}},
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True},
        "put_public_access_block",
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False, "BlockPublicPolicy": True, "IgnorePublicAcls": True}},
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        "put_bucket_ownership_controls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
    ),
    "aws:s3/bucketPolicy:BucketPolicy": (
        {"policy": json.dumps({"Version": "2012-10-17", "Statement": []})},
        "put_bucket_policy",
        {
            "Policy": json.dumps(
                {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}
            )
        },
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        {"rules": [{"id": "old", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 9}}]},
        "put_bucket_lifecycle_configuration",
        {"LifecycleConfiguration": {"Rules": [{"ID": "old", "Status": "Disabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}]}},
    ),
}


@pytest.fixture(scope="module")
def plugin(object_store: str) -> Iterator[Plugin]:
    """Yield the plugin, configured as the SDK configures a bridged one: everything but text is JSON in text."""
    with running("aws", "-m", "sandbox.standins", "aws", **ENVIRONMENT) as plugin:
        endpoints = json.dumps([{"s3": object_store, "iam": object_store, "sts": object_store}])
        tags = json.dumps({"tags": {"project": "tests"}})
        plugin.configure(region="us-east-1", s3UsePathStyle="true", endpoints=endpoints, defaultTags=tags)
        yield plugin


@pytest.fixture(scope="module")
def client(object_store: str) -> Any:
    """Return a function that gives an administrator's client of the emulator."""
    login = {"aws_access_key_id": "admin", "aws_secret_access_key": "admin", "region_name": "us-east-1"}
    return lambda service: boto3.client(service, endpoint_url=object_store, **login)


def created(plugin: Plugin, kind: str, given: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Check and create a resource; return its id, its completed inputs and its outputs."""
    inputs = plugin.checked(kind, given)
    found, outputs = plugin.create(kind, inputs)
    return found, inputs, outputs


def test_the_check_adds_defaults_and_a_generated_name_that_stays(plugin: Plugin) -> None:
    first = plugin.checked(BUCKET, {})
    assert first["forceDestroy"] is False
    assert first["bucket"].startswith("it-")
    assert plugin.checked(BUCKET, {}, first)["bucket"] == first["bucket"]
    assert plugin.checked(BUCKET, {})["bucket"] != first["bucket"]
    assert plugin.checked(BUCKET, {"bucket": "mine"}, first)["bucket"] == "mine"
    assert plugin.checked(KEY, {"user": "u"})["status"] == "Active"


def test_unknown_inputs_and_types_are_refused_by_name(plugin: Plugin) -> None:
    ((path, reason),) = plugin.check(BUCKET, {"bucket": "b", "acceleration": "on"})
    assert path == "acceleration"
    assert "is no input of aws:s3/bucket:Bucket here: the stand-in takes acl, bucket, forceDestroy, tags" in reason
    ((path, reason),) = plugin.check(ROLE, {})
    assert (path, "is missing" in reason) == ("assumeRolePolicy", True)
    with pytest.raises(grpc.RpcError, match="aws has no resource type aws:sqs/queue:Queue; it serves aws:s3/bucket:Bucket"):
        plugin.check("aws:sqs/queue:Queue", {})


def test_a_preview_sends_no_request_and_knows_the_declared_values(plugin: Plugin) -> None:
    _, outputs = plugin.create(BUCKET, plugin.checked(BUCKET, {"bucket": "only-a-preview"}), preview=True)
    assert outputs["bucket"] == "only-a-preview"
    assert outputs["arn"] != "arn:aws:s3:::only-a-preview"


def test_a_bucket_lives_as_the_published_plugin_lets_it(plugin: Plugin, client: Any) -> None:
    found, inputs, outputs = created(plugin, BUCKET, {"bucket": "lives", "tags": {"own": "1"}})
    assert (found, outputs["arn"], outputs["tagsAll"]) == ("lives", "arn:aws:s3:::lives", {"own": "1", "project": "tests"})
    assert plugin.read(BUCKET, found, inputs, outputs) == (found, inputs, outputs)
    assert plugin.diff(BUCKET, outputs, inputs).changes == SAME

    client("s3").put_bucket_tagging(Bucket="lives", Tagging={"TagSet": [{"Key": "own", "Value": "2"}]})
    _, _, drifted = plugin.read(BUCKET, found, inputs, outputs)
    answer = plugin.diff(BUCKET, drifted, inputs)
    assert set(answer.detailedDiff) == {"tags.own", "tagsAll.own", "tagsAll.project"}
    assert not answer.replaces
    plugin.update(BUCKET, found, drifted, inputs)
    assert plugin.read(BUCKET, found, inputs, outputs)[2] == outputs

    renamed = plugin.diff(BUCKET, outputs, {**inputs, "bucket": "other"})
    assert (list(renamed.replaces), renamed.deleteBeforeReplace) == (["bucket"], False)
    assert not plugin.diff(BUCKET, outputs, {**inputs, "forceDestroy": True}).replaces

    client("s3").put_object(Bucket="lives", Key="a", Body=b"1")
    with pytest.raises(grpc.RpcError, match="BucketNotEmpty: bucket lives still holds objects; set forceDestroy"):
        plugin.delete(BUCKET, found, outputs)
    plugin.delete(BUCKET, found, {**outputs, "forceDestroy": True})
    assert plugin.read(BUCKET, found, inputs, outputs)[0] == ""
    plugin.delete(BUCKET, found, outputs)


@pytest.mark.parametrize("kind", SETTINGS, ids=lambda kind: kind.rpartition(":")[2])
def test_a_setting_that_was_changed_by_hand_is_drift_and_is_put_back(plugin: Plugin, client: Any, kind: str) -> None:
    given, method, broken = SETTINGS[kind]
    bucket, _, whole = created(plugin, BUCKET, {"bucket": f"with-{kind.rpartition(':')[2].lower()}", "forceDestroy": True})
    found, inputs, outputs = created(plugin, kind, {"bucket": bucket, **given})
    assert plugin.read(kind, found, inputs, outputs) == (found, inputs, outputs)
    getattr(client("s3"), method)(Bucket=bucket, **broken)
    _, _, drifted = plugin.read(kind, found, inputs, outputs)
    answer = plugin.diff(kind, drifted, inputs)
    assert answer.changes == CHANGED
    assert not answer.replaces
    plugin.update(kind, found, drifted, inputs)
    assert plugin.read(kind, found, inputs, outputs)[2] == outputs
    imported, as_inputs, _ = plugin.read(kind, found, {}, {})
    assert imported == found
    assert plugin.diff(kind, as_inputs, inputs).changes == SAME
    assert list(plugin.diff(kind, outputs, {**inputs, "bucket": "other"}).replaces) == ["bucket"]
    plugin.delete(kind, found, outputs)
    plugin.delete(BUCKET, bucket, whole)
    assert plugin.read(kind, found, inputs, outputs)[0] == ""


def test_a_taken_name_is_refused_unless_an_interrupted_run_is_continued(plugin: Plugin, client: Any, object_store: str) -> None:
    client("iam").create_role(RoleName="somebody-elses", AssumeRolePolicyDocument=json.dumps(TRUST))
    given = {"name": "somebody-elses", "assumeRolePolicy": json.dumps(TRUST)}
    with pytest.raises(
        grpc.RpcError, match=r"somebody-elses exists already, and this stack has not made it.*pulumi import aws:iam/role:Role"
    ):
        created(plugin, ROLE, given)
    with running("aws", "-m", "sandbox.standins", "aws", **ENVIRONMENT, DATA_INGESTION_ADOPT="true") as continuing:
        continuing.configure(region="us-east-1", endpoints=json.dumps([{"s3": object_store, "iam": object_store}]))
        found, _, outputs = created(continuing, ROLE, {**given, "maxSessionDuration": 7200})
        assert client("iam").get_role(RoleName=found)["Role"]["MaxSessionDuration"] == 7200
        continuing.delete(ROLE, found, outputs)


def test_identities_drift_and_are_put_back(plugin: Plugin, client: Any) -> None:
    iam = client("iam")
    user, inputs, outputs = created(plugin, USER, {"name": "writer"})
    assert outputs["tagsAll"] == {"project": "tests"}
    role, role_inputs, role_outputs = created(plugin, ROLE, {"name": "writes", "assumeRolePolicy": json.dumps(TRUST)})
    assert plugin.read(ROLE, role, role_inputs, role_outputs) == (role, role_inputs, role_outputs)
    iam.update_role(RoleName=role, MaxSessionDuration=7200)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(TRUST).replace("iam::1:", "iam::2:"))
    drifted = plugin.read(ROLE, role, role_inputs, role_outputs)[2]
    answer = plugin.diff(ROLE, drifted, role_inputs)
    assert set(answer.diffs) == {"assumeRolePolicy", "maxSessionDuration"}
    plugin.update(ROLE, role, drifted, role_inputs)
    assert plugin.read(ROLE, role, role_inputs, role_outputs)[2] == role_outputs

    policy = {"user": user, "name": "may", "policy": json.dumps(WRITE)}
    inline, policy_inputs, policy_outputs = created(plugin, POLICY, policy)
    assert inline == "writer:may"
    spaced = {**policy_inputs, "policy": json.dumps(json.loads(policy["policy"]), indent=1)}
    assert plugin.diff(POLICY, policy_outputs, spaced).changes == SAME, "the same document in other words"
    assert plugin.read(POLICY, inline, {}, {})[1]["user"] == "writer"
    plugin.delete(POLICY, inline, policy_outputs)
    renamed = plugin.diff(USER, outputs, {**inputs, "name": "writer-2"})
    assert (list(renamed.replaces), renamed.deleteBeforeReplace) == (["name"], False)
    moved = plugin.update(USER, user, outputs, {**inputs, "path": "/pipeline/"})
    assert moved["arn"].endswith("user/pipeline/writer")
    plugin.delete(USER, user, moved)
    plugin.delete(ROLE, role, role_outputs)


def test_a_second_access_key_is_created_and_its_secret_returned_once(plugin: Plugin, client: Any) -> None:
    user, _, whole = created(plugin, USER, {"name": "holder", "forceDestroy": True})
    old, inputs, outputs = created(plugin, KEY, {"user": user})
    assert plugin.read(KEY, old, inputs, outputs) == (old, inputs, outputs)
    assert not plugin.diff(KEY, outputs, {**inputs, "user": "other"}).deleteBeforeReplace
    new, _, fresh = created(plugin, KEY, {"user": user})
    assert outputs["secret"] != fresh["secret"]
    off = plugin.update(KEY, old, outputs, {**inputs, "status": "Inactive"})
    assert (off["status"], off["secret"]) == ("Inactive", outputs["secret"])
    imported = plugin.read(KEY, new, {}, {})
    assert imported[1] == {"user": user, "status": "Active"}
    plugin.delete(KEY, old, outputs)
    plugin.delete(KEY, new, imported[2])
    assert client("iam").list_access_keys(UserName=user)["AccessKeyMetadata"] == []
    plugin.delete(USER, user, whole)


def test_without_an_endpoint_nothing_is_sent() -> None:
    with running("aws", "-m", "sandbox.standins", "aws", **ENVIRONMENT) as plugin:
        plugin.configure(region="us-east-1")
        with pytest.raises(grpc.RpcError, match="never speaks to the real AWS"):
            created(plugin, USER, {"name": "nobody"})
