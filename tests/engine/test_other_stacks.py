"""Previews of the stack prod, and of one that finds everything in place, without cluster, broker or database in reach."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.declared import STACKS
from tests.engine.conftest import NO_CLUSTER
from tests.engine.project import Project, copied

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.full]

ENDPOINT = {"url": "http://store.internal:9000", "addresses": ["10.5.0.0/16"], "secret": "store"}


def begun(base: Path, stack: str, **sections: Any) -> Project:
    """Return a copy of the project with a stack of its own whose context leads nowhere."""
    made = copied(base)
    path = made.folder / "Pulumi.prod.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    for name, section in sections.items():
        config[f"data-ingestion:{name}"] = {**section}
    (base / "kubeconfig").write_text(NO_CLUSTER.replace("sandbox", "prod"))
    config["data-ingestion:cluster"]["kubeconfig"] = str(base / "kubeconfig")
    path.unlink()
    (made.folder / f"Pulumi.{stack}.yaml").write_text(yaml.safe_dump({"config": config}), encoding="utf-8")
    done = made.pulumi("stack", "init", stack)
    assert done.returncode == 0, done.stderr
    return made


def created(made: Project, stack: str) -> dict[str, dict[str, Any]]:
    """Return the inputs of everything that a preview would create, by type and name."""
    done = made.pulumi("preview", "--stack", stack, "--json")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    steps = json.loads(done.stdout)["steps"]
    assert {step["op"] for step in steps} == {"create"}
    states = [step["newState"] for step in steps]
    return {f"{state['type'].rpartition('$')[2]} {state['urn'].rpartition('::')[2]}": state.get("inputs", {}) for state in states}


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the shipped stack prod."""
    return begun(tmp_path_factory.mktemp("prod"), "prod")


def test_prod_is_previewed_and_judged_without_its_cluster(prod: Project) -> None:
    made = created(prod, "prod")
    assert made["kubernetes:apps/v1:Deployment connect-connect"]["spec"]["replicas"] == 3
    assert made["kubernetes:core/v1:Service kafka-kafka-0-service"]["spec"]["type"] == "LoadBalancer"
    assert not any(name.startswith(("kubernetes:core/v1:Namespace", "aws:iam/user", "aws:iam/accessKey")) for name in made)
    assert any("example-data-ingestion-prod" in str(inputs) for name, inputs in made.items() if name.startswith("aws:s3/bucket:"))


def test_a_worker_too_many_is_refused_in_prod(prod: Project) -> None:
    prod.pulumi("config", "set", "--stack", "prod", "--path", "data-ingestion:streaming.connect.workers", "4")
    refused = prod.pulumi("preview", "--stack", "prod", "--color", "never")
    prod.pulumi("config", "set", "--stack", "prod", "--path", "data-ingestion:streaming.connect.workers", "3")
    assert refused.returncode != 0
    assert "the pods may use 25600 MiB together and budget.memoryMib is 23552" in refused.stdout + refused.stderr


def test_a_preview_with_existing_systems_only_needs_no_cloud(tmp_path: Path) -> None:
    sections = {**STACKS["guest"][1]}
    sections["archive"] = {"bucket": "warehouse", "existingBucket": True, "format": "iceberg", "catalog": "jdbc", "endpoint": ENDPOINT}
    made = created(begun(tmp_path, "guest", **sections), "guest")
    assert not any(name.startswith(("aws:", "pulumi:providers:aws")) for name in made)
    assert not any(name.startswith("kubernetes:apps/v1:StatefulSet") for name in made)
    source = made["kafkaconnect:index:Connector streaming-source-connector"]["config"]
    assert (source["database.hostname"], source["database.port"]) == ("db.internal", "6432")
    assert source["database.password"].startswith("${dir:")
