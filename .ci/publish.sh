#!/usr/bin/env bash
# Keeps one comment, or one issue, for each stack on GitHub. `.ci/publish.sh --help` tells more.
set -euo pipefail

usage() {
  cat <<'END'
usage: .ci/publish.sh comment NUMBER FILE   one comment on a pull request
       .ci/publish.sh issue FILE            one open issue
       .ci/publish.sh resolved FILE         close that issue, with FILE as its last words; nothing where there is none

What was published before is found by the first line of FILE, which is the same in every run for a stack, and replaced. Comments and issues of others that
begin with the same line are left alone.

needs      .venv (make venv), gh, and in the environment GH_TOKEN, GITHUB_REPOSITORY (owner/name), and optionally PUBLISHED_BY, the account that publishes
           (default: github-actions[bot])
exit code  0 published, 2 wrong usage, otherwise that of gh
END
}

case "${1:-}" in
-h | --help)
  usage
  exit 0
  ;;
comment) expected=3 ;;
issue | resolved) expected=2 ;;
*) expected=-1 ;;
esac
if (($# != expected)); then
  usage >&2
  exit 2
fi
what=$1 file=$(realpath "${!#}")
cd "$(dirname "$0")/.."
marker=$(head -n 1 "$file")
if ! [[ $marker =~ ^'<!-- '[A-Za-z0-9./_\ -]+' -->'$ ]]; then
  echo "the first line of $file is no marker: $marker" >&2
  exit 2
fi
stack=${marker% -->}
stack=${stack##* }
root="repos/${GITHUB_REPOSITORY:?owner/name of the repository}"
author=${PUBLISHED_BY:-github-actions[bot]}

# Number, or id, of the oldest that was published before; nothing where there is none.
published() {
  gh api --paginate "$1" | .venv/bin/python -m pipeline review published --marker "$marker" --author "$author" --key "$2"
}

case $what in
comment)
  before=$(published "$root/issues/$2/comments?per_page=100" id)
  if [[ -n $before ]]; then
    gh api --silent --method PATCH "$root/issues/comments/$before" --field "body=@$file"
  else
    gh api --silent --method POST "$root/issues/$2/comments" --field "body=@$file"
  fi
  ;;
issue | resolved)
  before=$(published "$root/issues?state=open&per_page=100" number)
  if [[ -n $before ]]; then
    gh api --silent --method PATCH "$root/issues/$before" --field "body=@$file" \
      --raw-field "state=$([[ $what == issue ]] && echo open || echo closed)"
  elif [[ $what == issue ]]; then
    gh api --silent --method POST "$root/issues" --field "body=@$file" --raw-field "title=Drift of $stack"
  fi
  ;;
esac
