#!/bin/bash
# Proves the README's promise on a machine that has nothing: a minimal Debian 12 with make and ca-certificates, made anew by
# debootstrap in a directory, in which `make run` must serve and, with --test, `make test` must pass.
#
#   sudo scripts/check_bare_machine.sh DIR [--test] [--package] [--worktree] [--port PORT]
#
#   DIR         where the system is made (about 4 GB). DIR/base is the untouched system and is kept for the next time, as are
#               DIR/apt (packages) and DIR/npm; DIR/root is the machine of this run, made anew each time.
#   --test      run `make test` as well
#   --package   run `make package` as well, install the .deb in a second fresh system and ask it for its version
#   --worktree  take the files as they stand (tracked and new ones) instead of the last commit
#
# Needs root, debootstrap, git and curl. The machine shares the network of this one. MIRROR names another Debian mirror.
set -euo pipefail

usage() {
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0"
  exit 2
}

[ $# -ge 1 ] || usage
case $1 in -*) usage ;; esac
dir=$1
shift
run_tests=false package=false worktree=false port=8080
while [ $# -gt 0 ]; do
  case $1 in
    --test) run_tests=true ;;
    --package) package=true ;;
    --worktree) worktree=true ;;
    --port)
      port=${2:?}
      shift
      ;;
    *) usage ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || { echo "Needs root: it mounts and changes its root directory." >&2; exit 1; }
for tool in debootstrap git curl; do
  command -v $tool >/dev/null || { echo "Needs $tool: apt-get install $tool" >&2; exit 1; }
done

source_dir=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
server_pid=

say() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }

stop_server() {
  if [ -n "$server_pid" ] && kill -0 "$server_pid" 2>/dev/null; then
    # make and the server are one group of their own.
    kill -TERM -- "-$server_pid" 2>/dev/null || true
    wait "$server_pid" 2>/dev/null || true
  fi
  server_pid=
}

unmount_all() {
  local root=$1 at
  for at in root/.npm var/cache/apt/archives dev/shm dev/pts dev sys proc; do
    if mountpoint -q "$root/$at" 2>/dev/null; then umount "$root/$at" || umount --lazy "$root/$at" || true; fi
  done
}

clean_up() {
  stop_server
  unmount_all "$dir/root"
  unmount_all "$dir/second"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# A fresh machine in $1.
make_machine() {
  local root=$1
  unmount_all "$root"
  rm -rf --one-file-system "$root"
  cp -a --reflink=auto "$dir/base" "$root"
  mkdir -p "$dir/apt/partial" "$dir/npm" "$root/root/.npm" "$root/curfew"
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount --bind /dev "$root/dev"
  mount --bind /dev/pts "$root/dev/pts"
  if mountpoint -q /dev/shm; then mount --bind /dev/shm "$root/dev/shm"; fi
  mount --bind "$dir/apt" "$root/var/cache/apt/archives"
  mount --bind "$dir/npm" "$root/root/.npm"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
  # Certificates that this machine trusts beyond Debian's own: the new machine is behind the same network. Node has a list of its
  # own and must be told.
  if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/"
    in_machine "$root" update-ca-certificates >/dev/null 2>&1
    echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >"$root/root/.npmrc"
  fi
}

in_machine() {
  local root=$1
  shift
  local environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM=dumb)
  local name
  for name in http_proxy https_proxy no_proxy; do
    if [ -n "${!name:-}" ]; then environment+=("$name=${!name}"); fi
  done
  env -i "${environment[@]}" chroot "$root" "$@"
}

if [ ! -e "$dir/base.done" ]; then
  say "debootstrap: a minimal Debian 12 with make and ca-certificates"
  rm -rf --one-file-system "$dir/base"
  debootstrap --variant=minbase --include=make,ca-certificates bookworm "$dir/base" ${MIRROR:+"$MIRROR"} >"$dir/debootstrap.log" 2>&1 ||
    { tail -20 "$dir/debootstrap.log" >&2; exit 1; }
  touch "$dir/base.done"
fi

if curl --silent --output /dev/null "http://127.0.0.1:$port/"; then
  echo "Something answers on 127.0.0.1:$port already: stop it, or name another --port." >&2
  exit 1
fi

say "The machine, and the source in it"
make_machine "$dir/root"
if $worktree; then
  (cd "$source_dir" && git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
    if [ -e "$file" ]; then printf '%s\0' "$file"; fi
  done | tar --null -T - -c) | tar -x -C "$dir/root/curfew"
else
  git -C "$source_dir" archive HEAD | tar -x -C "$dir/root/curfew"
fi

say "make run"
log=$dir/make-run.log
set -m
in_machine "$dir/root" make -C /curfew run LISTEN="127.0.0.1:$port" </dev/null >"$log" 2>&1 &
server_pid=$!
set +m
started=$SECONDS
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/livez"; do
  if ! kill -0 "$server_pid" 2>/dev/null; then
    tail -40 "$log" >&2
    echo "make run ended before it served; all of it: $log" >&2
    exit 1
  fi
  if [ $((SECONDS - started)) -gt 3600 ]; then
    tail -40 "$log" >&2
    echo "make run did not serve within an hour; all of it: $log" >&2
    exit 1
  fi
  sleep 1
done
tail -15 "$log"
echo "make run served /livez after $((SECONDS - started)) s from nothing."
curl --silent --fail "http://127.0.0.1:$port/" | grep -qi '<!doctype html' && echo "It serves the console." || echo "It serves no console."

say "Stop, and make run once more"
stop_server
set -m
in_machine "$dir/root" make -C /curfew run LISTEN="127.0.0.1:$port" </dev/null >"$log.second" 2>&1 &
server_pid=$!
set +m
started=$SECONDS
until curl --silent --fail --output /dev/null "http://127.0.0.1:$port/livez"; do
  if ! kill -0 "$server_pid" 2>/dev/null || [ $((SECONDS - started)) -gt 120 ]; then
    tail -40 "$log.second" >&2
    echo "The second make run did not serve; all of it: $log.second" >&2
    exit 1
  fi
  sleep 0.2
done
echo "The second one served after $((SECONDS - started)) s."
stop_server

if $run_tests; then
  say "make test"
  in_machine "$dir/root" make -C /curfew test </dev/null 2>&1 | tee "$dir/make-test.log" | tail -60
fi

if $package; then
  say "make package, installed in a machine that has nothing else"
  in_machine "$dir/root" make -C /curfew package </dev/null >"$dir/make-package.log" 2>&1 || { tail -30 "$dir/make-package.log" >&2; exit 1; }
  make_machine "$dir/second"
  cp "$dir"/root/curfew/build/package/*.deb "$dir/second/curfew/"
  in_machine "$dir/second" sh -c 'apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends /curfew/*.deb' \
    >"$dir/install-package.log" 2>&1 || { tail -30 "$dir/install-package.log" >&2; exit 1; }
  in_machine "$dir/second" curfew --version
  in_machine "$dir/second" sh -c 'ls -l /etc/curfew/curfew.toml /usr/bin/curfew /lib/systemd/system/curfew.service'
  in_machine "$dir/second" sh -c 'apt-get purge -y -q curfew >/dev/null 2>&1 && ! command -v curfew'
  unmount_all "$dir/second"
fi

say "Done"
