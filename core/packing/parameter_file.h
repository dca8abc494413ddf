// SPDX-License-Identifier: Apache-2.0
/// Parameter files in pieces, each of which can be made by itself: a model is packed by several
/// threads, and no constant is in memory as a whole.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/dataflow/program.h"
#include "core/packing/plan.h"
#include "core/support/result.h"

namespace st {

/// Some rows of a constant, or all of it, and where their words are in the file of a memory.
struct ParameterPiece {
  MemoryId memory = -1;
  const ConstantSource* constant = nullptr;
  std::shared_ptr<const PackingPlan> plan;
  int64_t layer = 0;
  bool whole = true;          ///< all of the constant, whatever its shape
  int64_t row = 0, rows = 0;  ///< of a matrix, otherwise
  int64_t first_byte = 0, bytes = 0;
  int64_t constant_bytes = 0;  ///< of all pieces of this constant and layer
};

/// The pieces of the file of a Parameters or Table memory, in its order, without gaps. They refer
/// to the program.
std::vector<ParameterPiece> pieces_of(const Program& program, MemoryId memory);

/// The bytes of a piece. May be called by any thread. Errors: those of the constant (E02xx).
Result<std::vector<uint8_t>> packed(const ParameterPiece& piece);

}  // namespace st
