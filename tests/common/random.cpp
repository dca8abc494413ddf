// SPDX-License-Identifier: Apache-2.0
#include "tests/common/random.h"

namespace st::test {

uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

float Random::real() {
  constexpr float Step = 1.0f / (1 << 23);
  return static_cast<float>(next() >> 40) * Step - 1.0f;
}

}  // namespace st::test
