# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# What a stage needs of the machine, checked before hours are spent. `find_` and `look_` functions
# set variables and return 1 with `lack` saying what is missing; `need_` functions end the stage.

# Releases that emitted projects are written for; in hls_config.cfg's form from 2023.2 on.
OLDEST=2022.1 UNIFIED=2023.2 NEWEST=2025.2

# GB (2^30 bytes), the user's to change: what linking takes (an Alveo card), and synthesis.
MIN_DISK_GB=${MIN_DISK_GB:-60} MIN_MEMORY_GB=${MIN_MEMORY_GB:-60}
HLS_DISK_GB=${HLS_DISK_GB:-5} HLS_MEMORY_GB=${HLS_MEMORY_GB:-8}

# at_least RELEASE RELEASE: whether the first is not older.
at_least() { [ "$((${1%.*} * 10 + ${1#*.}))" -ge "$((${2%.*} * 10 + ${2#*.}))" ]; }

# release_in TEXT: of "****** v++ v2023.2 (64-bit)".
release_in() { printf '%s\n' "$1" | sed -n 's/.*v\(20[0-9][0-9]\.[0-9]\).*/\1/p' | head -n 1; }

# The release, and which of its two launchers takes HLS projects: `unified` or `legacy`.
find_vitis() {
  if have v++; then
    banner=$(v++ --version 2>&1 || true)
  elif have vitis_hls; then
    banner=$(vitis_hls -version 2>&1 || true)
  else
    lack="Vitis was not found (neither v++ nor vitis_hls): source <Vitis>/settings64.sh; \
without Vitis, 'csim' still works"
    return 1
  fi
  release=$(release_in "$banner")
  launcher=unified
  if [ -z "$release" ]; then
    have vitis-run || launcher=legacy
  elif ! at_least "$release" "$OLDEST"; then
    lack="Vitis $release is too old: install $OLDEST to $NEWEST"
    return 1
  elif ! at_least "$release" "$UNIFIED"; then
    launcher=legacy
  fi
  # Releases after 2023.2 still come with the older launcher for a while.
  if [ $launcher = unified ] && ! { have v++ && have vitis-run; }; then launcher=legacy; fi
  if [ $launcher = legacy ] && ! have vitis_hls; then
    lack="Vitis $release has neither v++ with vitis-run nor vitis_hls on the PATH: source \
<Vitis>/settings64.sh"
    return 1
  fi
}

# Whether the release is one that this was written for; a newer one may do.
odd_release() { [ -z "$release" ] || ! at_least "$NEWEST" "$release"; }

need_vitis() {
  find_vitis || fail 4 "$lack"
  refuse_doubles "$banner" "Vitis"
  if odd_release; then
    warn "Vitis ${release:-of unknown release}: the flow is written for $OLDEST to $NEWEST"
  fi
}

# The file of PLATFORM, which is a file, its folder, or a name below PLATFORM_REPO_PATHS and
# /opt/xilinx/platforms.
find_platform() {
  platform=
  base=${PLATFORM##*/}
  for file in "$PLATFORM" "$PLATFORM/$base.xpfm"; do
    case $file in
      */*.xpfm) if [ -f "$file" ]; then platform=$file; fi ;;
      *.xpfm) if [ -f "./$file" ]; then platform=./$file; fi ;;
    esac
  done
  case $PLATFORM in
    */* | *.xpfm | '') repositories= ;;
    *) repositories=${PLATFORM_REPO_PATHS:-}:/opt/xilinx/platforms:${XILINX_VITIS:-}/base_platforms ;;
  esac
  while [ -z "$platform" ] && [ -n "$repositories" ]; do
    repository=${repositories%%:*}
    case $repositories in
      *:*) repositories=${repositories#*:} ;;
      *) repositories= ;;
    esac
    for file in "$repository/$base/$base.xpfm" "$repository/$base.xpfm"; do
      if [ -n "$repository" ] && [ -z "$platform" ] && [ -f "$file" ]; then platform=$file; fi
    done
  done
  if [ -z "$platform" ]; then
    lack="the platform '$(one_line "$PLATFORM")' was not found: install it, or set PLATFORM=<file.xpfm> or \
PLATFORM_REPO_PATHS=<folder>"
    return 1
  fi
  platform=$(cd "${platform%/*}" && pwd)/${platform##*/}
}

