#!/bin/sh
# Installs what is missing of the named groups of scripts/packages.txt, from Debian's own packages.
#
#   scripts/install_dependencies.sh build console     install what is missing of these groups
#   scripts/install_dependencies.sh --list build      print the packages of these groups
#
# When nothing is missing it does nothing, in well under a second, without root and without a network. POSIX sh: it runs on a
# machine that has nothing yet.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
list=$here/packages.txt

say() { printf '%s\n' "$*"; }
die() {
  printf '%s\n' "$@" >&2
  exit 1
}

# The packages of the groups given, each once.
packages_of() {
  for group in "$@"; do
    awk -v want="[$group]" '/^\[/ { on = ($1 == want) } !/^(\[|#|[[:space:]]*$)/ && on { print $1 }' "$list"
  done | sort -u
}

# Any Node that is new enough serves, from wherever it came; npm comes with most of them.
node_is_there() {
  command -v npm >/dev/null 2>&1 || return 1
  major=$(node --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p')
  [ "${major:-0}" -ge 18 ]
}

only_list=false
if [ "${1:-}" = --list ]; then
  only_list=true
  shift
fi
[ $# -gt 0 ] || die "Which groups? Those of $list, such as: $0 build console"
for group in "$@"; do
  grep -q "^\[$group\]" "$list" || die "No group \"$group\" in $list."
done

if $only_list; then
  packages_of "$@"
  exit 0
fi

groups=
for group in "$@"; do
  if [ "$group" = console ] && node_is_there; then continue; fi
  groups="$groups $group"
done
[ -n "$groups" ] || exit 0

command -v dpkg-query >/dev/null 2>&1 ||
  die "This is no Debian system: install these packages, or what your system calls them, by hand:" "$(packages_of $groups)"

wanted=$(packages_of $groups)
# dpkg-query names the unknown ones on standard error; what it prints is what is wholly installed.
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' $wanted 2>/dev/null | awk '$1 == "ii" { print $2 }' | sort -u || true)
missing=
for package in $wanted; do
  case "
$installed
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

count=$(set -- $missing && echo $#)
line="apt-get update && apt-get install --yes --no-install-recommends$missing"
root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    die "$count Debian packages are missing, and installing them needs root. As root, run:" "" "  $line" "" "and then try again."
  fi
  root=sudo
  # Without a terminal nobody can type a password.
  [ -t 0 ] || root="sudo -n"
  if ! $root true; then
    die "$count Debian packages are missing, and sudo was refused. As root, run:" "" "  $line" "" "and then try again."
  fi
fi

say "Installing $count Debian packages:$missing"
log=$(mktemp)
status=$(mktemp)
trap 'rm -f "$log" "$status"' EXIT
apt() {
  $root env DEBIAN_FRONTEND=noninteractive LC_ALL=C \
    apt-get -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" </dev/null 2>&1
}
if ! apt update -q >"$log"; then
  cat "$log" >&2
  die "" "apt-get update failed (above). Is there a way to a Debian mirror from here, and is it in /etc/apt?"
fi
# apt's status lines become a short account of progress; all else that it says is kept for the case that it fails.
install() {
  : >"$status"
  { apt install --yes --no-install-recommends -q -o APT::Status-Fd=1 $missing || echo failed >"$status"; } | awk -F: -v log_file="$log" '
    /^(dl|pm)status:/ {
      what = ($1 == "dlstatus") ? "downloading" : "installing"
      step = int($3 / 20) * 20
      if (what != last_what || step > last_step) { printf "  %s %d %%\n", what, step; fflush() }
      last_what = what; last_step = step
      next
    }
    !/^pmerror:/ { print >>log_file }'
  [ ! -s "$status" ]
}
# A maintainer script may fail once and succeed when it is run again, so what was left half installed gets a second chance.
install || { say "  once more"; $root env DEBIAN_FRONTEND=noninteractive dpkg --configure -a >>"$log" 2>&1 || true; install || true; }
if [ -s "$status" ]; then
  { grep -E '^(E|Err|W):|^dpkg: error' "$log" || tail -n 40 "$log"; } | awk '!seen[$0]++' | head -n 20 >&2
  die "" "apt-get could not install what is missing (its own words are above)." \
    "If it says \"Unable to locate package\" or \"Failed to fetch\", this machine can't reach a Debian 12 mirror: check the network" \
    "and /etc/apt/sources.list, then run this again. By hand it is:" "" "  $line"
fi
say "Installed."
