// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/kernels/stripe_products.h"

#include <algorithm>

#include "core/dataflow/kernels/arithmetic.h"
#include "core/graph/stripes.h"

namespace st {

int64_t PortBlocks::all() const { return ports_ / DspChain + ports_ % DspChain / 2 + ports_ % 2; }

int64_t PortBlocks::multipliers() const { return StripeColumns * ports_; }

int64_t PortBlocks::chains() const { return StripeColumns * all(); }

int64_t PortBlocks::longest_chain() const {
  return ports_ >= DspChain ? DspChain : std::min<int64_t>(ports_, 2);
}

int64_t product_arrays(int64_t token_lanes) { return (token_lanes + 1) / 2; }

bool owns_products(const Program& program, const Kernel& kernel) {
  if (kernel.instance.empty()) return true;
  const auto owner =
      std::find_if(program.kernels.begin(), program.kernels.end(), [&](const Kernel& other) {
        return other.instance == kernel.instance && has_products(other);
      });
  return owner == program.kernels.end() || owner->name == kernel.name;
}

}  // namespace st
