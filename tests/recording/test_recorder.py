"""The recorder's view of a program: edges, parents, providers, secrets, unknowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes
import pulumi_random as random
import pytest

from pipeline.recording import UNKNOWN, Recording, record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Layer(pulumi.ComponentResource):
    """A component with a namespace and a Secret in it."""

    def __init__(self, name: str, password: pulumi.Output[str], provider: kubernetes.Provider) -> None:
        """Declare the children."""
        super().__init__("test:index:Layer", name, opts=pulumi.ResourceOptions(providers=[provider]))
        self.namespace = kubernetes.core.v1.Namespace(
            f"{name}-namespace", metadata={"name": name}, opts=pulumi.ResourceOptions(parent=self)
        )
        kubernetes.core.v1.Secret(
            f"{name}-secret",
            metadata={"name": "login", "namespace": self.namespace.metadata.name},
            string_data={"password": password, "user": "app"},
            opts=pulumi.ResourceOptions(parent=self, deleted_with=self.namespace),
        )
        self.register_outputs({})


def declare() -> None:
    """Declare a small program with every kind of edge."""
    config = pulumi.Config()
    provider = kubernetes.Provider("cluster", kubeconfig="/nowhere/kubeconfig")
    password = random.RandomPassword("password", length=config.require_int("length"))
    layer = Layer("layer", password.result, provider)
    cloud = aws.Provider("cloud", region="us-east-1", access_key="a", secret_key=pulumi.Output.secret("hidden"))
    bucket = aws.s3.Bucket("archive", bucket="archive", opts=pulumi.ResourceOptions(provider=cloud, depends_on=[layer]))
    pulumi.export("bucketArn", bucket.arn)
    pulumi.export("namespace", layer.namespace.metadata.name)
    pulumi.export("password", password.result)
    pulumi.export("length", config.require_int("length"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write the configuration files of a project and return its root."""
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nconfig:\n  length: {type: integer, default: 20}\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    return tmp_path


@pytest.fixture
def recording(root: Path) -> Recording:
    """Record the sample program as a preview would see it."""
    return record("dev", root=root, declare=declare)


def test_every_resource_knows_its_parent_and_provider(recording: Recording) -> None:
    """A child of a component inherits the component's provider."""
    secret = recording.get("layer-secret")
    assert secret.parent == recording.get("layer").urn
    assert secret.provider == recording.get("cluster").urn
    assert secret.deleted_with == recording.get("layer-namespace").urn


def test_secrets_are_unwrapped_and_their_paths_kept(recording: Recording) -> None:
    """The password's path is marked, independent of its text."""
    assert recording.get("layer-secret").secret_inputs == {"stringData"}
    cloud = recording.get("cloud")
    assert cloud.inputs["secretKey"] == "hidden"
    assert "secretKey" in cloud.secret_paths


def test_unknown_outputs_stay_unknown_in_a_preview(recording: Recording) -> None:
    """Kubernetes objects echo their inputs; an ARN cannot be known."""
    assert recording.outputs["bucketArn"] is UNKNOWN
    assert recording.outputs["namespace"] == "layer"
    assert "password" in recording.secret_outputs


def test_samples_replace_unknowns_outside_a_preview(root: Path) -> None:
    """Documents made from outputs can then be read."""
    recording = record("dev", root=root, declare=declare, preview=False)
    assert recording.outputs["bucketArn"] == "arn:aws:s3:::archive"
    assert recording.get("layer-secret").inputs["stringData"]["password"] == "sample-password"


def test_a_component_in_depends_on_stands_for_its_children(recording: Recording) -> None:
    """The bucket waits for the Secret and, through it, for the password."""
    upstream = recording.upstream(recording.get("archive").urn)
    assert recording.get("layer-secret").urn in upstream
    assert recording.get("password").urn in upstream


def test_whole_numbers_are_integers(recording: Recording) -> None:
    """A length of 20 must not become 20.0."""
    assert repr(recording.get("password").inputs["length"]) == "20"


def test_two_recordings_of_one_program_are_equal(root: Path) -> None:
    """Thread scheduling has no effect."""
    assert record("dev", root=root, declare=declare) == record("dev", root=root, declare=declare)


def test_config_overrides_win(root: Path) -> None:
    """A test may change one setting without a file."""
    assert record("dev", {"length": 33}, root=root, declare=declare).outputs["length"] == 33


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: random.RandomPassword("twice", length=8) and random.RandomPassword("twice", length=8), "resources have the name twice"),
        (lambda: kubernetes.yaml.v2.ConfigGroup("wrong", yaml="- a"), "a manifest is no object"),
        (lambda: 1 / 0, "division by zero"),
    ],
)
def test_the_programs_failure_is_raised(root: Path, wrong: Callable[[], object], message: str) -> None:
    """The program's own failure is raised, and the next recording is unaffected."""
    with pytest.raises(Exception, match=message):
        record("dev", root=root, declare=lambda: wrong() and None)
    assert record("dev", root=root, declare=declare).resources


def test_an_output_written_into_text_is_an_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With PULUMI_ERROR_OUTPUT_STRING it raises; otherwise a sentence would be written into the configuration."""
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "1")

    def careless() -> None:
        pulumi.export("text", f"{random.RandomPassword('password', length=8).result}")

    with pytest.raises(Exception, match="__str__"):
        record("dev", root=root, declare=careless)
    assert record("dev", root=root, declare=declare).resources
