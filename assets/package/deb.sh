#!/bin/sh
# Builds a Debian package and prints where it is.
set -eu
umask 022
cd "$(dirname "$0")/../.."
command -v dpkg-deb >/dev/null || { echo "dpkg-deb is missing: this needs Debian or Ubuntu" >&2; exit 1; }

from_cargo() { sed -n "s/^$1 = \"\(.*\)\"/\1/p" Cargo.toml | head -n 1; }
version=$(from_cargo version)
architecture=$(dpkg --print-architecture)
folder=${CARGO_TARGET_DIR:-target}/package
root=$folder/deb
package=$folder/kestra-setup_${version}_$architecture.deb

sh assets/package/stage.sh "$root"
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<END
Package: kestra-setup
Version: $version
Architecture: $architecture
Maintainer: the authors of kestra-setup <kestra-setup@localhost>
Installed-Size: $(du -sk "$root/usr" | cut -f 1)
Section: admin
Priority: optional
Suggests: nginx
Description: $(from_cargo description)
 Asks in the terminal, shows both files before anything is written, writes them
 in one transaction, and takes them back. The same answers work without
 questions, for automation.
END
dpkg-deb --build --root-owner-group "$root" "$package" >&2
echo "$package"
