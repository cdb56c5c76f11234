"""Checks of the Docker engine that runs the laptop's cluster."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import Refused, failure, fine, unseen, warning
from pipeline.checks.machine import GIB, free_disk
from pipeline.checks.tool import ask
from stack.capacity.quantity import MIB

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.checks.tool import Answer

# Memory of three idle Kind nodes, in MiB (measured: control plane 0.73 GiB, each worker 0.26)
NODES_MIB: Final = 1280

# Disk for images: the node's 1 GiB, and four of 0.3 to 0.8 GiB, once in Docker and once on each worker
IMAGES_GIB: Final = 8

_FEWEST_CPUS: Final = 2
_ARCHITECTURES: Final = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """The engine's description of itself.

    Attributes:
        version: Version of the engine.
        memory: Memory available to containers, in bytes: the machine's, or the virtual machine's.
        cpus: Number of processors available to containers.
        architecture: Architecture of the machine, as the kernel names it.
        system: Operating system; names Docker Desktop where it runs the engine.
        root: Folder of images and volumes.
    """

    version: str
    memory: int
    cpus: int
    architecture: str
    system: str
    root: str

    @property
    def in_virtual_machine(self) -> bool:
        """True when the engine's disk is a virtual machine's."""
        return "Docker Desktop" in self.system


def look() -> Docker | Refused:
    """Read the engine's description."""
    return read(ask("docker", "info", "--format", "{{json .}}"))


def read(answer: Answer | None) -> Docker | Refused:
    """Parse the JSON output of ``docker info``, or return why there is none."""
    if answer is None:
        return Refused("docker is not on PATH", "install Docker Desktop (Windows, macOS), or on Debian: sudo apt-get install docker.io")
    try:
        info = json.loads(answer.out)
    except json.JSONDecodeError:
        info = {}
    errors = info.get("ServerErrors") or []
    if errors or not info.get("ServerVersion"):
        return _refused(errors[0] if errors else answer.last_words)
    return Docker(
        version=info["ServerVersion"],
        memory=int(info.get("MemTotal", 0)),
        cpus=int(info.get("NCPU", 0)),
        architecture=info.get("Architecture", ""),
        system=info.get("OperatingSystem", ""),
        root=info.get("DockerRootDir", ""),
    )


def _refused(why: str) -> Refused:
    if "permission denied" in why.lower():
        return Refused("this user may not use Docker", "sudo usermod -aG docker $USER, then log in again")
    return Refused(f"Docker does not answer ({why})", "start Docker Desktop, or on Linux: sudo systemctl start docker")


def engine(docker: Docker) -> Finding:
    """Report the engine's version."""
    return fine(f"{docker.version} on {docker.system}")


def memory(docker: Docker, budget_mib: int) -> Finding:
    """Check whether Docker has enough memory for the pods' budget and the nodes.

    Args:
        docker: The engine.
        budget_mib: Memory budget of the pipeline's pods, in MiB.
    """
    needed = budget_mib + NODES_MIB
    sum_up = f"{needed / 1024:.1f} GiB are needed: {budget_mib} MiB for the pods and about {NODES_MIB} for three Kind nodes"
    if docker.memory < needed * MIB:
        cure = (
            "Docker Desktop: Settings, Resources, Memory (with WSL2: 'memory=' in .wslconfig, then 'wsl --shutdown')"
            if docker.in_virtual_machine
            else "use a machine with more memory"
        )
        return failure(f"Docker has {docker.memory / GIB:.1f} GiB; {sum_up}", f"{cure}: {-(-needed // 1024) + 1} GiB or more")
    return fine(f"{docker.memory / GIB:.1f} GiB; {sum_up}")


def processors(docker: Docker) -> Finding:
    """Check whether Docker has enough processors to start in time."""
    if docker.cpus < _FEWEST_CPUS:
        return warning(
            f"Docker has {docker.cpus} processor: starts may take longer than 'up' waits",
            f"give it {_FEWEST_CPUS} or more (Docker Desktop: Settings, Resources, CPU limit)",
        )
    return fine(f"{docker.cpus} processors")


def architecture(docker: Docker) -> Finding:
    """Check whether the images can be built for the machine's architecture."""
    platform = _ARCHITECTURES.get(docker.architecture)
    if platform is None:
        return failure(f"no image can be built for {docker.architecture}", "use a machine with an x86-64 or a 64-bit ARM processor")
    return fine(f"{docker.architecture}; 'make images' builds {platform} images")


def look_at_disk(docker: Docker | Refused) -> tuple[Docker, int | None] | Refused:
    """Return the engine and the free bytes of its disk, None for a disk in a virtual machine or on another computer."""
    if isinstance(docker, Refused):
        return docker
    local = not docker.in_virtual_machine and Path(docker.root).is_absolute() and Path(docker.root).exists()
    return docker, free_disk(Path(docker.root)) if local else None


def disk(seen: tuple[Docker, int | None], volumes_mib: int) -> Finding:
    """Check whether images and volumes fit on the disk.

    Args:
        seen: The engine and the free bytes of its disk.
        volumes_mib: Capacity of all volumes, in MiB.
    """
    docker, free = seen
    if free is None:
        return unseen(f"{docker.root} is inside Docker's virtual machine; 'docker system df' shows its usage")
    volumes_gib = volumes_mib / 1024
    needs = f"images take about {IMAGES_GIB} GiB and full volumes {volumes_gib:.0f}"
    if free < IMAGES_GIB * GIB:
        return failure(f"{free / GIB:.1f} GiB are free under {docker.root}; {needs}", "docker system prune, or use a larger disk")
    if free < (IMAGES_GIB + volumes_gib) * GIB:
        return warning(f"{free / GIB:.1f} GiB are free under {docker.root}; {needs}", "free disk space before the volumes fill")
    return fine(f"{free / GIB:.1f} GiB are free under {docker.root}; {needs}")
