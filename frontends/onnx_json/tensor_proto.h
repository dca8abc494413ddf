// SPDX-License-Identifier: Apache-2.0
/// TensorProto: initializers and tensors in attributes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/graph/graph.h"
#include "frontends/onnx_json/field.h"
#include "frontends/onnx_json/weight_files.h"

namespace st::onnx_json {

/// A tensor of the model: its type, and where its data come from.
struct TensorProto {
  std::string name;
  DType dtype = DType::F32;
  std::vector<int64_t> shape;
  std::shared_ptr<const ConstantSource> source;
};

/// Reads the tensor at `field`. External data are checked to exist and to fit, but not loaded.
/// nullopt after a complaint.
std::optional<TensorProto> read_tensor(const Field& field, WeightFiles& files);

/// The data in the message of `tensor` at `field` itself, which must have as many elements as its
/// shape: in memory, or where the model is mapped, there. nullptr after a complaint. Precondition:
/// `has_inline_data(field)`, or an empty shape's count of 0.
std::shared_ptr<const ConstantSource> read_inline_data(const Field& field,
                                                       const TensorProto& tensor,
                                                       const WeightFiles& files);

/// Whether the message carries data.
bool has_inline_data(const Field& field);

}  // namespace st::onnx_json
