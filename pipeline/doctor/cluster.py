"""Probe of a Kubernetes cluster, by the stack's context only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.check import Refused
from pipeline.doctor import namespace, operator
from pipeline.doctor.facts import Cluster, ClusterRequirements, NamespaceContents, Node
from pipeline.doctor.kind import is_kind
from stack.capacity.quantity import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.settings.cluster import ClusterSettings

_SECONDS: Final = 8

# API group and resource of everything that the program creates in a cluster
RIGHTS: Final = (
    ("", "namespaces"),
    ("", "resourcequotas"),
    ("", "limitranges"),
    ("", "configmaps"),
    ("", "secrets"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("apps", "deployments"),
    ("apps", "statefulsets"),
    ("networking.k8s.io", "networkpolicies"),
    ("policy", "poddisruptionbudgets"),
    ("storage.k8s.io", "storageclasses"),
)

CLUSTER_WIDE: Final = frozenset({"namespaces", "storageclasses"})
_ZONE: Final = "topology.kubernetes.io/zone"
_UNKNOWN, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


def look(place: ClusterRequirements) -> Cluster | Refused:
    """Read the facts of a cluster, or return why it refuses."""
    from kubernetes import client, config  # noqa: PLC0415 - takes a second to load; needed for a cluster only
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

    settings, options = place.settings, client.Configuration()
    options.retries = False
    try:
        api = config.new_client_from_config(config_file=settings.kubeconfig, context=settings.context, client_configuration=options)
    except config.ConfigException:
        return _no_context(settings, place.stack)
    try:
        return _asked(api, place)
    except client.ApiException as error:
        if error.status == _UNKNOWN:
            return Refused(f"{api.configuration.host} refuses these credentials ({error.status})", _login(settings))
        if error.status == _FORBIDDEN:
            return Refused(
                f"these credentials may not read the cluster ({_message(error)})",
                f"kubectl --context {settings.context} auth can-i --list",
            )
        return Refused(f"{api.configuration.host} answers {error.status} {error.reason}", f"kubectl --context {settings.context} get nodes")
    except HTTPError as error:
        return Refused(f"nothing answers at {api.configuration.host} ({type(error).__name__})", _start(settings))


def _contexts(settings: ClusterSettings) -> list[str]:
    from kubernetes import config  # noqa: PLC0415 - as above

    try:
        listed, _ = config.list_kube_config_contexts(config_file=settings.kubeconfig)
    except config.ConfigException:
        return []
    return sorted(context["name"] for context in listed)


def _no_context(settings: ClusterSettings, stack: str) -> Refused:
    contexts = ", ".join(_contexts(settings)) or "none"
    where = settings.kubeconfig or "the kubeconfig (KUBECONFIG, ~/.kube/config)"
    make = _make(settings) or f"correct cluster.context in Pulumi.{stack}.yaml, or add it to the kubeconfig"
    return Refused(f"{where} has no context {settings.context!r} (existing: {contexts})", make)


def _make(settings: ClusterSettings) -> str:
    if is_kind(settings.context):
        return "make cluster"
    return "make sandbox" if settings.context == "sandbox" else ""


def _start(settings: ClusterSettings) -> str:
    if is_kind(settings.context):
        name = settings.context.removeprefix("kind-")
        return f"docker start $(docker ps --all --quiet --filter label=io.x-k8s.kind.cluster={name}), or make cluster"
    return _make(settings) or f"kubectl --context {settings.context} get nodes"


def _login(settings: ClusterSettings) -> str:
    return f"kubectl --context {settings.context} auth whoami, then log in to the cluster again"


def _message(error: Any) -> str:  # noqa: ANN401 - an error without types
    """Return the API's own message."""
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


def _asked(api: Any, place: ClusterRequirements) -> Cluster:  # noqa: ANN401 - a client without types
    from kubernetes import client  # noqa: PLC0415 - as above

    core, storage, apps = client.CoreV1Api(api), client.StorageV1Api(api), client.AppsV1Api(api)
    version = client.VersionApi(api).get_code(_request_timeout=_SECONDS).git_version
    classes = storage.list_storage_class(_request_timeout=_SECONDS).items
    there = _found(core.read_namespace, place.namespace)
    metadata = there.metadata if there else None
    return Cluster(
        server=api.configuration.host,
        version=version,
        nodes=tuple(map(_node, core.list_node(_request_timeout=_SECONDS).items)),
        provisioners={one.metadata.name: one.provisioner for one in classes},
        drivers=frozenset(one.metadata.name for one in storage.list_csi_driver(_request_timeout=_SECONDS).items),
        denied=_denied(client, api, place),
        daemons={
            one.metadata.name: one.spec.template.spec.containers[0].image
            for one in apps.list_daemon_set_for_all_namespaces(_request_timeout=_SECONDS).items
        },
        has_namespace=there is not None,
        secrets={
            name: frozenset(secret.data or ())
            for name in place.secrets
            if (secret := _found(core.read_namespaced_secret, name, place.namespace)) is not None
        },
        reclaims={one.metadata.name: one.reclaim_policy for one in classes},
        inside=namespace.look(api, place.namespace, metadata, place.sets, _SECONDS)
        if place.settings.existing_namespace
        else NamespaceContents(),
        operator=operator.look(api, place.operator, _SECONDS) if place.operator else None,
    )


def _found(read: Callable[..., Any], *names: str) -> Any:  # noqa: ANN401 - as above
    """Return an object, or None when it does not exist."""
    from kubernetes import client  # noqa: PLC0415 - as above

    try:
        return read(*names, _request_timeout=_SECONDS)
    except client.ApiException as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def _node(node: Any) -> Node:  # noqa: ANN401 - as above
    taints = {taint.effect for taint in node.spec.taints or ()}
    conditions = {condition.type: condition.status for condition in node.status.conditions or ()}
    return Node(
        name=node.metadata.name,
        ready=conditions.get("Ready") == "True",
        schedulable=not node.spec.unschedulable and not taints & {"NoSchedule", "NoExecute"},
        memory=parse_bytes(node.status.allocatable["memory"]),
        images=frozenset(name for image in node.status.images or () for name in image.names or ()),
        zone=(node.metadata.labels or {}).get(_ZONE, ""),
    )


def _denied(client: Any, api: Any, place: ClusterRequirements) -> tuple[str, ...]:  # noqa: ANN401 - as above
    reviews = client.AuthorizationV1Api(api)
    wanted = [(group, resource, None if resource in CLUSTER_WIDE else place.namespace) for group, resource in RIGHTS]
    if place.operator:
        wanted += [(operator.GROUP, operator.plural(kind), place.operator.namespace) for kind in place.operator.kinds]
    denied = []
    for group, resource, where in wanted:
        wish = client.V1ResourceAttributes(group=group, resource=resource, verb="create", namespace=where)
        review = client.V1SelfSubjectAccessReview(spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=wish))
        if not reviews.create_self_subject_access_review(review, _request_timeout=_SECONDS).status.allowed:
            denied.append(resource)
    return tuple(denied)
