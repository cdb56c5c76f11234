"""The command ``python -m sandbox``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from checks.direct import without_proxy
from sandbox.addresses import NODE
from sandbox.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.adapter import Result

_DESCRIPTION = """\
The whole pipeline on this machine: a throw-away Kubernetes, PostgreSQL, three Kafka brokers, schema registry, Kafka Connect with
Debezium and the Iceberg sink, and an emulated AWS, made by the same program that 'pulumi up' runs. Needs Debian and root, no Docker."""

_PULUMI = """\
The Pulumi CLI on the stack 'sandbox', with the state, the passphrase, the plugins and the policy pack of 'make sandbox ENGINE=pulumi':

  sandbox pulumi -- preview --diff            what would change
  sandbox pulumi -- up                        change it, after a preview and a question
  sandbox pulumi -- refresh --preview-only    what somebody has changed by hand
  sandbox pulumi -- config set --path data-ingestion:archive.commitIntervalMs 8000
  sandbox pulumi -- stack output --show-secrets

Settings are those of Pulumi.sandbox.yaml in this checkout; 'config set' writes there."""

_GROUND = """\
  Kubeconfig       {kubeconfig}
  Credentials      eval "$(.venv/bin/python -m sandbox env)"
  The pipeline     pulumi up --stack sandbox
  Take it down     pulumi destroy --stack sandbox; make sandbox-down"""


def _up(arguments: argparse.Namespace) -> int:
    from sandbox import lifecycle  # noqa: PLC0415 - each command loads only what it needs

    progress = Progress()
    made = lifecycle.up(progress, by_engine=arguments.engine == "pulumi")
    result = made.result
    touched = len(result.created) + len(result.updated) + len(result.deleted)
    counts = (f"{len(names)} {word}" for word, names in _fates(result).items())
    progress.note(f"Resources: {', '.join(counts)}")
    good = True
    if touched or arguments.prove:
        from sandbox import demo  # noqa: PLC0415 - as above

        good = demo.prove(made.outputs, progress)
    if arguments.times:
        with open(arguments.times, "w", encoding="utf-8") as file:  # noqa: PTH123 - a path of the caller's
            json.dump(progress.seconds, file, indent=2)
    print(_endpoints(made.outputs))
    return 0 if good else 1


def _cluster(_: argparse.Namespace) -> int:
    from sandbox import lifecycle  # noqa: PLC0415 - as above
    from sandbox.paths import KUBECONFIG  # noqa: PLC0415 - as above

    lifecycle.ground(Progress())
    print(_GROUND.format(kubeconfig=KUBECONFIG))
    return 0


def _engine(_: argparse.Namespace) -> int:
    import tempfile  # noqa: PLC0415 - as above
    from pathlib import Path  # noqa: PLC0415 - as above

    from sandbox.pulumi import home  # noqa: PLC0415 - as above

    with tempfile.TemporaryDirectory() as folder:
        tools = home.prepare(Path(folder), Progress())
    for name, what in tools.parts.items():
        print(f"  {name:16} {what}")
    return 0


def _pulumi(arguments: argparse.Namespace) -> int:
    from sandbox import lifecycle  # noqa: PLC0415 - as above

    given = arguments.arguments[1:] if arguments.arguments[:1] == ["--"] else arguments.arguments
    return lifecycle.by_cli(given, Progress())


def _fates(result: Result) -> dict[str, tuple[str, ...]]:
    return {"created": result.created, "updated": result.updated, "deleted": result.deleted, "unchanged": result.unchanged}


def _endpoints(outputs: Mapping[str, Any]) -> str:
    database, store = outputs["postgres"], outputs["s3"]
    lines = {
        "PostgreSQL": f"psql 'host={database['host']} port={database['port']} dbname={database['database']} user={database['user']}'",
        "Kafka": outputs["kafka"]["bootstrap_servers"],
        "Schema registry": f"{outputs['registry']['url']} (user {outputs['registry']['user']})",
        "Connect": f"{outputs['connect']['url']} (user {outputs['connect']['user']})",
        "Archive": f"s3://{store['bucket']} at {store['endpoint']} (emulated AWS: moto)",
        "Passwords": ".venv/bin/python -m sandbox outputs --json",
        "Look inside": ".venv/bin/python -m sandbox kubectl -- get pods --namespace data-ingestion",
    }
    return "\n".join(f"  {name:16} {value}" for name, value in lines.items())


def _down(_: argparse.Namespace) -> int:
    from sandbox import lifecycle  # noqa: PLC0415 - as above

    there_was = lifecycle.down(Progress())
    print("The sandbox is gone; the cache is kept." if there_was else "There is no sandbox on this machine.")
    return 0


def _status(_: argparse.Namespace) -> int:
    from sandbox import demo, status  # noqa: PLC0415 - as above

    return status.show(demo.plain_or_terminal())


def _outputs(arguments: argparse.Namespace) -> int:
    from sandbox import outputs  # noqa: PLC0415 - as above

    collected = outputs.read()
    print(json.dumps(collected, indent=2) if arguments.json else _endpoints(collected))
    return 0


def _demo(_: argparse.Namespace) -> int:
    from sandbox import demo, outputs  # noqa: PLC0415 - as above

    return 0 if demo.prove(outputs.read(), Progress()) else 1


def _env(_: argparse.Namespace) -> int:
    from sandbox import cloud  # noqa: PLC0415 - as above

    known = cloud.known()
    if known is None:
        print("there is no sandbox on this machine; make one with 'make sandbox'", file=sys.stderr)
        return 1
    variables = {"ACCESS_KEY_ID": known.access_key_id, "SECRET_ACCESS_KEY": known.secret_access_key, "REGION": known.region}
    print("\n".join(f"export AWS_{name}={value}" for name, value in variables.items()))
    return 0


def _kubectl(arguments: argparse.Namespace) -> int:
    from sandbox import cluster  # noqa: PLC0415 - as above
    from sandbox.paths import KUBECONFIG  # noqa: PLC0415 - as above

    binary = str(cluster.installed())
    given = arguments.arguments[1:] if arguments.arguments[:1] == ["--"] else arguments.arguments
    os.execv(binary, [binary, "kubectl", "--kubeconfig", str(KUBECONFIG), *given])  # noqa: S606 - becomes kubectl


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    up = commands.add_parser("up", help="make the sandbox, or bring it back to what the program declares")
    up.add_argument("--prove", action="store_true", help="make sample changes and check the archive even when nothing was changed")
    up.add_argument("--times", metavar="FILE", help="write the seconds that each step took as JSON")
    up.add_argument(
        "--engine",
        choices=("none", "pulumi"),
        default="none",
        help="who carries the program out: the sandbox's own adapter, or the real Pulumi engine with preview, diff and refresh",
    )
    up.set_defaults(run=_up)
    ground = commands.add_parser("cluster", help="start the cluster with its images and the emulated AWS only, for 'pulumi up -s sandbox'")
    ground.set_defaults(run=_cluster)
    commands.add_parser("down", help="remove the sandbox and every trace of it but the cache").set_defaults(run=_down)
    status = commands.add_parser("status", help="pods with their memory, connectors with their tasks, rows in the archive")
    status.set_defaults(run=_status)
    out = commands.add_parser("outputs", help="addresses and credentials")
    out.add_argument("--json", action="store_true", help="everything, passwords included, for scripts")
    out.set_defaults(run=_outputs)
    commands.add_parser("demo", help="change some rows and watch them arrive").set_defaults(run=_demo)
    env = commands.add_parser("env", help="the emulated AWS's credentials as shell variables, for 'pulumi up -s sandbox'")
    env.set_defaults(run=_env)
    commands.add_parser(
        "engine", help="build the Pulumi CLI and its Kubernetes plugin from Go modules, and say what each part is"
    ).set_defaults(run=_engine)
    pulumi = commands.add_parser("pulumi", help="the Pulumi CLI on the sandbox's stack; put -- before its own options", description=_PULUMI)
    pulumi.formatter_class = argparse.RawDescriptionHelpFormatter
    pulumi.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    pulumi.set_defaults(run=_pulumi)
    kubectl = commands.add_parser("kubectl", help="kubectl for the sandbox's cluster; put -- before its own options")
    kubectl.add_argument("arguments", nargs=argparse.REMAINDER)
    kubectl.set_defaults(run=_kubectl)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 when it did what was asked, 1 when not, 130 when interrupted.
    """
    arguments = _parser().parse_args(argv)
    os.environ |= without_proxy(os.environ, NODE)
    try:
        code: int = arguments.run(arguments)
    except KeyboardInterrupt:
        print("interrupted; 'make sandbox' continues from here and 'make sandbox-down' removes everything", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - the door: people get the message, SANDBOX_TRACEBACK=1 adds where it came from
        if os.environ.get("SANDBOX_TRACEBACK"):
            traceback.print_exc()
        print(f"error: {error}" if str(error) else f"error: {error!r}", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
