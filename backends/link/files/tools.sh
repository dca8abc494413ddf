#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Finds and calls AMD's tools for Makefile.hls, from the root of a build directory:
#   tools.sh doctor PLATFORM | csynth GROUP | package GROUP | link PLATFORM XO...
set -eu

have() { command -v "$1" >/dev/null 2>&1; }

fail() {
  echo "error: $*" >&2
  exit 4
}

# Releases from 2023.2 on take hls_config.cfg; before that there is only vitis_hls and its Tcl.
hls_flow() {
  if have v++ && have vitis-run; then
    echo unified
  elif have vitis_hls; then
    echo legacy
  else
    fail "Vitis HLS was not found (neither v++ with vitis-run, nor vitis_hls);" \
      "source <Vitis>/settings64.sh. Without Vitis, 'csim' still works."
  fi
}

# shellcheck disable=SC2317 # functions are called through found()
doctor() {
  missing=0
  row() { # what, found or not, advice
    if [ "$2" = yes ]; then
      printf '%-22s found\n' "$1"
    else
      printf '%-22s MISSING  %s\n' "$1" "$3"
      missing=1
    fi
  }
  found() { if "$@" >/dev/null 2>&1; then echo yes; else echo no; fi; }
  hls() { (hls_flow); }
  xrt() {
    for folder in "${XILINX_XRT:-/opt/xilinx/xrt}/include" /usr/include/xrt; do
      if [ -f "$folder/xrt/xrt_device.h" ]; then return 0; fi
    done
    return 1
  }
  platform() { have platforminfo && platforminfo -p "$1"; }
  row "C++ compiler" "$(found have "${CXX:-g++}")" "install g++ (csim, host)"
  row "Vitis HLS" "$(found hls)" "source <Vitis>/settings64.sh (csynth)"
  row "v++ linker" "$(found have v++)" "source <Vitis>/settings64.sh (link)"
  row "platform" "$(found platform "$1")" "install $1, or set PLATFORM=<file.xpfm> (link)"
  row "XRT" "$(found xrt)" "source /opt/xilinx/xrt/setup.sh, or install libxrt-dev (host)"
  exit $((missing * 4))
}

csynth() {
  flow=$(hls_flow)
  cd "groups/$1"
  if [ "$flow" = unified ]; then
    v++ -c --mode hls --config hls_config.cfg --work_dir build
  else
    HLS_STEP=csynth vitis_hls -f run_hls.tcl
  fi
}

# Releases differ in where they leave the kernel, so it is looked for.
package() {
  flow=$(hls_flow)
  (
    cd "groups/$1"
    if [ "$flow" = unified ]; then
      vitis-run --mode hls --package --config hls_config.cfg --work_dir build
    else
      HLS_STEP=xo vitis_hls -f run_hls.tcl
    fi
  )
  kernel=$(find "groups/$1" -name "$1.xo" | sort | head -n 1)
  [ -n "$kernel" ] || fail "packaging left no $1.xo below groups/$1"
  cp "$kernel" "link/$1.xo"
}

link() {
  have v++ || fail "v++ was not found; source <Vitis>/settings64.sh"
  platform=$1
  shift
  # The command line comes before the file, so PLATFORM=<file.xpfm> overrides design.cfg.
  v++ --link --target hw --platform "$platform" --config link/design.cfg --save-temps \
    --temp_dir link/_x --log_dir link --output link/design.xclbin "$@"
}

[ $# -ge 2 ] || fail "usage: see the first lines of link/tools.sh"
command=$1
shift
case $command in
  doctor | csynth | package | link) "$command" "$@" ;;
  *) fail "unknown command '$command'" ;;
esac
