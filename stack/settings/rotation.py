"""Credential rotation. Changing a credential's word generates a new credential and revokes the old one."""

from __future__ import annotations

from stack.settings.section import Section
from stack.settings.types import Word


class Rotation(Section):
    """Word of each credential's last rotation, such as 2026-11.

    For an existing database, change the password in the database and in the Secret first; a new word then makes the worker read it again.
    The same holds for ``catalog`` in an existing database, and for ``kafka``.
    """

    app: Word | None = None
    """Password of the application's database role."""
    debezium: Word | None = None
    """Password of the database role that reads the changes."""
    catalog: Word | None = None
    """Password of the database role that owns the JDBC catalog."""
    connect: Word | None = None
    """Password of Connect's REST interface."""
    registry: Word | None = None
    """Passwords of the schema registry: the worker's and the operator's."""
    kafka: Word | None = None
    """Login to an existing Kafka cluster."""
    archive: Word | None = None
    """AWS access key of the worker."""
    audit: Word | None = None
    """Credentials of the scheduled audit and of the monitoring: database role, users of the schema registry and of Connect's REST
    interface, and AWS access keys."""

    def words(self, *names: str) -> dict[str, str]:
        """Return the words of the named credentials that have one; a changed word rolls the pods that hold the credential."""
        return {name: word for name in names if (word := getattr(self, name))}

    def keepers(self, name: str) -> dict[str, str] | None:
        """Return the keepers of a generated value, or None before its first rotation."""
        return self.words(name) or None

    @property
    def archive_secret(self) -> str:
        """Name of the Secret with the worker's AWS files; a new key gets a new name, so that no pod starts with the old key."""
        return f"connect-archive-{self.archive}" if self.archive else "connect-archive"
