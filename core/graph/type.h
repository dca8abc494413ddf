// SPDX-License-Identifier: Apache-2.0
/// Types of values: element type and symbolic shape.
#pragma once

#include <string>
#include <vector>

#include "core/graph/tensor.h"
#include "core/support/extent.h"

namespace st {

/// Element type and symbolic shape of a value; dimensions in elements.
struct TensorType {
  DType dtype = DType::F32;
  std::vector<Extent> shape;
  friend bool operator==(const TensorType&, const TensorType&) = default;
};

/// "f32[1,sequence_length,64]". Symbols are quoted where they are no identifiers.
std::string text_of(const TensorType& type);

class TextCursor;
/// Reads the text form. Errors go to the cursor.
TensorType parse_tensor_type(TextCursor& cursor);

}  // namespace st
