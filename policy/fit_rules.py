"""Rule for PostgreSQL: it fits the memory limit of its container."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.kinds import mib, starts_pods
from policy.postgres_sessions import is_of_provider, settings, tuned
from policy.postgres_statements import statements
from policy.rule import Rule
from stack.capacity import pods, postgres, postgres_parameters
from stack.capacity.pods import POD_KINDS, UnreadableError
from stack.capacity.postgres_sessions import Sessions, added
from stack.capacity.quantity import MIB, whole_mib
from stack.configs.classes import GUARDED_DEBEZIUM
from stack.configs.postgres_numbers import unquoted
from stack.configs.tokens import CONNECTOR
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_DEBEZIUM = ("io.debezium.", GUARDED_DEBEZIUM)
_WRITTEN = {"ConfigMap", "Secret"}
_SHM = "/dev/shm"  # noqa: S108 - a path in pods


@functools.lru_cache(maxsize=1024)
def sized_containers(resource: Declared) -> tuple[tuple[Mapping[str, Any], Mapping[str, Any], int], ...]:
    """Return each container of a workload that has a limit, with its pod and the memory available to its process in bytes.

    Results are cached for each resource, since several rules inspect every workload after each declaration.
    """
    if not starts_pods(resource):
        return ()
    sized = []
    try:
        spec = pods.pod_spec(resource.kind, resource.inputs)
        for _role, container in pods.containers(spec):
            left = pods.room(spec, container)
            if left is not None:
                sized.append((spec, container, left))
    except UnreadableError:
        pass  # memory-limit reports it
    return tuple(sized)


def table(parts: Mapping[str, int]) -> str:
    """Render parts in MiB on one line, largest first."""
    return ", ".join(f"{name} {mib(size)}" for name, size in sorted(parts.items(), key=lambda item: -item[1]))


def files_of(record: Record, namespace: str, spec: Mapping[str, Any], container: Mapping[str, Any]) -> dict[str, str | Unknown]:
    """Return a container's files from declared ConfigMaps, by path."""
    volumes = {volume.get("name"): volume.get("configMap") or {} for volume in spec.get("volumes") or []}
    paths: dict[str, str | Unknown] = {}
    for mount in container.get("volumeMounts") or []:
        source = volumes.get(mount.get("name")) or {}
        data = record.config_map(namespace, str(source.get("name")))
        if data is None:
            continue
        names = {item.get("key"): item.get("path") for item in source.get("items") or []} or {key: key for key in data}
        place = str(mount.get("mountPath", "")).rstrip("/")
        for key, name in names.items():
            if key in data and (not mount.get("subPath") or mount["subPath"] == name):
                text = data[key]
                paths[place if mount.get("subPath") else f"{place}/{name}"] = text if isinstance(text, Unknown) else str(text)
    return paths


def servers(record: Record) -> Iterator[tuple[Declared, Mapping[str, Any], int, str | Unknown | None]]:
    """Yield every PostgreSQL container with its available memory and the text of its file; see ``server_file``."""
    for resource in record.of_kind(*POD_KINDS):
        for spec, container, left in sized_containers(resource):
            namespace = resource.namespace
            if postgres_parameters.is_postgres(container) and isinstance(namespace, str):
                yield resource, container, left, server_file(record, namespace, spec, container)


def server_file(record: Record, namespace: str, spec: Mapping[str, Any], container: Mapping[str, Any]) -> str | Unknown | None:
    """Return the text of a PostgreSQL server's configuration file.

    Returns:
        The text; empty without a file, ``UNKNOWN`` when unknown at preview, None when no declared ConfigMap contains it (yet).
    """
    files, path = files_of(record, namespace, spec, container), postgres_parameters.config_file(container)
    if path is not None:
        return files.get(path)
    by_default = postgres_parameters.default_files(files)
    return files[by_default[0]] if by_default else ""


def slots(record: Record) -> int:
    """Return the number of replication slots that are decoded at the same time: one for each source connector, at least one."""
    return max(len(sources(record)), 1)


def is_audited(record: Record) -> bool:
    """Return whether the stack has a scheduled audit, which decodes the log of the database too."""
    stack = record.limits.specification
    return stack is not None and stack.audit is not None


def sources(record: Record) -> list[Mapping[str, Any]]:
    """Return the configurations of the Debezium connectors."""
    configs = [connector.inputs.get("config") for connector in record.of_type(CONNECTOR)]
    return [config for config in configs if isinstance(config, Mapping) and str(config.get("connector.class")).startswith(_DEBEZIUM)]


