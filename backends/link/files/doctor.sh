# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# All checks at once, as a list.

# row WHAT STATE TEXT; states: found, MISSING, and `note` for what may do.
row() {
  printf '%-18s %-8s %s\n' "$1" "$2" "$3"
  if [ "$2" = MISSING ]; then missing=$((missing + 1)); fi
}

xrt_headers() {
  for folder in "${XILINX_XRT:-/opt/xilinx/xrt}/include" /usr/include/xrt; do
    if [ -f "$folder/xrt/xrt_device.h" ]; then return 0; fi
  done
  return 1
}

# room WHAT HAS LIMIT
room() {
  if [ "$2" -ge "$3" ]; then row "$1" found "$2 GB"; else row "$1" MISSING "$2 GB; linking takes $3 GB"; fi
}

doctor() {
  begin doctor design
  missing=0
  if have "${CXX:-g++}"; then
    row "C++ compiler" found "${CXX:-g++}"
  else
    row "C++ compiler" MISSING "install g++ (csim, host)"
  fi
  if find_vitis; then
    refuse_doubles "$banner" "Vitis"
    state=found
    if odd_release; then state=note; fi
    row "Vitis HLS" $state "${release:-unknown release}, $launcher launcher (written for $OLDEST to $NEWEST)"
  else
    row "Vitis HLS" MISSING "$lack (csynth)"
  fi
  if have v++; then
    row "v++ linker" found "$(command -v v++)"
  else
    row "v++ linker" MISSING "source <Vitis>/settings64.sh (link)"
  fi
  if find_platform && look_at_platform; then
    refuse_doubles "${platform_facts:-}" platforminfo
    row platform found "$platform ($part)"
  else
    row platform MISSING "$lack (link)"
  fi
  if has_licence; then
    row licence found "whether it is valid shows when it is used"
  else
    row licence note "none is set (XILINXD_LICENSE_FILE); some devices need one"
  fi
  whole MIN_DISK_GB "$MIN_DISK_GB"
  whole MIN_MEMORY_GB "$MIN_MEMORY_GB"
  room disk "$(disk_gb)" "$MIN_DISK_GB"
  room memory "$(memory_gb)" "$MIN_MEMORY_GB"
  if [ "$FLOW" = embedded ] && [ -z "${SYSROOT:-}" ]; then
    row sysroot MISSING "set SYSROOT=<sysroot of the board's Linux> (host)"
  elif [ "$FLOW" != embedded ]; then
    if xrt_headers; then
      row XRT found "headers"
    else
      row XRT MISSING "source /opt/xilinx/xrt/setup.sh, or install libxrt-dev (host)"
    fi
    if have xbutil; then
      row xbutil found "$(command -v xbutil)"
    else
      row xbutil note "without it the card is not looked at before a run"
    fi
  fi
  if have "${STREAMTENSOR:-streamtensor}"; then
    row streamtensor found "$(command -v "${STREAMTENSOR:-streamtensor}")"
  else
    row streamtensor note "without it 'report' only checks timing; set STREAMTENSOR=<file>"
  fi
  [ "$missing" -eq 0 ] || fail 4 "$missing of what the flow needs is missing"
}
