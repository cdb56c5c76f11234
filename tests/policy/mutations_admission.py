"""Webhooks, policies, volumes and copies of buckets beside the stack: harmful ones, and everyday ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from tests.policy.workbench import NAMESPACE, extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

_PODS = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]}
_OTHERS = {
    "matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": [NAMESPACE, f"{NAMESPACE}-audit", f"{NAMESPACE}-monitoring"]}
    ]
}


def _webhook(kind: str, **more: Any) -> Declared:
    made = extra(kind, "hooks", {}, "admissionregistration.k8s.io/v1")
    made.inputs["webhooks"] = [{"name": "a.example.com", "rules": [_PODS], "clientConfig": {"service": {}}, **more}]  # type: ignore[index]
    return made


def admission(bench: Workbench) -> Iterator[Made]:
    """Yield webhooks and policies that catch the pipeline's pods, and some that leave them out."""
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        yield f"admission: a {kind}", "admission-kept", bench.with_more(_webhook(kind))
        yield f"admission: a {kind} of others", None, bench.with_more(_webhook(kind, namespaceSelector=_OTHERS))
    for name, match, rule in (("all", {}, "admission-kept"), ("others", {"namespaces": ["web"]}, None)):
        resources = {"kinds": ["Pod"], **match}
        rules = [{"name": "r", "match": {"any": [{"resources": resources}]}, "mutate": {"patchStrategicMerge": {"spec": {"x": 1}}}}]
        yield f"admission: Kyverno for {name}", rule, bench.with_more(extra("ClusterPolicy", "p", {"rules": rules}, "kyverno.io/v1"))
    for kind, rule in (("RoleBinding", "admission-kept"), ("ConfigMap", None)):
        template = f"apiVersion: v1\nkind: {kind}\nmetadata:\n  name: extra\n  namespace: (( object.metadata.name ))\n"
        spec = {"matchConstraints": {}, "generate": [{"template": {"interpolate": "cel", "value": template}}]}
        made = bench.with_more(extra("GeneratingPolicy", "p", spec, "policies.kyverno.io/v1"))
        yield f"admission: Kyverno generates a {kind}", rule, made


def volumes(bench: Workbench) -> Iterator[Made]:
    """Yield volumes in system folders and in folders for data."""
    for path, rule in (("/etc", "volume-source"), ("/var/lib/kubelet", "volume-source"), ("/mnt/files", None)):
        source = {"hostPath": {"path": path}, "storageClassName": "manual"}
        yield f"volumes: the folder {path}", rule, bench.with_more(extra("PersistentVolume", "v", source))
        provisioner = extra("ConfigMap", "local-path-config", {}, namespace="local-path-storage")
        provisioner.inputs["data"] = {"config.json": json.dumps({"nodePathMap": [{"node": "a", "paths": [path]}]})}  # type: ignore[index]
        yield f"volumes: folders of a provisioner in {path}", rule, bench.with_more(provisioner)
    flexible = {"flexVolume": {"driver": "example.com/disk"}, "storageClassName": "manual"}
    yield "volumes: a program of the node", "volume-source", bench.with_more(extra("PersistentVolume", "v", flexible))


def copies(bench: Workbench) -> Iterator[Made]:
    """Yield replications to another account."""
    for bucket in bench.of_kind("Bucket"):
        for destination in ({"bucket": "arn:aws:s3:::other"}, {"bucket": "arn:aws:s3:::other", "account": "999988887777"}):
            inputs = {"bucket": bench.inputs(bucket).get("bucket"), "rules": [{"status": "Enabled", "destination": destination}]}
            kind = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
            one = Declared(urn=f"urn::{kind}", type=kind, name="copies", inputs=inputs)
            yield f"copies: {bucket} to {len(destination)}", "bucket-copied", bench.with_more(one)
