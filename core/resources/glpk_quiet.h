// SPDX-License-Identifier: Apache-2.0
/// What the solvers share in their use of GLPK.
#pragma once

#include <glpk.h>

#include <memory>

namespace st {

/// A linear or integer program of GLPK.
using GlpkProgram = std::unique_ptr<glp_prob, decltype(&glp_delete_prob)>;

/// Keeps GLPK from writing to the terminal, which is the user's.
class QuietGlpk {
 public:
  QuietGlpk() : before_(glp_term_out(GLP_OFF)) {}
  ~QuietGlpk() { glp_term_out(before_); }
  QuietGlpk(const QuietGlpk&) = delete;
  QuietGlpk& operator=(const QuietGlpk&) = delete;

 private:
  int before_;
};

}  // namespace st
