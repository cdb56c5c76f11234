"""The same harm in other spellings and at other places: separators and escapes of properties, moving tags, routes, policies of AWS."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from tests.policy.workbench import NAMESPACE, Workbench, extra

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made

NETWORKING = "networking.k8s.io/v1"
ADMIN = "policy.networking.k8s.io/v1alpha1"
# How java.util.Properties lets a key and its value be written
SPELLINGS = ("{0}={1}", "{0}:{1}", "{0} {1}", "{0}\t{1}", "{0} : {1}", "{2}={1}", "{0}=\\\n   {1}", "{0} \\\n = {1}", "  {0} = {1}")
BROKER = {"auto.create.topics.enable": ("true", "false"), "min.insync.replicas": ("1", "2"), "default.replication.factor": ("1", "3")}
WORKER = {
    "producer.acks": ("1", "all"),
    "producer.enable.idempotence": ("false", "true"),
    "exactly.once.source.support": ("disabled", "enabled"),
}
MOVING = ("latest", "LATEST", "head", "canary", "snapshot", "develop", "rolling", "bookworm", "alpine", "latest-alpine", "17-latest", "")
PINNED = ("1", "v1", "1.27-alpine", "2024.11", "1.0.0-rc.1", "bookworm-20241111", "release-42", "a1b2c3d", "nightly-2024-11-02")


def spelled(key: str, value: str) -> Iterator[str]:
    """Yield a property in every spelling."""
    escaped = key.replace(".", "\\.", 1).replace("e", "\\u0065", 1)
    return (form.format(key, value, escaped) for form in SPELLINGS)


def properties(bench: Workbench) -> Iterator[Made]:
    """Yield properties of brokers and workers in every spelling."""
    for mark, rule, table in (("process.roles", "broker-config", BROKER), ("config.storage.topic", "worker-config", WORKER)):
        (name, file) = next(
            (name, file) for name in bench.of_kind("ConfigMap") for file, text in bench.inputs(name)["data"].items() if f"{mark}=" in text
        )
        for key, (harmful, harmless) in table.items():
            for value, expected in ((harmful, rule), (harmless, None)):
                for at, line in enumerate(spelled(key, value)):

                    def edit(inputs: Any, file: str = file, line: str = line) -> None:
                        inputs["data"][file] += f"\n{line}\n"

                    yield f"properties: {key} {value} {at}", expected, bench.changed(name, edit, "ConfigMap")


def prose(bench: Workbench) -> Iterator[Made]:
    """Yield texts that only speak of the keys by which files of brokers, workers and servers are known."""
    for at, text in enumerate(
        (
            "process.roles are described in the manual of Kafka.\n",
            "config.storage.topic: the topic in which Connect keeps its configurations\n",
            "wal_level is logical where a server is captured\n",
        )
    ):
        made = extra("ConfigMap", "readme", {}, namespace="web")
        made = Declared(
            urn=made.urn, type=made.type, name=made.name, inputs={"metadata": made.inputs["metadata"], "data": {"README": text}}
        )
        yield f"prose: {at}", None, bench.with_more(made)


def images(bench: Workbench) -> Iterator[Made]:
    """Yield tags that move, and pinned ones."""
    for tag, expected in (*((tag, "image-pinned") for tag in MOVING), *((tag, None) for tag in PINNED)):
        name, named = bench.workloads()[0], f"registry.example:5000/a/b:{tag}".rstrip(":")

        def edit(inputs: Any, image: str = named) -> None:
            inputs["spec"]["template"]["spec"]["containers"][0]["image"] = image

        yield f"images: {tag!r}", expected, bench.changed(name, edit)


def routes(bench: Workbench) -> Iterator[Made]:
    """Yield routes that stand outside of a specification, and policies that no NetworkPolicy takes back."""
    annotation = "nginx.ingress.kubernetes.io/"
    for at, (key, value) in enumerate(
        (
            ("server-snippet", "location /c { proxy_pass http://{}.data-ingestion.svc.cluster.local:8083; }"),
            ("configuration-snippet", "proxy_pass http://{}.data-ingestion:80/;"),
            ("default-backend", "data-ingestion/{}"),
        )
    ):
        for service, expected in (("connect", "service-private"), ("schema-registry", "service-private"), ("web", None)):
            made = extra("Ingress", "shop", {"rules": []}, NETWORKING, "web")
            made.inputs["metadata"]["annotations"] = {annotation + key: value.replace("{}", service)}
            yield f"routes: an annotation {at} for {service}", expected, bench.with_more(made)
    yield from _further_routes(bench)
    for service, expected in (("kafka-0", "service-private"), ("postgresql", "service-private"), ("redis", None)):
        made = extra("ConfigMap", "tcp-services", {}, namespace="ingress-nginx")
        data = {"5432": f"data-ingestion/{service}:5432", "6379": "web/redis:6379:PROXY"}
        made = Declared(urn=made.urn, type=made.type, name=made.name, inputs={"metadata": made.inputs["metadata"], "data": data})
        yield f"routes: a published port of {service}", expected, bench.with_more(made)
    everybody: list[dict[str, Any]] = [{"namespaces": {}}, {"pods": {"namespaceSelector": {}, "podSelector": {}}}]
    monitoring = {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}
    own = {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}
    subjects: list[dict[str, Any]] = [{"namespaces": {}}, {"namespaces": own}, {"pods": {"namespaceSelector": own, "podSelector": {}}}]
    for (at, subject), (number, peer) in itertools.product(enumerate(subjects), enumerate(everybody)):
        for action, expected in (("Allow", "network-closed"), ("Deny", None), ("Pass", None)):
            spec = {"priority": 1, "subject": subject, "ingress": [{"action": action, "from": [peer]}]}
            yield f"admin policy: {action} {at} {number}", expected, bench.with_more(extra("AdminNetworkPolicy", "a", spec, ADMIN, ""))
    for at, (subject, peer) in enumerate((({"namespaces": monitoring}, everybody[0]), ({"namespaces": {}}, {"namespaces": monitoring}))):
        spec = {"priority": 1, "subject": subject, "ingress": [{"action": "Allow", "from": [peer]}]}
        yield f"admin policy: named {at}", None, bench.with_more(extra("AdminNetworkPolicy", "a", spec, ADMIN, ""))


def _further_routes(bench: Workbench) -> Iterator[Made]:
    """Yield routes of controllers beside Ingress and Gateway API: in annotations, behind a delegation, and by pieces of configuration."""
    for service, expected in (("connect", "service-private"), ("web", None)):
        action = f'{{"type": "forward", "forwardConfig": {{"targetGroups": [{{"serviceName": "{service}", "servicePort": 8083}}]}}}}'
        mapping = f"---\nkind: Mapping\nname: c\nprefix: /c/\nservice: http://{service}.{NAMESPACE}:8083\n"
        for kind, key, value in (
            ("Ingress", "alb.ingress.kubernetes.io/actions.c", action),
            ("Ingress", "nginx.org/location-snippets", f"proxy_pass http://{service}:8083;"),
            ("Ingress", "nginx.ingress.kubernetes.io/mirror-target", f"http://{service}.{NAMESPACE}.svc:8083$request_uri"),
            ("Service", "getambassador.io/config", mapping),
        ):
            made = extra(kind, "shop", {}, NETWORKING if kind == "Ingress" else "core/v1")
            made.inputs["metadata"]["annotations"] = {key: value}
            yield f"routes: {key} for {service}", expected, bench.with_more(made)
        delegated = {"http": [{"route": [{"destination": {"host": f"{service}.{NAMESPACE}.svc.cluster.local"}}]}]}
        for kind, group, spec in (
            ("VirtualService", "networking.istio.io/v1", delegated),
            ("VirtualServerRoute", "k8s.nginx.org/v1", {"host": "x", "upstreams": [{"name": "c", "service": service, "port": 8083}]}),
            ("Middleware", "traefik.io/v1alpha1", {"errors": {"status": ["100-599"], "service": {"name": service}, "query": "/"}}),
            ("TargetGroupBinding", "elbv2.k8s.aws/v1beta1", {"serviceRef": {"name": service, "port": 8083}, "targetGroupARN": "x"}),
        ):
            yield f"routes: a {kind} for {service}", expected, bench.with_more(extra(kind, "shop", spec, group))
    chain = {"chain": {"middlewares": [{"name": "connect"}]}}
    yield "routes: a Middleware named so", None, bench.with_more(extra("Middleware", "shop", chain, "traefik.io/v1alpha1"))
    inside = {"hosts": ["connect"], "http": [{"route": [{"destination": {"host": "connect"}}]}]}
    yield "routes: within the mesh", None, bench.with_more(extra("VirtualService", "shop", inside, "networking.istio.io/v1"))


def resource_policies(bench: Workbench) -> Iterator[Made]:
    """Yield policies of further resources of AWS for everybody, and for named callers."""
    everybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "x:Y", "Resource": "*"}
    named = {**everybody, "Principal": {"AWS": "arn:aws:iam::123456789012:role/shop"}}
    for type_token, holder in (
        ("aws:efs/fileSystemPolicy:FileSystemPolicy", "policy"),
        ("aws:opensearch/domain:Domain", "accessPolicies"),
        ("aws:cloudwatch/logResourcePolicy:LogResourcePolicy", "policyDocument"),
        ("aws:cloudwatch/eventBusPolicy:EventBusPolicy", "policy"),
        ("aws:glacier/vault:Vault", "accessPolicy"),
        ("aws:vpclattice/authPolicy:AuthPolicy", "policy"),
        ("aws:schemas/registryPolicy:RegistryPolicy", "policy"),
        ("aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy", "accessPolicy"),
        ("aws:xray/resourcePolicy:ResourcePolicy", "policyDocument"),
        ("aws:oam/sinkPolicy:SinkPolicy", "policy"),
        ("aws:organizations/resourcePolicy:ResourcePolicy", "content"),
    ):
        for statement, expected in ((everybody, "iam-exact"), (named, None)):
            inputs = {holder: json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
            made = Declared(urn=f"urn::{type_token}", type=type_token, name="shop", inputs=inputs)
            yield f"policies: {type_token} {expected}", expected, bench.with_more(made)
    source = {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"}}
    for service, condition, expected in (
        ("cloudfront.amazonaws.com", {}, "bucket-private"),
        ("cloudfront.amazonaws.com", {"StringLike": {"AWS:SourceArn": "arn:aws:cloudfront::*:distribution/*"}}, "bucket-private"),
        ("serverlessrepo.amazonaws.com", {}, "bucket-private"),
        ("cloudfront.amazonaws.com", source, None),
        ("serverlessrepo.amazonaws.com", {"StringEquals": {"aws:SourceAccount": "123456789012"}}, None),
        ("logging.s3.amazonaws.com", {}, None),
    ):
        read = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::archive/*"}
        document = json.dumps({"Statement": [{**read, "Condition": condition} if condition else read]})
        made = Declared(urn="urn::p", type="aws:s3/bucketPolicy:BucketPolicy", name="p", inputs={"bucket": "shop", "policy": document})
        yield f"policies: {service} {condition}", expected, bench.with_more(made)
    for at, (inputs, expected) in enumerate(
        (
            ({"principal": "*"}, "iam-exact"),
            ({"principal": "*", "principalOrgId": "o-abcdefghij"}, None),
            ({"principal": "s3.amazonaws.com", "sourceArn": "arn:aws:s3:::shop"}, None),
        )
    ):
        event = {"statementId": "shop", "principal": inputs["principal"]} | (
            {"condition": {"key": "aws:PrincipalOrgID"}} if at == 1 else {}
        )
        made = Declared(urn="urn::event", type="aws:cloudwatch/eventPermission:EventPermission", name="event", inputs=event)
        yield f"policies: events {at}", expected, bench.with_more(made)
        permission = {"action": "lambda:InvokeFunction", "function": "f", **inputs}
        made = Declared(urn="urn::permission", type="aws:lambda/permission:Permission", name="permission", inputs=permission)
        yield f"policies: an invocation {at}", expected, bench.with_more(made)


def custom_values(bench: Workbench) -> Iterator[Made]:
    """Yield objects of custom kinds with a credential in their specification, and with the name of a Secret."""
    token, chosen = "aB3dE5gH7jK9mN1p", "Tr0ub4dor&3"
    solver = {"acme": {"solvers": [{"dns01": {"cloudflare": {"apiToken": token}}}]}}
    for kind, version, harmful, harmless in (
        ("ClusterIssuer", "cert-manager.io/v1", solver, {"acme": {"privateKeySecretRef": {"name": "le", "key": "private-key"}}}),
        (
            "GrafanaDatasource",
            "grafana.integreatly.org/v1beta1",
            {"datasource": {"password": chosen}},
            {"datasource": {"password": "${password}"}},
        ),
        (
            "EnvoyFilter",
            "networking.istio.io/v1alpha3",
            {"env": [{"name": "API_TOKEN", "value": token}]},
            {"env": [{"name": "API_TOKEN_FILE", "value": "/run/token"}]},
        ),
        (
            "Middleware",
            "traefik.io/v1alpha1",
            {"headers": {"customRequestHeaders": {"Authorization": f"Bearer {token}"}}},
            {"basicAuth": {"secret": "shop-auth"}},
        ),
        ("Middleware", "traefik.containo.us/v1alpha1", {"basicAuth": {"secret": token}}, {"basicAuth": {"secret": "users"}}),
        ("VirtualServer", "k8s.nginx.org/v1", {"policies": [{"password": chosen}]}, {"tls": {"secret": "web"}}),
        ("VirtualServer", "k8s.nginx.org/v1", {"routes": [{"pass": chosen}]}, {"routes": [{"path": "/", "action": {"pass": "tea"}}]}),
        *(
            (
                "ExternalSecret",
                "external-secrets.io/v1",
                {"target": {"template": {"data": {"password": chosen, "name": name}}}},
                {"data": [{"secretKey": name, "remoteRef": {"key": "secret/data/db", "property": name}}]},
            )
            for name in ("username", "password", "DB_USER", "tls.crt", "host")
        ),
        (
            "SecretProviderClass",
            "secrets-store.csi.x-k8s.io/v1",
            {"parameters": {"clientSecret": chosen}},
            {"parameters": {"objects": '- objectName: "user"\n  secretPath: "secret/data/db"\n  secretKey: "username"\n'}},
        ),
        ("KeycloakClient", "v1.edp.epam.com/v1", {"secret": token}, {"secret": "$web-client:clientSecret"}),
        ("Policy", "k8s.nginx.org/v1", {"oidc": {"clientSecret": chosen}}, {"oidc": {"clientID": "web", "clientSecret": "oidc"}}),
        ("KongPlugin", "configuration.konghq.com/v1", {"session": {"secret": token}}, {"plugin": "session"}),
    ):
        for spec, expected in ((harmful, "no-literal-credential"), (harmless, None)):
            yield (
                f"custom: {version} {kind} {spec} {expected}",
                expected,
                bench.with_more(extra(kind, "shop", spec, version, "web")),
            )


def namespaces(bench: Workbench) -> Iterator[Made]:
    """Yield labels of the stack's own namespace by which it guards less, or a webhook adds containers."""
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    version = "pod-security.kubernetes.io/enforce-version"
    for labels, expected in (
        *(({version: f"v1.{minor}"}, "guards-kept") for minor in (0, 9, 19, 24)),
        *(({version: told}, None) for told in ("latest", "v1.25", "v1.34")),
        ({"istio-injection": "enabled"}, "memory-limit"),
        ({"istio.io/rev": "1-24"}, "memory-limit"),
        ({"linkerd.io/inject": "enabled"}, "memory-limit"),
        ({"istio-injection": "disabled", "team": "data"}, None),
    ):
        made = extra("Namespace", NAMESPACE, {})
        made.inputs["metadata"]["labels"] = {**restricted, **labels}
        yield f"namespaces: {labels}", expected, bench.with_more(made)