def _postgres_fits(resource: Declared, record: Record) -> Iterator[Problem]:
    if not (resource.kind in _WRITTEN or resource.type == CONNECTOR or is_of_provider(resource) or starts_pods(resource)):
        return
    for server, container, left, text in record.once("servers", lambda: list(servers(record))):
        tunes = starts_pods(resource) and server.namespace == resource.namespace and bool(settings(resource) or statements(resource))
        if text is not None and (server is resource or tunes or not starts_pods(resource)):
            yield from _of_server(record, server, container, left, text)


def _of_server(record: Record, server: Declared, container: Mapping[str, Any], left: int, text: str | Unknown) -> Iterator[Problem]:
    decoded = slots(record)
    try:
        parameters = _largest(record, server, container, text)
        needs = postgres.memory(parameters, slots=decoded, audited=is_audited(record))
        own = tuned(record, server.namespace)
        further = added(parameters, own, slots=decoded) if own else {}
        joined = max(postgres.shm_bytes({**parameters, **one.parameters}) for one in (Sessions("", {}), *own))
    except postgres_parameters.ParameterError as error:
        yield Problem(rule=f"PostgreSQL in {server.title}: {error}")
        return
    needed = needs.needed + sum(further.values())
    over = needed - left
    if over > 0:
        parts = needs.parts() | {f"further of {about}": size for about, size in further.items()}
        lower = _lighter(own, further) if further else f"lower {_heavy(parameters, over, decoded)}"
        yield Problem(
            rule=f"PostgreSQL in {server.title} may take {mib(needed)} MiB, with {mib(left)} available ({table(parts)})",
            cure=f"{lower}, or raise the limit by {whole_mib(over)}Mi",
        )
    if joined > postgres.SHM_MIB * MIB and not any(mount.get("mountPath") == _SHM for mount in container.get("volumeMounts") or []):
        yield Problem(
            rule=f"a parallel query in {server.title} may take {mib(joined)} MiB of {_SHM}, and the container has {postgres.SHM_MIB} there",
            cure=f"mount an emptyDir in memory at {_SHM}, or lower work_mem or max_parallel_workers_per_gather",
        )


def _largest(record: Record, server: Declared, container: Mapping[str, Any], text: str | Unknown) -> dict[str, str]:
    """Return the parameters of a server with which it takes most: its own, or those over which a statement sets others.

    Raises:
        ParameterError: For a value that PostgreSQL would refuse, or that is unknown at preview.
    """
    parameters = postgres_parameters.parameters(container, text)
    fixed = postgres_parameters.parameters(container, "")
    found = [parameters]
    for resource in record.of_kind("ConfigMap", "Secret", *POD_KINDS, namespace=server.namespace):
        found += [{**parameters, **{key: unquoted(value) for key, value in said.items()}, **fixed} for said in statements(resource)]
    return parameters if len(found) == 1 else max(found, key=lambda one: postgres.memory(one, slots=slots(record)).needed)


def _lighter(own: list[Sessions], further: Mapping[str, int]) -> str:
    """Return the cure for the sessions that add most: their parameters, and the limit of their connections where they have none."""
    about = max(further, key=lambda one: further[one])
    (first, *_others) = [one for one in own if one.about == about]
    shown = " and ".join(f"{name} ({value})" for name, value in first.parameters.items())
    limited = (
        "" if first.most is not None or not about.startswith(("role ", "database ")) else f", give {about} a CONNECTION LIMIT beside it"
    )
    return f"lower {shown} of {about}{limited}"


def _heavy(parameters: Mapping[str, str], over: int, decoded: int) -> str:
    """Return the parameters whose removal saves enough memory, or the two that every server has with the amounts."""
    without = {name: {other: value for other, value in parameters.items() if other != name} for name in parameters}
    heavy = postgres.enough(postgres.savings(parameters, without, slots=decoded), over)
    if heavy:
        return " and ".join(f"{name} ({parameters[name]})" for name in heavy)
    needs = postgres.memory(parameters, slots=decoded)
    return f"shared_buffers by {whole_mib(over)}MB or max_connections by {-(-over * needs.connections // max(needs.backends, 1))}"


def _servers_configured(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for server, container, _left, text in servers(record):
        if text is None:
            path = postgres_parameters.config_file(container)
            message = f"PostgreSQL reads {path}, which no declared ConfigMap contains, so its memory cannot be counted"
            yield server, Problem(rule=f"{message}", cure="declare the file in a ConfigMap")


RULES = (
    Rule(
        name="postgres-fits",
        together=True,
        says="Buffers, workers, decoding and all connections of PostgreSQL fit the container's limit.",
        check=_postgres_fits,
        at_end=_servers_configured,
        severity="critical",
    ),
)
