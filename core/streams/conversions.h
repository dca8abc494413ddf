// SPDX-License-Identifier: Apache-2.0
/// What a design pays where types of streams differ, against the plain rule of the paper: a
/// ping-pong of the loop-prefix buffer for every reader (StreamTensor §5.2.1).
#pragma once

#include <string>
#include <vector>

#include "core/dataflow/program.h"

namespace st {

/// How a reader gets a stream of another type than its writer's.
enum class ConversionForm {
  Repeated,   ///< the writer holds the row, and streams it in the reader's order
  Adapter,    ///< a width adapter
  Converter,  ///< a live-range buffer
  Shared,     ///< one live-range buffer for several readers
  PingPong,   ///< a ping-pong, for speed or because trip counts inside are symbolic
};
std::string_view name_of(ConversionForm form);

/// One kernel that converts. Bits are predicted.
struct ConversionUse {
  KernelId kernel = -1;
  ConversionForm form = ConversionForm::Converter;
  std::vector<std::string> readers;  ///< names of kernels
  int64_t bits = 0;                  ///< of its buffer, or what a row buffer has grown by
  int64_t single_bits = 0;           ///< with a buffer for each reader, but of the same kind
  int64_t paper_bits = 0;            ///< by the paper's rule
};

/// All of a group of a connected program, in order of kernels.
std::vector<ConversionUse> conversions_of(const Program& program, int group);

/// Sums over conversions, and where the difference to the paper's rule comes from.
struct ConversionTotals {
  int64_t bits = 0, paper_bits = 0;
  int64_t by_repair = 0;       ///< rows that their writer streams again
  int64_t by_sharing = 0;      ///< buffers that several readers have in common
  int64_t by_adapters = 0;     ///< equal orders in other widths
  int64_t by_live_ranges = 0;  ///< one buffer in place of a ping-pong, and only what is live in it
};
ConversionTotals totals_of(const std::vector<ConversionUse>& uses);

}  // namespace st
