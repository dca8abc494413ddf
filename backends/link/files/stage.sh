#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A stage of Makefile.hls, from the root of a build directory: stage.sh STAGE [UNIT]. What it makes
# appears when it is done, so that a stage that was killed is done again, and others are not.
set -eu

# shellcheck source=backends/link/files/common.sh
. link/common.sh
# shellcheck source=backends/link/files/run_tool.sh
. link/run_tool.sh
# shellcheck source=backends/link/files/checks.sh
. link/checks.sh
# shellcheck source=backends/link/files/doctor.sh
. link/doctor.sh
# shellcheck source=backends/link/files/timing.sh
. link/timing.sh
# shellcheck source=backends/link/files/hls_stages.sh
. link/hls_stages.sh
# shellcheck source=backends/link/files/link_stages.sh
. link/link_stages.sh
# shellcheck source=backends/link/files/card_stages.sh
. link/card_stages.sh

# AMD's tools call make and compilers of their own, which must not take what is meant for this one.
if [ "${1:-}" != host ]; then unset MAKEFLAGS MFLAGS MAKELEVEL; fi
case ${1:-} in
  csim | host) ;;
  doctor) unset CXXFLAGS ;;
  *) unset CXX CXXFLAGS ;;
esac

case ${1:-}:$# in
  csim:2 | csynth:2 | cosim:2 | xo:2 | csynth_timing:2) "$1" "$2" ;;
  doctor:1 | link:1 | link_timing:1 | package:1 | host:1 | run:1 | report:1) "$1" ;;
  *)
    echo "usage: see the first lines of link/stage.sh" >&2
    exit 2
    ;;
esac
