#!/bin/bash
# Records the README's session: starts the released server with the demonstration, runs the commands below against it, and writes
# them with their real output between the README's two session marks. --print writes to standard output instead.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$PWD/build/release/curfew
[ -x "$program" ] || { echo "build/release/curfew is not built: make build" >&2; exit 1; }

# What is recorded, a command a line. Options that serve the recording alone (server, key) come from the environment.
session_commands() {
  cat <<'COMMANDS'
curfew signals list --realm production --limit 2
curfew sessions list --realm production --user jane.doe
curfew sessions revoke --realm production --user jane.doe --network-not Corporate --reason "INC-4711" --dry-run
curfew sessions revoke --realm production --user jane.doe --network-not Corporate --reason "INC-4711" --yes
curfew sessions list --realm production --user jane.doe
curfew signals list --realm production --rule many_networks
curfew audit list --realm production --user jane.doe --limit 3
curfew audit verify
COMMANDS
}

work=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

port=$(/usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
key=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
CURFEW_BOOTSTRAP_API_KEY=$key "$program" serve --demo --listen "127.0.0.1:$port" --data-dir "$work/data" >"$work/log" 2>&1 &
server=$!
export CURFEW_SERVER=http://127.0.0.1:$port CURFEW_API_KEY=$key NO_COLOR=1 COLUMNS=120 PATH=$work/bin:$PATH
mkdir "$work/bin"
ln -s "$program" "$work/bin/curfew"

# Ready, and the incident's sessions are there.
ready=false
for _ in $(seq 300); do
  kill -0 "$server" 2>/dev/null || break
  if [ "$(curfew sessions list --realm production --user jane.doe --output jsonl 2>/dev/null | wc -l)" -ge 2 ]; then
    ready=true
    break
  fi
  sleep 0.2
done
$ready || { echo "The server did not show jane.doe's sessions:" >&2; tail -20 "$work/log" >&2; exit 1; }

{
  echo '```'
  session_commands | while IFS= read -r line; do
    printf '$ %s\n' "$line"
    bash -c "$line" 2>&1 </dev/null | sed 's/[[:space:]]*$//' || true
    echo
  done | sed '$d'
  echo '```'
} >"$work/session"

if [ "${1:-}" = --print ]; then
  cat "$work/session"
  exit 0
fi
awk -v recorded="$work/session" '
  /<!-- session:begin -->/ { print; while ((getline line < recorded) > 0) print line; inside = 1; next }
  /<!-- session:end -->/ { inside = 0 }
  !inside' README.md >"$work/README.md"
cat "$work/README.md" >README.md
echo "README.md has a session of $(date -u +%F)."
