#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Formatting, licence lines and shell scripts of the whole tree.
set -eu
cd "$(dirname -- "$0")/.."

# sources NAME...: files of these name patterns, build results left out.
sources() {
  for name in "$@"; do
    find . \( -path ./out -o -path ./build -o -path ./.git \) -prune -o -type f -name "$name" -print
  done | LC_ALL=C sort
}

sources '*.cpp' '*.h' | xargs clang-format-16 --dry-run -Werror
sources '*.sh' | xargs shellcheck .ci/run

unlicensed=$(sources '*.cpp' '*.h' '*.py' '*.sh' '*.cmake' CMakeLists.txt 'Makefile*' | while read -r file; do
  head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' || echo "$file"
done)
if [ -n "$unlicensed" ]; then
  printf 'no SPDX licence line:\n%s\n' "$unlicensed" >&2
  exit 1
fi
