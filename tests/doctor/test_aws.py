"""The caller's AWS identity, the bucket's owner, and the clock; against moto, which implements AWS's protocols."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import boto3
import pytest

from pipeline.checks.check import Level, Refused
from pipeline.doctor import aws, clock
from pipeline.doctor.aws import Bucket, Identity, Region
from pipeline.doctor.clock import Answered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOME = "eu-west-1"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Clear this shell's AWS settings."""
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture
def account(shell: pytest.MonkeyPatch, object_store: str) -> Identity:
    """Use moto with this shell's variables and return the caller's identity."""
    shell.setenv("AWS_ENDPOINT_URL", object_store)
    shell.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    shell.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    seen = aws.look(HOME)
    assert isinstance(seen, Identity)
    return seen


def test_missing_credentials_are_reported_with_the_ways_to_get_some(shell: pytest.MonkeyPatch) -> None:
    assert shell
    seen = aws.look(HOME)
    assert isinstance(seen, Refused)
    assert "no AWS credentials" in seen.why
    assert "aws sso login" in seen.cure


def test_an_identity_is_shown_without_its_key(account: Identity) -> None:
    found = aws.identity(account)
    assert account.account in found.found
    assert "from env" in found.found
    assert "very-secret" not in f"{account!r} {found!r}"


def test_an_address_that_does_not_answer_is_reported_in_time(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    shell.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    shell.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    seen = aws.look(HOME)
    assert isinstance(seen, Refused)
    assert "the request to AWS failed" in seen.why


def test_a_free_name_is_seen_as_free(account: Identity) -> None:
    assert aws.look_at_bucket("free-name-of-nobody", HOME, account) == Bucket("free-name-of-nobody", 404, "")


def test_our_own_bucket_is_recognised_by_the_programs_tag(account: Identity) -> None:
    s3 = boto3.client("s3", region_name=HOME)
    s3.create_bucket(Bucket="doctor-made", CreateBucketConfiguration={"LocationConstraint": HOME})
    seen = aws.look_at_bucket("doctor-made", HOME, account)
    assert isinstance(seen, Bucket)
    assert (seen.status, seen.region, seen.environment) == (200, HOME, "")
    assert aws.bucket(seen, HOME, "dev", "dev").level is Level.FAILURE
    s3.put_bucket_tagging(Bucket="doctor-made", Tagging={"TagSet": [{"Key": "environment", "Value": "dev"}]})
    tagged = aws.look_at_bucket("doctor-made", HOME, account)
    assert isinstance(tagged, Bucket)
    assert aws.bucket(tagged, HOME, "dev", "dev").level is Level.FINE


@pytest.mark.parametrize(
    ("seen", "level", "told"),
    [
        (Bucket("b", 404, ""), Level.FINE, "is free"),
        (Bucket("b", 200, HOME, environment="dev"), Level.FINE, "belongs to this account"),
        (Bucket("b", 200, HOME, environment="prod"), Level.FAILURE, "this program did not create it"),
        (Bucket("b", 200, "us-east-1", environment="dev"), Level.FAILURE, "exists in us-east-1"),
        (Bucket("b", 301, "us-east-1"), Level.FAILURE, "exists in us-east-1"),
        (Bucket("b", 301, ""), Level.FAILURE, "exists in another region"),
        (Bucket("b", 403, HOME), Level.FAILURE, "may not list it"),
        (Bucket("b", 403, HOME, elsewhere=True), Level.FAILURE, "another account"),
        (Bucket("b", 503, ""), Level.UNSEEN, "503"),
    ],
)
def test_a_buckets_name_is_free_or_ours_or_another_accounts(seen: Bucket, level: Level, told: str) -> None:
    found = aws.bucket(seen, HOME, "dev", "dev")
    assert found.level is level
    assert told in found.found
    assert bool(found.cure) == (level is Level.FAILURE)


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        (Bucket("b", 200, HOME), Level.FINE),
        (Bucket("b", 403, HOME, elsewhere=True), Level.FINE),
        (Bucket("b", 403, HOME), Level.FAILURE),
        (Bucket("b", 404, ""), Level.FAILURE),
        (Bucket("b", 301, "us-east-1"), Level.FAILURE),
    ],
)
def test_an_existing_bucket_must_exist(seen: Bucket, level: Level) -> None:
    found = aws.existing_bucket(seen, HOME, "prod")
    assert found.level is level
    assert bool(found.cure) == (level is Level.FAILURE)


def test_the_stacks_region_overrides_the_shells(shell: pytest.MonkeyPatch) -> None:
    shell.setenv("AWS_DEFAULT_REGION", "us-east-1")
    found = aws.region(aws.look_at_region(HOME))
    assert found.level is Level.FINE
    assert "us-east-1" in found.found
    assert "us-east-1" not in aws.region(Region(HOME, "")).found


@pytest.mark.parametrize(
    ("skew_s", "level"),
    [(0, Level.FINE), (30, Level.FINE), (-31, Level.WARNING), (300, Level.WARNING), (301, Level.FAILURE), (-3600, Level.FAILURE)],
)
def test_a_clock_may_be_half_a_minute_off_and_not_five(skew_s: float, level: Level) -> None:
    assert clock.skew(Answered("https://s3", 200, skew_s)).level is level


def test_a_clock_is_ahead_or_behind() -> None:
    assert "ahead of" in clock.skew(Answered("u", 200, 60)).found
    assert "behind" in clock.skew(Answered("u", 200, -60)).found
    assert clock.skew(Answered("u", 200, None)).level is Level.WARNING


@pytest.fixture
def late_server() -> Iterator[str]:
    """Run a server whose clock is an hour behind and that refuses every request, as S3 does without credentials."""

    class Late(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response_only(403)
            self.send_header("Date", format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True))
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Late)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_servers_time_is_compared_with_this_machines(late_server: str) -> None:
    seen = clock.look(late_server)
    assert isinstance(seen, Answered)
    assert seen.status == 403
    assert seen.skew_s is not None
    assert 3590 < seen.skew_s < 3660
    assert clock.endpoint(seen).level is Level.FINE


def test_an_endpoint_that_does_not_answer_is_reported() -> None:
    seen = clock.look("http://127.0.0.1:1")
    assert isinstance(seen, Refused)
    assert "nothing answers at http://127.0.0.1:1" in seen.why


def test_an_emulator_answers_like_a_store(object_store: str) -> None:
    seen = clock.look(object_store)
    assert isinstance(seen, Answered)
    assert clock.skew(seen).level is Level.FINE
