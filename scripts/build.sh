#!/bin/sh
# Builds a target of the release, the console first: the server carries it inside.
#
#   scripts/build.sh [TARGET] [PRESET]     TARGET: curfew, all (default), …; PRESET: release (default), dev, asan, …
#
# Nothing that is up to date is built again.
set -eu
cd "$(dirname "$0")/.."
target=${1:-all}
preset=${2:-release}

scripts/build_console.sh

# Two compilers need about 1 GB each at their worst; a machine with little memory gets fewer.
cores=$(nproc)
memory_gb=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo 2>/dev/null || echo 4)
jobs=$cores
[ "$memory_gb" -ge "$jobs" ] || jobs=$memory_gb
[ "$jobs" -ge 1 ] || jobs=1

log=build/$preset-configure.log
mkdir -p build
# ninja runs cmake by itself when a CMake file has changed; only the first time is for us.
if [ ! -e "build/$preset/build.ninja" ]; then
  echo "Configuring build/$preset"
  if ! cmake --preset "$preset" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
fi
# With ccache: two checkouts of the same sources share what they compile.
export CCACHE_BASEDIR="$PWD" CCACHE_NOHASHDIR=1
echo "Building $target ($preset) with $jobs jobs"
NINJA_STATUS='[%f/%t %es] ' exec cmake --build "build/$preset" --target "$target" --parallel "$jobs"
