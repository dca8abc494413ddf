// SPDX-License-Identifier: Apache-2.0
/// `v++ -c --mode hls`.
#pragma once

#include "tests/flow/doubles/double.h"

namespace st::doubles {

int compile_hls(const Options& options);

}  // namespace st::doubles
