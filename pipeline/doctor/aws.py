"""AWS as seen with this shell's credentials: the identity behind them and the owner of the bucket's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.check import Refused, failure, fine, unseen

if TYPE_CHECKING:
    from pipeline.checks.check import Finding

_LOGIN: Final = "aws sso login, or export AWS_PROFILE=<profile>; 'aws configure list' shows what is used"
_FOUND, _MOVED, _FORBIDDEN, _ABSENT = 200, 301, 403, 404


@dataclass(frozen=True, slots=True)
class Identity:
    """AWS identity of this shell.

    Attributes:
        account: Account number.
        arn: ARN of the user or role.
        source: Origin of the credentials, as boto3 names it.
    """

    account: str
    arn: str
    source: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """Answer of AWS for a bucket's name.

    Attributes:
        name: Name of the bucket.
        status: HTTP status of HeadBucket, with this account as the expected owner.
        region: Region of the bucket, if AWS names it.
        elsewhere: True if it can be reached but belongs to another account.
        environment: Value of its tag ``environment``; empty without that tag.
    """

    name: str
    status: int
    region: str
    elsewhere: bool = False
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """Region of the stack and default region of this shell.

    Attributes:
        stack: Region set in ``archive.region``.
        shell: Region from AWS_REGION, AWS_DEFAULT_REGION or the profile; empty for none.
    """

    stack: str
    shell: str


def _session() -> Any:  # noqa: ANN401 - a client without types
    import boto3  # noqa: PLC0415 - takes a second to load; needed for AWS only

    return boto3.Session()


def _config() -> Any:  # noqa: ANN401 - as above
    from botocore.config import Config  # noqa: PLC0415 - as above

    return Config(connect_timeout=5, read_timeout=8, retries={"total_max_attempts": 2})


def look(region: str) -> Identity | Refused:
    """Find credentials as the AWS provider does, and request the identity behind them."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    session = _session()
    try:
        credentials = session.get_credentials()
        if credentials is None:
            return Refused("this shell has no AWS credentials", _LOGIN)
        answer = session.client("sts", region_name=region, config=_config()).get_caller_identity()
    except ClientError as error:
        return Refused(f"AWS refuses the credentials from {credentials.method} ({error.response['Error']['Code']})", _LOGIN)
    except BotoCoreError as error:
        return Refused(f"the request to AWS failed ({type(error).__name__}: {error})", _LOGIN)
    return Identity(answer["Account"], answer["Arn"], credentials.method)


def identity(seen: Identity) -> Finding:
    """Report the identity."""
    return fine(f"{seen.arn} (from {seen.source})")


def look_at_region(region: str) -> Region:
    """Read the stack's region and the shell's."""
    return Region(region, _session().region_name or "")


def region(seen: Region) -> Finding:
    """Report the stack's region, and the shell's where it differs."""
    if seen.shell and seen.shell != seen.stack:
        return fine(f"{seen.stack} (archive.region; this shell's default is {seen.shell}, which the program does not use)")
    return fine(f"{seen.stack} (archive.region)")


def look_at_bucket(name: str, home: str, known: Identity | Refused) -> Bucket | Refused:
    """Request whether the bucket exists, and who owns it.

    Args:
        name: Name of the bucket.
        home: Region of the stack.
        known: Identity behind the credentials.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    if isinstance(known, Refused):
        return known
    s3 = _session().client("s3", region_name=home, config=_config())
    try:
        answer = s3.head_bucket(Bucket=name, ExpectedBucketOwner=known.account)
    except ClientError as error:
        status, headers = int(error.response["ResponseMetadata"]["HTTPStatusCode"]), error.response["ResponseMetadata"]["HTTPHeaders"]
        return Bucket(name, status, headers.get("x-amz-bucket-region", ""), elsewhere=status == _FORBIDDEN and _reachable(s3, name))
    try:
        tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=name)["TagSet"]}
    except ClientError:
        tags = {}
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return Bucket(name, _FOUND, headers.get("x-amz-bucket-region", home), environment=tags.get("environment", ""))


def _reachable(s3: Any, name: str) -> bool:  # noqa: ANN401 - as above
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    try:
        s3.head_bucket(Bucket=name)
    except ClientError:
        return False
    return True


def existing_bucket(seen: Bucket, home: str, stack: str) -> Finding:
    """Check whether an existing bucket can be reached.

    Args:
        seen: Answer of AWS.
        home: Region of the stack.
        stack: Name of the stack, for the cure.
    """
    correct = f"correct archive.bucket and archive.region in Pulumi.{stack}.yaml, or create the bucket"
    if seen.status == _ABSENT:
        return failure(f"the bucket {seen.name} does not exist, and archive.existingBucket is true", correct)
    if seen.status == _MOVED or (seen.region and seen.region != home):
        return failure(f"{seen.name} is in {seen.region or 'another region'} and the stack in {home}", correct)
    if seen.status == _FORBIDDEN and not seen.elsewhere:
        return failure(f"{seen.name} cannot be reached with these credentials", "ask its owner for s3:ListBucket, or correct the name")
    return fine(f"{seen.name} exists{', in another account' if seen.elsewhere else ''}")


def bucket(seen: Bucket, home: str, environment: str, stack: str) -> Finding:
    """Check whether the program can create the bucket, or has created it.

    Args:
        seen: Answer of AWS.
        home: Region of the stack.
        environment: Value of the tag ``environment`` that the program sets.
        stack: Name of the stack, for the cure.
    """
    another = f"choose another archive.bucket in Pulumi.{stack}.yaml"
    if seen.status == _ABSENT:
        return fine(f"{seen.name} is free")
    if seen.status == _FORBIDDEN:
        whose = "belongs to another account" if seen.elsewhere else "belongs to another account, or these credentials may not list it"
        return failure(f"{seen.name} {whose}", another)
    if seen.status == _MOVED or (seen.region and seen.region != home):
        return failure(f"{seen.name} exists in {seen.region or 'another region'} and the stack is in {home}", another)
    if seen.status != _FOUND:
        return unseen(f"AWS answers {seen.status} for {seen.name}")
    if seen.environment == environment:
        return fine(f"{seen.name} belongs to this account and has the program's tag environment={environment}")
    return failure(
        f"{seen.name} is in this account, but this program did not create it (no tag environment={environment})",
        f"{another}, or delete the bucket if it is empty: aws s3api delete-bucket --bucket {seen.name}",
    )
