#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy (.clang-tidy) over the compiler's sources: check_tidy.sh [JOBS] [FILE or folder...]
# Without files: all of them, the sources of a folder as one, and without the analyzer, which finds
# paths through such a whole that no program takes. With files: each by itself, and all checks.
set -eu
cd "$(dirname -- "$0")/.."
jobs=${1:-2}
[ $# -eq 0 ] || shift
if [ $# -eq 0 ]; then
  build=out/tidy
  cmake --preset tidy -DCMAKE_UNITY_BUILD=ON >/dev/null
  sources() { find $build -path '*/Unity/*.cxx'; }
  set -- --checks=-clang-analyzer-*
else
  build=out/analyze
  cmake --preset tidy -B $build -DCMAKE_UNITY_BUILD=OFF >/dev/null
  # What is in files/ is copied into build directories and compiled there.
  found=$(find "$@" -name '*.cpp' -not -path '*/files/*')
  sources() { echo "$found"; }
  # The analyzer follows a function's paths through at most that many states. Its own 225,000 are
  # half of the time of all checks together.
  set -- --extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=20000
fi
if ! sources | LC_ALL=C sort |
  xargs -n 1 -P "$jobs" clang-tidy-16 -p $build --quiet "$@" >$build/findings.txt 2>&1; then
  grep -v ' warnings generated\.$' $build/findings.txt
  exit 1
fi
