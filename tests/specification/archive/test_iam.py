"""The rights of the identities, evaluated in the declared documents as IAM would."""

from __future__ import annotations

import configparser
import fnmatch
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.settings.names import ARCHIVE_PROFILE, AWS_TOKEN, OBJECT_ROOT
from stack.specification.archive.iam import aws_files, tls_only, token_files, trust_pods, use_catalog, use_key, write_archive
from tests.declared import where_made

if TYPE_CHECKING:
    from tests.declared import Declared

BUCKET = "arn:aws:s3:::archive"


def as_list(value: Any) -> list[Any]:
    """Return a list; IAM lets a single element stand without one."""
    return value if isinstance(value, list) else [value]


def matches(statement: Any, action: str, resource: str, context: dict[str, str]) -> bool:
    """Tell whether a statement applies to a request."""
    conditions = statement.get("Condition", {})
    assert set(conditions) <= {"StringLike", "StringEquals", "Bool"}, "this reader does not know the others"
    fulfilled = all(
        key in context
        and any(
            context[key] == pattern if kind == "StringEquals" else fnmatch.fnmatchcase(context[key], pattern)
            for pattern in as_list(patterns)
        )
        for kind, keys in conditions.items()
        for key, patterns in keys.items()
    )
    hit = any(fnmatch.fnmatchcase(action, pattern) for pattern in as_list(statement["Action"]))
    return hit and fulfilled and any(fnmatch.fnmatchcase(resource, pattern) for pattern in as_list(statement["Resource"]))


def allowed(document: Any, action: str, resource: str, **context: str) -> bool:
    """Tell whether a document alone allows a request."""
    found = [statement["Effect"] for statement in document["Statement"] if matches(statement, action, resource, context)]
    return "Allow" in found and "Deny" not in found


def policy(declared: Declared, name: str) -> Any:
    """Return a declared policy document."""
    return json.loads(declared.recording.get(name).inputs["policy"])


@pytest.mark.parametrize("reads", [True, False], ids=["iceberg", "parquet"])
@pytest.mark.parametrize("action", ["s3:PutObject", "s3:AbortMultipartUpload"])
def test_the_worker_may_write_below_its_prefix(reads: bool, action: str) -> None:  # noqa: FBT001 - a parameter of the table above
    """An upload that cannot be aborted leaves parts that cost money and are never seen."""
    assert allowed(write_archive("archive", reads=reads), action, f"{BUCKET}/{OBJECT_ROOT}/postgres.public.users/year=2026/a.parquet")


@given(
    action=st.sampled_from(["s3:PutObject", "s3:GetObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:PutObjectAcl"]),
    key=st.text("abct/opis.*?", min_size=1, max_size=12),
    bucket=st.sampled_from(["archive", "archive2", "other"]),
)
def test_outside_its_prefix_it_may_do_nothing(action: str, key: str, bucket: str) -> None:
    document = write_archive("archive", reads=True)
    if bucket != "archive" or not key.startswith(f"{OBJECT_ROOT}/"):
        assert not allowed(document, action, f"arn:aws:s3:::{bucket}/{key}")


def test_rows_cannot_be_deleted_or_changed_in_rights_by_the_worker() -> None:
    data = f"{BUCKET}/{OBJECT_ROOT}/postgres.public.users/year=2026/month=11/day=21/hour=09/a.parquet"
    for reads in (True, False):
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectAcl", "s3:BypassGovernanceRetention"):
            assert not allowed(write_archive("archive", reads=reads), action, data)


def test_iceberg_may_read_back_and_drop_the_metadata_it_replaced() -> None:
    document = write_archive("archive", reads=True)
    metadata = f"{BUCKET}/{OBJECT_ROOT}/postgres.public.users/metadata/00012-abc.metadata.json"
    assert allowed(document, "s3:GetObject", metadata)
    assert allowed(document, "s3:DeleteObject", metadata)
    # of removed snapshots; the bucket keeps versions of what is deleted, in case it is one of the table's
    for name in ("snap-1554185138327043301-1-cd9ace3f.avro", "541a3970-m0.avro"):
        assert allowed(document, "s3:DeleteObject", f"{BUCKET}/{OBJECT_ROOT}/postgres.public.users/metadata/{name}")
    assert not allowed(document, "s3:DeleteObject", f"{BUCKET}/{OBJECT_ROOT}/postgres.public.users/year=2026/a.avro")
    assert not allowed(document, "s3:DeleteObjectVersion", metadata)


