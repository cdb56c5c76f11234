"""Taking a stack down: in order, whole, after whatever came before; what is kept is kept because somebody said so."""

from __future__ import annotations

import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.conftest import NAMESPACE, NO_CLUSTER
from tests.engine.project import STACK
from tests.engine.test_live_1_up import arrives

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.kubernetes import Kube
    from tests.engine.conftest import Live

    Aws = Callable[[str], Any]

pytestmark = pytest.mark.engine

BUCKET, USER, ROLE = "sandbox-archive", "sandbox-archive-connect", "sandbox-archive-writer"
SLOT = "SELECT slot_name FROM pg_replication_slots"


@pytest.fixture(autouse=True)
def _settings(live: Live) -> Iterator[None]:
    """Each test begins and ends with the stack's own settings and a cluster that answers."""
    stack_file = live.folder / f"Pulumi.{STACK}.yaml"
    settings, kubeconfig = stack_file.read_text(), live.kubeconfig.read_text()
    yield
    stack_file.write_text(settings)
    live.kubeconfig.write_text(kubeconfig)


def carried_out(live: Live) -> None:
    """Make sure that the whole stack is there."""
    done = live.up("--refresh") if live.resources() else live.up()
    assert done.returncode == 0, done.stdout[-4000:]


def taken_down(live: Live) -> None:
    """Make sure that nothing of it is there."""
    if live.resources():
        done = live.destroy()
        assert done.returncode == 0, done.stdout[-4000:]


def of_the_stack(kube: Kube) -> list[tuple[str, str]]:
    """Return kind and name of each object of the stack that is in no namespace."""
    kinds = ("Namespace", "StorageClass", "ClusterRole", "ClusterRoleBinding")
    names = [(kind, item["metadata"]["name"]) for kind in kinds for item in kube.list(kind, None)]
    return [(kind, name) for kind, name in names if name.startswith(NAMESPACE)]


def left(kube: Kube, aws: Aws) -> list[str]:
    """Whatever of the pipeline is still there, in the cluster and in AWS."""
    found = [f"{kind} {name}" for kind, name in of_the_stack(kube)]
    found += [f"PersistentVolume of {item['spec']['storageClassName']}" for item in kube.list("PersistentVolume", None)]
    found += [f"bucket {item['Name']}" for item in aws("s3").list_buckets()["Buckets"]]
    found += [f"user {item['UserName']}" for item in aws("iam").list_users()["Users"] if item["UserName"].startswith(BUCKET)]
    return found + [f"role {item['RoleName']}" for item in aws("iam").list_roles()["Roles"]]


def gone(live: Live, kube: Kube, aws: Aws) -> None:
    """Assert that nothing is left anywhere; volumes take the cluster a moment."""
    assert live.resources() == []
    deadline = time.monotonic() + 60
    while left(kube, aws):
        assert time.monotonic() < deadline, left(kube, aws)
        time.sleep(1)


@pytest.mark.full
def test_removing_the_source_connector_alone_drops_its_slot_and_a_new_one_catches_up(live: Live, sql: Callable[[str], str]) -> None:
    carried_out(live)
    assert sql(SLOT) == "debezium_slot"
    done = live.destroy("--target", live.urn("streaming-source-connector"))
    assert done.returncode == 0, done.stdout[-3000:]
    assert sql(SLOT) == ""
    sql("INSERT INTO users (email, first_name, last_name) VALUES ('meanwhile-' || now(), 'In', 'Between')")
    carried_out(live)
    assert sql(SLOT) == "debezium_slot"
    arrives(live, "after-a-new-slot-")


@pytest.mark.full
def test_a_connector_that_cannot_drop_its_slot_says_which_sql_does(
    live: Live, sql: Callable[[str], str], figure: Callable[[str], None]
) -> None:
    carried_out(live)
    sql("ALTER ROLE debezium PASSWORD 'somebody changed it by hand'")
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'debezium'")
    started = time.monotonic()
    done = live.destroy("--target", live.urn("streaming-source-connector"))
    figure(f"removal of a connector that cannot reach its database: {time.monotonic() - started:.0f} s")
    assert done.returncode == 0, done.stdout[-3000:]
    statement = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'debezium_slot' AND NOT active"
    assert statement in done.stdout
    assert sql(SLOT) == "debezium_slot"
    sql(statement)
    assert sql(SLOT) == ""
    taken_down(live)


def test_destroy_goes_in_order_and_leaves_nothing(live: Live, kube: Kube, aws: Aws, figure: Callable[[str], None]) -> None:
    carried_out(live)
    arrives(live, "before-the-end-")
    started = time.monotonic()
    done = live.destroy()
    assert done.returncode == 0, done.stdout[-4000:]
    figure(f"pulumi destroy: {time.monotonic() - started:.0f} s")
    order = [line.split()[2] for line in done.stdout.splitlines() if " deleted (" in line]
    for earlier, later in (
        ("archive-sink-connector", "connect-connect"),
        ("streaming-source-connector", "connect-connect"),
        ("connect-connect", "registry-schema-registry"),
        ("connect-connect", "source-postgresql"),
        ("registry-schema-registry", "kafka-kafka"),
        ("kafka-kafka", "foundation-namespace"),
        ("source-postgresql", "foundation-namespace"),
        ("archive-table-users", "archive-bucket"),
    ):
        assert order.index(earlier) < order.index(later), (earlier, later)
    gone(live, kube, aws)


