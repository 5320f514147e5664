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

# The licence of everything that is linked into the binary, as its authors worded it; where they leave
# the choice, MIT, which is the shortest.
licences() {
    sources=${CARGO_HOME:-$HOME/.cargo}/registry/src
    cargo tree --locked --target "$target" --edges normal,no-proc-macro --prefix none \
        --format '{p} ({l})' | sed '/^kestra-setup /d; s/ (\*)$//' | sort -u |
        while read -r name version licence; do
            folder=$(echo "$sources"/*/"$name-${version#v}")
            text=$folder/LICENSE-MIT
            case $licence in
            *AND*) text= ;;
            esac
            echo "== $name ${version#v} $licence"
            if [ -f "$text" ]; then
                cat "$text"
            else
                find "$folder" -maxdepth 1 -name 'LICENSE*' -exec cat {} + | grep '' ||
                    { echo "$name comes without the text of its licence" >&2; exit 1; }
            fi
            echo
        done
    echo "== The standard library of Rust (MIT OR Apache-2.0)"
    echo "https://github.com/rust-lang/rust/blob/master/COPYRIGHT"
}

rm -rf "$root"
install -D -m 755 "$binary" "$root/usr/bin/kestra-setup"
made man/man1/kestra-setup.1 man
made bash-completion/completions/kestra-setup completions bash
made zsh/vendor-completions/_kestra-setup completions zsh
made fish/vendor_completions.d/kestra-setup.fish completions fish
install -D -m 644 LICENSE "$root/usr/share/doc/kestra-setup/copyright"
licences >"$root/usr/share/doc/kestra-setup/licences"
install -D -m 644 CHANGELOG.md "$root/usr/share/doc/kestra-setup/changelog"
gzip -9n "$root/usr/share/man/man1/kestra-setup.1"
gzip -9n "$root/usr/share/doc/kestra-setup/licences" "$root/usr/share/doc/kestra-setup/changelog"
