"""Secrets with the logins of pods that only read the stack; for an existing system they are in the namespace, and none is declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.specification.streaming.connect import READER_USER

if TYPE_CHECKING:
    import pulumi

    from components.objects import ObjectFactory
    from components.source.component import SourceResources
    from components.streaming.component import StreamingResources


def database_login(objects: ObjectFactory, name: str, user: str | None, source: SourceResources) -> list[pulumi.Resource]:
    """Declare the login to the database: ``username``, ``password`` and ``ca.crt``.

    Args:
        objects: Factory of the Secret.
        name: Its name.
        user: The reading role, or None for an existing database.
        source: Resources of the database.
    """
    if user is None or source.audit_password is None or source.ca_certificate is None:
        return []
    return [objects.secret(name, {"username": user, "password": source.audit_password, "ca.crt": source.ca_certificate})]


def connect_login(objects: ObjectFactory, name: str, stream: StreamingResources) -> list[pulumi.Resource]:
    """Declare the login of the user who may only read over Connect's REST interface: ``username`` and ``password``.

    Args:
        objects: Factory of the Secret.
        name: Its name.
        stream: Resources of the worker.
    """
    if stream.reader_password is None:
        return []
    return [objects.secret(name, {"username": READER_USER, "password": stream.reader_password})]


def registry_login(objects: ObjectFactory, name: str, user: str | None, stream: StreamingResources) -> list[pulumi.Resource]:
    """Declare the login to the schema registry: ``username`` and ``password``.

    Args:
        objects: Factory of the Secret.
        name: Its name.
        user: The reading user, or None for an existing registry.
        stream: Resources of the registry.
    """
    if user is None or stream.audit_password is None:
        return []
    return [objects.secret(name, {"username": user, "password": stream.audit_password})]
