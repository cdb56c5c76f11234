"""AWS for the sandbox: moto in the cluster, with IAM enforced from its first call and an administrator of its own."""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox import object_store
from sandbox.paths import STATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sandbox.progress import Progress, Step

ENDPOINT: Final = f"http://127.0.0.1:{object_store.NODE_PORT}"
IN_CLUSTER_ENDPOINT: Final = f"http://{object_store.NAME}.{object_store.NAMESPACE}.svc.cluster.local:{object_store.PORT}"
REGION: Final = "us-east-1"
CREDENTIALS: Final = STATE / "cloud.json"

_ADMINISTRATOR: Final = "sandbox-administrator"
_EVERYTHING: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_READY_S: Final = 180.0
_ANSWER_S: Final = 30.0
_LOST: Final = (
    "The emulated AWS was restarted and keeps everything in memory: the archive's bucket and objects, users and keys of before are gone. "
    "They are made again, empty; the table catalog still lists what was lost, so take the sandbox down and up for a whole archive."
)


class CloudError(RuntimeError):
    """The emulated AWS does not do as it should; the message says what was tried."""


class Cluster(Protocol):
    """What is needed of the cluster; `sandbox.kubernetes.Kube` is one."""

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Apply one manifest."""

    def wait_ready(self, kind: str, namespace: str | None, name: str, timeout_s: float = ..., step: Step | None = ...) -> dict[str, Any]:
        """Wait until an object is ready."""


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """How to reach the emulated AWS as its administrator.

    Attributes:
        endpoint: URL for this machine.
        in_cluster_endpoint: URL for pods.
        region: AWS region of all resources.
        access_key_id: The administrator's key.
        secret_access_key: Its secret.
        lost: Whether an earlier emulator's objects were found gone by this call.
    """

    endpoint: str = ENDPOINT
    in_cluster_endpoint: str = IN_CLUSTER_ENDPOINT
    region: str = REGION
    access_key_id: str
    secret_access_key: str
    lost: bool = False

    def __repr__(self) -> str:
        """Name the place and the key, never its secret."""
        return f"Cloud({self.endpoint}, {self.access_key_id})"

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes while running
        """Make a boto3 client with these credentials."""
        return _client(service, self.access_key_id, self.secret_access_key)


def up(kube: Cluster, progress: Progress) -> Cloud:
    """Start the emulator or converge it, and give its administrator.

    Raises NotReadyError with the pod's reason, or CloudError when it runs but does not answer.
    """
    with progress.step("Starting the emulated AWS") as step:
        for manifest in object_store.manifests():
            kube.apply(manifest)
        kube.wait_ready("Deployment", object_store.NAMESPACE, object_store.NAME, _READY_S, step)
        step.waiting(f"{ENDPOINT} to answer")
        _wait_for_answer(_ANSWER_S)
        before = known()
        if before is not None and _accepted(before):
            return before
        step.waiting("the administrator's key")
        key_id, secret = _bootstrap()
        cloud = Cloud(access_key_id=key_id, secret_access_key=secret, lost=before is not None)
        _remember(cloud, CREDENTIALS)
    if cloud.lost:
        progress.note(_LOST)
    return cloud


def known() -> Cloud | None:
    """The administrator of the sandbox on this machine, or None where none was made; nothing is asked of the emulator."""
    try:
        kept = json.loads(CREDENTIALS.read_text(encoding="utf-8"))
        return Cloud(access_key_id=kept["access_key_id"], secret_access_key=kept["secret_access_key"])
    except (OSError, ValueError, KeyError):
        return None


def _bootstrap() -> tuple[str, str]:
    """Make the administrator while, for these calls only, nobody is asked for credentials."""
    _calls_without_credentials(100)
    try:
        iam = _client("iam", "bootstrap", "bootstrap")
        try:
            iam.create_user(UserName=_ADMINISTRATOR)
        except iam.exceptions.EntityAlreadyExistsException:
            for key in iam.list_access_keys(UserName=_ADMINISTRATOR)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=_ADMINISTRATOR, AccessKeyId=key["AccessKeyId"])
        iam.put_user_policy(UserName=_ADMINISTRATOR, PolicyName="everything", PolicyDocument=json.dumps(_EVERYTHING))
        key = iam.create_access_key(UserName=_ADMINISTRATOR)["AccessKey"]
    finally:
        _calls_without_credentials(0)
    return str(key["AccessKeyId"]), str(key["SecretAccessKey"])


def _accepted(cloud: Cloud) -> bool:
    try:
        cloud.client("sts").get_caller_identity()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403:  # noqa: PLR2004 - HTTP's word for a wrong key
            return False
        raise
    except BotoCoreError as error:
        msg = f"{ENDPOINT} does not answer calls of its administrator: {error}"
        raise CloudError(msg) from error
    return True


def _calls_without_credentials(count: int) -> None:
    request = urllib.request.Request(  # noqa: S310 - a constant http address
        f"{ENDPOINT}/moto-api/reset-auth", data=str(count).encode(), headers={"Content-Type": "text/plain"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=10):  # noqa: S310 - as above
        pass


def _wait_for_answer(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(f"{ENDPOINT}/moto-api/", timeout=5):  # noqa: S310 - a constant http address
                return
        except (urllib.error.URLError, OSError) as error:
            if time.monotonic() > deadline:
                msg = f"{ENDPOINT} does not answer though its pod is ready ({error}); is another program using the port?"
                raise CloudError(msg) from error
        time.sleep(0.2)


def _remember(cloud: Cloud, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(".new")
    aside.unlink(missing_ok=True)
    kept = {key: value for key, value in asdict(cloud).items() if key != "lost"}
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        json.dump(kept, stream)
    aside.replace(file)


def _client(service: str, key_id: str, secret: str) -> Any:  # noqa: ANN401 - boto3 makes its classes while running
    quick = Config(connect_timeout=5, read_timeout=30, retries={"max_attempts": 3}, s3={"addressing_style": "path"})
    return boto3.client(
        service, endpoint_url=ENDPOINT, region_name=REGION, aws_access_key_id=key_id, aws_secret_access_key=secret, config=quick
    )
