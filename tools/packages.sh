# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by setup.sh and test.sh.

# need PACKAGE...: installs the Debian packages that are missing. Does nothing, and needs neither
# network nor root, if all are there.
need() {
  if ! command -v apt-get >/dev/null; then
    echo "no apt-get here; this is what Debian calls the packages that are needed: $*"
    return 0
  fi
  missing=
  for package in "$@"; do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  echo "installing:$missing"
  root=
  [ "$(id -u)" -eq 0 ] || root="sudo"
  $root apt-get update -qq
  # shellcheck disable=SC2086  # a list of words
  $root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}

# unity PRESET: an option of `cmake --preset PRESET`. A build folder that is new compiles the files of each
# source folder as one (cmake/unity.cmake); one that is there stays as it is.
unity() {
  [ -f "out/$1/CMakeCache.txt" ] || echo -DCMAKE_UNITY_BUILD=ON
}

# What building the compiler takes, and what the stub device of a build takes (g++, make,
# Boost.Context).
BUILD_PACKAGES="g++ make cmake ninja-build libcli11-dev nlohmann-json3-dev libglpk-dev libhdf5-dev
  libboost-context-dev libpugixml-dev"
export BUILD_PACKAGES
