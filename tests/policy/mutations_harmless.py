"""Changes that must be accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.unknown import UNKNOWN
from tests.policy.everyday import WITHOUT_PODS, custom, kinds
from tests.policy.workbench import Workbench, container, extra, job_of, pod, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made


def _secret_of(config: dict[str, str]) -> str:
    """Return a connector's key that holds a password."""
    return "consumer.override.ssl.truststore.password" if "Sink" in config["connector.class"] else "database.sslpassword"


def harmless(bench: Workbench) -> Iterator[Made]:
    """Yield everyday changes."""
    for name in bench.with_jobs():
        for place, at, one in bench.containers(name):
            size = int(one["resources"]["limits"]["memory"].removesuffix("Mi"))
            for spelled in (f"{size * 1024}Ki", str(size * 2**20), f"{size * 2**20}000m", f"{size}.0Mi"):
                yield (
                    f"{name}/{one['name']}: the same limit as {spelled}",
                    None,
                    bench.changed(name, lambda i, p=place, n=at, s=spelled: pod_of(i)[p][n]["resources"]["limits"].update(memory=s)),
                )
            yield (
                f"{name}/{one['name']}: no request",
                None,
                bench.changed(name, lambda i, p=place, n=at: pod_of(i)[p][n]["resources"].pop("requests")),
            )
            yield (
                f"{name}/{one['name']}: more processor time",
                None,
                bench.changed(name, lambda i, p=place, n=at: pod_of(i)[p][n]["resources"].update(requests={"cpu": "2"})),
            )
            yield (
                f"{name}/{one['name']}: a variable more",
                None,
                bench.changed(name, lambda i, p=place, n=at: pod_of(i)[p][n].setdefault("env", []).append({"name": "LANG", "value": "C"})),
            )
            yield (
                f"{name}/{one['name']}: a variable that only a deployment tells",
                None,
                bench.changed(
                    name, lambda i, p=place, n=at: pod_of(i)[p][n].setdefault("env", []).append({"name": "HOST", "value": UNKNOWN})
                ),
            )
            yield (
                f"{name}/{one['name']}: a password from a Secret",
                None,
                bench.changed(
                    name,
                    lambda i, p=place, n=at: (
                        pod_of(i)[p][n]
                        .setdefault("env", [])
                        .append({"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}})
                    ),
                ),
            )
        token = {"name": "aws", "projected": {"sources": [{"serviceAccountToken": {"audience": "sts.amazonaws.com", "path": "token"}}]}}
        yield f"{name}: a token for AWS", None, bench.changed(name, lambda i, t=token: pod_of(i)["volumes"].append(t))
        yield f"{name}: an annotation", None, bench.changed(name, lambda i: i["metadata"].update(annotations={"team": UNKNOWN}))
        yield (
            f"{name}: a rollout",
            None,
            bench.changed(name, lambda i: job_of(i)["template"]["metadata"].setdefault("annotations", {}).update(checksum=UNKNOWN)),
        )
        yield (
            f"{name}: an image by digest",
            None,
            bench.changed(name, lambda i: pod_of(i)["containers"][0].update(image=f"registry/one@sha256:{'0' * 64}")),
        )
        yield (
            f"{name}: a small init container",
            None,
            bench.changed(name, lambda i: pod_of(i).setdefault("initContainers", []).append(container(memory="16Mi"))),
        )
        yield (
            f"{name}: a scratch volume on disk",
            None,
            bench.changed(name, lambda i: pod_of(i)["volumes"].append({"name": "scratch", "emptyDir": {"sizeLimit": "1Gi"}})),
        )
    for kind in ("Deployment", "StatefulSet"):
        stopped = {"replicas": 0, "template": {"spec": pod(container(memory="2Gi"))}}
        yield f"a {kind} without replicas", None, bench.with_more(extra(kind, "extra", stopped, "apps/v1"))
    for kind, group in (("ConfigMap", "core/v1"), ("Service", "core/v1"), ("Role", "rbac.authorization.k8s.io/v1")):
        yield f"a {kind} more", None, bench.with_more(extra(kind, "extra", {}, group))
    for version, kind in [*kinds(WITHOUT_PODS)][::8]:
        yield f"a {kind} of {version}", None, bench.with_more(custom(version, kind))
    yield "a chart whose parts are declared", None, bench.with_more(extra("Chart", "extra", {}, "helm.sh/v4"))
    yield "a disruption budget of others", None, bench.with_more(extra("PodDisruptionBudget", "extra", {"minAvailable": 2}, "policy/v1"))
    for name in bench.of_kind("Topic"):
        # nobody would see a dead letter that is gone in an hour
        shorter = "2592000000" if bench.inputs(name)["name"].endswith("-dlq") else "3600000"
        yield f"{name}: a shorter time", None, bench.changed(name, lambda i, t=shorter: i["config"].update({"retention.ms": t}))
    for name in bench.of_kind("Connector"):
        yield (
            f"{name}: a reference more",
            None,
            bench.changed(name, lambda i: i["config"].update({_secret_of(i["config"]): "${dir:/etc/connect/secrets/archive:password}"})),
        )
    yield "the same in another order", None, list(reversed(bench.with_more()))


def harmless_reach(bench: Workbench) -> Iterator[Made]:
    """Yield other ways to publish and to drain that are equally safe."""
    for name in bench.of_kind("PodDisruptionBudget"):
        for said in (
            {"maxUnavailable": "33%"},
            {"maxUnavailable": None, "minAvailable": 2},
            {"maxUnavailable": None, "minAvailable": "60%"},
        ):
            yield f"{name}: {said}", None, bench.changed(name, lambda i, s=said: i["spec"].update(s))
    for name in bench.of_kind("Service"):
        if bench.inputs(name)["spec"].get("clusterIP") != "None":
            for ranges in (["10.20.0.0/16"], ["fd00::/8", "172.16.0.0/12"]):
                balanced = {"type": "LoadBalancer", "loadBalancerSourceRanges": ranges}
                yield f"{name}: lets in {ranges}", None, bench.changed(name, lambda i, b=balanced: i["spec"].update(b))
            yield f"{name}: inside the cluster", None, bench.changed(name, lambda i: i["spec"].update(type="ClusterIP"))
    single = {"maxUnavailable": 1, "selector": {"matchLabels": {"app.kubernetes.io/component": "schema-registry"}}}
    yield "a disruption budget for a single pod", None, bench.with_more(extra("PodDisruptionBudget", "extra", single, "policy/v1"))
