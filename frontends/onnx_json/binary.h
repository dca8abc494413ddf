// SPDX-License-Identifier: Apache-2.0
/// model.onnx: the tree that model.json of the same model has, from protobuf's wire format.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "core/support/json.h"

namespace st::onnx_json {

/// The ModelProto in `file` as a tree by protobuf's JSON mapping, but for `bytes` fields and
/// messages that no model may have: these are json::Bytes that point into `file`. Documentation and
/// metadata of single nodes and values are left out. `name` is the file's name in messages.
/// Errors, the first of them only: E0102 for what is no ModelProto, with the place in the tree and
/// the byte; E0104 for more values than a tree may have.
Result<json::Value> read_binary(std::span<const std::byte> file, const std::string& name);

/// Whether the model at `path` is binary; false for what cannot be read.
bool is_binary(const std::filesystem::path& path);

/// A tree of read_binary as JSON, one node or value per line; the same tree gives the same text.
/// Raw data of more than a few elements become external data at their place in the file, which is
/// called `name`.
std::string text_of_binary(const json::Value& tree, std::span<const std::byte> file,
                           const std::string& name);

}  // namespace st::onnx_json
