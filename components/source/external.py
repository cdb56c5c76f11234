"""A database that was there before the pipeline: where it is and by which references it is used. The program changes nothing in it."""

from __future__ import annotations

from pydantic import Field

from components.section import Cidr, DnsLabel, HostName, Port, Section


class ExternalDatabase(Section):
    """A PostgreSQL server that somebody else runs, for example RDS or Aurora.

    Attributes:
        host: Its name, as the server's certificate has it; pods and the program reach it by this name.
        port: Its TCP port.
        addresses: Address ranges it answers from; the worker may connect to these and to no others.
        secret: Secret in the pipeline's namespace, made beforehand, with ``username``, ``password`` and ``ca.crt`` of the role
            ``names.debeziumRole``.
        catalog_secret: The same for the role of a JDBC catalog in this server; only for ``archive.catalog: jdbc``.
    """

    host: HostName
    port: Port = 5432
    addresses: tuple[Cidr, ...] = Field(min_length=1)
    secret: DnsLabel
    catalog_secret: DnsLabel | None = None
