"""The sample in docs/doctor.md equals the output of the checks for such a laptop."""

from __future__ import annotations

import pytest

from pipeline.checks.check import SEE_ABOVE, Refused, access, unseen
from pipeline.checks.machine import GIB
from pipeline.checks.report import Line, paragraphs, verdict
from pipeline.checks.terminal import plain
from pipeline.checks.tool import Answer
from pipeline.checks.version import shown
from pipeline.doctor import cluster_rules, docker, kind, pulumi_cli
from pipeline.doctor.clock import Answered, skew
from pipeline.doctor.docker import Docker
from pipeline.recording.recorder import ROOT
from stack.settings.names import PublishedPort

DOCUMENT = ROOT / "docs" / "doctor.md"
BEGIN, END = "<!-- sample:begin -->", "<!-- sample:end -->"
ENGINE = Docker(version="29.1.2", memory=4 * GIB, cpus=4, architecture="aarch64", system="Docker Desktop", root="/var/lib/docker")
PORTS = kind.Ports(
    (PublishedPort(node=30432, host=5432), PublishedPort(node=30092, host=9092)), frozenset({5432}), kind.Cluster("data-ingestion", None)
)


def sample() -> str:
    """Return the doctor's output on that laptop, as far as the document shows it."""
    laptop, pulumi, cluster, aws = "Docker and Kind", "Pulumi", "Cluster", "AWS"
    nowhere = Refused("the kubeconfig (KUBECONFIG, ~/.kube/config) has no context 'kind-data-ingestion' (existing: none)", "make cluster")
    lines = [
        Line(laptop, "Docker", docker.engine(ENGINE)),
        Line(laptop, "its memory", docker.memory(ENGINE, 4096)),
        Line(laptop, "its disk", docker.disk((ENGINE, None), 15 * 1024)),
        Line(laptop, "Kind", kind.version(Answer(0, "kind v0.23.0 go1.21.10 darwin/arm64\n", ""))),
        Line(laptop, "published ports", kind.ports(PORTS, "dev")),
        Line(pulumi, "command line", pulumi_cli.version(Answer(0, "v3.272.0\n", ""), "3.272.0")),
        Line(cluster, "answers", access(cluster_rules.answers)(nowhere)),
        *(Line(cluster, name, unseen(SEE_ABOVE)) for name in ("nodes", "volumes", "rights", "images")),
        Line(aws, "clock", skew(Answered("https://s3.us-east-1.amazonaws.com/", 403, -42.0))),
    ]
    width = max(len(line.name) for line in lines)
    return plain(*paragraphs(lines, width), verdict("dev", lines)).rstrip()


@pytest.mark.parametrize(("document", "words"), [("doctor.md", "Kubernetes {} or newer"), ("getting-started.md", "Kubernetes from {} ")])
def test_documents_name_the_oldest_kubernetes_that_the_check_takes(document: str, words: str) -> None:
    assert words.format(shown(cluster_rules.OLDEST)) in (ROOT / "docs" / document).read_text(encoding="utf-8")


def test_the_sample_is_what_the_checks_say() -> None:
    """When it fails, put the expected text between the two marks."""
    shown = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    assert shown.strip() == f"```text\n{sample()}\n```"
