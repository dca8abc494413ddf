#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy (.clang-tidy) over the compiler's sources: check_tidy.sh [JOBS] [FILE...]
set -eu
cd "$(dirname -- "$0")/.."
jobs=${1:-2}
[ $# -eq 0 ] || shift
cmake --preset tidy >/dev/null
[ $# -gt 0 ] || set -- core frontends backends cli
# The analyzer follows a function's paths through at most that many states. Its own 225,000 are half of
# the time of all checks together.
states=20000
# What is in files/ is copied into build directories and compiled there.
if ! find "$@" -name '*.cpp' -not -path '*/files/*' | LC_ALL=C sort |
  xargs -n 2 -P "$jobs" clang-tidy-16 -p out/tidy --quiet --extra-arg=-Xclang --extra-arg=-analyzer-config \
    --extra-arg=-Xclang --extra-arg=max-nodes=$states >out/tidy/findings.txt 2>&1; then
  grep -v ' warnings generated\.$' out/tidy/findings.txt
  exit 1
fi
