# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# Runs one of AMD's tools: its output in the stage's log, milestones on the screen, and one line
# about what went wrong.

# Lines that are shown while a tool works, which may be for hours.
MILESTONES='Run (run_link|vpl|package): |HLS 200-1510|HLS 200-790|Implementing module'
WATCH_SECONDS=${WATCH_SECONDS:-5}

# milestones FROM: those of the log behind its first FROM lines.
milestones() {
  awk -v from="$1" -v name="$name" -v pattern="$MILESTONES" \
    'NR > from && $0 ~ pattern { print name ": " $0 }' "$log"
}

watch_log() {
  shown=0
  nap=
  # A sleep that is left behind would keep open what make waits for.
  trap 'kill $nap 2>/dev/null; exit 0' TERM
  # $$ is the stage: where that was killed, nobody is to be told.
  while kill -0 $$ 2>/dev/null; do
    sleep "$WATCH_SECONDS" >/dev/null 2>&1 &
    nap=$!
    wait "$nap" || true
    lines=$(wc -l <"$log")
    milestones "$shown"
    shown=$lines
  done
}

# The tool has a session of its own, so that a signal reaches all that it started.
interrupted() {
  trap '' INT TERM HUP
  kill "$watcher" 2>/dev/null || true
  kill -TERM -- "-$tool" 2>/dev/null || kill -TERM "$tool" 2>/dev/null || true
  # Vivado tidies up its temporary files; ten seconds are enough for that.
  tenths=0
  while [ $tenths -lt 100 ] && kill -0 -- "-$tool" 2>/dev/null; do
    sleep 0.1
    tenths=$((tenths + 1))
  done
  kill -KILL -- "-$tool" 2>/dev/null || true
  fail 130 "interrupted by signal $1; what was finished before is kept"
}

# matches TABLE: what each row of TABLE says that matches lines of the log, and how many.
matches() {
  awk -F '\t' '
    NR == FNR { if ($0 !~ /^#/ && NF > 1) { ++rows; pattern[rows] = $1; what[rows] = $2 } next }
    { for (row = 1; row <= rows; ++row) if ($0 ~ pattern[row]) ++lines[row] }
    END {
      for (row = 1; row <= rows; ++row) if (row in lines)
        print what[row] (lines[row] > 1 ? " (" lines[row] " times)" : "")
    }' "link/$1" "$log"
}

# first_match TABLE: what and advice of the first row of TABLE that matches a line of the log, and that
# line behind it.
first_match() {
  awk -F '\t' '
    NR == FNR {
      if ($0 !~ /^#/ && NF > 1) { ++rows; pattern[rows] = $1; what[rows] = $2; advice[rows] = $3 }
      next
    }
    { for (row = 1; row <= rows; ++row) if (!(row in line) && $0 ~ pattern[row]) line[row] = $0 }
    END {
      for (row = 1; row <= rows; ++row) if (row in line) {
        print what[row] (advice[row] == "" ? "" : " (" advice[row] ")")
        print substr(line[row], 1, 200)
        exit
      }
    }' "link/$1" "$log"
}

# explain STATUS: why the tool failed, in one line, behind a line of its log that shows it.
explain() {
  known=$(first_match failures.txt)
  said=$(printf '%s\n' "$known" | sed -n 2p)
  if [ -z "$known" ]; then
    # An error, or what was said last, of this tool: the line with $ is its command.
    said=$(awk '
      /^\$ / { first = ""; last = ""; next }
      /^(ERROR|CRITICAL WARNING): |error: / && first == "" { first = $0 }
      { last = $0 }
      END { print substr(first == "" ? last : first, 1, 200) }' "$log")
  fi
  if [ -n "$said" ]; then printf '  the log says: %s\n' "$said" >&2; fi
  if [ -n "$known" ]; then
    fail 1 "$(printf '%s\n' "$known" | head -n 1)"
  elif [ "$1" -eq 137 ]; then
    fail 1 "killed by signal 9, as the system does where memory runs out; start it again to go on from here"
  elif [ "$1" -gt 128 ]; then
    fail 1 "killed by signal $(($1 - 128)); start it again to go on from here"
  fi
  fail 1 "the tool ended with exit code $1"
}

# Test doubles of AMD's tools belong to tests: nothing that they make may pass for a real result.
refuse_doubles() {
  if [ "${STREAMTENSOR_ALLOW_DOUBLES:-}" = 1 ]; then return 0; fi
  case $1 in
    *"test double of "*)
      fail 4 "$2 is a test double and makes nothing real; put AMD's tools on the PATH"
      ;;
  esac
}

# run_in FOLDER COMMAND...: what is printed goes to the log; returns where the tool succeeded.
run_in() {
  where=$1
  shift
  printf '$ cd %s && %s\n' "$where" "$*" >>"$log"
  note "started, log: $log"
  began=$(date +%s)
  session=
  if have setsid; then session=setsid; fi
  # The stage's variables have names that makefiles of tools have, too.
  # shellcheck disable=SC2086 # no word, or one
  (cd "$where" && unset TARGET FLOW PART UNITS JOBS && exec $session "$@") >>"$log" 2>&1 </dev/null &
  tool=$!
  watch_log 9>&- &
  watcher=$!
  trap 'interrupted 2' INT
  trap 'interrupted 15' TERM
  trap 'interrupted 1' HUP
  status=0
  wait "$tool" || status=$?
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  trap - INT TERM HUP
  [ "$status" -eq 0 ] || explain "$status"
  refuse_doubles "$(grep -m 1 'test double of ' "$log" || true)" "$1"
  note "done in $(($(date +%s) - began)) s"
}