# platform_fact NAME: of platforminfo's "NAME:   value", in lower case.
platform_fact() {
  printf '%s\n' "$platform_facts" | sed -n "s/^ *$1: *\([^ ]*\).*/\1/p" | head -n 1 |
    tr '[:upper:]' '[:lower:]'
}

# Whether the platform is for PART. Platforms without a board name only the device.
look_at_platform() {
  if ! have platforminfo; then
    part=unknown
    return 0
  fi
  platform_facts=$(platforminfo --platform "$platform" 2>&1) || {
    lack="platforminfo cannot read '$platform'"
    return 1
  }
  wanted=$(printf '%s' "$PART" | tr '[:upper:]' '[:lower:]')
  part=$(platform_fact 'Board Part')
  if [ -z "$part" ]; then
    part=$(platform_fact 'FPGA Device')
    wanted=${wanted%%-*}
  fi
  if [ -z "$part" ]; then
    part=unknown
  elif [ "$part" != "$wanted" ]; then
    lack="the platform is for '$part', and the design for '$wanted'"
    return 1
  fi
}

# Memories that design.cfg connects to and the platform does not list, such as HBM or HP0. How
# platforms list them is their maker's choice, so that this is no more than a hint.
unlisted_memories() {
  listed=$(printf '%s\n' "${platform_facts:-}" | sed -n 's/^ *Bus SP Tag: *\([^ ]*\).*/\1/p')
  [ -n "$listed" ] || return 0
  sed -n 's/^sp=[^:]*:\([A-Za-z_]*[0-9]*\).*/\1/p' link/design.cfg | sort -u |
    while read -r tag; do
      printf '%s\n' "$listed" | grep -q -x "$tag" || printf '%s ' "$tag"
    done
}

need_platform() {
  find_platform || fail 4 "$lack"
  look_at_platform || fail 4 "$lack"
  refuse_doubles "${platform_facts:-}" platforminfo
  unlisted=$(unlisted_memories)
  if [ -n "$unlisted" ]; then warn "the platform does not list these memories: $unlisted"; fi
  if [ "$part" = unknown ]; then warn "whether the platform is for $PART is not known"; fi
}

# A licence server may be set in ways that are not seen here, so nothing depends on it.
has_licence() {
  if [ -n "${XILINXD_LICENSE_FILE:-}${LM_LICENSE_FILE:-}" ]; then return 0; fi
  for file in "$HOME"/.Xilinx/*.lic; do
    if [ -f "$file" ]; then return 0; fi
  done
  return 1
}

look_at_licence() {
  has_licence || warn "no licence is set (XILINXD_LICENSE_FILE): some devices need one"
}

disk_gb() { df -Pk . | awk 'END { print int($(NF - 2) / 1048576) }'; }
memory_gb() { awk '/^MemTotal:/ { print int($2 / 1048576) }' /proc/meminfo; }

# whole NAME VALUE
whole() {
  case $2 in
    '' | *[!0-9]*) fail 4 "$1 is '$(one_line "$2")', not a whole number" ;;
  esac
}

# need_room DISK_NAME DISK_GB MEMORY_NAME MEMORY_GB
need_room() {
  whole "$1" "$2"
  whole "$3" "$4"
  [ "$(disk_gb)" -ge "$2" ] ||
    fail 4 "the disk has $(disk_gb) GB free, and this takes $2 GB ($1=$(disk_gb) tries all the same)"
  [ "$(memory_gb)" -ge "$4" ] ||
    fail 4 "the machine has $(memory_gb) GB of memory, and this takes $4 GB ($3=$(memory_gb) tries all the same)"
}

# Jobs of v++: JOBS, or a processor each, as far as memory reaches (8 GB a job).
jobs_of_link() {
  jobs=${JOBS:-}
  if [ -z "$jobs" ]; then
    jobs=$(($(memory_gb) / 8))
    processors=$(nproc 2>/dev/null || echo 1)
    if [ "$jobs" -gt "$processors" ]; then jobs=$processors; fi
    if [ "$jobs" -lt 1 ]; then jobs=1; fi
  fi
  whole JOBS "$jobs"
}
