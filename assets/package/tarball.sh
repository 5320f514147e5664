#!/bin/sh
# Builds a tarball with a static binary and prints where it is. To install it:
#   tar -xzf kestra-setup-*.tar.gz --strip-components=1 -C /usr/local
set -eu
umask 022
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
name=kestra-setup-$version-$(uname -m)-linux
folder=${CARGO_TARGET_DIR:-target}/package
root=$folder/tarball

sh assets/package/stage.sh "$root"
# Below /usr/local zsh looks into another folder.
mv "$root/usr/share/zsh/vendor-completions" "$root/usr/share/zsh/site-functions"
tar -C "$root" --transform "s,^usr,$name," --owner 0 --group 0 --sort name -czf "$folder/$name.tar.gz" usr
echo "$folder/$name.tar.gz"
