#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# emitted_compiler.sh FOLDER COMPILER ARGUMENT...: the compiler of emitted code in tests. Builds have sources in
# common, and tests alter copies of builds in one place: objects are kept in FOLDER for a day, by what was
# compiled with what. KEEP_OBJECTS=no compiles all the same.
set -eu
folder=$1
shift
object=
source=
for argument in "$@"; do
  case $argument in
    *.o) object=$argument ;;
    *.cpp) source=$argument ;;
  esac
done
compiles=no
case " $* " in *' -c '*) compiles=yes ;; esac
# In the folder of a build's stub device paths are relative, and these are all headers there are.
if [ $compiles = no ] || [ -z "$object" ] || [ "${KEEP_OBJECTS:-yes}" = no ] || [ ! -d ../hls_templates ]; then
  exec "$@"
fi
headers=$(find -L . ../host ../groups ../hls_templates -name '*.h' | LC_ALL=C sort)
# shellcheck disable=SC2086  # a list of words
name=$({ echo "$*" "$headers" && cat "$source" $headers; } | sha256sum | cut -d ' ' -f 1)
kept=$folder/$name.o
mkdir -p "$folder"
if [ ! -f "$kept" ]; then
  "$@"
  find "$folder" -name '*.o*' -mmin +1440 -delete
  # Others may be at it, too: the last one to finish wins, with the same bytes.
  cp "$object" "$kept.$$" && mv "$kept.$$" "$kept"
  exit 0
fi
cp "$kept" "$object"
