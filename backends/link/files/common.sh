# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# What all scripts of the flow share: the stage that runs, its log, and how it ends in an error.

have() { command -v "$1" >/dev/null 2>&1; }

# speak_of STAGE UNIT: from here on messages go by that name.
speak_of() { name="$1 of $2" log=logs/$1-$2.log logging=no; }

# begin STAGE UNIT: the same, with a new log; the log before is kept as .1. A stage of a unit runs
# once at a time: what a killed make left running still holds the lock, because tools inherit it.
begin() {
  speak_of "$1" "$2"
  mkdir -p logs
  if have flock; then
    exec 9>"logs/.$1-$2.lock"
    # Reports of several targets of a make wait for each other. Other codes than 1 are of file
    # systems without locks.
    patience=-n
    if [ "$1" = report ]; then patience='-w 60'; fi
    # shellcheck disable=SC2086 # an option with its value
    flock $patience 9 || [ $? -ne 1 ] || fail 4 "another make, or what one that was killed left running, works on it;" \
      "wait for it, or end it"
  fi
  if [ -f "$log" ]; then mv -f "$log" "$log.1"; fi
  : >"$log"
  logging=yes
}

note() { printf '%s: %s\n' "$name" "$*"; }

warn() {
  printf 'warning: %s: %s\n' "$name" "$*" >&2
  if yes "$logging"; then printf 'warning: %s\n' "$*" >>"$log"; fi
}

# fail CODE WORD...: the last line of a stage that did not end well. Codes: 1 a tool failed or a limit
# is missed, 4 the machine lacks something.
fail() {
  code=$1
  shift
  if yes "$logging"; then printf 'error: %s\n' "$*" >>"$log"; fi
  printf 'error: %s: %s; log: %s\n' "$name" "$*" "$log" >&2
  exit "$code"
}

# keep FILE PLACE: PLACE appears whole or not at all.
keep() {
  cp -f "$1" "$2.part" || fail 1 "$2 cannot be written"
  mv -f "$2.part" "$2"
}

# one_line TEXT: what a user gave, safe to show.
one_line() { printf '%s' "$1" | tr -c '[:print:]' '?'; }

# yes VALUE: whether a variable says so.
yes() { [ "$1" = 1 ] || [ "$1" = yes ]; }
