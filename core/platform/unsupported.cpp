// SPDX-License-Identifier: Apache-2.0
#include "core/platform/unsupported.h"

namespace st {

const std::vector<UnsupportedBoard>& unsupported_boards() {
  static const std::vector<UnsupportedBoard> boards = {
      {"v80", "xcv80", "AMD has no platform of v++ and XRT for the Alveo V80",
       "its designs are made by Vivado on the AVED shell, or by SLASH, which links IP of "
       "flow_target=vivado to a .vrtbin for hosts that use VRT in the place of XRT",
       "u55c and u280"},
  };
  return boards;
}

Diagnostic refusal_of(const UnsupportedBoard& board) {
  return {
      "E0404",
      "the target '" + std::string(board.name) + "' is not supported: " + std::string(board.why),
      "",
      {std::string(board.flow)},
      "choose a board with a platform of v++; those that come nearest are " +
          std::string(board.instead)};
}

}  // namespace st
