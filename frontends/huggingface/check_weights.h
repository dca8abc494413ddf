// SPDX-License-Identifier: Apache-2.0
/// Whether a checkpoint has the tensors that its config asks for.
#pragma once

#include <string>
#include <vector>

#include "core/support/result.h"
#include "frontends/huggingface/family.h"
#include "frontends/huggingface/tensor_source.h"
#include "frontends/huggingface/weight.h"

namespace st::huggingface {

/// Names of tensors that no weight needs and that are no buffers, sorted; or what is wrong with the
/// others, an error for each kind of fault at `where`: E0202 tensors that are not there, E0203
/// shapes that contradict the config, or layers beyond those it has, E0208 element types.
Result<std::vector<std::string>> check_weights(const std::vector<Weight>& weights,
                                               const TensorSource& source, const ReadConfig& config,
                                               const std::string& prefix, const std::string& where);

}  // namespace st::huggingface
