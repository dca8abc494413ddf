// SPDX-License-Identifier: Apache-2.0
/// Reads models: ONNX's ModelProto, as model.onnx or in protobuf's JSON mapping as model.json.
///
/// Weights are in the model, in a file of raw data (externalData keys `location`, `offset` and
/// `length`), or in HDF5. What plain ONNX does not have: external data that name an HDF5 file and a
/// dataset (keys `location` and `dataset`); an initializer without any data is the dataset of its
/// own name in the weights file; metadataProps `streamtensor.dim.NAME` = "1..64" bound symbolic
/// dimensions. Either form may have all of these.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "core/graph/graph.h"
#include "core/support/result.h"

namespace st {

struct ReadOptions {
  /// The file of all external initializers, in place of what the model names: HDF5, or raw data if
  /// the model's are in one file of raw data. Or a folder, in place of the model's own.
  std::optional<std::filesystem::path> weights;
  /// Bounds of symbolic dimensions; they override those in the model.
  std::map<std::string, Range> dims;
  /// Reads the graph alone: weights are not looked for, and loading one is an error E0201.
  bool graph_only = false;
};

/// Reads and checks the model at `model`, which is JSON: its nodes are sorted, each value has one
/// producer, every external weight exists with the right shape and a type that fits (its data are
/// loaded later). A symbol bounded to one value becomes that constant; the others are in
/// Graph::symbols. `Constant` nodes become constants. Declared types that name symbols which no
/// graph input has are left unset. Errors: E0101-E0105, E0201-E0206, E0301-E0304, E0801 for a bad
/// entry of `dims`; all at once where one does not hide the others.
Result<Graph> read_onnx_json(const std::filesystem::path& model, const ReadOptions& options);

/// The same for a model in either form. What begins as JSON or as ONNX does is read as that; where
/// it begins as neither, the name decides.
Result<Graph> read_onnx(const std::filesystem::path& model, const ReadOptions& options);

/// The text of model.json of the model at `model`: the file's own, if it is JSON. Of a binary
/// model, raw data that are not small stay in its file, and are external data in it. Errors: E0101,
/// E0102, E0104.
Result<std::string> onnx_text(const std::filesystem::path& model);

}  // namespace st