def test_files_that_are_never_read_back_cannot_be_read_back() -> None:
    assert not allowed(write_archive("archive", reads=False), "s3:GetObject", f"{BUCKET}/{OBJECT_ROOT}/a")


def test_a_listing_shows_the_prefix_only() -> None:
    document = write_archive("archive", reads=True)
    assert allowed(document, "s3:ListBucket", BUCKET, **{"s3:prefix": f"{OBJECT_ROOT}/postgres.public.users/"})
    assert not allowed(document, "s3:ListBucket", BUCKET, **{"s3:prefix": "private/"})
    assert not allowed(document, "s3:ListBucket", BUCKET)


def test_no_right_is_given_by_a_wildcard(declared: Declared) -> None:
    for resource in declared.recording.resources:
        if resource.type in {"aws:iam/rolePolicy:RolePolicy", "aws:iam/userPolicy:UserPolicy"}:
            for statement in json.loads(resource.inputs["policy"])["Statement"]:
                assert statement["Effect"] == "Allow"
                assert not any("*" in action for action in as_list(statement["Action"]))
                assert "*" not in as_list(statement["Resource"])


def test_what_iam_holds_is_named_by_the_program_so_that_a_creation_that_broke_off_is_repeated(declared: Declared) -> None:
    """An inline policy under a made-up name outlived the run that was killed, and its role could not be deleted any more."""
    held = [resource for resource in declared.recording.resources if resource.type.startswith("aws:iam/")]
    assert [one.name for one in held if not one.inputs.get("name") and one.type != "aws:iam/accessKey:AccessKey"] == []


