"""Changes of the stack's own workloads that lose data or open a door, and others that answer, copy or restore in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.policy.workbench import NAMESPACE, extra, pod_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

_OWN = ("kafka", "postgresql", "connect", "schema-registry")
# Fields of a pod by which it resolves other addresses, or leaves the scheduler alone
_FIELDS: tuple[dict[str, Any], ...] = (
    {"hostAliases": [{"ip": "203.0.113.7", "hostnames": ["kafka-headless"]}]},
    {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["203.0.113.7"]}},
    {"dnsPolicy": "Default"},
    {"dnsConfig": {"searches": ["example.com"]}},
    {"nodeName": "node-1"},
    {"shareProcessNamespace": True},
)
_LOADED = (
    "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005",
    "-agentpath:/tmp/x.so",
    "-javaagent:/tmp/x.jar",
    "-Xrunjdwp:transport=dt_socket,server=y,address=5005",
    "-Dcom.sun.management.jmxremote.port=9999",
    "-Dcom.amazonaws.sdk.disableCertChecking=true",
)
_VARIABLES = (
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_CA_BUNDLE",
)
# What everybody may add to a workload
_EVERYDAY: tuple[dict[str, Any], ...] = (
    {"tolerations": [{"key": "data", "operator": "Exists"}]},
    {"nodeSelector": {"kubernetes.io/arch": "amd64"}},
    {"topologySpreadConstraints": []},
    {"imagePullSecrets": [{"name": "registry"}]},
    {"dnsPolicy": "ClusterFirst"},
    {"hostAliases": []},
    {"shareProcessNamespace": False},
    {"schedulerName": "default-scheduler"},
)


def _own(bench: Workbench) -> Iterator[tuple[str, Any]]:
    for name in bench.workloads():
        inputs = bench.inputs(name)
        if inputs["metadata"]["name"] in _OWN and inputs["metadata"]["namespace"] == NAMESPACE:
            yield name, inputs


def pods(bench: Workbench) -> Iterator[Made]:
    """Yield changes of the stack's own workloads."""
    for name, inputs in _own(bench):

        def changed(change: Callable[[Any], Any], name: str = name) -> list[Declared]:
            return bench.changed(name, change)

        yield f"pods: {name} without pods", "pods-kept", changed(lambda i: i["spec"].update(replicas=0))
        for at, more in enumerate(_FIELDS):
            yield f"pods: {name} with {at} {next(iter(more))}", "pods-kept", changed(lambda i, m=more: pod_of(i).update(m))
        for at, more in enumerate(_EVERYDAY):
            yield f"pods: {name} everyday {at}", None, changed(lambda i, m=more: pod_of(i).update(m))
        for variable in _VARIABLES:
            entry = {"name": variable, "value": "http://203.0.113.7"}
            told = changed(lambda i, e=entry: pod_of(i)["containers"][0].setdefault("env", []).append(e))
            yield f"pods: {name} with {variable}", "pods-kept", told
        if pod_of(inputs)["containers"][0]["command"][0] == "java":
            for word in _LOADED:
                told = changed(lambda i, w=word: pod_of(i)["containers"][0]["command"].insert(1, w))
                yield f"pods: {name} with {word}", "pods-kept", told
        if inputs["kind"] == "StatefulSet":
            yield from _stored(name, changed)


