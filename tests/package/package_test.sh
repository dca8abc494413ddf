#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs and packages a finished build, and works with what is there: package_test.sh BUILD_FOLDER
set -eu
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# An installation below a folder: the tool builds from there, in an environment without the sources.
check() { # prefix
  for file in bin/streamtensor share/man/man1/streamtensor.1.gz share/bash-completion/completions/streamtensor \
    share/doc/streamtensor/README.md share/doc/streamtensor/copyright; do
    [ -s "$1/$file" ] || fail "$file is missing or empty in $1"
  done
  tool=$1/bin/streamtensor
  [ "$("$tool" --version)" = "$version" ] || fail "another version"
  (cd / && "$tool" build "$1/share/doc/streamtensor/examples/adder/model.json" --target u280 --synth none \
    --output "$scratch/adder" >/dev/null) || fail "the installed tool does not build"
  gzip -dc "$1/share/man/man1/streamtensor.1.gz" | grep -q '^\.SS.*streamtensor build' || fail "the manual has no 'build'"
  if command -v man >/dev/null; then
    warnings=$(MANWIDTH=100 man --warnings --local-file "$1/share/man/man1/streamtensor.1.gz" 2>&1 >/dev/null)
    [ -z "$warnings" ] || fail "the manual page: $warnings"
  fi
}

version=$("$build/streamtensor" --version)
cmake --install "$build" --prefix "$scratch/prefix" >/dev/null
check "$scratch/prefix"

# Whether bash proposes a word: the word, then the command line up to the cursor.
proposes() {
  bash -c '. "$1"; wanted=$2; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _streamtensor
    for word in "${COMPREPLY[@]}"; do [ "$word" != "$wanted" ] || exit 0; done; exit 1' \
    bash "$scratch/prefix/share/bash-completion/completions/streamtensor" "$@"
}
completes() { proposes "$@" || fail "not proposed: $*"; }
completes build streamtensor bu
completes u280 streamtensor build model.json --target u2
completes --fold-layers streamtensor build --fo
completes w8a8 streamtensor build model.json --precision ''
completes E0403 streamtensor explain E04
! proposes run streamtensor bu || fail "'run' is proposed for 'bu'"

if ! command -v dpkg-shlibdeps >/dev/null || ! command -v file >/dev/null; then
  echo "SKIPPED the Debian package: it needs dpkg-dev and file"
  exit 0
fi
(cd "$build" && cpack -G DEB -B "$scratch/packages" >/dev/null)
package=$(find "$scratch/packages" -maxdepth 1 -name '*.deb')
[ -n "$package" ] || fail "cpack wrote no package"
dpkg-deb --field "$package" Depends | grep -q libhdf5 || fail "the package does not depend on libhdf5"
dpkg-deb --field "$package" Recommends | grep -q libboost-context-dev || fail "no compiler is recommended"
dpkg-deb --extract "$package" "$scratch/root"
check "$scratch/root/usr"
echo "passed"
