"""Linters that others wrote find nothing in what the project makes but what is accepted with a reason."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from images import bases, installed, parts, sbom, staging
from images.sbom import Subject
from pipeline.recording.recorder import ROOT
from tests.checkout import tracked
from tests.images import test_sbom
from tests.judges import findings, manifests

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.judges.findings import Finding

pytestmark = pytest.mark.judges

HOST = Subject(name="data-ingestion", version="", kind="application", phase="discovery")
BAD_POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "bad", "namespace": "default"},
    "spec": {"hostNetwork": True, "containers": [{"name": "it", "image": "it:latest", "securityContext": {"privileged": True}}]},
}


def bills() -> dict[str, dict[str, Any]]:
    """Return the bill of materials of every image by its lock, of the environment, and of a part with all that a part can have."""
    found = {"host": sbom.document(HOST, installed.parts()), "part": sbom.document(test_sbom.SUBJECT, [test_sbom.JAR, test_sbom.WHEEL])}
    for name, base in bases.BASES.items():
        folder = ROOT / "images" / name
        pinned = parts.of_lock(staging.entries_of(folder))
        found[name] = sbom.document(test_sbom.SUBJECT, pinned, parts.of_base(base), staging.written_here(folder))
    return found


@pytest.mark.parametrize("judge", [findings.kube_score, findings.checkov], ids=["kube-score", "checkov"])
def test_a_judge_of_manifests_finds_nothing_but_what_is_accepted(judge: Callable[[Path], list[Finding]], tmp_path: Path) -> None:
    found = [finding for stack in manifests.STACKS for finding in judge(manifests.written(tmp_path, manifests.objects(stack)))]
    assert findings.open_ones(found[0].judge, found) == ([], [])


def test_every_object_is_one_that_the_api_servers_schemas_know_whole() -> None:
    assert [finding for stack in manifests.STACKS for finding in findings.kubernetes_schemas(manifests.objects(stack))] == []


def test_every_bill_of_materials_is_one_by_cyclonedx_own_schema() -> None:
    assert findings.cyclonedx(bills()) == []


def test_trivy_finds_nothing_but_what_is_accepted(tmp_path: Path) -> None:
    """It judges a stack at a time: of several folders in one run it has been seen to leave findings out."""
    found = []
    for stack in manifests.STACKS:
        (tmp_path / stack).mkdir()
        # an object a file, so that a finding has its name
        for one in manifests.objects(stack):
            text = yaml.safe_dump(one)
            (tmp_path / stack / f"{one['kind']} {one['metadata']['name']}.yaml").write_text(text, encoding="utf-8")
        found += findings.trivy(tmp_path / stack)
    for name in tracked("*Dockerfile"):
        place = tmp_path / "recipes" / name
        place.parent.mkdir(parents=True)
        place.write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    assert findings.open_ones("trivy", [*found, *findings.trivy(tmp_path / "recipes")]) == ([], [])


def test_hadolint_finds_nothing_in_the_dockerfiles() -> None:
    files = tracked("*Dockerfile")
    assert files
    assert findings.hadolint([ROOT / name for name in files]) == []


def test_bandit_finds_nothing_in_the_program_but_what_is_accepted() -> None:
    sources = [ROOT / name for name in tracked("*.py") if not name.startswith("tests/")]
    assert sources
    assert findings.open_ones("bandit", findings.bandit(ROOT, sources)) == ([], [])


def test_every_judge_finds_a_fault_of_its_kind(tmp_path: Path) -> None:
    """Otherwise it might judge nothing, and say so by silence."""
    bad = manifests.written(tmp_path, [BAD_POD])
    assert "container-security-context-privileged" in {one.check for one in findings.kube_score(bad)}
    assert {"CKV_K8S_16", "CKV_K8S_19"} <= {one.check for one in findings.checkov(bad)}
    misspelt = copy.deepcopy(BAD_POD)
    misspelt["spec"]["containers"][0]["ressources"] = {}
    assert [one.place for one in findings.kubernetes_schemas([misspelt, BAD_POD])] == ["Pod bad"]
    broken = bills()
    broken["host"]["components"][0]["purl"] = "no package URL"
    broken["postgres"]["components"][0] |= {"hashes": [{"alg": "SHA-256", "content": "short"}]}
    assert sorted(one.place for one in findings.cyclonedx(broken)) == ["host", "postgres"]
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp\n", encoding="utf-8")
    assert {"DL3003", "DL3006"} <= {one.check for one in findings.hadolint([tmp_path / "Dockerfile"])}
    assert {"KSV-0017", "DS-0002"} <= {one.check for one in findings.trivy(tmp_path)}
    (tmp_path / "bad.py").write_text("import yaml\nyaml.load(open('x'), yaml.Loader)\n", encoding="utf-8")
    assert [one.check for one in findings.bandit(tmp_path, [tmp_path / "bad.py"])] == ["B506"]
