"""IAM documents with least privilege: a user that may only assume a role, and a role with only the sink's actions, on one prefix."""

from __future__ import annotations

from typing import Any

from stack.settings.names import ARCHIVE_PROFILE, AWS_TOKEN, OBJECT_ROOT

# An IAM policy document.
Document = dict[str, Any]

_VERSION = "2012-10-17"


def _document(*statements: Document) -> Document:
    return {"Version": _VERSION, "Statement": list(statements)}


def assume_only(role: str) -> Document:
    """Return the only permission of the long-lived key.

    The account id is a wildcard, so that the document is known before the role exists and a preview can judge it; a role of that name in
    another account would have to trust this very user.

    Args:
        role: Name of the role.
    """
    return _document(
        {"Sid": "AssumeTheArchiveRole", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::*:role/{role}"}
    )


def trust(user_arn: str) -> Document:
    """Return the trust policy for the user."""
    return _document({"Sid": "ArchiveUser", "Effect": "Allow", "Principal": {"AWS": user_arn}, "Action": "sts:AssumeRole"})


def trust_pods(provider_arn: str, audience: str, namespace: str, account: str) -> Document:
    """Return the trust policy for the pods of one service account in one namespace of one cluster.

    Args:
        provider_arn: ARN of the cluster's identity provider in IAM.
        audience: Audience of the pods' token.
        namespace: Namespace of the pods.
        account: Service account of the pods.
    """
    issuer = provider_arn.partition(":oidc-provider/")[2]
    subject = f"system:serviceaccount:{namespace}:{account}"
    return _document(
        {
            "Sid": "ArchivePods",
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {"StringEquals": {f"{issuer}:sub": subject, f"{issuer}:aud": audience}},
        }
    )


def use_key(key_arn: str, region: str) -> Document:
    """Return the actions of S3 with a KMS key on the writer's behalf: generate a data key per object, decrypt the parts of an upload."""
    return _document(
        {
            "Sid": "EncryptObjects",
            "Effect": "Allow",
            "Action": ["kms:GenerateDataKey", "kms:Decrypt"],
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
        }
    )


def write_archive(bucket: str, *, reads: bool) -> Document:
    """Return the actions of the sink: multipart uploads and their abort below one prefix, and a listing of it.

    Args:
        bucket: Bucket name.
        reads: Whether the sink reads objects and removes old metadata files, as Iceberg does with every commit.
    """
    objects = ["s3:PutObject", "s3:AbortMultipartUpload"]
    old_metadata: list[Document] = []
    if reads:
        objects.append("s3:GetObject")
        # metadata files of earlier commits, and lists and manifests that only removed snapshots name; never a file of rows
        resources = [f"arn:aws:s3:::{bucket}/{OBJECT_ROOT}/*/metadata/*.{ending}" for ending in ("metadata.json", "avro")]
        old_metadata.append({"Sid": "DropOldMetadata", "Effect": "Allow", "Action": "s3:DeleteObject", "Resource": resources})
    return _document(
        {"Sid": "WriteObjects", "Effect": "Allow", "Action": objects, "Resource": f"arn:aws:s3:::{bucket}/{OBJECT_ROOT}/*"},
        _list_prefix(bucket),
        *old_metadata,
    )


def _list_prefix(bucket: str) -> Document:
    """Return the statement that lists the archive's prefix and nothing else of the bucket."""
    return {
        "Sid": "ListPrefix",
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": f"arn:aws:s3:::{bucket}",
        "Condition": {"StringLike": {"s3:prefix": [f"{OBJECT_ROOT}/*"]}},
    }


def _catalog_arns(region: str, database: str) -> list[str]:
    """Return the ARNs of a Glue database with its tables; a role acts in its own account only."""
    glue = f"arn:aws:glue:{region}:*"
    return [f"{glue}:catalog", f"{glue}:database/{database}", f"{glue}:table/{database}/*"]


def use_catalog(region: str, database: str) -> Document:
    """Return the actions of Iceberg's Glue catalog to read a table and commit a new version; a role acts in its own account only."""
    return _document(
        {
            "Sid": "ReadAndCommitTables",
            "Effect": "Allow",
            "Action": ["glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"],
            "Resource": _catalog_arns(region, database),
        }
    )


def read_archive(bucket: str) -> Document:
    """Return the actions of a reader: objects below the archive's prefix, and a listing of it."""
    return _document(
        {"Sid": "ReadObjects", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/{OBJECT_ROOT}/*"},
        _list_prefix(bucket),
    )


def read_catalog(region: str, database: str) -> Document:
    """Return the action by which a reader finds a table in Glue."""
    return _document(
        {
            "Sid": "ReadTables",
            "Effect": "Allow",
            "Action": "glue:GetTable",
            "Resource": _catalog_arns(region, database),
        }
    )


def decrypt(key_arn: str, region: str) -> Document:
    """Return the action of S3 with a KMS key on a reader's behalf."""
    return _document(
        {
            "Sid": "DecryptObjects",
            "Effect": "Allow",
            "Action": "kms:Decrypt",
            "Resource": key_arn,
            "Condition": {"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
        }
    )


def tls_only(bucket: str) -> Document:
    """Return the bucket policy that denies every request without TLS, for every principal."""
    return _document(
        {
            "Sid": "DenyWithoutTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )


def aws_files(
    access_key_id: str, secret_access_key: str, role_arn: str, region: str, sts_endpoint: str | None, session: str = "connect"
) -> dict[str, str]:
    """Return the AWS SDK's files for a pod: a key that may only assume the role, and the profile that assumes it.

    Whatever runs in the pod uses them without a credential in its configuration.

    Args:
        access_key_id: Access key id of the user.
        secret_access_key: Secret access key of the user.
        role_arn: ARN of the role.
        region: AWS region.
        sts_endpoint: URL of STS in place of AWS's, or None.
        session: Name of the role's sessions.
    """
    profile = [
        f"[profile {ARCHIVE_PROFILE}]",
        f"role_arn = {role_arn}",
        "source_profile = user",
        f"role_session_name = {session}",
        f"region = {region}",
    ]
    user = ["[profile user]", f"region = {region}"]
    if sts_endpoint:
        user.append(f"endpoint_url = {sts_endpoint}")
        profile.append(f"endpoint_url = {sts_endpoint}")
    keys = ["[user]", f"aws_access_key_id = {access_key_id}", f"aws_secret_access_key = {secret_access_key}"]
    return {"config": "\n".join([*profile, "", *user, ""]), "credentials": "\n".join([*keys, ""])}


def token_files(role_arn: str, region: str, session: str = "connect") -> dict[str, str]:
    """Return the AWS SDK's files for a pod with a web identity, its pod's token: no key at all.

    Args:
        role_arn: ARN of the role.
        region: AWS region.
        session: Name of the role's sessions.
    """
    profile = [
        f"[profile {ARCHIVE_PROFILE}]",
        f"role_arn = {role_arn}",
        f"web_identity_token_file = {AWS_TOKEN}/token",
        f"role_session_name = {session}",
        f"region = {region}",
    ]
    return {"config": "\n".join([*profile, ""]), "credentials": ""}
