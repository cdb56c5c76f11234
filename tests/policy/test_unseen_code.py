"""Commands and dynamic resources are refused unless an exception names them; resources with providers of their own are not."""

from __future__ import annotations

import pytest

from policy.declared import Declared, Limits
from tests.policy.judging import by_pack, by_plan

CODE = (
    "command:local:Command",
    "command:remote:Command",
    "command:remote:CopyFile",
    "command:remote:CopyToRemote",
    "pulumi-python:dynamic:Resource",
    "pulumi-python:dynamic/migrations:Schema",
    "pulumi-nodejs:dynamic:Resource",
    "pulumi-nodejs:dynamic/index:Seed",
)
OTHER = (
    "random:index/randomPassword:RandomPassword",
    "tls:index/privateKey:PrivateKey",
    "postgresql:index/grant:Grant",
    "docker:index/remoteImage:RemoteImage",
    "archive:index:Commander",
    "aws:ssm/parameter:Parameter",
    "kubernetes:core/v1:ConfigMap",
    "mycompany:command:local",
    "synced-folder:index:S3BucketFolder",
)


def refused(kind: str, *exceptions: tuple[str, str, str]) -> set[str]:
    """Return the rules by which plan and pack refuse a resource of a type."""
    one = Declared(urn=f"urn::{kind}", type=kind, name="migrate", inputs={"create": "psql -f migrate.sql"})
    limits = Limits(own="data-ingestion", exceptions=exceptions)
    plan = {violation.rule for violation in by_plan([one], limits)}
    assert plan == {rule for rule, _message in by_pack([one], limits)}
    return plan


@pytest.mark.parametrize("kind", CODE)
def test_code_at_deployment_is_refused_unless_an_exception_names_it(kind: str) -> None:
    assert refused(kind) == {"code-seen"}
    assert refused(kind, ("code-seen", "migrate", "the script only adds an index, and is reviewed with this file")) == set()
    assert "code-seen" in refused(kind, ("code-seen", "migr*", "the script only adds an index, and is reviewed with this file"))


@pytest.mark.parametrize("kind", OTHER)
def test_resources_of_other_providers_are_accepted(kind: str) -> None:
    assert refused(kind) == set()