def _stored(name: str, changed: Callable[[Callable[[Any], Any]], list[Declared]]) -> Iterator[Made]:
    for strategy in (
        {"type": "OnDelete"},
        {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
        {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 2}},
        {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "100%"}},
    ):
        yield f"pods: {name} by {strategy}", "pods-kept", changed(lambda i, s=strategy: i["spec"].update(updateStrategy=s))
    for strategy in ({"type": "RollingUpdate"}, {"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}}):
        yield f"pods: {name} safely by {strategy}", None, changed(lambda i, s=strategy: i["spec"].update(updateStrategy=s))
    yield f"pods: {name} one after the other", "pods-kept", changed(lambda i: i["spec"].update(podManagementPolicy="OrderedReady"))
    yield f"pods: {name} by another name", "pods-kept", changed(lambda i: i["spec"].update(serviceName="others"))
    hidden = {"name": "data", "emptyDir": {"sizeLimit": "1Gi"}}
    yield f"pods: {name} beside its claim", "pods-kept", changed(lambda i: pod_of(i)["volumes"].append(hidden))
    for more in ({"mountPath": "/elsewhere"}, {"subPath": "other"}, {"readOnly": True}):
        told = changed(lambda i, m=more: _data_mount(i).update(m))
        yield f"pods: {name} with its data {more}", "pods-kept", told


def _data_mount(inputs: Any) -> Any:
    (mount,) = [one for one in pod_of(inputs)["containers"][0]["volumeMounts"] if one["name"] == "data"]
    return mount


def answering(bench: Workbench) -> Iterator[Made]:
    """Yield objects that answer under the names of the pipeline's Services, and everyday ones."""
    for name, rule in (
        ("postgresql", "service-private"),
        ("kafka-headless", "service-private"),
        ("kafka-0", "service-private"),
        ("erp", None),
    ):
        yield f"answering: Endpoints of {name}", rule, bench.with_more(_endpoints("Endpoints", "core/v1", name, {}))
        labels = {"kubernetes.io/service-name": name}
        yield f"answering: a slice of {name}", rule, bench.with_more(_endpoints("EndpointSlice", "discovery.k8s.io/v1", "a", labels))
        frontend = {"serviceMatcher": {"serviceName": name, "namespace": NAMESPACE}}
        redirect = extra("CiliumLocalRedirectPolicy", "a", {"redirectFrontend": frontend}, "cilium.io/v2", "web")
        yield f"answering: a redirection of {name}", rule, bench.with_more(redirect)
    for service in bench.of_kind("Service"):
        metadata = bench.inputs(service)["metadata"]
        if metadata["namespace"] == NAMESPACE and not metadata["name"].endswith("-metrics"):
            elsewhere = {"type": "ExternalName", "externalName": "thief.example.com"}
            told = bench.changed(service, lambda i, e=elsewhere: i.update(spec=dict(e)))
            yield f"answering: {service} elsewhere", "service-private", told
    outside = extra("Service", "erp", {"type": "ExternalName", "externalName": "erp.example.com"})
    yield "answering: a Service of others elsewhere", None, bench.with_more(outside)


def _endpoints(kind: str, group: str, name: str, labels: dict[str, str]) -> Declared:
    made = extra(kind, name, {}, group)
    made.inputs["metadata"]["labels"] = labels
    made.inputs["subsets"] = [{"addresses": [{"ip": "203.0.113.7"}], "ports": [{"port": 5432}]}]  # type: ignore[index]
    return made


def _object(kind: str, namespace: str = NAMESPACE, **annotations: str) -> Declared:
    made = extra(kind, "own", {}, namespace=namespace)
    made.inputs["metadata"]["annotations"] = annotations
    made.inputs["data"] = {}  # type: ignore[index]
    return made


_COPIED = (
    ("reflector.v1.k8s.emberstack.com/reflection-auto-enabled", "true"),
    ("reflector.v1.k8s.emberstack.com/reflection-allowed", "true"),
    ("replicator.v1.mittwald.de/replicate-to", "*"),
    ("replicator.v1.mittwald.de/replicate-from", "web/own"),
    ("kubed.appscode.com/sync", "team=web"),
)


def controllers(bench: Workbench) -> Iterator[Made]:
    """Yield objects by which controllers copy, replace, update or restore what the stack declares."""
    for key, value in _COPIED:
        for kind, namespace, said, rule in (
            ("Secret", NAMESPACE, value, "admission-kept"),
            ("Secret", "web", value, None),
            ("ConfigMap", NAMESPACE, value, None),
            ("Secret", NAMESPACE, "false", None),
        ):
            made = _object(kind, namespace, **{key: said})
            yield f"controllers: {key} on a {kind} of {namespace}: {said}", rule, bench.with_more(made)
    for name, _inputs in _own(bench):
        for key, value, rule in (("keel.sh/policy", "major", "admission-kept"), ("keel.sh/policy", "never", None)):
            told = bench.changed(name, lambda i, k=key, v=value: i["metadata"].setdefault("annotations", {}).update({k: v}))
            yield f"controllers: {name} by {key} {value}", rule, told
    secret = _object("Secret")
    for name, rule in (("own", "admission-kept"), ("another", None)):
        push = extra("PushSecret", "p", {"selector": {"secret": {"name": name}}}, "external-secrets.io/v1alpha1")
        yield f"controllers: {name} sent away", rule, bench.with_more(secret, push)
        fetched = extra("ExternalSecret", "p", {"target": {"name": name}, "secretStoreRef": {"name": "s"}}, "external-secrets.io/v1")
        yield f"controllers: {name} filled", rule, bench.with_more(secret, fetched)
    for at, (spec, rule) in enumerate(
        (
            ({"existingResourcePolicy": "update"}, "admission-kept"),
            ({"existingResourcePolicy": "update", "includedNamespaces": [NAMESPACE]}, "admission-kept"),
            ({"existingResourcePolicy": "update", "includedNamespaces": ["web"]}, None),
            ({"existingResourcePolicy": "update", "excludedNamespaces": ["data-ingestion*"]}, None),
            ({"includedNamespaces": [NAMESPACE]}, None),
        )
    ):
        restore = extra("Restore", "r", {"backupName": "b", **spec}, "velero.io/v1", "velero")
        yield f"controllers: a restoration {at}", rule, bench.with_more(restore)
