"""The emulated AWS account: closed from its first request on, one administrator, all other identities made by the program.

moto has two doors that need no key, ``/moto-api/reset-auth`` and ``/moto-api/reset``, and no setting that shuts them. So what it
enforces finds mistakes in policies; keeping strangers out is the business of the network policies in `sandbox.cloud.workload`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from pipeline.checks import whole_file
from providers.waiting import Patience
from sandbox.cloud.workload import NODE_PORT
from sandbox.paths import STATE

ENDPOINT: Final = f"http://127.0.0.1:{NODE_PORT}"
"""The emulator as reached from this machine."""

REGION: Final = "us-east-1"
"""The only region that is used."""

_FILE: Final = STATE / "cloud.json"
_ADMINISTRATOR: Final = "sandbox-administrator"
_ALL_RIGHTS: Final = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# The bootstrap needs six; a few more because a worker that retries may use some up. It ends by itself if this process is killed.
_FREE_ACTIONS: Final = 20
_NO_ACTIONS: Final = 0
_ANSWER_TIMEOUT_S: Final = 30.0
_REQUEST_TIMEOUT_S: Final = 10


class CloudError(RuntimeError):
    """The emulated AWS does not answer or is not what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """An administrator of the emulated AWS.

    Attributes:
        endpoint: Every service's URL, as reached from this machine.
        region: AWS region.
        access_key_id: Key id, good for everything.
        secret_access_key: Secret key; not shown by ``repr``.
    """

    endpoint: str = ENDPOINT
    region: str = REGION
    access_key_id: str
    secret_access_key: str = field(repr=False)


def known() -> Cloud | None:
    """Return the administrator of the last `up`, whether or not its key still works; None without one."""
    try:
        return Cloud(**json.loads(_FILE.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def save(cloud: Cloud) -> None:
    """Keep the administrator for later commands, readable by root alone."""
    whole_file.write(_FILE, json.dumps(asdict(cloud)))


def wait_for_answer(endpoint: str) -> None:
    """Return once the emulator answers; the node port may lag behind the pod by a moment.

    Raises:
        CloudError: After 30 s without an answer.
    """
    patience = Patience(_ANSWER_TIMEOUT_S)
    while True:
        try:
            _own_api(endpoint, "")
        except OSError as error:
            if not patience.go_on(str(error), 0.2):
                message = f"the emulated AWS does not answer at {endpoint}: {error}"
                raise CloudError(message) from None
        else:
            return


def accepts(cloud: Cloud) -> bool:
    """Return True if the emulator knows the key; a restarted emulator does not."""
    try:
        _client(cloud, "sts").get_caller_identity()
    except ClientError:
        return False
    return True


def bootstrap(endpoint: str) -> Cloud:
    """Make the administrator anew, with the one key that this returns, and close the emulator to everybody without a key.

    Raises:
        CloudError: If it does not answer or refuses.
    """
    stranger = Cloud(endpoint=endpoint, access_key_id="bootstrap", secret_access_key="bootstrap")  # noqa: S106 - checked by nobody
    try:
        _own_api(endpoint, "reset-auth", _FREE_ACTIONS)
        try:
            key = _administrator_key(_client(stranger, "iam"))
        finally:
            _own_api(endpoint, "reset-auth", _NO_ACTIONS)
    except (ClientError, OSError) as error:
        message = f"the emulated AWS at {endpoint} refused to create its administrator: {error}"
        raise CloudError(message) from None
    return Cloud(endpoint=endpoint, access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])


def check_closed(endpoint: str) -> None:
    """Make sure that a key nobody issued is refused.

    Raises:
        CloudError: If it is not: policies would then be decoration.
    """
    stranger = Cloud(endpoint=endpoint, access_key_id="AKIAUNKNOWN000000000", secret_access_key="unknown")  # noqa: S106 - belongs to nobody
    if accepts(stranger):
        message = (
            f"the emulated AWS at {endpoint} accepts requests without a valid key, so it detects no wrong policy; "
            "run make sandbox-down sandbox"
        )
        raise CloudError(message)


def _administrator_key(iam: Any) -> dict[str, str]:  # noqa: ANN401 - boto3 makes its clients' methods at run time
    try:
        iam.create_user(UserName=_ADMINISTRATOR)
    except iam.exceptions.EntityAlreadyExistsException:
        for stale in iam.list_access_keys(UserName=_ADMINISTRATOR)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=_ADMINISTRATOR, AccessKeyId=stale["AccessKeyId"])
    iam.put_user_policy(UserName=_ADMINISTRATOR, PolicyName="everything", PolicyDocument=json.dumps(_ALL_RIGHTS))
    key: dict[str, str] = iam.create_access_key(UserName=_ADMINISTRATOR)["AccessKey"]
    return key


def _client(cloud: Cloud, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients' methods at run time
    make: Any = boto3.session.Session(
        aws_access_key_id=cloud.access_key_id, aws_secret_access_key=cloud.secret_access_key, region_name=cloud.region
    ).client
    options = Config(
        connect_timeout=_REQUEST_TIMEOUT_S,
        read_timeout=_REQUEST_TIMEOUT_S,
        retries={"total_max_attempts": 2},
        proxies={},  # a proxy of this machine's environment cannot reach its loopback interface
    )
    return make(service, endpoint_url=cloud.endpoint, config=options)


def _own_api(endpoint: str, path: str, actions: int | None = None) -> None:
    """Speak to moto's own API: read its page, or say how many actions need no key from now on. Raises OSError."""
    data = None if actions is None else str(actions).encode()
    # Any type but that of a form, which is what urllib would say: moto finds no body then.
    request = Request(f"{endpoint}/moto-api/{path}", data, {"Content-Type": "text/plain"})  # noqa: S310 - ours, always http
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_REQUEST_TIMEOUT_S) as answer:
            answer.read()
    except URLError as error:
        raise OSError(str(error.reason)) from None
