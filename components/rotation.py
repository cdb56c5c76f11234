"""Which credentials a stack asks to be made anew. A word that differs from the last one is a new credential; the old one ends with it."""

from __future__ import annotations

from components.section import Section, Word


class Rotation(Section):
    """When each credential was last made anew.

    Attributes:
        app: Password of the application's role in the database.
        debezium: Password of the role that reads the changes. Of a database that was there before, its administrator has changed it, in
            the database and in the Secret, and the worker has to read it again; so it is with ``catalog`` there, and with ``kafka``.
        catalog: Password of the role that the JDBC catalog belongs to.
        connect: Password of Connect's REST interface.
        registry: Passwords of the schema registry, the worker's and the operator's.
        kafka: Login at a Kafka cluster that was there before.
        archive: AWS access key of the worker.
    """

    app: Word | None = None
    debezium: Word | None = None
    catalog: Word | None = None
    connect: Word | None = None
    registry: Word | None = None
    kafka: Word | None = None
    archive: Word | None = None

    def words(self, *names: str) -> dict[str, str]:
        """The words of these credentials, of those that have one: what rolls the pods that hold them."""
        return {name: word for name in names if (word := getattr(self, name))}

    def keepers(self, name: str) -> dict[str, str] | None:
        """What a generated value is kept by, or None as long as nobody has asked for another."""
        return self.words(name) or None

    @property
    def archive_secret(self) -> str:
        """The Secret with the worker's AWS files: another name for another key, so that no pod starts with the key before."""
        return f"connect-archive-{self.archive}" if self.archive else "connect-archive"
