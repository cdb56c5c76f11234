"""The program under the Pulumi CLI on PATH, in a copy of its own: no cluster, no cloud, state in a folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from plan.recorder import ROOT
from tests.checkout import copy_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STACK = "sandbox"
NOWHERE = "127.0.0.1:1"
KUBECONFIG = f"""\
apiVersion: v1
kind: Config
clusters: [{{name: nowhere, cluster: {{server: "https://{NOWHERE}"}}}}]
users: [{{name: nobody, user: {{}}}}]
contexts: [{{name: sandbox, context: {{cluster: nowhere, user: nobody}}}}]
current-context: sandbox
"""


@dataclass(frozen=True)
class Project:
    """A copy of the project with a stack of its own.

    Attributes:
        folder: Where it lies.
        environment: What the CLI is started with.
    """

    folder: Path
    environment: dict[str, str]

    def pulumi(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the CLI; nothing is asked."""
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def preview(self, snippet: str = "", *options: str) -> subprocess.CompletedProcess[str]:
        """Preview the program with some lines more, which see `foundation`, `kubernetes`, `cloud`, `generators`, `k8s` and `aws`."""
        original = (ROOT / "__main__.py").read_text(encoding="utf-8")
        place = "    source = Source(\n"
        assert original.count(place) == 1
        lines = textwrap.indent(textwrap.dedent(snippet), "    ")
        (self.folder / "__main__.py").write_text(original.replace(place, f"{lines}\n{place}"), encoding="utf-8")
        return self.pulumi("preview", "--stack", STACK, "--color", "never", *options)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project in a scratch folder; every address it could reach leads nowhere."""
    if shutil.which("pulumi") is None:
        pytest.skip("the Pulumi CLI is not on PATH")
    base = tmp_path_factory.mktemp("engine")
    folder = base / "project"
    copy_project(folder)
    (base / "kubeconfig").write_text(KUBECONFIG)
    _lead_nowhere(folder / f"Pulumi.{STACK}.yaml", base / "kubeconfig")
    (base / "state").mkdir()
    environment = {
        **os.environ,
        "PULUMI_BACKEND_URL": f"file://{base / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "tests",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_OPTION_POLICY_PACK": "policy",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    made = Project(folder, environment)
    begun = made.pulumi("stack", "init", STACK)
    assert begun.returncode == 0, begun.stderr
    return made


def _lead_nowhere(stack_file: Path, kubeconfig: Path) -> None:
    """Ports that nothing listens on, so that a running sandbox is never asked."""
    content = yaml.safe_load(stack_file.read_text(encoding="utf-8"))
    config = content["config"]
    config["data-ingestion:cluster"]["kubeconfig"] = str(kubeconfig)
    config["data-ingestion:archive"]["store"]["hostEndpoint"] = f"http://{NOWHERE}"
    host = config["data-ingestion:host"]
    for number, pair in enumerate([host["postgres"], *host["kafka"], host["registry"], host["connect"]], start=2):
        pair["host"] = number
    stack_file.write_text(yaml.safe_dump(content), encoding="utf-8")
