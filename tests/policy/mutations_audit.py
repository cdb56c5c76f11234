"""Changes to the scheduled audit: its job, its namespace with the guards, and its rights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from stack.unknown import UNKNOWN
from tests.policy.mutations_roles import WIDE, role
from tests.policy.workbench import Workbench, container, extra, job_of, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.policy.workbench import Made

NAMESPACE = "data-ingestion-audit"
JOB = "audit-audit"
_POLICY = "networking.k8s.io/v1"


def job(bench: Workbench) -> Iterator[Made]:
    """Yield jobs that run twice at once, are larger than their budget, or cannot be counted."""
    made: tuple[tuple[str, str, Callable[[Any], object]], ...] = (
        ("two pods", "memory-peak", lambda i: job_of(i).update(parallelism=2)),
        ("replaced while it runs", "memory-peak", lambda i: i["spec"].update(concurrencyPolicy="Replace")),
        (
            "side by side without an end",
            "memory-limit",
            lambda i: [i["spec"].pop("concurrencyPolicy"), job_of(i).pop("activeDeadlineSeconds")],
        ),
        ("side by side", "memory-peak", lambda i: i["spec"].update(concurrencyPolicy="Allow", schedule="* * * * *")),
        (
            "tried again while it ends",
            "memory-peak",
            lambda i: [job_of(i).pop("podReplacementPolicy"), job_of(i).pop("podFailurePolicy")],
        ),
        ("unknown parallelism", "memory-limit", lambda i: job_of(i).update(parallelism=UNKNOWN)),
        ("unknown specification", "memory-limit", lambda i: i.update(spec=UNKNOWN)),
        ("a second container", "memory-peak", lambda i: pod_of(i)["containers"].append(container())),
        ("a container without a limit", "memory-limit", lambda i: pod_of(i)["containers"].append(container(memory=None))),
        ("a wide init container", "memory-start", lambda i: pod_of(i).update(initContainers=[container(memory="8Gi")])),
        (
            "a volume in memory without size",
            "memory-limit",
            lambda i: pod_of(i)["volumes"].append({"name": "m", "emptyDir": {"medium": "Memory"}}),
        ),
        ("in the pipeline's namespace", "memory-peak", lambda i: i["metadata"].update(namespace="data-ingestion")),
        ("elsewhere", "memory-budget", lambda i: i["metadata"].update(namespace="elsewhere")),
        ("in an unknown namespace", "memory-budget", lambda i: i["metadata"].update(namespace=UNKNOWN)),
    )
    for name, rule, change in made:
        yield f"audit: {name}", rule, bench.changed(JOB, change)
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    yield "audit: a volume of its own", "disk-volumes", bench.with_more(extra("PersistentVolumeClaim", "rows", claim, namespace=NAMESPACE))
    beside = {"containers": [container(memory="1Mi")], "automountServiceAccountToken": False}
    yield "audit: a pod beside it", "memory-peak", bench.with_more(extra("Pod", "beside", beside, namespace=NAMESPACE))


def guards(bench: Workbench) -> Iterator[Made]:
    """Yield guards of its namespace that are missing or wider, and doors that it opens."""
    yield from guards_of("audit", NAMESPACE, bench)
    for name in bench.of_kind("NetworkPolicy"):
        if name.startswith("foundation-audit-to-"):
            yield from opened(name, "audit", bench)


def guards_of(part: str, namespace: str, bench: Workbench) -> Iterator[Made]:
    """Yield guards of a further namespace of the stack that are missing, elsewhere or wider, and rights in it."""
    deny, quota, limits = (f"{part}-{guard}" for guard in ("default-deny", "memory-budget", "container-memory"))
    for name in (deny, quota, limits):
        yield f"{part}: without {name}", "guards-kept", bench.without(name)
        yield f"{part}: {name} elsewhere", "guards-kept", bench.changed(name, lambda i: i["metadata"].update(namespace="web"))
    for size in ("1Ti", UNKNOWN, None):
        wider = bench.changed(quota, lambda i, s=size: i["spec"]["hard"].update({"limits.memory": s}))
        yield f"{part}: a quota of {size}", "guards-kept", wider
    wider = bench.changed(limits, lambda i: i["spec"]["limits"][0]["max"].update(memory="64Gi"))
    yield f"{part}: limits of 64Gi", "guards-kept", wider
    out = extra("NetworkPolicy", "out", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}, _POLICY, namespace)
    yield f"{part}: everything out", "guards-kept", bench.with_more(out)
    for at, one in enumerate(WIDE):
        yield f"{part}: a wide Role {at}", "rbac-exact", bench.with_more(role("Role", one, namespace=namespace))


def opened(name: str, part: str, bench: Workbench) -> Iterator[Made]:
    """Yield a network policy that lets everybody in, in three ways."""
    for peers in ([{"namespaceSelector": {}}], [{"ipBlock": {"cidr": "0.0.0.0/0"}}]):
        made = bench.changed(name, lambda i, p=peers: i["spec"]["ingress"][0].update({"from": p}))
        yield f"{part}: {name} for {peers}", "network-closed", made
    yield f"{part}: {name} for all", "network-closed", bench.changed(name, lambda i: i["spec"]["ingress"][0].pop("from"))


def rights(bench: Workbench) -> Iterator[Made]:
    """Yield rights in AWS beyond reading the archive by name."""
    for at, (action, resource) in enumerate((("s3:*", "arn:aws:s3:::sandbox-archive/topics/*"), ("s3:GetObject", "*"))):
        statement = {"Effect": "Allow", "Action": action, "Resource": resource}
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        yield f"audit: wide rights {at}", "iam-exact", bench.changed("audit-read", lambda i, t=text: i.update(policy=t))


def harmless(bench: Workbench) -> Iterator[Made]:
    """Yield everyday changes to the audit."""
    made: tuple[tuple[str, Callable[[Any], object]], ...] = (
        ("at another time", lambda i: i["spec"].update(schedule="*/15 * * * *")),
        ("suspended", lambda i: i["spec"].update(suspend=True)),
        ("with more history", lambda i: i["spec"].update(successfulJobsHistoryLimit=20)),
        ("removed after a day", lambda i: job_of(i).update(ttlSecondsAfterFinished=86_400)),
        ("tried once", lambda i: [job_of(i).update(backoffLimit=0), job_of(i).pop("podReplacementPolicy")]),
        ("with another deadline", lambda i: job_of(i).update(activeDeadlineSeconds=3000)),
        ("with one pod, in words", lambda i: job_of(i).update(parallelism=1, completions=1)),
        ("smaller", lambda i: pod_of(i)["containers"][0]["resources"].update(limits={"memory": "900Mi"}, requests={"memory": "900Mi"})),
        ("with a label", lambda i: i["metadata"].update(labels={"team": "data"})),
    )
    for name, change in made:
        yield f"audit: {name}", None, bench.changed(JOB, change)
    yield "audit: none", None, bench.without(JOB)
    smaller = bench.changed("audit-memory-budget", lambda i: i["spec"]["hard"].update({"requests.memory": "512Mi", "pods": "2"}))
    yield "audit: a smaller quota", None, smaller
