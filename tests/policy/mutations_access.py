"""Changes to images, security contexts, credentials, buckets and rights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stack.unknown import UNKNOWN
from tests.policy.workbench import Workbench, extra, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made


# projected tokens that Kubernetes itself accepts, or whose audience is unknown
TOKENS: tuple[dict[str, Any], ...] = ({}, {"audience": ""}, {"audience": UNKNOWN}, {"audience": "https://kubernetes.default.svc"})
HOST_PATH = {"name": "host", "hostPath": {"path": "/"}}


def pods(bench: Workbench) -> Iterator[Made]:
    """Yield changes to images, security contexts and credentials."""
    for name in bench.with_jobs():

        def first(change: Callable[[Any], None], name: str = name) -> list[Declared]:
            return bench.changed(name, lambda inputs: change(pod_of(inputs)["containers"][0]))

        for image in ("kafka", "kafka:latest", "registry:5000/kafka", "kafka@sha256:short", UNKNOWN):
            yield f"{name}: image {image}", "image-pinned", first(lambda one, v=image: one.update(image=v))
        for key, value in (
            ("privileged", True),
            ("allowPrivilegeEscalation", True),
            ("readOnlyRootFilesystem", False),
            ("capabilities", {}),
        ):
            made = first(lambda one, k=key, v=value: one["securityContext"].update({k: v}))
            yield f"{name}: {key} {value}", "pod-restricted", made
        yield f"{name}: host network", "pod-restricted", bench.changed(name, lambda i: pod_of(i).update(hostNetwork=True))
        yield f"{name}: as root", "pod-restricted", bench.changed(name, lambda i: pod_of(i)["securityContext"].update(runAsUser=0))
        yield f"{name}: a token", "pod-restricted", bench.changed(name, lambda i: pod_of(i).pop("automountServiceAccountToken"))
        yield f"{name}: a host path", "pod-restricted", bench.changed(name, lambda i: pod_of(i)["volumes"].append(HOST_PATH))
        for more in TOKENS:
            volume = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "token", **more}}]}}
            made = bench.changed(name, lambda i, v=volume: pod_of(i)["volumes"].append(v))
            yield f"{name}: a projected token {more}", "pod-restricted", made
        for key, value in (("DB_PASSWORD", "hunter2"), ("AWS_SECRET_ACCESS_KEY", "x" * 40), ("URL", "postgres://u:hunter2@db/x")):
            made = first(lambda one, k=key, v=value: one.setdefault("env", []).append({"name": k, "value": v}))
            yield f"{name}: {key} in clear", "no-literal-credential", made
        made = first(lambda one: one["command"].append("--password=hunter2"))
        yield f"{name}: a password in the command", "no-literal-credential", made


def services(bench: Workbench) -> Iterator[Made]:
    """Yield load balancers that are open to everyone or to unknown clients; all services are alike but for their ports."""
    published = [name for name in bench.of_kind("Service") if bench.inputs(name)["spec"].get("clusterIP") != "None"]
    for name in published[:2]:

        def let_in(ranges: Any, name: str = name) -> list[Declared]:
            return bench.changed(name, lambda i: i["spec"].update(type="LoadBalancer", loadBalancerSourceRanges=ranges))

        def nobody_said(inputs: Any) -> None:
            inputs["spec"]["type"] = "LoadBalancer"
            inputs["spec"].pop("loadBalancerSourceRanges", None)

        yield f"{name}: lets everybody in", "service-private", bench.changed(name, nobody_said)
        for ranges in (
            [],
            ["0.0.0.0/0"],
            ["10.0.0.0/8", "8.8.8.0/24"],
            ["::/0"],
            ["172.0.0.0/8"],
            ["our network"],
            UNKNOWN,
            [UNKNOWN],
            "10.0.0.0/8",
        ):
            yield f"{name}: lets in {ranges}", "service-private", let_in(ranges)
        yield f"{name}: unknown type", "service-private", bench.changed(name, lambda i: i["spec"].update(type=UNKNOWN))
        yield f"{name}: unknown specification", "service-private", bench.changed(name, lambda i: i.update(spec=UNKNOWN))
    balancer: dict[str, Any] = {"type": "LoadBalancer", "ports": [{"port": 9092}]}
    yield "a load balancer more", "service-private", bench.with_more(extra("Service", "extra", balancer))
    for said, expected in [*((one, "service-private") for one in _WIDENING), *((one, None) for one in _NOT_WIDENING)]:
        for kind in ("Service", "ServicePatch"):
            made = extra(kind, "connect", {**balancer, "loadBalancerSourceRanges": ["10.0.0.0/8"]})
            made.inputs["metadata"]["annotations"] = said
            yield f"clients of a {kind} by {said}", expected, bench.with_more(made)


_BETA = "service.beta.kubernetes.io/"
# annotations by which a load balancer has other clients than its specification says
_WIDENING = (
    {f"{_BETA}aws-load-balancer-security-groups": "sg-0123456789abcdef0"},
    {f"{_BETA}aws-load-balancer-extra-security-groups": "sg-0123456789abcdef0"},
    {f"{_BETA}aws-load-balancer-security-group-prefix-lists": "pl-0123456789abcdef0"},
    {f"{_BETA}azure-allowed-service-tags": "Internet"},
    {f"{_BETA}azure-allowed-ip-ranges": "10.0.0.0/8,0.0.0.0/0"},
    {f"{_BETA}load-balancer-source-ranges": "0.0.0.0/1, 128.0.0.0/1"},
    {f"{_BETA}do-loadbalancer-allow-rules": "cidr:8.8.8.0/24"},
    {f"{_BETA}oci-load-balancer-security-list-management-mode": "None"},
    {"oci.oraclecloud.com/security-rule-management-mode": "none"},
)
_NOT_WIDENING = (
    {f"{_BETA}aws-load-balancer-type": "external", f"{_BETA}aws-load-balancer-scheme": "internal"},
    {f"{_BETA}azure-allowed-ip-ranges": "10.1.0.0/16,10.2.0.0/16"},
    {f"{_BETA}load-balancer-source-ranges": "10.0.0.0/8"},
    {f"{_BETA}do-loadbalancer-allow-rules": "cidr:10.0.0.0/8"},
    {f"{_BETA}oci-load-balancer-security-list-management-mode": "All"},
)


def disruptions(bench: Workbench) -> Iterator[Made]:
    """Yield budgets that block a drain, or allow too many pods to be away."""
    for name in bench.of_kind("PodDisruptionBudget"):
        spec = bench.inputs(name)["spec"]

        def allowing(name: str = name, **said: Any) -> list[Declared]:
            def edit(inputs: Any) -> None:
                inputs["spec"].pop("maxUnavailable")
                inputs["spec"].update(said)

            return bench.changed(name, edit)

        for said in (0, "0%", 3, 5, "100%", UNKNOWN, "one"):
            yield f"{name}: maxUnavailable {said}", "disruption-bounded", allowing(maxUnavailable=said)
        for said in (3, "100%", "70%", 0, "0%", UNKNOWN):
            yield f"{name}: minAvailable {said}", "disruption-bounded", allowing(minAvailable=said)
        yield f"{name}: says nothing", "disruption-bounded", allowing()
        yield f"{name}: unknown specification", "disruption-bounded", bench.changed(name, lambda i: i.update(spec=UNKNOWN))
        expression = {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
        made = bench.changed(name, lambda i, s=expression: i["spec"].update(selector=s))
        yield f"{name}: chooses by expressions", "disruption-bounded", made
        if "kafka" in name:
            yield f"{name}: two brokers away", "disruption-bounded", allowing(maxUnavailable=2)
            yield f"{name}: one broker stays", "disruption-bounded", allowing(minAvailable="33%")
        twin = extra("PodDisruptionBudget", "extra", {"minAvailable": "100%", "selector": spec["selector"]}, "policy/v1")
        yield f"{name}: a second one that allows nothing", "disruption-bounded", bench.with_more(twin)


def connectors(bench: Workbench) -> Iterator[Made]:
    """Yield credentials in plain text in connector configurations."""
    for name in bench.of_kind("Connector"):
        for key, value in (
            ("database.password", "hunter2"),
            ("value.converter.basic.auth.user.info", "connect:hunter2"),
            ("aws.secret.access.key", UNKNOWN),
        ):
            made = bench.changed(name, lambda i, k=key, v=value: i["config"].update({k: v}))
            yield f"{name}: {key} in clear", "no-literal-credential", made
    for name in bench.of_kind("ConfigMap"):
        key = "-----BEGIN PRIVATE KEY-----"
        yield f"{name}: a private key", "no-literal-credential", bench.changed(name, lambda i, k=key: i["data"].update(key=k))


def buckets(bench: Workbench) -> Iterator[Made]:
    """Yield buckets that are publicly readable, or that answer without TLS."""
    (bucket,) = bench.of_kind("Bucket")
    (block,) = bench.of_kind("BucketPublicAccessBlock")
    (encryption,) = bench.of_kind("BucketServerSideEncryptionConfiguration")
    yield "bucket: public by ACL", "bucket-private", bench.changed(bucket, lambda i: i.update(acl="public-read"))
    yield "bucket: unknown ACL", "bucket-private", bench.changed(bucket, lambda i: i.update(acl=UNKNOWN))
    yield "bucket: nothing blocks the public", "bucket-private", bench.without(block)
    for key in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
        for value in (False, UNKNOWN):
            yield f"bucket: {key} {value}", "bucket-private", bench.changed(block, lambda i, k=key, v=value: i.update({k: v}))
    yield "bucket: not encrypted", "bucket-encrypted", bench.without(encryption)
    yield "bucket: unknown encryption", "bucket-encrypted", bench.changed(encryption, lambda i: i.update(rules=UNKNOWN))
    public = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"*"}]}'
    for name in bench.of_kind("BucketPolicy"):
        yield "bucket: plain HTTP", "bucket-tls-only", bench.without(name)
        yield "bucket: unknown policy", "bucket-tls-only", bench.changed(name, lambda i: i.update(policy=UNKNOWN))
        yield "bucket: open to everybody", "bucket-private", bench.changed(name, lambda i: i.update(policy=public))
    yield from _ended_archives(bench)


# Lifecycle rules, each with whether it ends objects of an Iceberg archive.
LIFECYCLES: tuple[tuple[bool, dict[str, Any]], ...] = (
    (True, {"expiration": {"days": 365}}),
    (True, {"expiration": {"date": "2030-01-01T00:00:00Z"}}),
    (True, {"expiration": UNKNOWN}),
    (True, {"filter": {"prefix": "topics/"}, "expiration": {"days": 1}}),
    (True, {"filter": {"prefix": "topics/archive/users/"}, "expiration": {"days": 1}}),
    (True, {"filter": {"and": {"prefix": "top", "tags": {"a": "b"}}}, "expiration": {"days": 1}}),
    (True, {"prefix": "topics", "expiration": {"days": 1}}),
    *((True, {"transitions": [{"days": 30, "storageClass": name}]}) for name in ("GLACIER", "DEEP_ARCHIVE", UNKNOWN)),
    *((False, {"transitions": [{"days": 30, "storageClass": name}]}) for name in ("STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR")),
    (False, {"filter": {"prefix": "athena-results/"}, "expiration": {"days": 1}}),
    (False, {"filter": {"and": {"prefix": "logs/", "tags": {"a": "b"}}}, "expiration": {"days": 1}}),
    (False, {"status": "Disabled", "expiration": {"days": 1}}),
    (False, {"expiration": {"expiredObjectDeleteMarker": True}}),
    (False, {"noncurrentVersionExpiration": {"noncurrentDays": 30, "newerNoncurrentVersions": 2}}),
    (False, {"noncurrentVersionTransitions": [{"noncurrentDays": 30, "storageClass": "GLACIER"}]}),
    (False, {"abortIncompleteMultipartUpload": {"daysAfterInitiation": 3}}),
)


def _ended_archives(bench: Workbench) -> Iterator[Made]:
    """Yield lifecycles, versions and a destroy switch of the archive's bucket."""
    (bucket,) = bench.of_kind("Bucket")
    (lifecycle,) = bench.of_kind("BucketLifecycleConfiguration")
    (versioning,) = bench.of_kind("BucketVersioning")
    iceberg = any("iceberg.catalog.warehouse" in bench.inputs(name)["config"] for name in bench.of_kind("Connector"))
    for at, (ends, said) in enumerate(LIFECYCLES):
        rule = {"id": f"rule-{at}", "status": "Enabled", **said}
        refused = "archive-kept" if ends and iceberg else None
        yield f"bucket: lifecycle {said}", refused, bench.changed(lifecycle, lambda i, r=rule: i["rules"].append(r))
        inline = {**rule, "enabled": rule["status"] == "Enabled"}
        made = bench.changed(bucket, lambda i, r=inline: i.update(lifecycleRules=[{k: v for k, v in r.items() if k != "status"}]))
        yield f"bucket: its own lifecycle {said}", refused, made
    if iceberg:
        yield "bucket: unknown lifecycle", "archive-kept", bench.changed(lifecycle, lambda i: i.update(rules=UNKNOWN))
    yield "bucket: no versions", "archive-kept", bench.without(versioning)
    for status in ("Suspended", "Disabled", UNKNOWN):
        made = bench.changed(versioning, lambda i, s=status: i.update(versioningConfiguration={"status": s}))
        yield f"bucket: versions {status}", "archive-kept", made
    if not bench.inputs(bucket).get("forceDestroy"):
        for value in (True, "true", UNKNOWN):
            yield f"bucket: forceDestroy {value!r}", "archive-kept", bench.changed(bucket, lambda i, v=value: i.update(forceDestroy=v))


def rights(bench: Workbench) -> Iterator[Made]:
    """Yield rights with wildcards, or that are unknown."""
    for name in (*bench.of_kind("RolePolicy"), *bench.of_kind("UserPolicy")):
        for action, resource in (("s3:*", "arn:aws:s3:::archive/*"), ("*", "*"), ("s3:PutObject", "*"), ("s3:Put*", "arn:aws:s3:::a/b")):
            document = f'{{"Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}'
            yield f"{name}: {action} on {resource}", "iam-exact", bench.changed(name, lambda i, d=document: i.update(policy=d))
        yield f"{name}: unknown rights", "iam-exact", bench.changed(name, lambda i: i.update(policy=UNKNOWN))
        yield f"{name}: no policy document", "iam-exact", bench.changed(name, lambda i: i.update(policy="[]"))
