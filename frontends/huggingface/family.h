// SPDX-License-Identifier: Apache-2.0
/// One record per family of models: how its config is read, and what its tensors are called.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/support/result.h"
#include "frontends/huggingface/config_reader.h"
#include "frontends/huggingface/decoder_config.h"

namespace st::huggingface {

/// Names in a checkpoint: of modules, whose tensors are NAME.weight and NAME.bias. Those of a layer
/// stand behind "<layers>.<number>."; "" where a family has no such module.
struct TensorNames {
  std::string_view prefix;  ///< of all but the head; checkpoints of bare models lack it
  std::string_view embedding, positions;
  std::string_view layers;
  std::string_view attention_norm;
  std::string_view query, key, value;
  std::string_view query_key_value;  ///< one module in place of the three, side by side
  std::string_view output;
  std::string_view query_norm, key_norm;
  std::string_view post_attention_norm;
  std::string_view mlp_norm;
  std::string_view gate, up, down;
  std::string_view post_mlp_norm;
  std::string_view final_norm;
  std::string_view head;
  bool inputs_first = false;  ///< matrices are [in, out], not [out, in]
  /// Ends of names of buffers that some checkpoints carry along, and that are computed instead.
  std::vector<std::string_view> buffers;
};

struct Family {
  std::string_view name;          ///< "Llama"
  std::string_view architecture;  ///< in `architectures`
  std::string_view model_type;
  TensorNames names;
  /// Reads the rest of a config, whose refused fields were looked for. Problems go to the reader.
  std::function<void(ConfigReader&, DecoderConfig&)> read;
};

/// All records, sorted by name.
const std::vector<Family>& families();

/// A config that was understood.
struct ReadConfig {
  const Family* family;
  DecoderConfig decoder;
  std::vector<std::string> unknown;  ///< fields that mean nothing to us, sorted
};

/// Reads config.json. Errors: E0102, E0104 no JSON, E0110 an architecture that is not known, E0111
/// fields that ask for what is not supported, E0112 values that make no sense; all at once.
Result<ReadConfig> read_config(const std::string& text);

}  // namespace st::huggingface
