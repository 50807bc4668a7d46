#!/bin/bash
# clang-format and clang-tidy on the C++, shellcheck on the scripts, eslint and prettier on the console.
#
#   scripts/lint.sh          on what differs from main, committed or not; ALL=1: on everything
#   scripts/lint.sh --fix    let clang-format and prettier rewrite these files instead; no clang-tidy
set -euo pipefail
cd "$(dirname "$0")/.."
fix=false
[ "${1:-}" = --fix ] && fix=true

changed_files() {
  if [ -n "${ALL:-}" ] || ! git rev-parse --git-dir >/dev/null 2>&1; then
    if git rev-parse --git-dir >/dev/null 2>&1; then
      git ls-files --cached --others --exclude-standard
    else
      find . \( -name node_modules -o -name build -o -name dist \) -prune -o -type f -printf '%P\n'
    fi
    return
  fi
  local base
  base=$(git merge-base HEAD origin/main 2>/dev/null || git rev-parse HEAD)
  {
    git diff --name-only --diff-filter=d "$base"
    git ls-files --others --exclude-standard
  } | sort -u
}

mapfile -t files < <(changed_files)
cpp=() units=() shell=()
console=false
for file in "${files[@]}"; do
  [ -f "$file" ] || continue
  case $file in
    src/*.h | src/*.cpp | bench/*.h | bench/*.cpp | tests/*.h | tests/*.cpp)
      cpp+=("$file")
      case $file in *.cpp) units+=("$PWD/$file") ;; esac
      ;;
    *.sh | .ci/run | packaging/postinst | packaging/prerm | packaging/postrm) shell+=("$file") ;;
    console/*) console=true ;;
  esac
done

status=0
if [ ${#cpp[@]} -gt 0 ]; then
  if $fix; then
    clang-format-19 -i --style=file "${cpp[@]}"
    echo "clang-format: ${#cpp[@]} files"
  else
    echo "clang-format: ${#cpp[@]} files"
    clang-format-19 --dry-run -Werror --style=file "${cpp[@]}" || status=1
  fi
fi

if ! $fix && [ ${#units[@]} -gt 0 ]; then
  if [ ! -e build/release/compile_commands.json ]; then cmake --preset release >/dev/null; fi
  # Only what is built has a command line; what is not yet is none of clang-tidy's business.
  mapfile -t known < <(printf '%s\n' "${units[@]}" | grep -Fxf <(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build/release/compile_commands.json) || true)
  echo "clang-tidy: ${#known[@]} files"
  if [ ${#known[@]} -gt 0 ]; then
    printf '%s\0' "${known[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-19 -p build/release --quiet --use-color=false 2> >(grep -v 'warnings\? generated\.\|^Suppressed\|^Use -header' >&2) || status=1
  fi
fi

if ! $fix && [ ${#shell[@]} -gt 0 ]; then
  echo "shellcheck: ${#shell[@]} files"
  shellcheck --severity=warning "${shell[@]}" || status=1
fi

if $console && [ -e console/package.json ]; then
  [ -e console/node_modules ] || (cd console && npm ci --no-audit --no-fund --loglevel=error)
  cd console
  if $fix; then
    npx --no-install prettier --write --log-level warn .
  else
    echo "eslint, prettier, tsc"
    npx --no-install eslint . --max-warnings 0 || status=1
    npx --no-install prettier --check --log-level warn . || status=1
    npx --no-install tsc --noEmit || status=1
  fi
fi
exit $status
