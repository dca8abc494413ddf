#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# emitted_compiler.sh FOLDER COMPILER ARGUMENT...: the compiler of emitted code in tests. The object of
# a host's text.cpp, which is the same in all builds and takes longest, is kept in FOLDER, by what was
# compiled with what.
set -eu
folder=$1
shift
object=
for argument in "$@"; do
  case $argument in
    *.o) object=$argument ;;
    */text.cpp) text=$argument ;;
  esac
done
if [ -z "${text:-}" ] || [ -z "$object" ]; then exec "$@"; fi
mkdir -p "$folder"
host=$(dirname "$text")
sources=$(cat "$text" "$host/text.h" "$host/failure.h" "$host"/tokenizer/*.h | sha256sum)
kept=$folder/$(printf '%s %s' "$*" "$sources" | sha256sum | cut -d ' ' -f 1).o
if [ ! -f "$kept" ]; then
  "$@"
  # Others may be at it, too: the last one to finish wins, with the same bytes.
  cp "$object" "$kept.$$" && mv "$kept.$$" "$kept"
  exit 0
fi
cp "$kept" "$object"
