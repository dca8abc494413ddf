# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh disable=SC2153,SC2154 # variables of the stage, and of Makefile.hls
# The host program, and a run of it.

host() {
  begin host design
  if [ "$FLOW" = embedded ] && [ -z "${SYSROOT:-}" ]; then
    fail 4 "SYSROOT=<sysroot of the board's Linux> is not set, and the board's processors run the host program"
  fi
  run_in host "${MAKE:-make}"
}

# The shell of the card that DEVICE names, from lines such as
#   [0000:3b:00.1]  :  xilinx_u280_gen3x16_xdma_base_1  0x5e278820  user(inst=128)  Yes
card_shell() {
  awk -v wanted="$1" '/^ *\[[0-9a-fA-F]+:[0-9a-fA-F]+:[0-9a-fA-F]+\.[0-9]+\]/ {
    if (count++ == wanted) { sub(/^[^\]]*\] *:? */, ""); print $1 }
  }' "$log"
}

# Base shells have names of their own, so board and vendor are compared: xilinx_u280.
board_of() { printf '%s\n' "$1" | cut -d _ -f 1,2; }

look_at_card() {
  if ! have xbutil; then
    warn "xbutil was not found, so the card is not looked at"
    return 0
  fi
  xbutil examine >>"$log" 2>&1 || fail 4 "xbutil examine failed: is XRT's driver loaded?"
  refuse_doubles "$(grep -m 1 'test double of ' "$log" || true)" xbutil
  shell=$(card_shell "$DEVICE")
  [ -n "$shell" ] || fail 4 "there is no card $DEVICE (xbutil examine lists cards)"
  base=${PLATFORM##*/}
  [ "$(board_of "$shell")" = "$(board_of "$base")" ] ||
    fail 4 "card $DEVICE has the shell $shell, and the design is for ${base%.xpfm}"
}

run() {
  begin run design
  whole DEVICE "${DEVICE:=0}"
  if [ -n "${IDS:-}" ]; then
    set -- --ids "$IDS"
  elif [ -n "${PROMPT:-}" ]; then
    set -- --prompt "$PROMPT"
  else
    fail 2 "say what to start from: PROMPT=text, or token ids: IDS=1,2,3"
  fi
  if [ "$TARGET" = hw ]; then
    if [ "$FLOW" != embedded ]; then look_at_card; fi
  else
    need_link
    have emconfigutil || fail 4 "emconfigutil was not found: source <Vitis>/settings64.sh"
    run_in "link/$TARGET" emconfigutil --platform "$platform" --od .
    EMCONFIG_PATH=$(pwd)/link/$TARGET XCL_EMULATION_MODE=$TARGET
    export EMCONFIG_PATH XCL_EMULATION_MODE
  fi
  # Tokens come one by one, so they are not kept from the screen; messages go to the log as well.
  status=0
  host/host --build . --xclbin "$(xclbin_file)" --device "$DEVICE" generate "$@" \
    --max-tokens "${MAX_TOKENS:-16}" --time 2>>"$log" || status=$?
  tail -n 20 "$log" >&2
  [ "$status" -eq 0 ] || fail 1 "host/host ended with exit code $status"
}
