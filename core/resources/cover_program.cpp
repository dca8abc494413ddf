// SPDX-License-Identifier: Apache-2.0
#include "core/resources/cover_program.h"

#include <map>
#include <optional>

#include "core/resources/glpk_quiet.h"

namespace st {
namespace {

/// Ends the search after MostNodes nodes: a limit of time would not be deterministic.
void count_nodes(glp_tree* tree, void* nodes) {
  if (glp_ios_reason(tree) == GLP_ISELECT && ++*static_cast<int*>(nodes) > CoverProgram::MostNodes)
    glp_ios_terminate(tree);
}

}  // namespace

void CoverProgram::add_level(int64_t least, std::function<double(int64_t)> cost) {
  levels_.push_back({least, std::move(cost), {}});
}

void CoverProgram::add_statement(const std::vector<int64_t>& values,
                                 const std::vector<int64_t>& most) {
  std::vector<Choice> choices;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= most[i]) continue;
    levels_[i].values.insert(values[i] + 1);
    choices.push_back({i, values[i] + 1});
  }
  statements_.push_back(std::move(choices));
}

Result<std::optional<std::vector<int64_t>>> CoverProgram::solve() const {
  std::vector<int64_t> depths;
  for (const Level& level : levels_) depths.push_back(level.least);
  if (statements_.empty()) return std::optional(depths);
  const GlpkProgram program(glp_create_prob(), glp_delete_prob);
  glp_set_obj_dir(program.get(), GLP_MIN);
  std::map<std::pair<size_t, int64_t>, int> column;
  for (size_t i = 0; i < levels_.size(); ++i) {
    int64_t below = levels_[i].least;
    int previous = 0;
    for (int64_t value : levels_[i].values) {
      const int added = glp_add_cols(program.get(), 1);
      column[{i, value}] = added;
      glp_set_col_kind(program.get(), added, GLP_BV);
      glp_set_obj_coef(program.get(), added, levels_[i].cost(value) - levels_[i].cost(below));
      if (previous != 0) {
        const int row = glp_add_rows(program.get(), 1);
        glp_set_row_bnds(program.get(), row, GLP_LO, 0, 0);
        const int columns[] = {0, previous, added};
        const double factors[] = {0, 1, -1};
        glp_set_mat_row(program.get(), row, 2, columns, factors);
      }
      previous = added;
      below = value;
    }
  }
  for (const std::vector<Choice>& statement : statements_) {
    const int row = glp_add_rows(program.get(), 1);
    glp_set_row_bnds(program.get(), row, GLP_LO, 1, 0);
    std::vector<int> columns = {0};
    for (const Choice& choice : statement) columns.push_back(column[{choice.level, choice.value}]);
    const std::vector<double> factors(columns.size(), 1);
    glp_set_mat_row(program.get(), row, static_cast<int>(columns.size()) - 1, columns.data(),
                    factors.data());
  }
  const QuietGlpk quiet;
  int nodes = 0;
  glp_iocp options;
  glp_init_iocp(&options);
  options.msg_lev = GLP_MSG_OFF;
  options.presolve = GLP_ON;
  options.cb_func = count_nodes;
  options.cb_info = &nodes;
  const int failure = glp_intopt(program.get(), &options);
  if (failure == GLP_ESTOP) return std::optional<std::vector<int64_t>>();
  if (failure != 0 || glp_mip_status(program.get()) != GLP_OPT)
    return Diagnostic{"E0901",
                      "the integer program of FIFO depths was not solved",
                      "",
                      {"GLPK: code " + std::to_string(failure)},
                      ""};
  for (const auto& [choice, c] : column) {
    if (glp_mip_col_val(program.get(), c) > 0.5)
      depths[choice.first] = std::max(depths[choice.first], choice.second);
  }
  return std::optional(depths);
}

}  // namespace st