@pytest.mark.full
@pytest.mark.long
def test_destroy_after_an_up_that_failed_half_way(live: Live, kube: Kube, aws: Aws) -> None:
    """Somebody else's role has the name; it stays theirs."""
    taken_down(live)
    aws("iam").create_role(RoleName=ROLE, AssumeRolePolicyDocument="{}")
    failed = live.up()
    assert failed.returncode != 0
    assert live.resources() != []
    done = live.destroy()
    assert done.returncode == 0, done.stdout[-4000:]
    assert live.resources() == []
    assert aws("iam").get_role(RoleName=ROLE)
    aws("iam").delete_role(RoleName=ROLE)
    gone(live, kube, aws)


@pytest.mark.full
@pytest.mark.long
def test_destroy_after_an_up_that_was_interrupted(live: Live, kube: Kube, aws: Aws) -> None:
    taken_down(live)
    command = ["env", "--default-signal=INT", "pulumi", "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"]
    with subprocess.Popen(
        command, cwd=live.folder, env=live.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if "connect-connect creating" in line:
                running.send_signal(signal.SIGINT)
                break
        running.stdout.read()
        assert running.wait(300) != 0
    assert len(live.resources()) > 60
    done = live.destroy()
    assert done.returncode == 0, done.stdout[-4000:]
    gone(live, kube, aws)


@pytest.mark.full
@pytest.mark.long
def test_a_missing_bucket_fails_the_up_with_a_cure_and_the_right_one_repairs_it(
    live: Live, aws: Aws, figure: Callable[[str], None]
) -> None:
    taken_down(live)
    live.set("archive.destroyWithStack", "false")
    live.set("archive.existingBucket", "true")
    live.set("archive.bucket", "no-such-bucket")
    started = time.monotonic()
    failed = live.up()
    assert failed.returncode != 0
    assert "the bucket is missing; check its name" in failed.stdout
    figure(f"pulumi up from nothing with a bucket that is not there failed after {time.monotonic() - started:.0f} s")
    live.unset("archive.existingBucket")
    live.set("archive.destroyWithStack", "true")
    live.set("archive.bucket", BUCKET)
    carried_out(live)
    assert [item["UserName"] for item in aws("iam").list_users()["Users"] if item["UserName"].endswith("-connect")] == [USER]
    arrives(live, "the-right-bucket-")


@pytest.mark.full
def test_destroy_when_the_cluster_is_gone_already(
    live: Live, kube: Kube, aws: Aws, kubectl: Callable[..., str], figure: Callable[[str], None]
) -> None:
    """It fails at once with the cure; given up by name, everything in AWS goes and the state is empty."""
    carried_out(live)
    for kind, name in of_the_stack(kube):
        kubectl("delete", kind, name, "--wait=true")
    live.kubeconfig.write_text(NO_CLUSTER)
    refused = live.destroy()
    assert refused.returncode != 0
    assert "PULUMI_K8S_DELETE_UNREACHABLE" in refused.stdout
    live.environment["PULUMI_K8S_DELETE_UNREACHABLE"] = "true"
    started = time.monotonic()
    done = live.destroy()
    del live.environment["PULUMI_K8S_DELETE_UNREACHABLE"]
    assert done.returncode == 0, done.stdout[-4000:]
    figure(f"pulumi destroy without the cluster: {time.monotonic() - started:.0f} s")
    gone(live, kube, aws)


@pytest.mark.full
@pytest.mark.long
def test_a_bucket_with_data_refuses_to_go_and_keeps_its_guards(live: Live, kube: Kube, aws: Aws) -> None:
    """`archive.destroyWithStack: false`. What was archived outlives everything else, until somebody says otherwise."""
    live.set("archive.destroyWithStack", "false")
    carried_out(live)
    arrives(live, "to-be-kept-")
    refused = live.destroy()
    assert refused.returncode != 0
    assert "BucketNotEmpty" in refused.stdout
    s3 = aws("s3")
    kept = {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]}
    assert any(key.endswith(".parquet") for key in kept)
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"].values())
    assert s3.get_bucket_encryption(Bucket=BUCKET)["ServerSideEncryptionConfiguration"]["Rules"]
    assert {item["type"] for item in live.resources() if item.get("custom") and "providers" not in item["type"]} == {"aws:s3/bucket:Bucket"}
    let_go = live.pulumi("state", "delete", live.urn("archive-bucket"), "--stack", STACK, "--yes")
    assert let_go.returncode == 0, let_go.stderr
    assert live.destroy().returncode == 0
    assert {item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]} == kept
    _emptied(s3)
    gone(live, kube, aws)


def _emptied(s3: Any) -> None:
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for item in [*page.get("DeleteMarkers", []), *page.get("Versions", [])]:
            s3.delete_object(Bucket=BUCKET, Key=item["Key"], VersionId=item["VersionId"])
    s3.delete_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError):
        s3.head_bucket(Bucket=BUCKET)
