"""Rules for pods: pinned images and Pod Security ``restricted``."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from policy import pod_security
from policy.kinds import starts_pods
from policy.rule import Rule
from stack.capacity import pods
from stack.configs.credentials.detector import hidden
from stack.problem import Problem
from stack.specification.monitoring.ports import PROMETHEUS
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.declared import Declared, Record

# Words of tags that move with every push, wherever they stand, unless they begin a name with a date or a version.
_LATEST = re.compile(r"(?:^|.*[._-])latest(?:[._-].*)?|[^0-9]*")
# Prefix of the API server's default audience.
_API_SERVER = "https://kubernetes.default.svc"
# User and password before the registry of an image; a tag and a digest have no slash behind the sign.
_LOGIN = re.compile(r"^[^/]*@(?=[^/]+/)")
_LOCAL = ("localhost/", "kind.local/")


def _spec(resource: Declared) -> Mapping[str, Any] | None:
    spec = pods.lenient_spec(resource.kind, resource.inputs) if starts_pods(resource) else None
    return spec if spec and not isinstance(spec.get("containers"), Unknown) else None  # else memory-limit reports it


def _shown(image: str) -> str:
    """Return an image reference for messages, without a user and password."""
    return repr(hidden(_LOGIN.sub("", image)))


def _pinned(resource: Declared, _record: Record) -> Iterator[Problem]:
    spec = _spec(resource)
    for _role, container in pods.containers(spec) if spec else ():
        image, name = container.get("image"), container.get("name")
        if isinstance(image, Unknown):
            yield Problem(rule=f"the image of container {name!r} is not known at preview", cure="set a fixed tag or digest")
            continue
        reference, _, digest = _LOGIN.sub("", str(image or "")).partition("@")
        tag = reference.rpartition("/")[2].partition(":")[2]
        if re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
            continue
        # a tag without a digit names no version: stable, main, bookworm, alpine
        if digest or _LATEST.fullmatch(tag.lower()):
            yield Problem(
                rule=f"container {name!r} runs {_shown(reference)}, which is not pinned",
                cure="set a fixed tag, or a digest: name:tag@sha256:…",
            )


def _digested(resource: Declared, _record: Record) -> Iterator[Problem]:
    spec = _spec(resource)
    for _role, container in pods.containers(spec) if spec else ():
        image = container.get("image")
        if isinstance(image, str) and "@sha256:" not in image and not image.startswith(_LOCAL) and ":" in image.rpartition("/")[2]:
            yield Problem(
                rule=f"container {container.get('name')!r} runs {_shown(image)}, whose owner can move the tag",
                cure="add a digest: @sha256:…",
            )


# Volume types that Pod Security ``restricted`` allows.
_POD_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def _restricted(resource: Declared, record: Record) -> Iterator[Problem]:
    if resource.is_kubernetes and resource.kind == "Secret" and resource.inputs.get("type") == pod_security.TOKEN_TYPE:
        yield from _read_token(resource, record)
    spec = _spec(resource)
    if spec is None:
        return
    yield from _pod_problems(spec, may_ask=_finds_nodes(resource, spec, record))
    if resource.empty:
        rule = f"{', '.join(resource.empty[:5])} is empty, and the API server admits no pod with an empty item"
        yield Problem(rule=rule, cure="remove it, or leave it out where it has no value")
    yield from pod_security.annotation_problems(pods.pod_metadata(resource.kind, resource.inputs))
    tokens = {
        one.object_name
        for one in record.of_kind("Secret", namespace=resource.namespace)
        if one.inputs.get("type") == pod_security.TOKEN_TYPE
    }
    for name in sorted(set(pod_security.secrets_read(spec))):
        if name in tokens or pod_security.is_old_token(name):
            yield Problem(rule=f"reads the Secret {name}, a token for the API server", cure=_OTHER_WAY)
    above = spec.get("securityContext") or {}
    for role, container in pods.containers(spec):
        problems = list(_context_problems(above, container.get("securityContext") or {}))
        problems += [*pod_security.context_problems(container.get("securityContext") or {}), *pod_security.probe_problems(container)]
        if any(port.get("hostPort") for port in container.get("ports") or []):
            problems.append(Problem(rule="uses a port of the node", cure="use a Service instead of hostPort"))
        yield from (replace(problem, about=f"{role} {container.get('name')!r}") for problem in problems)


_OTHER_WAY = "mount a projected token with the audience of its user"


def _read_token(secret: Declared, record: Record) -> Iterator[Problem]:
    """Yield the workloads declared so far that read a token of a service account from a Secret."""
    for workload in record.of_kind(*pods.POD_KINDS, namespace=secret.namespace):
        spec = _spec(workload)
        if spec and secret.object_name in set(pod_security.secrets_read(spec)):
            yield Problem(rule=f"is a token for the API server, and {workload.title} reads it", cure=_OTHER_WAY)


def _pod_problems(spec: Mapping[str, Any], *, may_ask: bool) -> Iterator[Problem]:
    for flag in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(flag):
            yield Problem(rule=f"{flag} is on, which shares a namespace of the node with the pod", cure=f"remove {flag}")
    for volume in spec.get("volumes") or []:
        kinds = set(volume) - {"name"}
        if kinds - _POD_VOLUMES:
            yield Problem(
                rule=(
                    f"the volume {volume.get('name')!r} is of type {', '.join(sorted(kinds - _POD_VOLUMES))}, which reaches outside the pod"
                )
            )
        if not may_ask and _has_token(volume):
            yield Problem(
                rule=f"the volume {volume.get('name')!r} contains a token for the API server", cure="set the audience of its user"
            )
    if spec.get("automountServiceAccountToken") is not False:
        yield Problem(rule="the pod gets an unused token for the API server", cure="set automountServiceAccountToken to false")
    yield from pod_security.pod_context_problems(spec.get("securityContext") or {})


def _finds_nodes(resource: Declared, spec: Mapping[str, Any], record: Record) -> bool:
    """Return whether a pod is the stack's own Prometheus, which asks the API server where the nodes are.

    It is by name, namespace, account and its one token, and the containers that mount the token start what the stack says. What the token
    may do is judged with the roles of its account.
    """
    stack = record.limits.specification
    watching = stack.monitoring if stack is not None else None
    if watching is None or not watching.finds_nodes or (resource.namespace, resource.object_name) != (watching.namespace, PROMETHEUS):
        return False
    (own,) = [workload for workload in watching.workloads if workload.component == PROMETHEUS]
    (wanted,) = [volume for volume in own.pod["volumes"] if "serviceAccountToken" in str(volume)]
    tokens = [volume for volume in spec.get("volumes") or [] if _has_token(volume)]
    holders = [
        container
        for _role, container in pods.containers(spec)
        if any(mount.get("name") == wanted["name"] for mount in container.get("volumeMounts") or [])
    ]
    return (
        tokens == [wanted]
        and spec.get("serviceAccountName") == own.pod["serviceAccountName"]
        and all(container.get("command") == own.process["command"] and not container.get("args") for container in holders)
    )


def _has_token(volume: Mapping[str, Any]) -> bool:
    return any(_for_the_api_server(source) for source in (volume.get("projected") or {}).get("sources") or [])


def _for_the_api_server(source: Mapping[str, Any]) -> bool:
    """Return whether a projected source is, or may be, a token for the API server, as every token without an audience is."""
    token = source.get("serviceAccountToken")
    if token is None:
        return False
    audience = token.get("audience")
    return not audience or isinstance(audience, Unknown) or str(audience).startswith(_API_SERVER)


def _context_problems(above: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[Problem]:
    def effective(key: str) -> object:
        return own.get(key, above.get(key))

    if effective("runAsNonRoot") is not True or effective("runAsUser") == 0:
        yield Problem(rule="may run as root", cure="set runAsNonRoot to true and a runAsUser above 0")
    if own.get("allowPrivilegeEscalation") is not False:
        yield Problem(rule="may gain privileges", cure="set allowPrivilegeEscalation to false")
    if own.get("privileged"):
        yield Problem(rule="is privileged", cure="remove privileged")
    if own.get("procMount") not in (None, "Default"):
        yield Problem(rule="sees an unmasked /proc", cure="remove procMount")
    if own.get("readOnlyRootFilesystem") is not True:
        yield Problem(
            rule="can write to its root file system", cure="set readOnlyRootFilesystem to true and mount an emptyDir for writable paths"
        )
    capabilities = own.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or []):
        yield Problem(rule="retains Linux capabilities", cure="set capabilities.drop to [ALL]")
    if set(capabilities.get("add") or []) - {"NET_BIND_SERVICE"}:
        yield Problem(rule="adds Linux capabilities", cure="remove capabilities.add")
    if (effective("seccompProfile") or {}).get("type") not in {"RuntimeDefault", "Localhost"}:  # type: ignore[attr-defined]
        yield Problem(rule="has no seccomp profile", cure="set seccompProfile.type to RuntimeDefault")


RULES = (
    Rule(name="image-pinned", says="Every image has a fixed tag or a digest.", check=_pinned),
    Rule(name="image-digest", says="Every image from elsewhere has a digest.", check=_digested, level="advisory", severity="low"),
    Rule(
        name="pod-restricted",
        says=(
            "Every pod meets Pod Security restricted, with a read-only root file system; only the stack's Prometheus may have a token for "
            "the API server."
        ),
        check=_restricted,
    ),
)
