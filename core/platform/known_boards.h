// SPDX-License-Identifier: Apache-2.0
/// What boards and devices are called, for finding descriptions that mix two of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/platform/target.h"

namespace st {

/// A board by the word that stands for it in names of platforms.
struct KnownBoard {
  std::string_view name;
  std::string_view part;  ///< its part's name begins with it
};

/// The board that a name or a platform's name has as one of its words ("xilinx_u280_gen3x16"), or
/// nullptr.
const KnownBoard* board_named_in(const std::string& text);

/// Devices that designs are made for in the same ways.
struct DeviceFamily {
  std::string_view part;  ///< names of its parts begin with it
  std::string_view name;
  bool network_on_chip;
  std::vector<Flow> flows;
};

/// The family of a part, or nullptr.
const DeviceFamily* family_of(const std::string& part);

/// Whether HBM is in the package of a part of a known family.
bool has_hbm(const std::string& part);

}  // namespace st
