#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what is needed (Debian 12; as root or with sudo), builds the compiler, builds the adder's
# accelerator for an Alveo U280, and lets it compute a sum.
set -eu
cd "$(dirname -- "$0")"
. tools/packages.sh

echo "== packages"
# shellcheck disable=SC2086  # a list of words
need $BUILD_PACKAGES

echo "== the compiler"
# shellcheck disable=SC2046  # an option or none
cmake --preset release $(unity release) -DST_BUILD_TESTS=OFF >/dev/null
cmake --build --preset release --target streamtensor

echo "== an accelerator: examples/adder for an Alveo U280"
out/release/streamtensor build examples/adder/model.json --target u280 --output build/adder

echo "== its answer, from the emitted kernels on the stub device"
known=$(head -n 1 examples/adder/sums.txt)
answer=$(out/release/streamtensor run build/adder --prompt "${known%%=*}=")
echo "$answer"
if [ "$answer" != "$known" ]; then
  echo "examples/adder/sums.txt says $known" >&2
  exit 1
fi