@where_made("key")
def test_the_long_lived_key_can_assume_one_role_and_the_role_trusts_one_user(declared: Declared) -> None:
    (assume,) = policy(declared, "archive-assume")["Statement"]
    (trust,) = json.loads(declared.only("aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert assume["Action"] == trust["Action"] == "sts:AssumeRole"
    role = declared.recording.outputs["archive"]["roleArn"]
    assert allowed({"Statement": [assume]}, "sts:AssumeRole", role)
    assert not allowed({"Statement": [assume]}, "sts:AssumeRole", f"{role}-of-another")
    user = declared.only("aws:iam/user:User").inputs["name"]
    assert trust["Principal"]["AWS"].endswith(f":user/{user}")
    assert declared.only("aws:iam/accessKey:AccessKey").inputs["user"] == user
    assert declared.only("aws:iam/userPolicy:UserPolicy").inputs["user"] == user


@where_made("role")
def test_the_role_may_write_to_the_bucket(declared: Declared) -> None:
    """A created bucket, with the settings' name, or an existing one."""
    bucket = declared.settings.archive.bucket
    document = policy(declared, "archive-write")
    for row in declared.recording.outputs["tables"]:
        assert allowed(document, "s3:PutObject", f"arn:aws:s3:::{row['location'].removeprefix('s3://')}/a.parquet")
        assert row["location"].startswith(f"s3://{bucket}/")
    assert allowed(document, "s3:GetObject", f"arn:aws:s3:::{bucket}/{OBJECT_ROOT}/a") == bool(declared.iceberg_tables)


def test_the_catalog_may_be_read_and_committed_to_but_not_dropped() -> None:
    document = use_catalog("eu-west-1", "archive")
    table = "arn:aws:glue:eu-west-1:123456789012:table/archive/users"
    assert allowed(document, "glue:GetTable", table)
    assert allowed(document, "glue:UpdateTable", table)
    assert not allowed(document, "glue:DeleteTable", table)
    assert not allowed(document, "glue:UpdateTable", table.replace("/archive/", "/finance/"))


def test_rights_on_the_catalog_exist_only_with_a_glue_catalog(declared: Declared) -> None:
    names = {resource.name for resource in declared.recording.resources}
    uses_glue = "glue" in declared.sink_config.get("iceberg.catalog.catalog-impl", "")
    assert ("archive-catalog" in names) == uses_glue


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:DeleteBucket"])
@pytest.mark.parametrize("resource", [BUCKET, f"{BUCKET}/topics/a"])
def test_requests_without_tls_are_denied(action: str, resource: str) -> None:
    (statement,) = tls_only("archive")["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert matches(statement, action, resource, {"aws:SecureTransport": "false"})
    assert not matches(statement, action, resource, {"aws:SecureTransport": "true"})


@pytest.mark.parametrize("endpoint", [None, "http://store:5000"])
def test_the_sdk_assumes_the_role_with_the_users_key(endpoint: str | None) -> None:
    """The test reads the two files as the AWS SDK does."""
    files = aws_files("KEYID", "KEYSECRET", "arn:aws:iam::1:role/writer", "eu-west-1", endpoint)
    config, credentials = configparser.ConfigParser(), configparser.ConfigParser()
    config.read_string(files["config"])
    credentials.read_string(files["credentials"])
    profile = config[f"profile {ARCHIVE_PROFILE}"]
    assert profile["role_arn"] == "arn:aws:iam::1:role/writer"
    assert dict(credentials[profile["source_profile"]]) == {"aws_access_key_id": "KEYID", "aws_secret_access_key": "KEYSECRET"}
    for section in config.sections():
        assert config[section]["region"] == "eu-west-1"
        assert config[section].get("endpoint_url") == endpoint
    assert "KEYSECRET" not in files["config"]


KEY = "arn:aws:kms:eu-west-1:123456789012:key/0000"


@pytest.mark.parametrize("action", ["kms:GenerateDataKey", "kms:Decrypt"])
def test_a_key_may_be_used_by_way_of_s3_in_its_region_and_in_no_other_way(action: str) -> None:
    """Including Decrypt: a multipart upload is read back before it becomes one object."""
    document = use_key(KEY, "eu-west-1")
    assert allowed(document, action, KEY, **{"kms:ViaService": "s3.eu-west-1.amazonaws.com"})
    assert not allowed(document, action, KEY)
    assert not allowed(document, action, KEY, **{"kms:ViaService": "s3.us-east-1.amazonaws.com"})
    assert not allowed(document, action, f"{KEY}1", **{"kms:ViaService": "s3.eu-west-1.amazonaws.com"})


def test_a_key_may_be_neither_managed_nor_granted() -> None:
    for action in ("kms:Encrypt", "kms:CreateGrant", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DescribeKey"):
        assert not allowed(use_key(KEY, "eu-west-1"), action, KEY, **{"kms:ViaService": "s3.eu-west-1.amazonaws.com"})


def test_the_role_trusts_one_account_of_one_cluster_for_one_audience() -> None:
    """Exactly as IAM requires; a missing condition admits every pod of the cluster, or of every cluster with that issuer."""
    provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    assert trust_pods(provider, "sts.amazonaws.com", "pipeline", "connect") == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ArchivePods",
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        "oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub": "system:serviceaccount:pipeline:connect",
                        "oidc.eks.eu-west-1.amazonaws.com/id/ABC:aud": "sts.amazonaws.com",
                    }
                },
            }
        ],
    }


def test_the_sdk_assumes_the_role_with_the_pods_token_and_has_no_key() -> None:
    files = token_files("arn:aws:iam::1:role/writer", "eu-west-1")
    config = configparser.ConfigParser()
    config.read_string(files["config"])
    assert config.sections() == [f"profile {ARCHIVE_PROFILE}"]
    assert dict(config[f"profile {ARCHIVE_PROFILE}"]) == {
        "role_arn": "arn:aws:iam::1:role/writer",
        "web_identity_token_file": f"{AWS_TOKEN}/token",
        "role_session_name": "connect",
        "region": "eu-west-1",
    }
    assert files["credentials"] == ""
