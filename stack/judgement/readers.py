"""Rules for what reads a stack from a namespace of its own: the scheduled audit and the monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stack.settings.model import Settings
    from stack.settings.readers import ReaderSecrets

_LONGEST_LABEL: Final = 63


def namespace_problems(settings: Settings, section: str, namespace: str, others: Mapping[str, str]) -> Iterator[Problem]:
    """Check that a namespace belongs to its reader alone, and that it can be one.

    Args:
        settings: The stack's settings.
        section: Section of the reader: ``audit`` or ``monitoring``.
        namespace: Its namespace.
        others: Namespaces of other readers, and whose they are.
    """
    store = settings.archive.store
    taken = {settings.names.namespace: "the pipeline's", "default": "where other pods run", **others}
    if store is not None:
        taken[store.namespace] = "the object store's"
    whose = taken.get(namespace) or ("Kubernetes' own" if namespace.startswith("kube-") else None)
    if whose:
        rule = f"is {namespace}, {whose}: the quota and network policies of the {section} would apply to other pods, and theirs to it"
        yield Problem(path=f"{section}.namespace", rule=rule, cure=f"choose a namespace for the {section} alone")
    if len(namespace) > _LONGEST_LABEL:
        rule = f"is missing, and {namespace} has {len(namespace)} characters, more than the {_LONGEST_LABEL} of a namespace"
        yield Problem(path=f"{section}.namespace", rule=rule, cure="set a shorter one")


def role_problems(settings: Settings) -> Iterator[Problem]:
    """Check that the reading role of the database is nobody else's."""
    names = settings.names
    if settings.source.is_managed and names.debezium_role == names.audit_role:
        rule = f"is {names.debezium_role}, the name of the role of audit and monitoring"
        yield Problem(path="names.debeziumRole", rule=rule, cure="choose another name")


def secret_problems(settings: Settings, section: str, namespace: str, named: ReaderSecrets) -> Iterator[Problem]:
    """Check that there is a login for each existing system.

    Args:
        settings: The stack's settings.
        section: Section of the reader: ``audit`` or ``monitoring``.
        namespace: Its namespace.
        named: Its Secrets.
    """
    kafka = settings.streaming.kafka.external
    login = "username and password"
    needed = {
        "database": (not settings.source.is_managed, named.database, "source.kind is external", f"{login} and ca.crt"),
        "kafka": (kafka is not None and kafka.logs_in, named.kafka, "streaming.kafka.external needs a login", login),
        "registry": (not settings.streaming.registry.is_managed, named.registry, "streaming.registry.kind is external", login),
        "store": (settings.archive.endpoint is not None, named.store, "archive.endpoint is set", "credentials"),
    }
    for key, (is_needed, name, reason, keys) in needed.items():
        if is_needed and name is None:
            yield Problem(
                path=f"{section}.secrets.{key}",
                rule=f"is missing: {reason}, and the program has no password that the {section} could use",
                cure=f"name a Secret in the namespace {namespace} with {keys}",
            )
