"""The picture in docs/architecture.md, drawn from what a stack declares.

Nodes are the workloads, the bucket and existing systems; arrows are the connections that the network policies allow.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from configs.tokens import CONNECTOR
from recording import Recording, record
from tools.generated import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "architecture.md"
STACKS: Final = ("dev", "prod")
_COMPONENT: Final = "app.kubernetes.io/component"
_LAYERS: Final = {"postgresql": "source", "kafka": "streaming", "schema-registry": "streaming", "connect": "streaming"}
_OUTSIDE: Final = "object-store"


def _workloads(recording: Recording) -> dict[str, str]:
    """Return name and caption of each workload."""
    captions = {}
    for resource in recording.resources:
        if resource.type.rpartition(":")[2] in {"StatefulSet", "Deployment"} and resource.type.startswith("kubernetes:"):
            spec = resource.inputs["spec"]
            limits = [container["resources"]["limits"]["memory"] for container in spec["template"]["spec"]["containers"]]
            memory = sum(int(limit.removesuffix("Mi")) for limit in limits)
            captions[resource.inputs["metadata"]["name"]] = f"{spec['replicas']} x {memory} MiB"
    return captions


def _egress(recording: Recording) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield component, name of the policy, and rule of each allowed egress connection."""
    for resource in recording.resources:
        if resource.type.endswith(":NetworkPolicy"):
            spec = resource.inputs["spec"]
            component = (spec["podSelector"].get("matchLabels") or {}).get(_COMPONENT)
            for rule in spec.get("egress") or []:
                if component:
                    yield component, resource.inputs["metadata"]["name"], rule


def arrows(recording: Recording) -> dict[tuple[str, str], str]:
    """Return source and target of each allowed connection, with its ports."""
    connections = {}
    for component, name, rule in _egress(recording):
        peer = rule["to"][0]
        inside = (peer.get("podSelector") or {}).get("matchLabels", {}).get(_COMPONENT)
        target = inside or name.removeprefix(f"{component}-to-").removesuffix("-egress")
        connections[component, target] = ", ".join(str(port["port"]) for port in rule["ports"])
    return connections


def picture(recording: Recording) -> str:
    """Render a Mermaid flowchart."""
    workloads, edges = _workloads(recording), arrows(recording)
    outside = sorted({target for _, target in edges} - set(workloads))
    lines = ["```mermaid", "flowchart LR"]
    for layer in dict.fromkeys(_LAYERS.values()):
        inside = [name for name in _LAYERS if _LAYERS[name] == layer and name in workloads]
        if inside:
            lines += [f"  subgraph {layer}", *(f'    {name}["{name}<br/>{workloads[name]}"]' for name in inside), "  end"]
    lines += [f'  {name}[("{_bucket(recording) if name == _OUTSIDE else name}")]' for name in outside]
    lines += [f"  {source} -->|{ports}| {target}" for (source, target), ports in sorted(edges.items()) if source != target]
    connectors = sorted(connector.inputs["name"] for connector in recording.of_type(CONNECTOR))
    lines += [f"  connect -.- {name}([{name}])" for name in connectors]
    return "\n".join([*lines, "```"])


def _bucket(recording: Recording) -> str:
    (role,) = recording.of_type("aws:iam/role:Role")
    return f"s3://{role.inputs['name'].removesuffix('-writer')}"


def updated(text: str) -> str:
    """Return the document with current diagrams.

    Raises:
        PartError: If the markers of a diagram are missing.
    """
    for stack in STACKS:
        text = replaced(text, f"picture of {stack}", picture(record(stack, preview=False)))
    return text
