#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each source includes what it uses, or its headers do: it compiles by itself, without the others of its
# folder that a unity build puts before it. check_includes.sh [JOBS]
set -eu
cd "$(dirname -- "$0")/.."
jobs=${1:-2}
mkdir -p out/includes
flags='-std=c++20 -I. -isystem /usr/include/hdf5/serial -DST_VERSION=__FILE__'
# What all builds precompile.
sed -n '/^set(ST_COMMON_HEADERS/,/)/s/<[a-z_]*>/\n&\n/gp' CMakeLists.txt | sed -n 's/^<.*>$/#include &/p' >out/includes/common.h
# shellcheck disable=SC2086  # a list of words
g++ $flags -x c++-header out/includes/common.h -o out/includes/common.h.gch
# What is in files/ is copied into build directories and compiled there.
# shellcheck disable=SC2086
find core frontends backends cli -name '*.cpp' -not -path '*/files/*' | LC_ALL=C sort |
  xargs -n 1 -P "$jobs" g++ $flags -include out/includes/common.h -fsyntax-only
