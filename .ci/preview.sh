#!/usr/bin/env bash
# Previews one stack with the policy pack and writes the comment for its review. `.ci/preview.sh --help` tells more.
set -euo pipefail

usage() {
  cat <<'END'
usage: .ci/preview.sh STACK COMMENT

Previews the stack without a refresh, so that neither cluster nor broker has to be in reach, writes the comment as Markdown to the file COMMENT and prints
it as text. The preview itself, which may hold what somebody has put in clear, stays in a temporary folder that is removed.

needs      .venv (make venv), the Pulumi CLI on PATH, logged in or with PULUMI_BACKEND_URL, and what its secrets provider asks for
           (PULUMI_CONFIG_PASSPHRASE or AWS credentials)
settings   BEFORE=COMMIT          the commit before the change: the comment lists the pins of images and packages that have changed since
           ACCEPT_DATA_LOSS=true  a preview by which data would be lost is no failure
exit code  0  the stack can be updated
           1  the preview failed, or a policy refuses it; the comment tells why
           2  wrong usage
           3  data would be lost, and nobody has accepted that
END
}

# shellcheck source=.ci/stack_and_file.sh
source "$(dirname "$0")/stack_and_file.sh"
python=.venv/bin/python
export PULUMI_OPTION_POLICY_PACK=policy

compared=()
if [[ -n ${BEFORE:-} ]]; then
  mkdir "$scratch/before"
  git archive "$BEFORE" | tar -x -C "$scratch/before"
  compared=(--before "$scratch/before")
fi

previewed=0
pulumi preview --stack "$stack" --json --non-interactive >"$scratch/preview" 2>"$scratch/errors" || previewed=$?

digested=0
"$python" -m pipeline review digest "${compared[@]}" --fail-on-data-loss "$scratch/preview" >"$scratch/comment" || digested=$?
case $digested in
0 | 3)
  mv "$scratch/comment" "$file"
  "$python" -m pipeline review digest "${compared[@]}" --format text "$scratch/preview"
  ;;
*)
  cat "$scratch/errors" >&2
  # shellcheck disable=SC2016 # backquotes of Markdown
  printf '<!-- data-ingestion preview data-ingestion/%s -->\n\n## Preview of `data-ingestion/%s`\n\n**It could not run.** The log of this job tells why.\n' \
    "$stack" "$stack" >"$file"
  exit 1
  ;;
esac
if ((previewed != 0)); then
  cat "$scratch/errors" >&2
  exit 1
fi
if ((digested == 3)) && [[ ${ACCEPT_DATA_LOSS:-} != true ]]; then
  echo 'Data would be lost: see the comment. ACCEPT_DATA_LOSS=true accepts that.' >&2
  exit 3
fi
