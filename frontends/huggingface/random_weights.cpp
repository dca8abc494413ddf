// SPDX-License-Identifier: Apache-2.0
#include "frontends/huggingface/random_weights.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace st::huggingface {
namespace {

constexpr size_t Quantiles = size_t{1} << 16;
constexpr int64_t PerHash = 4;  ///< elements that take 16 bits each of one hash

/// The normal quantile of `p`, below 1/2, by bisection of its distribution function.
double quantile(double p) {
  double low = -5, high = 0;
  constexpr int Steps = 50;  // as fine as a double
  for (int i = 0; i < Steps; ++i) {
    const double middle = (low + high) / 2;
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return high;
}

/// The middles of 65,536 parts of equal probability, in rising order.
const std::vector<double>& normal_quantiles() {
  static const std::vector<double> all = [] {
    std::vector<double> made(Quantiles);
    for (size_t i = 0; i < Quantiles / 2; ++i) {
      made[i] = quantile((static_cast<double>(i) + 0.5) / Quantiles);
      made[Quantiles - 1 - i] = -made[i];
    }
    return made;
  }();
  return all;
}

uint32_t bits_as(DType dtype, double value) {
  if (dtype == DType::F16) return Float16(value).bits;
  if (dtype == DType::BF16) return BFloat16(value).bits;
  return std::bit_cast<uint32_t>(static_cast<float>(value));
}

std::vector<uint32_t> table(DType dtype, double mean, double deviation) {
  std::vector<uint32_t> made;
  made.reserve(Quantiles);
  for (const double z : normal_quantiles()) made.push_back(bits_as(dtype, mean + deviation * z));
  return made;
}

/// The finaliser of SplitMix64: a bijection that mixes all bits.
uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

uint64_t key_of(uint64_t seed, const std::string& name) {
  uint64_t key = mixed(seed + 1);
  for (const char c : name) key = mixed(key ^ static_cast<unsigned char>(c));
  return key;
}

template <typename Element>
void fill(uint64_t key, int64_t first, std::span<std::byte> out, const uint32_t* quantiles) {
  constexpr uint64_t Odd = 0x9e3779b97f4a7c15U;  // as in SplitMix64
  const auto count = static_cast<int64_t>(out.size() / sizeof(Element));
  std::byte* to = out.data();
  uint64_t hash = 0;
  for (int64_t i = first; i < first + count; ++i, to += sizeof(Element)) {
    if (i == first || i % PerHash == 0)
      hash = mixed(key + static_cast<uint64_t>(i / PerHash) * Odd);
    const auto element =
        static_cast<Element>(quantiles[(hash >> (16 * (i % PerHash))) % Quantiles]);
    std::memcpy(to, &element, sizeof element);
  }
}

}  // namespace

RandomWeights::RandomWeights(const std::vector<Weight>& weights, DType dtype, double deviation,
                             uint64_t seed)
    : around_zero_(table(dtype, 0, deviation)),
      around_one_(table(dtype, 1, deviation)),
      dtype_(dtype),
      seed_(seed) {
  for (const Weight& weight : weights) {
    if (weight.computed) continue;
    Made made{{}, weight.role == WeightRole::NormScale && !weight.add_one};
    for (const Dimension& dimension : weight.tensor_shape) made.shape.push_back(dimension.size);
    tensors_[weight.tensor] = made;
  }
}

std::optional<TensorInfo> RandomWeights::find(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) return std::nullopt;
  return TensorInfo{std::string(name_of(dtype_)), dtype_, found->second.shape};
}

std::vector<std::string> RandomWeights::names() const {
  std::vector<std::string> names;
  for (const auto& [name, made] : tensors_) names.push_back(name);
  return names;
}

void RandomWeights::read(const std::string& name, int64_t first, std::span<std::byte> out) const {
  const auto& quantiles = tensors_.at(name).around_one ? around_one_ : around_zero_;
  const uint64_t key = key_of(seed_, name);
  if (dtype_ == DType::F32) return fill<uint32_t>(key, first, out, quantiles.data());
  fill<uint16_t>(key, first, out, quantiles.data());
}

}  // namespace st::huggingface
