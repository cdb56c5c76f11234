#!/usr/bin/env bash
# Looks whether a stack is still as it was deployed. `.ci/drift.sh --help` tells more.
set -euo pipefail

usage() {
  cat <<'END'
usage: .ci/drift.sh STACK REPORT

Asks cluster, brokers, Connect and AWS how every resource is now, changes nothing, neither there nor in the state, and writes what differs from the state as
Markdown to the file REPORT.

needs      .venv (make venv), the Pulumi CLI on PATH, logged in or with PULUMI_BACKEND_URL, what its secrets provider asks for, and everything
           that the stack was deployed to in reach
exit code  0  everything is as it was deployed
           1  it could not be looked at; the reason is on standard error
           2  wrong usage
           7  something is different (the CLI's own code for changes where none were expected)
END
}

# shellcheck source=.ci/stack_and_file.sh
source "$(dirname "$0")/stack_and_file.sh"
drifted=7

looked=0
pulumi refresh --stack "$stack" --preview-only --expect-no-changes --json --non-interactive >"$scratch/refresh" 2>"$scratch/errors" || looked=$?
if ((looked != 0 && looked != drifted)); then
  cat "$scratch/errors" >&2
  .venv/bin/python -m pipeline review digest --drift --format text "$scratch/refresh" >&2 || true
  exit 1
fi
.venv/bin/python -m pipeline review digest --drift "$scratch/refresh" >"$file" || exit 1
.venv/bin/python -m pipeline review digest --drift --format text "$scratch/refresh"
exit "$looked"
