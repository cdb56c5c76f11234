"""Findings of the judges in one form: the check, its place, and the text of the tool."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from sandbox.cluster.binary import KUBERNETES
from tests.judges import installation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ACCEPTED: Final = Path(__file__).with_name("accepted.yaml")
# kube-score's grade of a check without any finding
_PASSED: Final = 10
# Version whose schemas the objects are judged by: the sandbox's, without its last number
_SCHEMAS: Final = KUBERNETES.removeprefix("v").rpartition(".")[0]
_STRICT: Final = """
import json, sys, warnings, kubernetes_validate
warnings.simplefilter("ignore")
for at, one in enumerate(json.load(sys.stdin)):
    try:
        kubernetes_validate.validate(one, sys.argv[1], strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        print(json.dumps([at, str(error)]))
"""
_BILLS: Final = """
import json, sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
judge = JsonStrictValidator(SchemaVersion.V1_6)

def purls(bill):
    for component in bill.get("components", []):
        yield from [component["purl"]] if "purl" in component else []
        yield from purls(component)

for at, text in enumerate(json.load(sys.stdin)):
    error = judge.validate_str(text)
    if error is not None:
        print(json.dumps([at, error.data.message]))
    for purl in purls(json.loads(text)):
        try:
            same = PackageURL.from_string(purl).to_string() == purl
        except ValueError:
            same = False
        if not same:
            print(json.dumps([at, purl]))
"""


@dataclass(frozen=True, order=True)
class Finding:
    """One finding.

    Attributes:
        judge: Name of the tool.
        check: The tool's name of the check.
        place: Kind and name of an object, or path of a file.
        says: What the tool says about it.
    """

    judge: str
    check: str
    place: str
    says: str


@dataclass(frozen=True)
class Accepted:
    """Findings that are no fault here.

    Attributes:
        judge: Name of the tool.
        check: The tool's name of the check.
        places: Patterns of the places.
        reason: Why they are no fault.
    """

    judge: str
    check: str
    places: tuple[str, ...]
    reason: str

    def fits(self, finding: Finding) -> bool:
        """Return whether a finding is one of these."""
        return (finding.judge, finding.check) == (self.judge, self.check) and any(fnmatchcase(finding.place, one) for one in self.places)


def accepted(judge: str) -> list[Accepted]:
    """Return what is accepted of a judge's findings."""
    entries = yaml.safe_load(ACCEPTED.read_text(encoding="utf-8"))[judge]
    return [Accepted(judge, entry["check"], tuple(entry["places"]), entry["reason"]) for entry in entries]


def open_ones(judge: str, found: Iterable[Finding]) -> tuple[list[Finding], list[Accepted]]:
    """Return a judge's findings without an accepted entry, and the accepted entries without a finding."""
    entries, findings = accepted(judge), sorted(set(found))
    return (
        [one for one in findings if not any(entry.fits(one) for entry in entries)],
        [entry for entry in entries if not any(entry.fits(one) for one in findings)],
    )


def kube_score(manifests: Path) -> list[Finding]:
    """Judge a file of Kubernetes objects by kube-score."""
    return [
        Finding(
            "kube-score", one["check"]["id"], _place(scored["type_meta"]["kind"], scored["object_meta"]), _joined(one["comments"] or [])
        )
        for scored in json.loads(_printed("kube-score", "score", "--output-format", "json", manifests)) or []
        for one in scored["checks"]
        if not one["skipped"] and one["grade"] < _PASSED
    ]


def checkov(manifests: Path) -> list[Finding]:
    """Judge a file of Kubernetes objects by checkov, without asking its maker's server."""
    options = ("--framework", "kubernetes", "--output", "json", "--quiet", "--compact", "--skip-download")
    told = json.loads(_printed("checkov", "--file", manifests, *options))
    return [
        Finding("checkov", one["check_id"], _named(one["resource"]), one["check_name"])
        for one in (told.get("results") or {}).get("failed_checks", [])
    ]


def kubernetes_schemas(objects: Sequence[dict[str, Any]]) -> list[Finding]:
    """Judge Kubernetes objects by the API server's published schemas, of which no unknown field is accepted."""
    known = [item for item in objects if "." not in item["apiVersion"].partition("/")[0] or ".k8s.io/" in item["apiVersion"]]
    printed = _printed("python", "-c", _STRICT, _SCHEMAS, given=json.dumps(known))
    return [
        Finding("kubernetes-validate", "schema", _place(known[at]["kind"], known[at]["metadata"]), text.splitlines()[0])
        for at, text in map(json.loads, printed.splitlines())
    ]


def cyclonedx(bills: Mapping[str, dict[str, Any]]) -> list[Finding]:
    """Judge bills of materials by CycloneDX' own schema, and their package URLs by the library of their makers."""
    printed = _printed("python", "-c", _BILLS, given=json.dumps([json.dumps(bill) for bill in bills.values()]))
    return [Finding("cyclonedx", "schema", list(bills)[at], text) for at, text in map(json.loads, printed.splitlines())]


def hadolint(dockerfiles: Sequence[Path]) -> list[Finding]:
    """Judge Dockerfiles by hadolint."""
    found = json.loads(_printed("hadolint", "--format", "json", *dockerfiles))
    return [Finding("hadolint", one["code"], one["file"], one["message"]) for one in found]


def trivy(folder: Path) -> list[Finding]:
    """Judge manifests and Dockerfiles in a folder by trivy's embedded checks; a manifest's place is its file's name."""
    options = ("--quiet", "--skip-check-update", "--skip-version-check", "--format", "json")
    found = json.loads(_printed("trivy", "config", *options, folder))
    return [
        Finding("trivy", one["ID"], target.stem if target.suffix == ".yaml" else str(target), one["Message"])
        for result in found.get("Results", [])
        for target in [Path(result["Target"])]
        for one in result.get("Misconfigurations") or []
    ]


def bandit(root: Path, sources: Sequence[Path]) -> list[Finding]:
    """Judge Python by bandit: what it calls medium or high."""
    found = json.loads(_printed("bandit", "--quiet", "--severity-level", "medium", "--format", "json", *sources))
    assert not found["errors"], found["errors"]
    return [Finding("bandit", one["test_id"], str(Path(one["filename"]).relative_to(root)), one["issue_text"]) for one in found["results"]]


def _printed(judge: str, *arguments: str | Path, given: str | None = None) -> str:
    """Run a judge and return what it printed; its exit code only says whether it found something."""
    line = [installation.program(judge), *arguments]
    done = subprocess.run(line, input=given, capture_output=True, text=True, timeout=600, check=False)
    assert done.stdout or not done.stderr, done.stderr[-2000:]
    return done.stdout


def _place(kind: str, metadata: dict[str, Any]) -> str:
    return f"{kind} {metadata['name']}"


def _named(resource: str) -> str:
    """Return checkov's ``Kind.namespace.name`` as the others say it."""
    kind, _, rest = resource.partition(".")
    return f"{kind} {rest.partition('.')[2]}"


def _joined(comments: Iterable[dict[str, Any]]) -> str:
    return "; ".join(f"{one['path']}: {one['summary']}" if one.get("path") else one["summary"] for one in comments)
