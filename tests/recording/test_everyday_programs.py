"""Everyday programs are recorded offline; what only the engine knows is unknown, and told as not judged."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pytest

from pipeline.recording import UNKNOWN, Recording, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: space}
data: {key: value}
---
apiVersion: v1
kind: List
items:
  - apiVersion: apps/v1
    kind: Deployment
    metadata: {name: b}
    spec: {replicas: 1}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: sample\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("")
    (tmp_path / "a.yaml").write_text(MANIFESTS)
    return tmp_path


def recorded(root: Path, declare: Callable[[], None]) -> Recording:
    """Record a program."""
    return record("dev", root=root, declare=declare)


def use(name: str, value: Any) -> None:
    """Declare a resource that uses a value, and export it."""
    kubernetes.core.v1.ConfigMap(name, metadata={"name": name}, data={"value": value})
    pulumi.export(name, value)


def test_outputs_of_another_stack_are_unknown(root: Path) -> None:
    def declare() -> None:
        network = pulumi.StackReference("organisation/network/prod")
        use("required", network.require_output("vpc"))
        use("got", network.get_output("subnets").apply(lambda subnets: subnets[0]))

    recording = recorded(root, declare)
    assert recording.outputs == {"got": UNKNOWN, "required": UNKNOWN}
    assert recording.get("required").inputs["data"]["value"] is UNKNOWN
    assert any("organisation/network/prod (pulumi:pulumi:StackReference)" in one for one in recording.unjudged)


def test_an_existing_resource_is_read_with_its_name_and_nothing_else(root: Path) -> None:
    def declare() -> None:
        use("space", kubernetes.core.v1.ConfigMap.get("existing", "space/settings").metadata["name"])
        use("data", kubernetes.core.v1.ConfigMap.get("other", "settings").data["a"])
        use("bucket", aws.s3.Bucket.get("archive", "archive").arn)
        use("role", aws.iam.Role.get("role", pulumi.Output.concat("a", "-b")).arn)

    recording = recorded(root, declare)
    assert recording.outputs == {"bucket": UNKNOWN, "data": UNKNOWN, "role": UNKNOWN, "space": "settings"}
    assert [one.name for one in recording.resources] == ["bucket", "data", "role", "space"]


def test_functions_of_an_account_are_answered_with_samples(root: Path) -> None:
    def declare() -> None:
        use("account", aws.get_caller_identity().account_id)
        use("later", aws.get_caller_identity_output().account_id)
        use("region", aws.get_region().region)
        use("partition", aws.get_partition().partition)
        use("zones", ",".join(aws.get_availability_zones().names))

    recording = recorded(root, declare)
    assert recording.outputs["account"] == recording.outputs["later"] == "123456789012"
    assert recording.outputs["region"] == "us-east-1"
    assert recording.outputs["zones"].startswith("us-east-1a,")
    assert "the result of aws:index/getCallerIdentity:getCallerIdentity, for which the plan takes a sample" in recording.unjudged


def test_a_policy_document_is_what_the_provider_would_render(root: Path) -> None:
    given: dict[str, Any] = {
        "statements": [
            {
                "sid": "Read",
                "actions": ["s3:GetObject", "s3:ListBucket"],
                "resources": ["arn:aws:s3:::archive/*"],
                "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]}],
                "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
            },
            {"effect": "Deny", "notActions": ["iam:*"], "resources": ["*"], "principals": [{"type": "*", "identifiers": ["*"]}]},
        ]
    }

    def declare() -> None:
        use("plain", aws.iam.get_policy_document(**given).json)
        use("later", aws.iam.get_policy_document_output(**given).json)
        bucket = aws.s3.Bucket("b")
        use("unknown", aws.iam.get_policy_document_output(statements=[{"actions": ["s3:*"], "resources": [bucket.arn]}]).json)

    recording = recorded(root, declare)
    assert json.loads(recording.outputs["plain"]) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:ListBucket"],
                "Resource": "arn:aws:s3:::archive/*",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Principal": "*"},
        ],
    }
    assert recording.outputs["later"] == recording.outputs["plain"]
    assert recording.outputs["unknown"] is UNKNOWN


def test_another_function_is_unknown_and_told(root: Path) -> None:
    def declare() -> None:
        use("parameter", aws.ssm.get_parameter_output(name="/a").value)
        use("plain", aws.ssm.get_parameter(name="/a").value)

    recording = recorded(root, declare)
    assert recording.outputs["parameter"] is UNKNOWN
    assert any("the result of aws:ssm/getParameter:getParameter" in one for one in recording.unjudged)


def test_a_program_that_needs_a_result_at_once_is_told_the_way(root: Path) -> None:
    with pytest.raises(
        ValueError, match="aws:ec2/getSubnets:getSubnets, which only the engine knows: call the function that returns an output"
    ):
        recorded(root, lambda: use("first", aws.ec2.get_subnets().ids[0]))


def test_imports_hooks_and_files_have_no_effect_in_a_plan(root: Path) -> None:
    def declare() -> None:
        aws.s3.Bucket("imported", bucket="archive", opts=pulumi.ResourceOptions(import_="archive"))
        hook = pulumi.ResourceHook("hook", lambda _args: None)
        random.RandomPassword("hooked", length=8, opts=pulumi.ResourceOptions(hooks=pulumi.ResourceHookBinding(after_create=[hook])))
        for name, source in {
            "file": pulumi.FileAsset("a.yaml"),
            "text": pulumi.StringAsset("text"),
            "remote": pulumi.RemoteAsset("https://example.com/a"),
        }.items():
            aws.s3.BucketObject(name, bucket="archive", source=source)
        for name, code in {
            "folder": pulumi.FileArchive("."),
            "archive": pulumi.RemoteArchive("https://example.com/a.zip"),
            "assets": pulumi.AssetArchive({"a": pulumi.StringAsset("b")}),
        }.items():
            aws.lambda_.Function(name, role="arn:aws:iam::123456789012:role/a", code=code)

    recording = recorded(root, declare)
    assert recording.get("imported").inputs["bucket"] == "archive"
    assert recording.get("file").inputs["source"] is UNKNOWN
    assert {"folder", "archive", "assets", "hooked"} <= {one.name for one in recording.resources}


@pytest.mark.parametrize("metadata", [None, {}, {"namespace": "space"}, {"generate_name": "a-"}, {"labels": {"a": "b"}}])
def test_a_name_that_the_provider_makes_up_is_unknown(root: Path, metadata: Any) -> None:
    def declare() -> None:
        made = kubernetes.core.v1.ConfigMap("made", metadata=metadata)
        use("name", made.metadata["name"])
        use("attribute", made.metadata.name)
        use("uid", made.metadata["uid"])
        service = kubernetes.core.v1.Service("service", metadata=metadata, spec={"ports": [{"port": 80}]})
        use("address", service.spec["cluster_ip"])
        use("host", service.status.load_balancer.ingress[0].hostname)

    assert set(recorded(root, declare).outputs.values()) == {UNKNOWN}


@pytest.mark.parametrize("form", ["yaml", "files", "glob", "file", "objs", "old group", "old file"])
def test_the_objects_of_a_group_are_declared_and_judged(root: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    provider: list[kubernetes.Provider] = []

    def declare() -> None:
        provider.append(kubernetes.Provider("cluster", kubeconfig="/nowhere"))
        opts = pulumi.ResourceOptions(provider=provider[0])
        if form == "file":
            kubernetes.yaml.v2.ConfigFile("group", file="a.yaml", opts=opts)
        elif form == "old file":
            kubernetes.yaml.ConfigFile("group", file="a.yaml", opts=opts)
        elif form == "old group":
            kubernetes.yaml.ConfigGroup("group", yaml=[MANIFESTS], opts=opts)
        else:
            objects = [
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}},
                {"apiVersion": "apps/v1", "kind": "Deployment"},
            ]
            given: Any = {"yaml": MANIFESTS, "files": ["a.yaml"], "glob": ["a*.yaml"], "objs": objects}
            kubernetes.yaml.v2.ConfigGroup("group", **{"files" if form == "glob" else form: given[form]}, opts=opts)

    recording = recorded(root, declare)
    assert {one.type for one in recording.resources if one.custom and not one.is_provider} == {
        "kubernetes:core/v1:ConfigMap",
        "kubernetes:apps/v1:Deployment",
    }
    assert recording.unjudged == ()
    assert {one.provider for one in recording.resources if one.type.endswith("Deployment")} == {recording.get("cluster").urn}


@pytest.mark.parametrize(
    "declare",
    [
        lambda: kubernetes.helm.v4.Chart("chart", chart="redis"),
        lambda: kubernetes.kustomize.v2.Directory("folder", directory="."),
        lambda: kubernetes.yaml.v2.ConfigGroup("group", files=["https://example.com/a.yaml"]),
    ],
)
def test_what_only_the_engine_can_render_is_told_as_not_judged(root: Path, declare: Callable[[], object]) -> None:
    (told,) = recorded(root, lambda: declare() and None).unjudged
    assert told.startswith("the resources inside of ")
    assert told.endswith(", which only the engine knows")


def test_a_manifest_that_cannot_be_read_is_named(root: Path) -> None:
    with pytest.raises(Exception, match=r"the manifest nowhere\.yaml cannot be read"):
        recorded(root, lambda: kubernetes.yaml.v2.ConfigGroup("group", files=["nowhere.yaml"]) and None)


def test_a_recording_leaves_the_sdk_as_it_was(root: Path) -> None:
    before = pulumi.runtime.invoke
    recorded(root, lambda: use("account", aws.get_caller_identity().account_id))
    assert pulumi.runtime.invoke is before


@pytest.mark.full
def test_the_plan_takes_less_than_three_seconds() -> None:
    """Of processor time; the wall clock belongs to the machine."""
    timed = (
        "import resource, sys; from pipeline.command_line import main; main(['plan', '--stack', 'dev', '--brief']); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_utime, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True)
    assert float(done.stderr.split()[-1]) < 3
