// SPDX-License-Identifier: Apache-2.0
#include "core/explore/search.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <random>

#include "core/dataflow/kernel_record.h"
#include "core/explore/unroll_layers.h"
#include "core/resources/kernel_resources.h"
#include "core/resources/shortage.h"

namespace st {
namespace {

/// Sizes of tiles that the first candidates try: larger ones read x less often, and take registers.
constexpr int64_t Tiles[] = {64, 128, 32};
/// A candidate that does not fit is tried again with less for its layers, this often.
constexpr int MostShrinks = 4;
/// Candidates that are compiled to the end, the fastest first, until one passes.
constexpr size_t MostBuilt = 8;

class Search {
 public:
  Search(const Design& start, const SearchOptions& options)
      : start_(start), options_(options), random_(options.seed) {}

  Result<SearchResult> run() {
    Design folded = start_;
    ST_CHECK(compile_up_to("fold-layers", folded));
    layers_ = linear_layers(folded.graph);
    // Without a choice: what all others are measured against, and what the other kernels take.
    const auto first = consider({start_.options.parameter_ports, start_.options.tiling});
    if (first) result_.first_cost = *first;
    if (program_) {
      limits_of_layers();
      const bool generates = options_.workload.generated > 0;
      for (int64_t tile : Tiles) by_intensity(tile, limits_.row_lanes, generates);
      // Wider rows make other kernels faster, and leave less to layers; narrower ones the reverse.
      const int found = limits_.row_lanes;
      for (const int lanes : {2 * found, found / 2}) {
        const bool possible = lanes >= 1 && lanes <= WidestRow;
        if (possible && start_.options.tiling.row_lanes == 0)
          by_intensity(Tiles[0], lanes, generates);
      }
      if (generates) by_intensity(Tiles[0], found, false);
      while (!ended() && !layers_.empty()) change_one();
    }
    if (fitting_.empty()) return problems_;
    ST_CHECK(choose_buildable());
    Design best = start_;
    apply(result_.choice, best);
    ST_TRY(cost, evaluate(best, Rows::All, options_.workload));
    result_.cost = cost;
    return std::move(result_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Candidates are judged before their FIFOs are refined and their kernels placed, which may take
  /// a little more: the fastest that passes these as well is the choice. Errors: those of the
  /// fastest, where none of the fastest ones does.
  Status choose_buildable() {
    std::stable_sort(fitting_.begin(), fitting_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    if (fitting_.size() > MostBuilt) fitting_.resize(MostBuilt);
    Diagnostics problems;
    for (const auto& [cycles, choice] : fitting_) {
      Design design = start_;
      apply(choice, design);
      const Status status = compile_up_to("place-kernels", design);
      if (status.ok()) {
        result_.choice = choice;
        return {};
      }
      if (problems.empty()) problems = status.errors();
    }
    return problems;
  }

  [[nodiscard]] bool ended() const {
    const std::chrono::duration<double> spent = Clock::now() - begin_;
    return spent.count() > options_.seconds || result_.evaluations >= options_.most_evaluations ||
           stopped();
  }

  [[nodiscard]] bool stopped() const { return options_.stop && options_.stop(); }

  static void apply(const DesignChoice& choice, Design& design) {
    design.options.parameter_ports = choice.parameter_ports;
    design.options.tiling = choice.tiling;
  }

  /// The cost of a candidate that compiles, which is the best one if it fits and is fastest.
  std::optional<DesignCost> consider(const DesignChoice& choice) {
    ++result_.evaluations;
    ++judged_;
    Design design = start_;
    apply(choice, design);
    Result<DesignCost> cost = evaluate(design, Rows::Few, options_.workload);
    if (!cost.ok()) {
      problems_ = cost.errors();
      return std::nullopt;
    }
    if (!program_) {
      program_ = design.program;
      limits_.row_lanes = design.row_lanes;
    }
    const bool better = fitting_.empty() || cost->cycles() < result_.cost.cycles();
    if (cost->fits()) fitting_.emplace_back(cost->cycles(), choice);
    if (cost->fits() && better) {
      result_.choice = choice;
      result_.cost = *cost;
    }
    if (!cost->fits()) problems_ = {*too_large(design.program, design.target)};
    if (options_.progress) options_.progress(result_.evaluations, result_.cost.cycles());
    return *cost;
  }

  /// What is left for linear layers beside all other kernels of the first candidate.
  void limits_of_layers() {
    limits_.budget = start_.target.budget();
    limits_.bytes_per_cycle = start_.target.memory_bytes_per_cycle();
    int others = 0;
    for (int group = 0; group < program_->groups; ++group) {
      ResourceCounts taken = control_resources(*program_, group);
      int ports = 0;
      for (KernelId k : program_->kernels_of(group)) {
        const Kernel& kernel = program_->kernels[static_cast<size_t>(k)];
        if (is_matmul(kernel)) continue;
        taken += resources_of(*program_, kernel);
        limits_.other_cycles = std::max(limits_.other_cycles, pace_of(kernel));
      }
      for (MemoryId m : program_->memories_of(group))
        ports += program_->memories[static_cast<size_t>(m)].role != MemoryRole::Parameters;
      others = std::max(others, ports);
      for (const ResourceKind& kind : ResourceKinds)
        limits_.budget.*kind.count =
            std::min(limits_.budget.*kind.count,
                     std::max<int64_t>(0, start_.target.budget().*kind.count - taken.*kind.count));
    }
    limits_.ports = std::max(1, start_.target.max_ports() - others);
  }

  /// Loaders are as fast as there are ports for them, and what only moves a layer's rows as fast as
  /// the layer takes them: only kernels that compute are slow by themselves.
  int64_t pace_of(const Kernel& kernel) const {
    const bool moves = kernel.kind == "load_params" || kernel.kind == "fork" ||
                       kernel.kind == "convert" || kernel.kind == "adapt" ||
                       kernel_record(kernel.kind).holds_row;
    return moves ? 1 : cost_of(*program_, kernel).row_cycles;
  }

  /// `in_turn`: as in UnrollLimits.
  void by_intensity(int64_t tile, int row_lanes, bool in_turn) {
    UnrollLimits limits = limits_;
    limits.most_tile = tile;
    limits.row_lanes = row_lanes;
    limits.in_turn = in_turn;
    limits.other_cycles = limits_.other_cycles * limits_.row_lanes / row_lanes;
    // However short the budget is, one candidate with choices is judged.
    for (int shrink = 0; shrink < MostShrinks && (!ended() || (judged_ < 2 && !stopped()));
         ++shrink) {
      const auto cost = consider({limits.ports, unroll_layers(layers_, limits)});
      if (!cost || cost->fits()) return;
      for (const ResourceKind& kind : ResourceKinds) {
        const int64_t over = cost->resources.*kind.count - cost->budget.*kind.count;
        if (over > 0)
          limits.budget.*kind.count = std::max<int64_t>(0, limits.budget.*kind.count - over);
      }
    }
  }

  /// Another step for one layer of the best choice.
  void change_one() {
    const LinearLayer& layer = layers_[random_() % layers_.size()];
    UnrollLimits limits = limits_;
    limits.most_tile = Tiles[random_() % std::size(Tiles)];
    if (result_.choice.tiling.row_lanes > 0) limits.row_lanes = result_.choice.tiling.row_lanes;
    const std::vector<LinearTiling> steps = unroll_steps(layer, limits);
    if (steps.empty()) {
      ++result_.evaluations;
      return;
    }
    DesignChoice choice = result_.choice;
    choice.parameter_ports = limits_.ports;
    choice.tiling.row_lanes = limits.row_lanes;
    choice.tiling.linear[layer.key] = steps[random_() % steps.size()];
    if (choice == result_.choice) {
      ++result_.evaluations;
      return;
    }
    consider(choice);
  }

  const Design& start_;
  const SearchOptions& options_;
  std::mt19937_64 random_;
  Clock::time_point begin_ = Clock::now();
  std::vector<LinearLayer> layers_;
  std::optional<Program> program_;  ///< of the first candidate that compiled
  UnrollLimits limits_;
  std::vector<std::pair<int64_t, DesignChoice>> fitting_;  ///< candidates that fit, by cycles
  int judged_ = 0;                                         ///< candidates that were compiled
  Diagnostics problems_;
  SearchResult result_;
};

}  // namespace

Result<SearchResult> search_design(const Design& start, const SearchOptions& options) {
  return Search(start, options).run();
}

}  // namespace st
