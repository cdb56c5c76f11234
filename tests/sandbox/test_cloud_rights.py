"""The program's identity policies, enforced by a real moto started as in the sandbox; also the requests that moto cannot judge."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from pyarrow.fs import FileSelector, S3FileSystem

from pipeline.description.keys import keys as reader_keys
from pipeline.reading.store import Store
from sandbox import reader
from sandbox.cloud import account, workload
from sandbox.cloud.account import Cloud, CloudError
from stack.settings.names import ARCHIVE_PROFILE, OBJECT_ROOT
from stack.specification.archive import iam as documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BUCKET, OTHER = "sandbox-archive", "somebody-elses"
# every character that a signature easily gets wrong
KEY = f"{OBJECT_ROOT}/postgres.public.users/data/year=2026/month=11/day=21/hour=09/part+1 (a).parquet"
METADATA = f"{OBJECT_ROOT}/archive/users/metadata/00001-a.metadata.json"
PART = 5 * 1024 * 1024


@dataclass(frozen=True)
class Identity:
    """An access key, possibly of a session."""

    endpoint: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def client(self, service: str) -> Any:
        make: Any = boto3.session.Session(self.access_key_id, self.secret_access_key, self.session_token, account.REGION).client
        return make(service, endpoint_url=self.endpoint, config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))

    @property
    def s3(self) -> Any:
        return self.client("s3")

    def session(self, role: str) -> Identity:
        made = self.client("sts").assume_role(RoleArn=role, RoleSessionName="connect")["Credentials"]
        return Identity(self.endpoint, made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


@dataclass(frozen=True)
class Account:
    """The archive layer's identities, and a role and a bucket outside its rights."""

    cloud: Cloud
    admin: Identity
    user: Identity
    writer: Identity
    role: str
    other_role: str


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, env={**os.environ, **workload.ENVIRONMENT}, stderr=subprocess.DEVNULL) as server:
        url = f"http://127.0.0.1:{port}"
        account.wait_for_answer(url)
        yield url
        server.kill()


@pytest.fixture(scope="module")
def aws(endpoint: str) -> Account:
    account.check_closed(endpoint)
    cloud = account.bootstrap(endpoint)
    admin = Identity(endpoint, cloud.access_key_id, cloud.secret_access_key)
    iam = admin.client("iam")
    arn = iam.create_user(UserName="connect")["User"]["Arn"]
    roles = [
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(documents.trust(trusted)))["Role"]["Arn"]
        for name, trusted in (("writer", arn), ("other", arn))
    ]
    iam.put_user_policy(UserName="connect", PolicyName="assume", PolicyDocument=json.dumps(documents.assume_only("writer")))
    rights = json.dumps(documents.write_archive(BUCKET, reads=True))
    iam.put_role_policy(RoleName="writer", PolicyName="write", PolicyDocument=rights)
    key = iam.create_access_key(UserName="connect")["AccessKey"]
    user = Identity(endpoint, key["AccessKeyId"], key["SecretAccessKey"])
    for bucket in (BUCKET, OTHER):
        admin.s3.create_bucket(Bucket=bucket)
    admin.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for key in (KEY, METADATA):
        admin.s3.put_object(Bucket=BUCKET, Key=key, Body=b"row")
    return Account(cloud, admin, user, user.session(roles[0]), *roles)


def refused(action: Callable[[], object]) -> bool:
    """Tell whether an action was refused for lack of rights; any other failure fails the test."""
    try:
        action()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
            raise
        return True
    return False


def test_an_invented_key_is_refused(aws: Account) -> None:
    account.check_closed(aws.cloud.endpoint)


def test_a_wrong_secret_is_refused(aws: Account) -> None:
    assert refused(Identity(aws.admin.endpoint, aws.admin.access_key_id, "wrong").s3.list_buckets)


