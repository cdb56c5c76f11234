"""Copies of the claims in which brokers and databases keep their data, other pods that mount one, and everyday claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stack.unknown import UNKNOWN
from tests.policy.workbench import NAMESPACE, container, extra, pod

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench


def claims(bench: Workbench) -> Iterator[Made]:
    """Yield claims that begin with a copy of a part's, snapshots of one, other pods that mount one, and everyday ones beside them."""
    for claim in ("data-kafka-0", "data-postgresql-0", "data-kafka-2"):
        for at, one in enumerate(copies_of(claim)):
            yield f"claims: {claim} {at}", "volume-source", bench.with_more(*one)
    # further claims and pods would need larger budgets
    for at, one in enumerate(one for one in everyday_claims() if {made.kind for made in one}.isdisjoint({"Job", "PersistentVolumeClaim"})):
        yield f"claims: everyday {at}", None, bench.with_more(*one)


def _begins_with(kind: str, name: object, namespace: str = NAMESPACE, **more: Any) -> dict[str, Any]:
    source = {"kind": kind, "name": name, **({"namespace": NAMESPACE} if namespace != NAMESPACE else {})}
    resources = {"requests": {"storage": "1Mi"}}
    key = "dataSourceRef" if namespace != NAMESPACE else "dataSource"
    return {"accessModes": ["ReadWriteOnce"], "storageClassName": "others", "resources": resources, key: source, **more}


def _job(namespace: str = NAMESPACE, **volume: Any) -> Declared:
    made = pod(container(), restartPolicy="Never", volumes=[{"name": "files", **volume}])
    return extra("Job", "reader", {"template": {"spec": made}}, "batch/v1", namespace)


_SNAPSHOTS = "snapshot.storage.k8s.io/v1"
_GRANTS = "gateway.networking.k8s.io/v1beta1"


def copies_of(claim: str) -> Iterator[tuple[Declared, ...]]:
    """Yield what gives others the files of a claim."""
    snapshot = extra("VolumeSnapshot", "s", {"source": {"persistentVolumeClaimName": claim}}, _SNAPSHOTS)
    for kind, name, more in (
        ("PersistentVolumeClaim", claim, ()),
        ("VolumeSnapshot", "s", (snapshot,)),
        ("VolumeSnapshot", UNKNOWN, (snapshot,)),
    ):
        for namespace in (NAMESPACE, "web"):
            yield *more, extra("PersistentVolumeClaim", "copy", _begins_with(kind, name, namespace), namespace=namespace)
        template = {"spec": _begins_with(kind, name)}
        yield *more, _job(ephemeral={"volumeClaimTemplate": template})
    yield (_job(persistentVolumeClaim={"claimName": claim}),)
    yield (_job(persistentVolumeClaim={"claimName": claim, "readOnly": True}),)
    for kind in ("PersistentVolumeClaim", "VolumeSnapshot"):
        target = {"from": [{"group": "", "kind": "PersistentVolumeClaim", "namespace": "web"}], "to": [{"group": "", "kind": kind}]}
        yield (extra("ReferenceGrant", "g", target, _GRANTS),)


def everyday_claims() -> Iterator[tuple[Declared, ...]]:
    """Yield snapshots as backups, copies of other claims, and claims that a part takes up itself."""
    snapshot = extra("VolumeSnapshot", "s", {"source": {"persistentVolumeClaimName": "data-postgresql-0"}}, _SNAPSHOTS)
    other = extra("VolumeSnapshot", "o", {"source": {"persistentVolumeClaimName": "files"}}, _SNAPSHOTS)
    yield (snapshot,)
    yield snapshot, other, extra("PersistentVolumeClaim", "copy", _begins_with("VolumeSnapshot", "o"))
    yield (extra("PersistentVolumeClaim", "copy", _begins_with("PersistentVolumeClaim", "files")),)
    own = _begins_with("PersistentVolumeClaim", "data-kafka-0")
    yield (extra("PersistentVolumeClaim", "copy", own, namespace="web"),)
    yield snapshot, extra("PersistentVolumeClaim", "data-postgresql-0", _begins_with("VolumeSnapshot", "s"))
    yield (_job(persistentVolumeClaim={"claimName": "files"}),)
    yield (extra("PersistentVolumeClaim", "copy", _begins_with("Image", "a", apiGroup="example.com")),)
    service = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "web"}],
        "to": [{"group": "", "kind": "Service"}],
    }
    yield (extra("ReferenceGrant", "g", service, _GRANTS),)
    volumes = {
        "from": [{"group": "", "kind": "PersistentVolumeClaim", "namespace": "web"}],
        "to": [{"group": "", "kind": "VolumeSnapshot"}],
    }
    yield (extra("ReferenceGrant", "g", volumes, _GRANTS, "shop"),)
