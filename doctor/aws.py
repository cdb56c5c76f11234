"""AWS as the credentials of this shell see it: who they are, and whose the bucket's name is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from checks.check import Refused, failure, fine, unseen

if TYPE_CHECKING:
    from checks.check import Finding

_LOGIN: Final = "aws sso login, or export AWS_PROFILE=<profile>; 'aws configure list' shows what is used"
_FOUND, _MOVED, _FORBIDDEN, _ABSENT = 200, 301, 403, 404


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom AWS takes us for.

    Attributes:
        account: Number of the account.
        arn: The user or role.
        source: Where the credentials came from, in boto3's words.
    """

    account: str
    arn: str
    source: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """What AWS says to a bucket's name.

    Attributes:
        name: The name.
        status: HTTP status of HeadBucket, by the owner's account if it is said to be ours.
        region: The region it is in, where AWS tells.
        elsewhere: Whether it can be reached, but belongs to another account.
        environment: Value of its tag ``environment``; empty without one.
    """

    name: str
    status: int
    region: str
    elsewhere: bool = False
    environment: str = ""


@dataclass(frozen=True, slots=True)
class Region:
    """The stack's region, and what this shell would choose.

    Attributes:
        stack: From ``archive.region``.
        shell: From AWS_REGION, AWS_DEFAULT_REGION or the profile; empty for none.
    """

    stack: str
    shell: str


def _session() -> Any:  # noqa: ANN401 - a client without types
    import boto3  # noqa: PLC0415 - a second to load, only where AWS is asked

    return boto3.Session()


def _config() -> Any:  # noqa: ANN401 - as above
    from botocore.config import Config  # noqa: PLC0415 - as above

    return Config(connect_timeout=5, read_timeout=8, retries={"total_max_attempts": 2})


def look(region: str) -> Identity | Refused:
    """Find credentials as the AWS provider does, and ask whose they are."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    session = _session()
    try:
        credentials = session.get_credentials()
        if credentials is None:
            return Refused("no AWS credentials were found", _LOGIN)
        answer = session.client("sts", region_name=region, config=_config()).get_caller_identity()
    except ClientError as error:
        return Refused(f"AWS refuses the credentials from {credentials.method} ({error.response['Error']['Code']})", _LOGIN)
    except BotoCoreError as error:
        return Refused(f"AWS cannot be asked ({type(error).__name__}: {error})", _LOGIN)
    return Identity(answer["Account"], answer["Arn"], credentials.method)


def identity(seen: Identity) -> Finding:
    """That there is one."""
    return fine(f"{seen.arn} (from {seen.source})")


def look_at_region(region: str) -> Region:
    """The stack's region beside the shell's."""
    return Region(region, _session().region_name or "")


def region(seen: Region) -> Finding:
    """Whether commands typed in this shell will look where the stack is."""
    if seen.shell and seen.shell != seen.stack:
        return fine(f"{seen.stack} (archive.region; this shell's own is {seen.shell}, which the program does not use)")
    return fine(f"{seen.stack} (archive.region)")


def look_at_bucket(name: str, home: str, known: Identity | Refused) -> Bucket | Refused:
    """Ask whether the name is taken, and by whom.

    Args:
        name: The bucket's name.
        home: The stack's region.
        known: Whose credentials are used.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - as above

    if isinstance(known, Refused):
        return known
    s3 = _session().client("s3", region_name=home, config=_config())
    try:
        answer = s3.head_bucket(Bucket=name, ExpectedBucketOwner=known.account)
    except ClientError as error:
        status, told = int(error.response["ResponseMetadata"]["HTTPStatusCode"]), error.response["ResponseMetadata"]["HTTPHeaders"]
        return Bucket(name, status, told.get("x-amz-bucket-region", ""), elsewhere=status == _FORBIDDEN and _reachable(s3, name))
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
    """Whether a bucket that somebody else made is there and can be reached.

    Args:
        seen: What AWS said.
        home: The stack's region.
        stack: Name of the stack, for the cure.
    """
    correct = f"correct archive.bucket and archive.region in Pulumi.{stack}.yaml, or make the bucket"
    if seen.status == _ABSENT:
        return failure(f"there is no bucket {seen.name}, and archive.existingBucket says that there is", correct)
    if seen.status == _MOVED or (seen.region and seen.region != home):
        return failure(f"{seen.name} is in {seen.region or 'another region'} and the stack in {home}", correct)
    if seen.status == _FORBIDDEN and not seen.elsewhere:
        return failure(f"{seen.name} cannot be reached with these credentials", "ask its owner for s3:ListBucket, or correct the name")
    return fine(f"{seen.name} is there{', in another account' if seen.elsewhere else ''}")


def bucket(seen: Bucket, home: str, environment: str, stack: str) -> Finding:
    """Whether the program can make the bucket, or has made it.

    Args:
        seen: What AWS said.
        home: The stack's region.
        environment: The tag that the program gives.
        stack: Name of the stack, for the cure.
    """
    another = f"choose another archive.bucket in Pulumi.{stack}.yaml"
    if seen.status == _ABSENT:
        return fine(f"{seen.name} is free")
    if seen.status == _FORBIDDEN:
        whose = "belongs to another account" if seen.elsewhere else "belongs to somebody else, or these credentials may not list it"
        return failure(f"{seen.name} {whose}", another)
    if seen.status == _MOVED or (seen.region and seen.region != home):
        return failure(f"{seen.name} exists in {seen.region or 'another region'} and the stack is in {home}", another)
    if seen.status != _FOUND:
        return unseen(f"AWS answers {seen.status} for {seen.name}")
    if seen.environment == environment:
        return fine(f"{seen.name} is this account's, with the tag environment={environment} that the program gives")
    return failure(
        f"{seen.name} is in this account and was not made by this program (no tag environment={environment})",
        f"{another}, or remove the bucket if it is empty: aws s3api delete-bucket --bucket {seen.name}",
    )