def test_the_long_lived_key_can_do_nothing_but_assume_its_role(aws: Account) -> None:
    s3 = aws.user.s3
    actions: list[Callable[[], object]] = [
        lambda: s3.put_object(Bucket=BUCKET, Key=KEY, Body=b""),
        lambda: s3.get_object(Bucket=BUCKET, Key=KEY),
        lambda: s3.list_objects_v2(Bucket=BUCKET),
        s3.list_buckets,
        aws.user.client("iam").list_users,
        lambda: aws.user.session(aws.other_role),
    ]
    assert [refused(action) for action in actions] == [True] * len(actions)


def test_the_audit_logs_in_by_its_files_and_may_read_the_archive_only(
    aws: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = aws.admin.client("iam")
    arn = iam.create_user(UserName="audit")["User"]["Arn"]
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(documents.trust(arn)))["Role"]["Arn"]
    iam.put_user_policy(UserName="audit", PolicyName="assume", PolicyDocument=json.dumps(documents.assume_only("reader")))
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=json.dumps(documents.read_archive(BUCKET)))
    key = iam.create_access_key(UserName="audit")["AccessKey"]
    files = documents.aws_files(key["AccessKeyId"], key["SecretAccessKey"], role, account.REGION, aws.admin.endpoint, "audit")
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name, value in {
        "AWS_PROFILE": ARCHIVE_PROFILE,
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }.items():
        monkeypatch.setenv(name, value)
    keys = reader_keys()
    store = Store({"endpoint": aws.admin.endpoint, "region": account.REGION, **keys})
    folder = f"{BUCKET}/{OBJECT_ROOT}/postgres.public.users"
    assert [info.path for info in store.filesystem.get_file_info(FileSelector(folder, recursive=True)) if info.is_file] == [
        f"{BUCKET}/{KEY}"
    ]
    assert store.filesystem.open_input_file(f"{BUCKET}/{KEY}").read() == b"row"
    reads = Identity(aws.admin.endpoint, keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"]).s3
    actions: list[Callable[[], object]] = [
        lambda: reads.put_object(Bucket=BUCKET, Key=KEY, Body=b""),
        lambda: reads.delete_object(Bucket=BUCKET, Key=METADATA),
        lambda: reads.get_object(Bucket=OTHER, Key=KEY),
        reads.list_buckets,
    ]
    assert [refused(action) for action in actions] == [True] * len(actions)


def test_a_role_is_assumed_only_by_whom_it_trusts(aws: Account) -> None:
    assert refused(lambda: aws.admin.session(aws.role))


def test_the_role_writes_and_reads_below_the_prefix(aws: Account) -> None:
    aws.writer.s3.put_object(Bucket=BUCKET, Key=KEY, Body=io.BytesIO(b"rows"), ChecksumAlgorithm="SHA256")
    assert aws.writer.s3.get_object(Bucket=BUCKET, Key=KEY, Range="bytes=1-2")["Body"].read() == b"ow"


def test_the_role_uploads_in_parts_and_gives_up_an_upload(aws: Account) -> None:
    s3, where = aws.writer.s3, {"Bucket": BUCKET, "Key": KEY + ".large"}
    upload = s3.create_multipart_upload(**where)["UploadId"]
    tags = [s3.upload_part(**where, UploadId=upload, PartNumber=number, Body=b"x" * PART)["ETag"] for number in (1, 2)]
    parts = [{"PartNumber": number, "ETag": tag} for number, tag in enumerate(tags, 1)]
    s3.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})
    assert s3.head_object(**where)["ContentLength"] == 2 * PART
    s3.abort_multipart_upload(**where, UploadId=s3.create_multipart_upload(**where)["UploadId"])


def test_the_role_is_kept_to_its_prefix_its_bucket_and_its_actions(aws: Account) -> None:
    s3 = aws.writer.s3
    actions: list[Callable[[], object]] = [
        lambda: s3.put_object(Bucket=BUCKET, Key="elsewhere/a", Body=b""),
        lambda: s3.create_multipart_upload(Bucket=BUCKET, Key="elsewhere/a"),
        lambda: s3.put_object(Bucket=OTHER, Key=KEY, Body=b""),
        lambda: s3.list_objects_v2(Bucket=OTHER),
        lambda: s3.delete_object(Bucket=BUCKET, Key=KEY),
        lambda: s3.put_bucket_policy(Bucket=BUCKET, Policy="{}"),
        lambda: s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"}),
        lambda: s3.delete_bucket(Bucket=BUCKET),
        s3.list_buckets,
        aws.writer.client("iam").list_users,
    ]
    assert [refused(action) for action in actions] == [True] * len(actions)


