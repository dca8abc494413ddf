// SPDX-License-Identifier: Apache-2.0
/// Instances as code: where layers are streamed, a function that does its nodes' work in turns, for
/// all layers of a launch; also what multiplies by a function that its nodes share.
#pragma once

#include <string>

#include "core/dataflow/instances.h"

namespace st::hls {

/// True if the instance is a single call of a template, which needs no function of its own.
bool is_plain_call(const Program& program, const Instance& instance);
/// The function.
std::string instance_function(const Program& program, const Instance& instance);
/// Its call in a dataflow region.
std::string instance_task(const Program& program, const Instance& instance);

}  // namespace st::hls
