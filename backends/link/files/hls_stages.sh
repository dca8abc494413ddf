# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# What Vitis HLS does for one unit, in groups/<unit>.

# hls UNIT STEP WORD...: a step by either launcher. The words are those of the unified one.
hls() {
  folder=groups/$1 step=$2
  shift 2
  if [ "$launcher" = unified ]; then
    run_in "$folder" "$@" --config hls_config.cfg --work_dir build
  else
    run_in "$folder" env "HLS_STEP=$step" vitis_hls -f run_hls.tcl
  fi
}

# made UNIT PATTERN: the first file below the work folder by a pattern of its path; releases differ
# in where they leave things.
made() { find "groups/$1/build" -path "$2" -type f 2>/dev/null | LC_ALL=C sort | head -n 1; }

# Warnings that are worth a line; errors with STRICT=1.
tell_warnings() {
  first=$(first_match warnings.txt | head -n 1)
  [ -n "$first" ] || return 0
  if yes "${STRICT:-}"; then fail 1 "a warning that STRICT=1 makes an error: $first"; fi
  warn "$first"
}

csynth() {
  begin csynth "$1"
  need_vitis
  need_room HLS_DISK_GB "$HLS_DISK_GB" HLS_MEMORY_GB "$HLS_MEMORY_GB"
  look_at_licence
  # What a killed run left would be taken for a project that is to be continued.
  rm -rf "groups/$1/build" "groups/$1/cosim.rpt"
  hls "$1" csynth v++ -c --mode hls
  report=$(made "$1" '*/syn/report/csynth.xml')
  [ -n "$report" ] || fail 1 "Vitis HLS ended without an error and left no csynth.xml"
  tell_warnings
  keep "$report" "groups/$1/csynth.xml"
}

cosim() {
  begin cosim "$1"
  need_vitis
  need_room HLS_DISK_GB "$HLS_DISK_GB" HLS_MEMORY_GB "$HLS_MEMORY_GB"
  hls "$1" cosim vitis-run --mode hls --cosim
  report=$(made "$1" '*/sim/report/*_cosim.rpt')
  [ -n "$report" ] || fail 1 "co-simulation ended without an error and left no report"
  grep -q '| *Pass *|' "$report" || fail 1 "co-simulation did not pass: $report"
  keep "$report" "groups/$1/cosim.rpt"
}

xo() {
  begin xo "$1"
  need_vitis
  hls "$1" xo vitis-run --mode hls --package
  # The legacy launcher leaves the kernel beside its script.
  kernel=$(made "$1" "*/$1.xo")
  if [ -z "$kernel" ] && [ -f "groups/$1/$1.xo" ]; then kernel=groups/$1/$1.xo; fi
  [ -n "$kernel" ] || fail 1 "packaging ended without an error and left no $1.xo"
  [ -s "$kernel" ] || fail 1 "$kernel is empty"
  keep "$kernel" "link/$1.xo"
}
