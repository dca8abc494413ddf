#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# clang-tidy (.clang-tidy) over the compiler's sources: check_tidy.sh [JOBS] [FILE...]
# Without files, all sources of a folder at once (cmake/unity.cmake): most checks look at all that is
# included, and that is nearly the same for each of them.
set -eu
cd "$(dirname -- "$0")/.."
jobs=${1:-2}
[ $# -eq 0 ] || shift
rm -rf out/tidy
cmake --preset tidy >/dev/null
# The analyzer follows a function's paths through at most that many states; its own 225,000 take most of
# the time of all checks together. What a unity source includes is a header to it.
states=4000
if [ $# -gt 0 ]; then
  # What is in files/ is copied into build directories and compiled there.
  sources=$(find "$@" -name '*.cpp' -not -path '*/files/*' | LC_ALL=C sort)
else
  sources=$(find out/tidy/CMakeFiles -path '*/Unity/*.cxx' -not -name 'unity_out_*' | LC_ALL=C sort)
fi
if ! echo "$sources" |
  xargs -n 1 -P "$jobs" clang-tidy-16 -p out/tidy --quiet --extra-arg=-Xclang --extra-arg=-analyzer-config \
    --extra-arg=-Xclang --extra-arg=max-nodes=$states \
    --extra-arg=-Xclang --extra-arg=-analyzer-opt-analyze-headers >out/tidy/findings.txt 2>&1; then
  grep -v ' warnings generated\.$' out/tidy/findings.txt
  exit 1
fi
