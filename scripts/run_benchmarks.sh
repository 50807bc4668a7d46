#!/bin/bash
# Builds the benchmarks and runs them: the index by itself, then Curfew beside PostgreSQL, SQLite, Redis and nginx on the same data.
# The method is in docs/performance.md. Results: build/bench/.
#
#   N="100000 1000000" scripts/run_benchmarks.sh [PART…]     PART: index, peers, load, stream, start (default: all)
#
# Figures compare within one run alone: other work on the machine moves all of them. Ten million sessions need about 8 GB of memory.
set -euo pipefail
cd "$(dirname "$0")/.."
sizes=${N:-${SESSIONS:-100000}}
parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(index peers load stream start)

[ -e build/release/build.ninja ] || cmake --preset release >/dev/null
cmake -S . -B build/release -DCURFEW_BENCH=ON >/dev/null
# Not part of "all", so that they are built here and nowhere else.
mapfile -t programs < <(ninja -C build/release -t targets all | sed -n 's/^\(curfew_[a-z]*_bench\): phony$/\1/p' | sort -u)
scripts/build.sh curfew
cmake --build build/release --target "${programs[@]}"
mkdir -p build/bench

beside=()
for part in "${parts[@]}"; do
  if [ "$part" != index ]; then
    beside+=("$part")
    continue
  fi
  for size in $sizes; do
    build/release/bench/curfew_index_bench --sessions "$size" --json | tee "build/bench/index-$size.jsonl" | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    figures = [f"{key} {value:,.6g}" for key, value in row.items() if isinstance(value, (int, float)) and key != "sessions"]
    print("  %-44s %s %s" % (row.get("name", ""), "  ".join(figures), row.get("unit", "")), flush=True)
'
  done
done
if [ ${#beside[@]} -gt 0 ]; then
  for size in $sizes; do
    /usr/bin/python3 bench/run.py --programs build/release/bench --sessions "$size" --only "${beside[@]}"
  done
fi
