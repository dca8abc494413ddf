// SPDX-License-Identifier: Apache-2.0
/// Small networks, written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/network/network.h"

namespace st::test {

NetworkItem fire(std::vector<int> reads, std::vector<int> writes, int64_t interval = 1,
                 int64_t latency = 1);
NetworkItem loop(Extent trips, std::vector<NetworkItem> items);
NetworkItem drained(NetworkItem item);
NetworkItem with_memory(NetworkItem item, int64_t bytes, bool write = false);

NetworkTask task(const std::string& name, std::vector<NetworkItem> items, int64_t in_flight = 0);
NetworkChannel channel(const std::string& name, int64_t depth, int64_t initial = 0);

/// tokens go from a to b, through one channel.
Network pipe(int64_t tokens, int64_t depth, NetworkItem source, NetworkItem target);

/// K0 writes 64 tokens, one each 4 cycles, to both K1 and K2. K1 gathers blocks of 16, and has two
/// buffers for them: K1.in takes a credit for each block and hands a token over, K1.out gives the
/// credit back. K2 adds what came through K1 and what came straight, through a FIFO of `depth`.
Network diamond(int64_t depth);

/// A (latency 400) and B (a token each 8 cycles) into a join, 64 tokens; the FIFO of B is as deep
/// as `depth` says, that of A has 2.
Network two_roots(int64_t depth);

/// StreamTensor Figure 8(a): 5 tokens; source interval 1 and latency 3, target interval 2.
Network figure8();

}  // namespace st::test
