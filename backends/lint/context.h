// SPDX-License-Identifier: Apache-2.0
/// What all checks of a unit share.
#pragma once

#include <set>
#include <vector>

#include "backends/lint/pragma.h"
#include "backends/lint/uses.h"
#include "backends/lint/walk.h"

namespace st::lint {

/// A dataflow region: a block with a DATAFLOW pragma.
struct Region {
  const Function* function = nullptr;
  const Statement* block = nullptr;
  const Statement* loop = nullptr;  ///< whose body the block is; nullptr for the body of a function
};

struct Context {
  const Unit& unit;
  Analysis& analysis;
  Report& report;
  std::vector<Directive> directives;   ///< by the number of their pragma
  std::vector<const Function*> tops;   ///< functions that are kernels
  bool kernels = true;                 ///< false: `tops` are functions of an IP, by their pragmas
  std::set<const Function*> hardware;  ///< what is synthesised: reached from a kernel, or all
  std::vector<Region> regions;

  [[nodiscard]] const Token& token(size_t i) const { return unit.token(i); }
  [[nodiscard]] Place place(size_t i) const { return unit.place(i); }
  [[nodiscard]] bool is_top(const Function& function) const;

  /// The first directive of that name directly in a block; nullptr without.
  [[nodiscard]] const Directive* directive_in(const Statement& block, std::string_view name) const;
  /// Calls `visit` with all directives of that name in a function.
  template <typename Visit>
  void each_directive(const Function& function, std::string_view name, const Visit& visit) const {
    Walk(unit, function).run([&](const Statement& statement, const Walk&) {
      if (statement.kind == StatementKind::Pragma && directives[statement.pragma].is(name))
        visit(directives[statement.pragma], unit.source->pragmas[statement.pragma]);
    });
  }
};

/// The checks, family by family.
void check_pragmas(Context& context);
void check_interface(Context& context);
void check_streams(Context& context);
void check_regions(Context& context);
void check_channels(Context& context);
void check_loops(Context& context);
void check_synthesis(Context& context);

}  // namespace st::lint
