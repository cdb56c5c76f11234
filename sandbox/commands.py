"""Commands of the sandbox. Each returns an exit code; an error is a message instead of a traceback.

Each loads only what it needs, so that kubectl and the emulated AWS's credentials are there at once.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, Final, ParamSpec

from pipeline.checks.direct import without_proxy
from pipeline.checks.progress import Progress
from sandbox.addresses import NODE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from sandbox.adapter import Result

_P = ParamSpec("_P")
_INTERRUPTED: Final = 130
_GROUND: Final = """\
  Kubeconfig       {kubeconfig}
  Credentials      eval "$(.venv/bin/python -m pipeline sandbox env)"
  The pipeline     pulumi up --stack sandbox
  Take it down     pulumi destroy --stack sandbox; make sandbox-down"""


def _for_people(command: Callable[_P, int]) -> Callable[_P, int]:
    """Turn each expected error of a command into a message and an exit code."""

    @functools.wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> int:
        os.environ |= without_proxy(os.environ, NODE)
        try:
            return command(*arguments, **options)
        except KeyboardInterrupt:
            print("interrupted; 'make sandbox' continues from here and 'make sandbox-down' removes everything", file=sys.stderr)
            return _INTERRUPTED
        except ModuleNotFoundError:  # the front door knows the cure
            raise
        except Exception as error:  # noqa: BLE001 - people get the message, SANDBOX_TRACEBACK=1 adds where it came from
            if os.environ.get("SANDBOX_TRACEBACK"):
                traceback.print_exc()
            print(f"error: {error}" if str(error) else f"error: {error!r}", file=sys.stderr)
            return 1

    return run


@_for_people
def up(*, by_engine: bool = False, prove: bool = False, times: Path | None = None) -> int:
    """Make the sandbox, or bring it back to what the program declares.

    Args:
        by_engine: Whether the Pulumi engine carries the program out.
        prove: Whether the archive is checked even when nothing was changed.
        times: Where the seconds that each step took are written.
    """
    from sandbox import lifecycle  # noqa: PLC0415 - each command loads only what it needs

    progress = Progress()
    made = lifecycle.up(progress, by_engine=by_engine)
    fates = _fates(made.result)
    progress.note(f"Resources: {', '.join(f'{len(names)} {word}' for word, names in fates.items())}")
    good = True
    if prove or any(names for word, names in fates.items() if word != "unchanged"):
        from sandbox import demo as changes  # noqa: PLC0415 - as above

        good = changes.prove(made.outputs, progress)
    if times:
        times.write_text(json.dumps(progress.seconds, indent=2), encoding="utf-8")
    print(_endpoints(made.outputs))
    return 0 if good else 1


def _fates(result: Result) -> dict[str, tuple[str, ...]]:
    return {"created": result.created, "updated": result.updated, "deleted": result.deleted, "unchanged": result.unchanged}


def _endpoints(outputs: Mapping[str, Any]) -> str:
    database = outputs["postgres"]
    lines = {
        "PostgreSQL": f"psql 'host={database['host']} port={database['port']} dbname={database['database']} user={database['user']}'",
        "Kafka": outputs["kafka"]["bootstrapServers"],
        "Schema registry": f"{outputs['registry']['url']} (user {outputs['registry']['user']})",
        "Connect": f"{outputs['connect']['url']} (user {outputs['connect']['user']})",
        "Archive": f"s3://{outputs['archive']['bucket']} at {outputs['reader']['endpoint']} (emulated AWS: moto)",
        "Passwords": ".venv/bin/python -m pipeline sandbox outputs --json",
        "Look inside": ".venv/bin/python -m pipeline sandbox kubectl -- get pods --namespace data-ingestion",
    }
    return "\n".join(f"  {name:16} {value}" for name, value in lines.items())


@_for_people
def cluster() -> int:
    """Start what the program stands on and no more."""
    from sandbox import lifecycle  # noqa: PLC0415 - as above
    from sandbox.paths import KUBECONFIG  # noqa: PLC0415 - as above

    lifecycle.ground(Progress())
    print(_GROUND.format(kubeconfig=KUBECONFIG))
    return 0


@_for_people
def down() -> int:
    """Remove the sandbox; its cache and the Debian packages stay."""
    from sandbox import lifecycle  # noqa: PLC0415 - as above

    there_was = lifecycle.down(Progress())
    print("The sandbox is gone; the cache is kept." if there_was else "There is no sandbox on this machine.")
    return 0


@_for_people
def status() -> int:
    """Show pods, connectors and the archive; 1 when something is not as it has to be."""
    from pipeline.checks.terminal import console  # noqa: PLC0415 - as above
    from sandbox import status as state  # noqa: PLC0415 - as above

    return state.show(console())


@_for_people
def outputs(*, as_json: bool = False) -> int:
    """Print addresses, and with `as_json` credentials too."""
    from pipeline.reading import saved_outputs as kept  # noqa: PLC0415 - as above

    collected = kept.read()
    print(json.dumps(collected, indent=2) if as_json else _endpoints(collected))
    return 0


@_for_people
def demo() -> int:
    """Change some rows and wait until the archive has them; 1 when it is not right."""
    from pipeline.reading import saved_outputs as kept  # noqa: PLC0415 - as above
    from sandbox import demo as changes  # noqa: PLC0415 - as above

    return 0 if changes.prove(kept.read(), Progress()) else 1


@_for_people
def env() -> int:
    """Print the emulated AWS's credentials as shell variables."""
    from sandbox import cloud  # noqa: PLC0415 - as above

    known = cloud.known()
    if known is None:
        print("there is no sandbox on this machine; make one with 'make sandbox'", file=sys.stderr)
        return 1
    variables = {"ACCESS_KEY_ID": known.access_key_id, "SECRET_ACCESS_KEY": known.secret_access_key, "REGION": known.region}
    print("\n".join(f"export AWS_{name}={value}" for name, value in variables.items()))
    return 0


@_for_people
def engine() -> int:
    """Build the Pulumi CLI and its Kubernetes plugin, and print what each part is."""
    import tempfile  # noqa: PLC0415 - as above
    from pathlib import Path  # noqa: PLC0415 - as above

    from sandbox.pulumi import home  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as folder:
        tools = home.prepare(Path(folder), Progress())
    for name, what in tools.parts.items():
        print(f"  {name:16} {what}")
    return 0


@_for_people
def pulumi(arguments: Sequence[str]) -> int:
    """Run the Pulumi CLI on the sandbox's stack and give its exit code."""
    from sandbox import lifecycle  # noqa: PLC0415 - as above

    return lifecycle.by_cli(arguments, Progress())


@_for_people
def kubectl(arguments: Sequence[str]) -> int:
    """Become kubectl for the sandbox's cluster."""
    from sandbox import cluster as node  # noqa: PLC0415 - as above
    from sandbox.paths import KUBECONFIG  # noqa: PLC0415 - as above

    binary = str(node.installed())
    os.execv(binary, [binary, "kubectl", "--kubeconfig", str(KUBECONFIG), *arguments])  # noqa: S606 - becomes kubectl
