// SPDX-License-Identifier: Apache-2.0
/// What an implemented design takes: Vivado's reports on utilisation after routing.
#pragma once

#include <string>
#include <vector>

#include "backends/reports/vendor_file.h"
#include "core/platform/target.h"

namespace st::reports {

/// Of the whole device, shell included.
struct Utilisation {
  ResourceCounts used, available;
};

/// Of one die.
struct SlrUtilisation {
  std::string name;  ///< "SLR0"
  ResourceCounts used;
};

/// Of one compute unit, or of one kernel where units are not listed.
struct KernelUtilisation {
  std::string name;  ///< as in the report: "group0_1"
  ResourceCounts used;
};

/// *_full_util_routed.rpt. Errors: E0607, all at once.
Result<Utilisation> parse_utilisation(const VendorFile& file);
/// *_slr_util_routed.rpt. Errors: E0607.
Result<std::vector<SlrUtilisation>> parse_slr_utilisation(const VendorFile& file);
/// *_kernel_util_routed.rpt; rows that are no counts are left out. Errors: E0607 without its table.
Result<std::vector<KernelUtilisation>> parse_kernel_utilisation(const VendorFile& file);

}  // namespace st::reports
