#!/bin/bash
# Makes build/package/curfew_VERSION_ARCH.deb from build/release/curfew and packaging/.
#
# The manual page and the completions come from the program itself. What it depends on is read from the program too.
set -euo pipefail
cd "$(dirname "$0")/.."
program=build/release/curfew
out=build/package
[ -x $program ] || { echo "$program is not built: make build" >&2; exit 1; }

version=$(sed -n 's/^project(curfew VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
architecture=$(dpkg --print-architecture)
# The same sources give the same package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CMakeLists.txt)}
stage=$out/stage
rm -rf $out
mkdir -p $stage/DEBIAN $out/debian

install -D -m 755 $program $stage/usr/bin/curfew
strip --strip-unneeded --remove-section=.comment $stage/usr/bin/curfew
install -D -m 644 packaging/curfew.toml $stage/etc/curfew/curfew.toml
install -D -m 644 packaging/curfew.service $stage/lib/systemd/system/curfew.service
install -D -m 644 packaging/sysusers.conf $stage/usr/lib/sysusers.d/curfew.conf

mkdir -p $stage/usr/share/man/man1 $stage/usr/share/bash-completion/completions $stage/usr/share/zsh/vendor-completions \
  $stage/usr/share/fish/vendor_completions.d $stage/usr/share/doc/curfew
$program man | gzip -9n >$stage/usr/share/man/man1/curfew.1.gz
$program completion bash >$stage/usr/share/bash-completion/completions/curfew
$program completion zsh >$stage/usr/share/zsh/vendor-completions/_curfew
$program completion fish >$stage/usr/share/fish/vendor_completions.d/curfew.fish
install -m 644 packaging/copyright $stage/usr/share/doc/curfew/copyright
gzip -9n <CHANGELOG.md >$stage/usr/share/doc/curfew/CHANGELOG.md.gz

# dpkg-shlibdeps wants a source package's control file beside it.
printf 'Source: curfew\n\nPackage: curfew\nArchitecture: any\n' >$out/debian/control
depends=$(cd $out && dpkg-shlibdeps -O --warnings=0 stage/usr/bin/curfew | sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo "dpkg-shlibdeps found no dependencies" >&2; exit 1; }

cat >$stage/DEBIAN/control <<CONTROL
Package: curfew
Version: $version
Architecture: $architecture
Maintainer: The Curfew maintainers <maintainers@curfew.example>
Installed-Size: $(du -sk --exclude=DEBIAN $stage | cut -f1)
Depends: $depends, adduser
Recommends: ca-certificates
Section: admin
Priority: optional
Description: see every live session of every realm, and end any of them
 Curfew is told of sessions by applications and identity providers, shows them
 all to operators, and ends what should not be: at once, for good, and audited.
 One program with its store, console, HTTP API and command line.
CONTROL
echo /etc/curfew/curfew.toml >$stage/DEBIAN/conffiles
for script in postinst prerm postrm; do install -m 755 packaging/$script $stage/DEBIAN/$script; done
(cd $stage && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find $stage -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
find $stage -type d -exec chmod 755 {} +
find $stage/usr/share $stage/usr/lib -type f -exec chmod 644 {} +

package=$out/curfew_${version}_${architecture}.deb
dpkg-deb --root-owner-group -Zxz --build $stage "$package" >/dev/null
rm -rf $stage $out/debian
echo "$package ($(du -k "$package" | cut -f1) KiB)"
