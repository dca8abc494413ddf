// SPDX-License-Identifier: Apache-2.0
/// AttributeProto: the attributes of nodes.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/graph/graph.h"
#include "frontends/onnx_json/field.h"
#include "frontends/onnx_json/tensor_proto.h"

namespace st::onnx_json {

/// The attributes of one node.
struct NodeAttributes {
  std::map<std::string, Attribute> plain;
  std::map<std::string, TensorProto> tensors;  ///< `value` of Constant and ConstantOfShape only
};

/// Reads the repeated attribute field of a node that computes `op`. Attributes with problems are
/// reported and left out.
NodeAttributes read_attributes(const Field& field, const std::string& op, WeightFiles& files);

/// The one tensor that the attributes of a Constant node hold. nullopt after a complaint at `node`.
std::optional<TensorProto> constant_value(const NodeAttributes& attributes, const Field& node);

}  // namespace st::onnx_json
