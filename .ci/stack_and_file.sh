# shellcheck shell=bash disable=SC2034 # what is set here is used there
# The beginning of .ci/preview.sh and .ci/drift.sh, sourced after their `usage`: reads STACK and the file to write, and makes a folder that goes at the end.
set -euo pipefail
case "${1:-}" in
-h | --help)
  usage
  exit 0
  ;;
esac
if (($# != 2)); then
  usage >&2
  exit 2
fi
stack=$1 file=$(realpath -m "$2")
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 PULUMI_SKIP_UPDATE_CHECK=true
