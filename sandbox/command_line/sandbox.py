"""Commands for the throw-away pipeline on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from pipeline.commands.places import Written
from pipeline.commands.teaching import INTERRUPTED, Group

if TYPE_CHECKING:
    from pathlib import Path

_CODES: Final = {
    0: "it did what was asked",
    1: "it did not; the reason is on standard error, and SANDBOX_TRACEBACK=1 adds where it came from",
    INTERRUPTED: "it was interrupted",
}
_PASSED_ON: Final = {"allow_interspersed_args": False}


@click.group(
    cls=Group,
    examples=[
        "python -m pipeline sandbox up",
        "python -m pipeline sandbox status",
        "python -m pipeline sandbox kubectl -- get pods --namespace data-ingestion",
        "python -m pipeline sandbox down",
    ],
)
def sandbox() -> None:
    """Run the whole pipeline on this machine.

    A throw-away Kubernetes, PostgreSQL, three Kafka brokers, schema registry, Kafka Connect with Debezium and the Iceberg sink, and an
    emulated AWS, made by the same program that 'pulumi up' runs. Needs Debian and root, no Docker.
    """


@sandbox.command(
    examples=[
        "python -m pipeline sandbox up",
        "python -m pipeline sandbox up --engine pulumi      # by the real engine",
        "python -m pipeline sandbox up --prove              # also when nothing had to be changed",
    ],
    exit_codes={**_CODES, 0: "the sandbox is as the program declares it, and the changes that were made arrived"},
)
@click.option("--prove", is_flag=True, help="Make sample changes and check the archive even when nothing was changed.")
@click.option(
    "--times",
    type=Written(folder=False),
    metavar="FILE",
    help="Write the seconds that each step took as JSON ('bench steps' reads it).",
)
@click.option(
    "--engine",
    type=click.Choice(["none", "pulumi"]),
    default="none",
    help="Who carries the program out: the sandbox's own adapter, or the real Pulumi engine with preview, diff and refresh.",
)
def up(times: Path | None, engine: str, *, prove: bool) -> int:
    """Make the sandbox, or bring it back to what is declared.

    Steps and what they wait for are shown on standard error. A run that was broken off is continued by the next.
    """
    from sandbox import commands  # noqa: PLC0415 - each command loads only what it needs

    return commands.up(by_engine=engine == "pulumi", prove=prove, times=times)


@sandbox.command(examples=["python -m pipeline sandbox cluster && pulumi up --stack sandbox"], exit_codes=_CODES)
def cluster() -> int:
    """Start the cluster and the emulated AWS only.

    With the images, for 'pulumi up --stack sandbox' to do the rest.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.cluster()


@sandbox.command(examples=["python -m pipeline sandbox down"], exit_codes=_CODES)
def down() -> int:
    """Remove the sandbox; its cache, Debian packages and .venv stay.

    Whichever checkout made it.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.down()


@sandbox.command(
    examples=["python -m pipeline sandbox status"],
    exit_codes={
        **_CODES,
        0: "every pod is ready, 'status' finds nothing late, in doubt, lost or stopped, and no row is in the archive twice",
        1: "something is not",
    },
)
def status() -> int:
    """Pods, what 'status' shows, rows in the archive.

    One screen: pods with their memory, the four hops as 'python -m pipeline status' shows them, and the archive's rows by operation.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.status()


@sandbox.command(examples=["python -m pipeline sandbox outputs", "python -m pipeline sandbox outputs --json"], exit_codes=_CODES)
@click.option("--json", "as_json", is_flag=True, help="Everything, passwords included, for scripts.")
def outputs(*, as_json: bool) -> int:
    """Addresses and credentials."""
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.outputs(as_json=as_json)


@sandbox.command(examples=["python -m pipeline sandbox demo"], exit_codes={**_CODES, 0: "the archive holds what the database holds"})
def demo() -> int:
    """Change some rows and watch them arrive."""
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.demo()


@sandbox.command(examples=['eval "$(python -m pipeline sandbox env)"'], exit_codes=_CODES)
def env() -> int:
    """Print the emulated AWS's credentials as shell variables.

    For 'pulumi up --stack sandbox'.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.env()


@sandbox.command(examples=["python -m pipeline sandbox engine"], exit_codes=_CODES)
def engine() -> int:
    """Build the Pulumi CLI and its Kubernetes plugin.

    From Go modules; what is published and installed is used instead. Lists each part.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.engine()


@sandbox.command(
    context_settings=_PASSED_ON,
    examples=[
        "python -m pipeline sandbox pulumi -- preview --diff             # what would change",
        "python -m pipeline sandbox pulumi -- up                         # change it, after a preview and a question",
        "python -m pipeline sandbox pulumi -- refresh --preview-only     # changes made by hand",
        "python -m pipeline sandbox pulumi -- config set --path data-ingestion:archive.commitIntervalMs 8000",
        "python -m pipeline sandbox pulumi -- stack output --show-secrets",
    ],
    exit_codes={**_CODES, 0: "the CLI ended with 0; any other code is its own"},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
def pulumi(arguments: tuple[str, ...]) -> int:
    """Run the Pulumi CLI on the sandbox's stack.

    Put -- before its own options. It has the state, the passphrase, the plugins and the policy pack of 'make sandbox ENGINE=pulumi'.
    Settings come from Pulumi.sandbox.yaml in this checkout; 'config set' writes there.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.pulumi(arguments)


@sandbox.command(
    context_settings=_PASSED_ON,
    examples=["python -m pipeline sandbox kubectl -- get pods --namespace data-ingestion"],
    exit_codes={**_CODES, 0: "kubectl ended with 0; any other code is its own"},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
def kubectl(arguments: tuple[str, ...]) -> int:
    """Run kubectl on the sandbox's cluster.

    Put -- before its own options.
    """
    from sandbox import commands  # noqa: PLC0415 - as above

    return commands.kubectl(arguments)
