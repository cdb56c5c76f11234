"""A copy of the project on a real Kind cluster with an S3-compatible store, driven by the Makefile targets that a person types.

Names of other images come from the environment: KIND_NODE_IMAGE and BASES, as ``make`` reads them.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipeline.laptop import kind
from pipeline.recording.stackfile import stack_config
from sandbox import outputs, reader
from sandbox.cloud import account, workload
from sandbox.kubernetes import Kube
from stack.judgement.stack import parse_text
from stack.settings.cluster import HostSettings
from tests.checkout import copy_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.cloud import Cloud

STACK = "kind"
STORE_NODE_PORT = 30466
IMAGES = ("postgres", "kafka", "connect", "registry", "object-store")
# the stack's choices: none needs Confluent's downloads or AWS
CONFIG = {
    "data-ingestion:environment": "dev",
    "data-ingestion:streaming": {"registry": {"kind": "apicurio"}},
    "data-ingestion:archive": {
        "bucket": "kind-archive",
        "format": "iceberg",
        "catalog": "jdbc",
        "destroyWithStack": True,
        "store": {
            "namespace": workload.NAMESPACE,
            "service": workload.NAME,
            "port": workload.PORT,
            "hostEndpoint": account.ENDPOINT,
        },
    },
    "data-ingestion:policy": {
        "exceptions": [
            {"rule": "bucket-tls-only", "resource": "archive-bucket", "reason": "the emulator's only address is plain HTTP in this cluster"}
        ]
    },
}


@dataclass(frozen=True)
class Laptop:
    """A copy of the project and the environment of its commands.

    Attributes:
        folder: Folder of the copy.
        environment: Environment of ``make`` and the tools it runs.
    """

    folder: Path
    environment: dict[str, str]

    @property
    def kubeconfig(self) -> Path:
        """Access to the cluster."""
        return self.folder / "kubeconfig"

    def make(self, *words: str, timeout_s: float = 1800) -> subprocess.CompletedProcess[str]:
        """Run make as a person does; the shared virtual environment is not rebuilt."""
        command = ["make", "--assume-old=.venv/.complete", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout_s, check=False
        )

    def pulumi(self, *words: str) -> dict[str, Any]:
        """Run the CLI and return its JSON."""
        command = ["pulumi", *words, "--stack", STACK, "--non-interactive"]
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer


def succeeded(done: subprocess.CompletedProcess[str]) -> str:
    """Return a command's output; a failed one fails the test with its last output."""
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def _answers(*command: str) -> bool:
    return shutil.which(command[0]) is not None and subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


@pytest.fixture(scope="session")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    """Yield a running cluster of this test's own, from ``make cluster`` to ``make cluster-down``."""
    if not _answers("docker", "info"):
        pytest.skip("Docker does not answer, or is not on PATH")
    if not _answers("kind", "version"):
        pytest.skip("Kind is not on PATH")
    if platform.machine() not in {"x86_64", "AMD64"}:
        pytest.skip("the S3-compatible store's wheels are locked for x86_64")
    existing = subprocess.run(["kind", "get", "clusters"], capture_output=True, text=True, check=True).stdout.split()
    wanted = kind.parse(kind.CONFIG.read_text(encoding="utf-8"))
    if wanted.name in existing:
        pytest.skip(f"there is a cluster {wanted.name} already, which these tests would remove: `make cluster-down` first")
    base = tmp_path_factory.mktemp("laptop")
    made = Laptop(base / "project", _environment(base))
    copy_project(made.folder)
    (made.folder / f"Pulumi.{STACK}.yaml").write_text(yaml.safe_dump({"config": _config(made)}))
    _publish_store(made.folder / "pipeline" / "laptop" / "kind.yaml")
    try:
        succeeded(made.make("cluster"))
        yield made
    finally:
        made.make("cluster-down")


def _environment(base: Path) -> dict[str, str]:
    (base / "state").mkdir()
    return {
        **os.environ,
        "KUBECONFIG": str(base / "project" / "kubeconfig"),
        "PULUMI_BACKEND_URL": f"file://{base / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _config(made: Laptop) -> dict[str, Any]:
    return {**CONFIG, "data-ingestion:cluster": {"kubeconfig": str(made.kubeconfig), "keepVolumes": False}}


def _publish_store(file: Path) -> None:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["nodes"][0]["extraPortMappings"].append(
        {"listenAddress": "127.0.0.1", "hostPort": workload.NODE_PORT, "containerPort": STORE_NODE_PORT}
    )
    file.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture(scope="session")
def images(laptop: Laptop) -> str:
    """Return the output of ``make images``: afterwards every image is on every node."""
    return succeeded(laptop.make("images", f"IMAGES={' '.join(IMAGES)}"))


@pytest.fixture(scope="session")
def kube(laptop: Laptop) -> Kube:
    """Return the cluster's API."""
    return Kube(laptop.kubeconfig)


@pytest.fixture(scope="session")
def store(images: str, kube: Kube) -> Cloud:
    """Return the emulated AWS in the cluster, with its administrator."""
    assert images
    for manifest in workload.manifests():
        kube.apply(_for_kind(manifest))
    kube.wait_ready("Deployment", workload.NAMESPACE, workload.NAME, 180)
    account.wait_for_answer(account.ENDPOINT)
    return account.bootstrap(account.ENDPOINT)


def _for_kind(given: Any) -> dict[str, Any]:
    """Return the sandbox's object with a node port that every cluster allows, reachable from this cluster's nodes."""
    manifest: dict[str, Any] = copy.deepcopy(given)
    if manifest["kind"] == "Service":
        manifest["spec"]["ports"][0]["nodePort"] = STORE_NODE_PORT
    for rule in manifest["spec"].get("ingress", ()) if manifest["kind"] == "NetworkPolicy" else ():
        rule["from"] += [{"ipBlock": {"cidr": str(source)}} for source in HostSettings().sources]
    return manifest


@pytest.fixture(scope="session")
def stack(laptop: Laptop, store: Cloud) -> dict[str, Any]:
    """Return addresses and credentials of the stack that ``make up`` has created."""
    if shutil.which("pulumi") is None:
        pytest.skip("the Pulumi CLI is not on PATH")
    laptop.environment.update(AWS_ACCESS_KEY_ID=store.access_key_id, AWS_SECRET_ACCESS_KEY=store.secret_access_key)
    succeeded(laptop.make("up", f"STACK={STACK}", "FLAGS=--yes --non-interactive"))
    settings = parse_text(stack_config(laptop.folder, STACK).values)
    told = laptop.pulumi("stack", "output", "--json", "--show-secrets")
    return outputs.collect(told, reader.ensure(store, settings.archive.bucket, None))
