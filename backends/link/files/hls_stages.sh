# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# C simulation of one unit, and what Vitis HLS does for it, in groups/<unit>.

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

# forget UNIT PATTERN: removes what an earlier run made, so that it is not taken for a new result.
forget() { find "groups/$1" -path "$2" -type f -exec rm -f {} +; }

# Warnings that are worth a line; errors with STRICT=1.
tell_warnings() {
  found=$(matches warnings.txt)
  [ -n "$found" ] || return 0
  if yes "${STRICT:-}"; then
    fail 1 "a warning that STRICT=1 makes an error: $(printf '%s\n' "$found" | head -n 1)"
  fi
  while read -r line; do warn "$line"; done <<END
$found
END
}

# C simulation by g++ and the headers that come along.
csim() {
  begin csim "$1"
  rm -rf "groups/$1/csim"
  mkdir -p "groups/$1/csim"
  # shellcheck disable=SC2086 # both may be several words
  run_in . $CXX -std=c++17 $CXXFLAGS -ffp-contract=off -Ihls_templates/csim -Ihls_templates \
    "-Igroups/$1/src" -o "groups/$1/csim/csim" "groups/$1/src/$1.cpp" "groups/$1/tb/$1_tb.cpp" \
    -lboost_context
  run_in . "groups/$1/csim/csim" "groups/$1/tb/data"
  note "$(tail -n 1 "$log")"
  : >"groups/$1/csim/passed"
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
  forget "$1" '*/sim/report/*_cosim.rpt'
  hls "$1" cosim vitis-run --mode hls --cosim
  report=$(made "$1" '*/sim/report/*_cosim.rpt')
  [ -n "$report" ] || fail 1 "co-simulation ended without an error and left no report"
  grep -q '| *Pass *|' "$report" || fail 1 "co-simulation did not pass: $report"
  keep "$report" "groups/$1/cosim.rpt"
}

xo() {
  begin xo "$1"
  need_vitis
  forget "$1" "*/$1.xo"
  hls "$1" xo vitis-run --mode hls --package
  # The legacy launcher leaves the kernel beside its script.
  kernel=$(made "$1" "*/$1.xo")
  if [ -z "$kernel" ] && [ -f "groups/$1/$1.xo" ]; then kernel=groups/$1/$1.xo; fi
  [ -n "$kernel" ] || fail 1 "packaging ended without an error and left no $1.xo"
  [ -s "$kernel" ] || fail 1 "$kernel is empty"
  keep "$kernel" "link/$1.xo"
}
