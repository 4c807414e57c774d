#!/bin/sh
# The same as client.py with curl: hand a table in, wait, take the result.
#   DROPSCORE_URL=https://dropscore.example DROPSCORE_TOKEN=ds_... sh client.sh sales.csv credit
#   ... sh client.sh --process [credit]      take what waits in the inbox at once: all, or a route's
set -eu

file=$1
route=${2:-default}
api="$DROPSCORE_URL/api/v1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The token goes in by a file: an argument could be read by everybody on the machine.
printf 'header = "Authorization: Bearer %s"\n' "$DROPSCORE_TOKEN" > "$work/token"
ask() { curl --silent --show-error --config "$work/token" "$@"; }
if [ "$file" = --process ]; then
  wanted=$([ $# -gt 1 ] && printf '{"route": "%s"}' "$2" || echo '{}')
  ask --fail --json "$wanted" "$api/process"
  exit
fi
sha256=$(sha256sum "$file" | cut -d ' ' -f 1)
name=$(basename "$file")
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# Repeating it is safe: the same key and content give the same job.
key=$(cat /proc/sys/kernel/random/uuid)
job=$(ask --retry 5 --retry-all-errors --request POST --data-binary "@$file" \
  --header "Content-Type: application/octet-stream" --header "Idempotency-Key: $key" \
  "$api/jobs?route=$route&name=$name&sha256=$sha256" | field job)
test -n "$job" || { echo "it was not taken" >&2; exit 1; }

state=working
while [ -z "$state" ] || [ "$state" = working ]; do
  sleep 0.5
  # 404 while the daemon has not taken it yet: then there is no state.
  state=$(ask "$api/jobs/$job" | field state)
done
echo "$job: $state"

case $state in
  delivered | partial) part=result ;;
  *) part=fix ;;
esac
ask --fail --remote-name --remote-header-name "$api/jobs/$job/files/$part"
test "$state" = delivered || exit 4
