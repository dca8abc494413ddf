// SPDX-License-Identifier: Apache-2.0
/// Reads model.json: ONNX's ModelProto in protobuf's JSON mapping, with weights in HDF5.
///
/// Differences from plain ONNX: external data name an HDF5 file and a dataset (externalData keys
/// `location` and `dataset`); an initializer without any data is the dataset of its own name in the
/// weights file; metadataProps `streamtensor.dim.NAME` = "1..64" bound symbolic dimensions.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st {

struct ReadOptions {
  /// The HDF5 file of all external initializers, in place of what the model names.
  std::optional<std::filesystem::path> weights;
  /// Bounds of symbolic dimensions; they override those in the model.
  std::map<std::string, Range> dims;
  /// Reads the graph alone: weights are not looked for, and loading one is an error E0201.
  bool graph_only = false;
};

/// Reads and checks the model at `model`: its nodes are sorted, each value has one producer, every
/// external weight exists with the right shape and a type that fits (its data are loaded later).
/// A symbol bounded to one value becomes that constant; the others are in Graph::symbols.
/// `Constant` nodes become constants. Declared types that name symbols which no graph input has are
/// left unset. Errors: E0101-E0105, E0201-E0206, E0301-E0304, E0801 for a bad entry of `dims`; all
/// at once where one does not hide the others.
Result<Graph> read_onnx_json(const std::filesystem::path& model, const ReadOptions& options);

}  // namespace st
