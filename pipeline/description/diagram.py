"""The picture in docs/architecture.md, drawn from what a stack declares; with figures of a look, the picture of the command status.

Nodes are the workloads, the bucket and existing systems; arrows are the connections that the network policies allow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from stack.configs.tokens import CONNECTOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline.recording import Recording

_COMPONENT: Final = "app.kubernetes.io/component"
_LAYERS: Final = {"postgresql": "source", "kafka": "streaming", "schema-registry": "streaming", "connect": "streaming"}
_OUTSIDE: Final = "object-store"
_SIGNS: Final = frozenset('#"<>&|[]{}()`')


@dataclass(frozen=True, slots=True, kw_only=True)
class Captions:
    """Figures beside what is declared; those of a node that the stack does not have are left out.

    Attributes:
        nodes: Further lines of a node, by its name.
        edges: Further text of an arrow, by source and target.
        styles: Style of a node in Mermaid's language, by its name.
    """

    nodes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    edges: Mapping[tuple[str, str], str] = field(default_factory=dict)
    styles: Mapping[str, str] = field(default_factory=dict)


DECLARED: Final = Captions()
"""Nothing but what is declared."""


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


def picture(recording: Recording, captions: Captions = DECLARED) -> str:
    """Render a Mermaid flowchart.

    Args:
        recording: The declared resources.
        captions: Figures of a look.
    """
    workloads, edges = _workloads(recording), arrows(recording)
    outside = sorted({target for _, target in edges} - set(workloads))
    connectors = sorted(connector.inputs["name"] for connector in recording.of_type(CONNECTOR))
    lines = ["```mermaid", "flowchart LR"]
    for layer in dict.fromkeys(_LAYERS.values()):
        inside = [name for name in _LAYERS if _LAYERS[name] == layer and name in workloads]
        if inside:
            boxes = (f'    {name}["{_lines(name, [name, workloads[name]], captions)}"]' for name in inside)
            lines += [f"  subgraph {layer}", *boxes, "  end"]
    lines += [f'  {name}[("{_lines(name, [_bucket(recording) if name == _OUTSIDE else name], captions)}")]' for name in outside]
    lines += [
        f"  {source} -->|{_label(ports, captions.edges.get((source, target)))}| {target}"
        for (source, target), ports in sorted(edges.items())
        if source != target
    ]
    lines += [f"  connect -.- {name}([{_connector(name, captions)}])" for name in connectors]
    lines += [f"  style {name} {captions.styles[name]}" for name in (*workloads, *outside, *connectors) if name in captions.styles]
    return "\n".join([*lines, "```"])


def _lines(name: str, own: Iterable[str], captions: Captions) -> str:
    return "<br/>".join([*own, *map(_escaped, captions.nodes.get(name, ()))])


def _label(ports: str, further: str | None) -> str:
    return ports if further is None else f'"{ports}<br/>{_escaped(further)}"'


def _connector(name: str, captions: Captions) -> str:
    return f'"{_lines(name, [name], captions)}"' if name in captions.nodes else name


def _escaped(text: str) -> str:
    """Return text in Mermaid's spelling, in which these signs would end a label or become markup."""
    return "".join(f"#{ord(sign)};" if sign in _SIGNS else sign for sign in " ".join(text.split()))


def _bucket(recording: Recording) -> str:
    (role,) = recording.of_type("aws:iam/role:Role")
    return f"s3://{role.inputs['name'].removesuffix('-writer')}"
