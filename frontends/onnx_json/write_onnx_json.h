// SPDX-License-Identifier: Apache-2.0
/// Writes model.json, which read_onnx_json reads.
#pragma once

#include <set>
#include <string>

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st {

/// Where a model's constants are.
struct ConstantPlaces {
  std::string weights_file;     ///< name of the HDF5 file beside the model
  std::set<std::string> names;  ///< constants that are datasets of their own name there
};

/// `graph` as ONNX's ModelProto in protobuf's JSON mapping, one node or value per line; the same
/// graph gives the same text. Every input and constant has a type.
/// Other constants than those of `places` are written into the text: they are few and small, f32 or
/// i64. Errors: those of loading one, E0901 for one of another type.
Result<std::string> write_onnx_json(const Graph& graph, const std::string& producer,
                                    const ConstantPlaces& places);

}  // namespace st
