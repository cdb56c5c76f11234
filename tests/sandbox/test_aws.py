"""AWS resources against a real emulator: created, left alone when right, corrected when not, deleted in order."""

from __future__ import annotations

import functools
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pulumi
import pulumi_aws as aws
import pytest

from sandbox.adapter import ResourceError
from sandbox.standins.aws import buckets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Runs

BUCKET = "archive-of-a-test"


@functools.cache
def client(service: str, url: str) -> Any:
    """Return an administrator's client."""
    login = {"aws_access_key_id": "admin", "aws_secret_access_key": "admin", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=url, **login)


class Store:
    """The emulator with an administrator's clients, and the program under test."""

    def __init__(self, url: str) -> None:
        """Create the clients."""
        self.url = url
        self.s3, self.iam = client("s3", url), client("iam", url)
        self.force_destroy = True
        self.days = 3
        self.with_user = True

    def program(self) -> None:
        """Declare a bucket with all its settings, a user that may assume a role, and the user's key."""
        provider = aws.Provider(
            "aws",
            region="us-east-1",
            access_key="admin",
            secret_key=pulumi.Output.secret("admin"),
            s3_use_path_style=True,
            endpoints=[{"s3": self.url, "iam": self.url, "sts": self.url}],
        )
        opts = pulumi.ResourceOptions(provider=provider)
        bucket = aws.s3.Bucket("bucket", bucket=BUCKET, force_destroy=self.force_destroy, opts=opts)
        aws.s3.BucketVersioning("versioning", bucket=bucket.id, versioning_configuration={"status": "Enabled"}, opts=opts)
        aws.s3.BucketServerSideEncryptionConfiguration(
            "encryption",
            bucket=bucket.id,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}, "bucket_key_enabled": True}],
            opts=opts,
        )
        aws.s3.BucketPublicAccessBlock(
            "public", bucket=bucket.id, block_public_acls=True, block_public_policy=True, ignore_public_acls=True, opts=opts
        )
        aws.s3.BucketOwnershipControls("owner", bucket=bucket.id, rule={"object_ownership": "BucketOwnerEnforced"}, opts=opts)
        aws.s3.BucketPolicy("policy", bucket=bucket.id, policy=bucket.arn.apply(tls_only), opts=opts)
        aws.s3.BucketLifecycleConfiguration(
            "lifecycle",
            bucket=bucket.id,
            rules=[
                {
                    "id": "uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": self.days},
                }
            ],
            opts=opts,
        )
        if self.with_user:
            self._user(opts)
        pulumi.export("bucket", bucket.bucket)

    def _user(self, opts: pulumi.ResourceOptions) -> None:
        user = aws.iam.User("writer", opts=opts)
        role = aws.iam.Role("role", name="archive-writer", assume_role_policy=user.arn.apply(trust), opts=opts)
        aws.iam.RolePolicy("write", role=role.name, policy=json.dumps(allow("s3:PutObject")), opts=opts)
        aws.iam.UserPolicy("assume", user=user.name, name="assume", policy=json.dumps(allow("sts:AssumeRole")), opts=opts)
        key = aws.iam.AccessKey("key", user=user.name, opts=opts)
        pulumi.export("key", key.id)
        pulumi.export("secret", key.secret)
        pulumi.export("user", user.name)


def tls_only(arn: str) -> str:
    """Return a policy that denies requests without TLS."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": arn}]})


def trust(arn: str) -> str:
    """Return a policy that lets one user assume a role."""
    statement = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(action: str) -> dict[str, Any]:
    """Return a policy that allows one action on everything."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


@pytest.fixture
def store(object_store: str, runs: Runs) -> Iterator[Store]:
    """Yield the emulator and delete the test's resources afterwards."""
    store = Store(object_store)
    yield store
    runs.down(force=True)


