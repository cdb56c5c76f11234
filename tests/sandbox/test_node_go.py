"""The Go parts' own tests, with the compiler and the build cache of ``make sandbox``."""

from __future__ import annotations

import subprocess

import pytest

from sandbox import golang
from sandbox.cluster import binary

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("package", ["network", "volumes"])
def test_the_nodes_own_go_packages_pass_their_tests(package: str) -> None:
    # vet would compile all of Kubernetes a second time
    command = [golang.compiler(), "test", *golang.COMPILE, "-vet=off", f"./{package}"]
    done = subprocess.run(command, cwd=binary.SOURCES, env=golang.environment(), capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no test files" not in done.stdout