def test_the_role_removes_old_table_metadata(aws: Account) -> None:
    aws.writer.s3.delete_object(Bucket=BUCKET, Key=METADATA)


def test_the_workers_own_files_lead_to_the_role(aws: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    user = aws.user
    files = documents.aws_files(user.access_key_id, user.secret_access_key, aws.role, account.REGION, user.endpoint)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    worker = boto3.session.Session(profile_name=ARCHIVE_PROFILE)
    assert worker.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/writer/connect")
    worker.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"rows")


def test_a_reader_reads_and_does_not_write(aws: Account) -> None:
    aws.admin.s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"rows")
    key = reader.ensure(aws.cloud, BUCKET, None)
    assert reader.ensure(aws.cloud, BUCKET, key) == key
    files = S3FileSystem(endpoint_override=key.endpoint, region=key.region, access_key=key.access_key_id, secret_key=key.secret_access_key)
    assert files.open_input_file(f"{BUCKET}/{KEY}").read() == b"rows"
    assert any(KEY in found.path for found in files.get_file_info(FileSelector(f"{BUCKET}/{OBJECT_ROOT}", recursive=True)))
    s3 = Identity(key.endpoint, key.access_key_id, key.secret_access_key).s3
    assert refused(lambda: s3.put_object(Bucket=BUCKET, Key=KEY, Body=b""))
    assert refused(lambda: s3.delete_object(Bucket=BUCKET, Key=KEY))
    assert refused(lambda: s3.get_object(Bucket=OTHER, Key=KEY))


def test_moto_ignores_conditions_so_listings_are_not_limited_to_the_prefix(aws: Account) -> None:
    assert not refused(lambda: aws.writer.s3.list_objects_v2(Bucket=BUCKET))


def test_moto_checks_bulk_deletions_against_the_bucket_and_refuses_them(aws: Account) -> None:
    key = METADATA.replace("00001", "00002")
    aws.admin.s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
    answer = aws.writer.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}]})
    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]


def test_moto_takes_deny_without_tls_for_deny_so_that_policy_cannot_be_used(aws: Account) -> None:
    aws.admin.s3.put_bucket_policy(Bucket=OTHER, Policy=json.dumps(documents.tls_only(OTHER)))
    assert refused(lambda: aws.admin.s3.put_object(Bucket=OTHER, Key=KEY, Body=b""))
    aws.admin.s3.delete_bucket_policy(Bucket=OTHER)
    assert not refused(lambda: aws.admin.s3.put_object(Bucket=OTHER, Key=KEY, Body=b""))


def test_a_second_bootstrap_leaves_one_key(aws: Account) -> None:
    # as by a process that died before it saved the key
    again = account.bootstrap(aws.cloud.endpoint)
    assert account.accepts(again)
    assert not account.accepts(aws.cloud)


def test_a_restarted_emulator_is_noticed_and_closed_again(aws: Account) -> None:
    cloud = account.bootstrap(aws.cloud.endpoint)
    with urlopen(Request(f"{aws.cloud.endpoint}/moto-api/reset", method="POST"), timeout=10) as answer:  # noqa: S310 - our own server
        assert answer.status == 200
    assert not account.accepts(cloud)
    assert account.accepts(account.bootstrap(aws.cloud.endpoint))
    account.check_closed(aws.cloud.endpoint)


def test_an_open_emulator_is_not_accepted(endpoint: str) -> None:
    account._own_api(endpoint, "reset-auth", 1)
    with pytest.raises(CloudError, match="accepts requests without a valid key"):
        account.check_closed(endpoint)


def test_an_emulator_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_ANSWER_TIMEOUT_S", 0.0)
    with pytest.raises(CloudError, match=r"does not answer at http://127\.0\.0\.1:9"):
        account.wait_for_answer("http://127.0.0.1:9")
