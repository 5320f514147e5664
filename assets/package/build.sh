#!/bin/sh
# Builds the packages and prints their paths: a Debian package and a tarball for any Linux.
# Needs cargo-deb and cargo-about (cargo install cargo-about --features cli).
#
# The binary is static: it runs on any Linux of this processor, whatever its libc. With musl where
# that can be built for, else with glibc.
set -eu
umask 022
cd "$(dirname "$0")/../.."

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
target=$(rustc -vV | sed -n 's/^host: //p')
musl=$(echo "$target" | sed 's/-gnu.*/-musl/')
if [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] && command -v musl-gcc >/dev/null; then
    target=$musl
fi
RUSTFLAGS=-Ctarget-feature=+crt-static cargo build --release --locked --quiet --target "$target" >&2

# What the binary makes of itself, and the licence of everything linked into it.
release=${CARGO_TARGET_DIR:-target}/$target/release
binary=$release/kestra-setup
staged=$release/package
rm -rf "$staged"
mkdir -p "$staged"
"$binary" man | gzip -9n >"$staged/kestra-setup.1.gz"
"$binary" completions bash >"$staged/kestra-setup"
"$binary" completions zsh >"$staged/_kestra-setup"
"$binary" completions fish >"$staged/kestra-setup.fish"
cargo about generate --frozen --fail --target "$target" --config assets/package/about.toml \
    --output-file "$staged/licences" assets/package/about.hbs >&2
gzip -9n "$staged/licences"
gzip -9nc CHANGELOG.md >"$staged/changelog.gz"

package=$release/kestra-setup_$version.deb
cargo deb --quiet --no-build --no-strip --target "$target" --output "$package" >&2
echo "$package"

# To install it: tar -xzf kestra-setup-*.tar.gz --strip-components=1 -C /usr/local
name=kestra-setup-$version-$(uname -m)-linux
root=$staged/$name
put() { install -D -m "$1" "$2" "$root/$3"; }
put 755 "$binary" bin/kestra-setup
put 644 "$staged/kestra-setup.1.gz" share/man/man1/kestra-setup.1.gz
put 644 "$staged/kestra-setup" share/bash-completion/completions/kestra-setup
put 644 "$staged/_kestra-setup" share/zsh/site-functions/_kestra-setup
put 644 "$staged/kestra-setup.fish" share/fish/vendor_completions.d/kestra-setup.fish
put 644 LICENSE share/doc/kestra-setup/copyright
put 644 "$staged/licences.gz" share/doc/kestra-setup/licences.gz
put 644 "$staged/changelog.gz" share/doc/kestra-setup/changelog.gz
tar -C "$staged" --owner 0 --group 0 --sort name -czf "$release/$name.tar.gz" "$name"
echo "$release/$name.tar.gz"
