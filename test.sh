#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests need and runs all checks, or those that are named:
#   ./test.sh [style] [release] [sanitize] [tidy] [analyze]
# style     formatting, licence lines, the import rule, shellcheck
# release   optimised build, all tests
# sanitize  address and undefined-behaviour sanitizers, the emitted code included; most tests
# tidy      clang-tidy over the compiler's sources, without the analyzer
# analyze   clang-tidy over each source by itself, the analyzer too: minutes, and only if it is named
set -eu
cd "$(dirname -- "$0")"
. tools/packages.sh
JOBS=$(nproc)

# shellcheck disable=SC2086  # a list of words
need $BUILD_PACKAGES libgtest-dev clang-16 libclang-rt-16-dev clang-format-16 clang-tidy-16 libxrt-dev uuid-dev shellcheck yosys dpkg-dev file python3-yaml sentencepiece

build_and_test() {
  # shellcheck disable=SC2046  # an option or none
  cmake --preset "$1" $(unity "$1") -DST_BUILD_TESTS=ON >/dev/null
  cmake --build --preset "$1"
  ctest --preset "$1" --parallel "$JOBS"
}

[ $# -gt 0 ] || set -- style release sanitize tidy
for step in "$@"; do
  echo "== $step"
  begin=$(date +%s)
  case $step in
    style)
      tools/check_style.sh
      tools/check_imports.sh
      ;;
    release | sanitize) build_and_test "$step" ;;
    tidy) tools/check_tidy.sh "$JOBS" ;;
    analyze) tools/check_tidy.sh "$JOBS" core frontends backends cli ;;
    *)
      echo "no step '$step'; there are style, release, sanitize, tidy, analyze" >&2
      exit 2
      ;;
  esac
  echo "== $step passed in $(($(date +%s) - begin)) s"
done
