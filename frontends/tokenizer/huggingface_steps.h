// SPDX-License-Identifier: Apache-2.0
/// The parts of a tokenizer.json around its model: what changes and cuts texts, what stands around
/// them, and how tokens are shown.
#pragma once

#include "core/tokenizer/files/form.h"
#include "frontends/tokenizer/json_node.h"

namespace st {

/// Adds the steps of a normaliser to `form`.
void read_normalizer(const JsonNode& node, tokens::Form& form);

/// Adds the steps of a pre-tokenizer to `form`. Sets its unit to bytes if ByteLevel is one of them.
void read_pre_tokenizer(const JsonNode& node, tokens::Form& form);

/// Sets the ids before and behind a text.
void read_post_processor(const JsonNode& node, tokens::Form& form);

/// Sets how tokens are shown; the pre-tokenizer has been read. Without a decoder nothing stands
/// between them.
void read_decoder(const JsonNode& node, tokens::Form& form);

}  // namespace st
