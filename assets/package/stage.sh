#!/bin/sh
# Builds the binary and lays out what every package holds, below the folder $1.
#
# The binary is static: it runs on any Linux of this processor, whatever its libc. With musl where
# that can be built for, else with glibc.
set -eu
root=$1
cd "$(dirname "$0")/../.."

target=$(rustc -vV | sed -n 's/^host: //p')
musl=$(echo "$target" | sed 's/-gnu.*/-musl/')
if [ -d "$(rustc --print sysroot)/lib/rustlib/$musl" ] && command -v musl-gcc >/dev/null; then
    target=$musl
fi
RUSTFLAGS=-Ctarget-feature=+crt-static cargo build --release --locked --quiet --target "$target" >&2
binary=${CARGO_TARGET_DIR:-target}/$target/release/kestra-setup

# Prints what is made by the binary, $1 being the file and the rest the command.
made() {
    file=$root/usr/share/$1
    shift
    mkdir -p "$(dirname "$file")"
    "$binary" "$@" >"$file"
}

rm -rf "$root"
install -D -m 755 "$binary" "$root/usr/bin/kestra-setup"
made man/man1/kestra-setup.1 man
made bash-completion/completions/kestra-setup completions bash
made zsh/vendor-completions/_kestra-setup completions zsh
made fish/vendor_completions.d/kestra-setup.fish completions fish
install -D -m 644 LICENSE "$root/usr/share/doc/kestra-setup/copyright"
install -D -m 644 CHANGELOG.md "$root/usr/share/doc/kestra-setup/changelog"
gzip -9n "$root/usr/share/man/man1/kestra-setup.1" "$root/usr/share/doc/kestra-setup/changelog"
