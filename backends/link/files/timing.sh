# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# Whether the clock that was asked for is met: v++ lowers it and succeeds.

# missed TEXT: an error, unless ALLOW_TIMING says otherwise.
missed() {
  if yes "${ALLOW_TIMING:-}"; then
    warn "$*"
  else
    fail 1 "$* (ALLOW_TIMING=1 goes on all the same)"
  fi
}

# xml_number FILE TAG: the first one.
xml_number() { sed -n "s/.*<$2>\([0-9.]*\)<.*/\1/p" "$1" | head -n 1; }

# less A B: of decimal numbers.
less() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a + 0 < b + 0) }'; }

# csynth_timing UNIT: the estimate of Vitis HLS against the period that it was given.
csynth_timing() {
  speak_of csynth "$1"
  estimated=$(xml_number "groups/$1/csynth.xml" EstimatedClockPeriod)
  period=$(xml_number "groups/$1/csynth.xml" TargetClockPeriod)
  if [ -z "$estimated" ] || [ -z "$period" ]; then
    missed "groups/$1/csynth.xml has no clock estimate, so whether timing is met is not known"
  elif less "$period" "$estimated"; then
    missed "timing is missed: the estimated clock period is $estimated ns, and $period ns were asked for"
  fi
}

# The last timing summary of a link: that of physical optimisation after routing, where it ran.
timing_summary() {
  for pattern in '*timing_summary_postroute_physopted.rpt' '*timing_summary_routed.rpt'; do
    found=$(find "link/$TARGET/reports" "link/$TARGET/_x" -name "$pattern" 2>/dev/null | LC_ALL=C sort | head -n 1)
    if [ -n "$found" ]; then
      printf '%s\n' "$found"
      return 0
    fi
  done
}

# summary_number FILE HEADER: below "WNS(ns)" and the like in the design's summary.
summary_number() {
  awk -v header="$2" '
    { line = $0; sub(/^ +/, "", line); count = split(line, field, /  +/) }
    !column { for (i = 1; i <= count; ++i) if (field[i] == header) column = i; next }
    field[1] ~ /^-+$/ { next }
    { print field[column]; exit }' "$1"
}

# link_timing: slack, and whether v++ lowered a clock. Only hardware has a clock.
link_timing() {
  speak_of link design
  [ "$TARGET" = hw ] || return 0
  lowered=$(sed -n 's/.*timing paths failed timing targeting \([0-9.]*\) *MHz.*automatically changed to \([0-9.]*\) *MHz.*/\1 MHz to \2 MHz/p' "$log" | head -n 1)
  summary=$(timing_summary)
  slack='' hold=''
  if [ -n "$summary" ]; then
    slack=$(summary_number "$summary" 'WNS(ns)')
    hold=$(summary_number "$summary" 'WHS(ns)')
  fi
  if [ -n "$lowered" ]; then
    missed "timing is missed: v++ lowered the clock from $lowered${slack:+, slack $slack ns}"
  elif [ -z "$slack" ]; then
    missed "no timing summary was found below link/$TARGET, so whether timing is met is not known"
  elif less "$slack" 0; then
    missed "timing is missed: the worst slack is $slack ns ($summary)"
  elif less "${hold:-0}" 0; then
    missed "timing is missed: the worst hold slack is $hold ns ($summary)"
  fi
}
