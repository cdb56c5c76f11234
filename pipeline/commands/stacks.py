"""Commands for a stack before and after ``pulumi up``: plan, doctor, sql and tables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from pipeline.commands import shared_options, test_bed
from pipeline.commands.teaching import Command

_stack = shared_options.stack()


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline plan --stack dev",
        "python -m pipeline plan --stack prod --brief",
        "python -m pipeline plan --stack dev --picture memory.svg",
    ],
    exit_codes={
        0: "the stack is accepted",
        1: "it is refused, and the reasons are printed",
        2: "the command was not understood, or there is no such stack",
    },
)
@_stack
@click.option(
    "--policy-config",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Configuration of the policy pack, as given to pulumi --policy-pack-config.",
)
@click.option("--picture", type=click.Path(path_type=Path), metavar="FILE", help="Also write the memory picture there, as SVG.")
@click.option("--brief", is_flag=True, help="Without the tree of resources.")
def plan(stack: str, policy_config: Path | None, picture: Path | None, *, brief: bool) -> int:
    """Show what a stack declares, and whether it fits, offline.

    Shows the tree of resources, the memory that they take, and what the policies say to them. Needs no network, no Pulumi CLI and no
    cluster, and changes nothing.
    """
    from pipeline.plan import commands  # noqa: PLC0415 - each command loads only what it needs

    return commands.plan(stack, policy_config=policy_config, picture=picture, brief=brief)


@click.command(
    cls=Command,
    examples=["python -m pipeline doctor --stack dev", "python -m pipeline doctor --stack prod --json"],
    exit_codes={
        0: "nothing would stop 'up'",
        1: "something would, or the settings are refused",
        2: "the command was not understood, or there is no such stack",
    },
)
@_stack
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def doctor(stack: str, *, as_json: bool) -> int:
    """Check whether 'up' of a stack would succeed here.

    Looks at everything that 'up' needs: this machine, Docker, Kind, the Pulumi CLI, the cluster, AWS, the database. Whatever is missing is
    shown with its cure. Nothing is changed.
    """
    from pipeline.checks.direct import without_proxy  # noqa: PLC0415 - as above
    from pipeline.doctor import commands  # noqa: PLC0415 - as above

    os.environ |= without_proxy(os.environ, test_bed.node())
    return commands.doctor(stack, test_bed.checks, as_json=as_json)


@click.command(
    cls=Command,
    examples=["python -m pipeline sql --stack prod", "python -m pipeline sql --stack prod > for-the-administrator.sql"],
    exit_codes={
        0: "printed",
        1: "the settings are refused",
        2: "the command was not understood, the stack makes its own database, or there is no such stack",
    },
)
@_stack
def sql(stack: str) -> int:
    """Print the SQL that makes an existing database ready.

    For its administrator, before it is captured: role, grants, heartbeat table, replica identity and publication, and the server's
    parameters (RDS parameter names too). It may be run again, and holds no password.
    """
    from pipeline.existing_database import commands  # noqa: PLC0415 - as above

    return commands.sql(stack)


@click.command(
    cls=Command,
    examples=[
        "python -m pipeline tables --stack prod",
        "python -m pipeline tables --stack prod --include 'public.*' --include 'sales.*' --exclude '*.audit_*'",
        "python -m pipeline tables --stack prod --check",
    ],
    exit_codes={
        0: "the file is right",
        1: "a table cannot be archived faithfully, the database cannot be reached, or with --check the file is out of date",
        2: "the command was not understood, the stack makes its own database, or there is no such stack",
    },
)
@_stack
@click.option(
    "--include",
    multiple=True,
    metavar="PATTERN",
    help="Capture these, for example 'public.*'; may be repeated.  [default: what the file has, or all]",
)
@click.option(
    "--exclude", multiple=True, metavar="PATTERN", help="Leave these out all the same, for example 'public.audit_*'; may be repeated."
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="The file.  [default: tables/<stack>.yaml]")
@click.option("--check", is_flag=True, help="Write nothing; fail when the file is out of date.")
def tables(stack: str, include: tuple[str, ...], exclude: tuple[str, ...], output: Path | None, *, check: bool) -> int:
    """Write the typed model of an existing database's tables.

    It goes to tables/<stack>.yaml; types that cannot be archived faithfully are reported. A further run refreshes the tables that the file
    has and shows what changes; nothing is written when nothing has changed. Credentials come from libpq's own variables (PGUSER,
    PGPASSFILE, PGSSLROOTCERT).
    """
    from pipeline.existing_database import commands  # noqa: PLC0415 - as above

    return commands.tables(stack, include, exclude, output=output, check=check)


COMMANDS: Final = (plan, doctor, sql, tables)
