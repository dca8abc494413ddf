// SPDX-License-Identifier: Apache-2.0
/// Work that several threads share.
#pragma once

#include <cstddef>
#include <functional>

namespace st {

/// Calls work(0) .. work(count - 1), each once, in about this order, on as many threads as the
/// machine has processors, but eight at most: more wait for memory. Returns when all are done.
/// `work` throws nothing, and what it writes depends on its number alone.
void for_each_in_parallel(size_t count, const std::function<void(size_t)>& work);

}  // namespace st
