# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# All kernels in one design, in link/<target>, and what the board loads.

# design_file: what v++ links into. On Versal devices that is not yet what a board loads.
design_file() {
  case $FLOW:$PART in
    versal:* | embedded:xcv[cemph]*) echo design.xsa ;;
    *) echo design.xclbin ;;
  esac
}

# Emulation has logs of its own.
design_unit() { if [ "$TARGET" = hw ]; then echo design; else echo "$TARGET"; fi; }

xclbin_file() {
  if [ "$TARGET" = hw ]; then echo link/design.xclbin; else echo "link/design.$TARGET.xclbin"; fi
}

need_link() {
  have v++ || fail 4 "v++ was not found: source <Vitis>/settings64.sh"
  need_vitis
  need_platform
}

link() {
  begin link "$(design_unit)"
  need_link
  need_room MIN_DISK_GB "$MIN_DISK_GB" MIN_MEMORY_GB "$MIN_MEMORY_GB"
  jobs_of_link
  look_at_licence
  folder=link/$TARGET
  rm -rf "$folder"
  mkdir -p "$folder"
  set -- --link --target "$TARGET" --platform "$platform" --config ../design.cfg --save-temps \
    --temp_dir _x --log_dir logs --report_dir reports --jobs "$jobs" \
    --vivado.synth.jobs "$jobs" --vivado.impl.jobs "$jobs" --output "$(design_file)"
  if [ "$TARGET" != hw ]; then set -- "$@" -g; fi
  for kernel in $UNITS; do set -- "$@" "../$kernel.xo"; done
  # The command line comes before the file, so that PLATFORM overrides design.cfg.
  run_in "$folder" v++ "$@"
  [ -s "$folder/$(design_file)" ] || fail 1 "v++ ended without an error and left no $(design_file)"
  printf 'v++ %s, %s\n' "${release:-of unknown release}" "${platform##*/}" >"$folder/linked.part"
  mv -f "$folder/linked.part" "$folder/linked"
}

# need_file NAME VALUE WHAT
need_file() {
  [ -n "$2" ] || fail 4 "$1=<$3> is not set, and an SD card needs it"
  [ -f "$2" ] || fail 4 "$1 is '$2', which is no file"
}

package() {
  begin package "$(design_unit)"
  folder=link/$TARGET
  out=$(xclbin_file)
  if [ "$FLOW" = alveo ]; then
    # A card loads what v++ links.
    keep "$folder/design.xclbin" "$out"
  else
    need_link
    rm -rf "$folder/package"
    mkdir -p "$folder/package"
    set -- --package --target "$TARGET" --platform "$platform" --temp_dir _x --log_dir logs \
      --report_dir reports --package.out_dir package
    if [ "$FLOW" = versal ]; then
      set -- "$@" --package.boot_mode=ospi
    else
      need_file ROOTFS "${ROOTFS:-}" "rootfs.ext4 of the board's Linux"
      need_file IMAGE "${IMAGE:-}" "kernel image of the board's Linux"
      set -- "$@" --package.boot_mode=sd --package.image_format=ext4 \
        "--package.rootfs=$(readlink -f "$ROOTFS")" "--package.kernel_image=$(readlink -f "$IMAGE")"
      if [ -f host/host ]; then set -- "$@" --package.sd_file=../../host/host; fi
    fi
    run_in "$folder" v++ "$@" --output packaged.xclbin "$(design_file)"
    [ -s "$folder/packaged.xclbin" ] || fail 1 "v++ ended without an error and left no xclbin"
    keep "$folder/packaged.xclbin" "$out"
  fi
  note "$out, sha256 $(sha256sum "$out" | cut -d ' ' -f 1)"
}

# report: predicted beside synthesised beside implemented numbers. Where the compiler is not on this
# machine, timing is checked all the same.
report() {
  begin report design
  tool=${STREAMTENSOR:-streamtensor}
  if have "$tool"; then
    set -- report .
    if yes "${ALLOW_TIMING:-}"; then set -- "$@" --allow-timing; fi
    status=0
    "$tool" "$@" >>"$log" 2>&1 || status=$?
    cat "$log"
    if [ "$status" -eq 1 ]; then fail 1 "timing is missed (ALLOW_TIMING=1 goes on all the same)"; fi
    [ "$status" -eq 0 ] || fail 1 "streamtensor report ended with exit code $status"
    return 0
  fi
  note "streamtensor was not found (set STREAMTENSOR=<file>): no table, and report/report.json stays as it was"
  for unit_of_design in $UNITS; do
    if [ -f "groups/$unit_of_design/csynth.xml" ]; then csynth_timing "$unit_of_design"; fi
  done
  if [ -f "link/$TARGET/linked" ]; then link_timing; fi
}