def test_the_first_run_makes_everything(runs: Runs, store: Store) -> None:
    result = runs.up(store.program)
    assert len(result.created) == 12
    assert not result.updated
    assert store.s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert store.s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    assert json.loads(store.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"][0]["Effect"] == "Deny"
    assert store.iam.get_role_policy(RoleName="archive-writer", PolicyName=policy_name(store))["PolicyDocument"]
    assert result.outputs["bucket"] == BUCKET
    assert {"secret"} <= result.secret_outputs


def policy_name(store: Store) -> str:
    """Return the generated name of the role's only inline policy."""
    return str(store.iam.list_role_policies(RoleName="archive-writer")["PolicyNames"][0])


def test_the_second_run_changes_nothing(runs: Runs, store: Store) -> None:
    first = runs.up(store.program)
    second = runs.up(store.program)
    assert second.created == second.updated == second.deleted == ()
    assert len(second.unchanged) == 12
    assert second.outputs == first.outputs


def test_manual_changes_are_repaired(runs: Runs, store: Store) -> None:
    runs.up(store.program)
    store.s3.delete_bucket_policy(Bucket=BUCKET)
    store.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    result = runs.up(store.program)
    assert result.created == ("BucketPolicy policy",)
    assert result.updated == ("BucketVersioning versioning",)


def test_a_changed_setting_is_an_update(runs: Runs, store: Store) -> None:
    runs.up(store.program)
    store.days = 9
    assert runs.up(store.program).updated == ("BucketLifecycleConfiguration lifecycle",)


def test_a_key_that_the_emulator_lost_is_recreated(runs: Runs, store: Store) -> None:
    first = runs.up(store.program).outputs
    store.iam.delete_access_key(UserName=first["user"], AccessKeyId=first["key"])
    second = runs.up(store.program)
    assert second.created == ("AccessKey key",)
    assert second.outputs["secret"] != first["secret"]


def test_a_key_whose_secret_was_lost_with_a_killed_run_is_replaced(runs: Runs, store: Store) -> None:
    """A kill between the service's answer and the journal can lose a secret; the key must not stay for ever."""
    first = runs.up(store.program).outputs
    journal = runs.state_dir / "journal.json"
    content = json.loads(journal.read_text())
    for entry in content["entries"]:
        if entry["name"] == "key":
            entry.update(done=False, outputs={})
    journal.write_text(json.dumps(content))
    second = runs.up(store.program).outputs
    keys = store.iam.list_access_keys(UserName=first["user"])["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [second["key"]]


def test_what_the_program_no_longer_declares_is_deleted(runs: Runs, store: Store) -> None:
    runs.up(store.program)
    store.with_user = False
    deleted = runs.up(store.program).deleted
    assert set(deleted) == {"AccessKey key", "UserPolicy assume", "RolePolicy write", "Role role", "User writer"}
    assert deleted.index("RolePolicy write") < deleted.index("Role role") < deleted.index("User writer")


def test_down_empties_and_deletes_the_bucket_with_force_destroy(runs: Runs, store: Store) -> None:
    runs.up(store.program)
    store.s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    store.s3.put_object(Bucket=BUCKET, Key="a", Body=b"2")
    runs.down()
    assert BUCKET not in [bucket["Name"] for bucket in store.s3.list_buckets()["Buckets"]]
    assert not (runs.state_dir / "journal.json").exists()


def test_down_keeps_a_bucket_with_objects_otherwise(runs: Runs, store: Store) -> None:
    store.force_destroy = False
    runs.up(store.program)
    store.s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")
    with pytest.raises(ResourceError, match="still holds objects; set forceDestroy"):
        runs.down()
    assert store.s3.head_bucket(Bucket=BUCKET)
    store.force_destroy = True
    runs.up(store.program)
    runs.down()


def test_an_object_that_is_written_while_its_bucket_is_emptied_goes_with_it(
    runs: Runs, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that ends a moment later than the deletion begins, such as a job of an audit; AWS' own provider empties again too."""
    late = iter(["a-job-that-ends", "another"])

    def emptied(client: Any, name: str) -> None:
        empty(client, name)
        if (key := next(late, None)) is not None:
            store.s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")

    empty = buckets._empty
    monkeypatch.setattr(buckets, "_empty", emptied)
    runs.up(store.program)
    runs.down()
    assert BUCKET not in {item["Name"] for item in store.s3.list_buckets()["Buckets"]}


def test_a_provider_without_endpoints_is_refused(runs: Runs) -> None:
    """Its requests would go to the real AWS."""

    def careless() -> None:
        provider = aws.Provider("aws", region="us-east-1", access_key="a", secret_key="b")
        aws.s3.Bucket("bucket", bucket=BUCKET, opts=pulumi.ResourceOptions(provider=provider))

    with pytest.raises(ResourceError, match="never speaks to the real AWS"):
        runs.up(careless)


@pytest.mark.full
@pytest.mark.parametrize("entries", [4, 11])
def test_a_killed_run_is_continued_by_the_next(runs: Runs, store: Store, entries: int) -> None:
    """A kill -9 in the middle: the next run completes it, the one after changes nothing, and no resource is left behind."""
    script = (
        "import sys; from pathlib import Path; sys.path[:0] = [sys.argv[1], sys.argv[2]]\n"
        "from test_aws import Store; from conftest import Runs\n"
        "Runs(Path(sys.argv[3])).up(Store(sys.argv[4]).program)\n"
    )
    root, here = Path(__file__).resolve().parents[2], Path(__file__).parent
    first = subprocess.Popen([sys.executable, "-W", "ignore", "-c", script, root, here, runs.state_dir, store.url])
    journal = runs.state_dir / "journal.json"
    while first.poll() is None and not (journal.exists() and journal.read_text().count('"urn"') >= entries):
        time.sleep(0.002)
    first.send_signal(signal.SIGKILL)
    first.wait()
    second = runs.up(store.program)
    third = runs.up(store.program)
    assert len(third.unchanged) == 12
    assert third.outputs == second.outputs
    keys = store.iam.list_access_keys(UserName=second.outputs["user"])["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [second.outputs["key"]]
