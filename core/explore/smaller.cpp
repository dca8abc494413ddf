// SPDX-License-Identifier: Apache-2.0
#include "core/explore/smaller.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/explore/evaluate.h"
#include "core/graph/layers.h"
#include "core/ops/lowering.h"

namespace st {
namespace {

/// Values of x that a linear layer takes at once, from less than the default down to more than one.
constexpr int64_t DepthLanes[] = {8, 4, 2};

/// The graph that is lowered: layers folded, where they are, and quantised.
std::optional<Graph> lowered_graph(const Design& start) {
  Design design = start;
  if (!compile_up_to("sample", design).ok()) return std::nullopt;
  return std::move(design.graph);
}

/// One result at a time, `lanes` values of x for it at once, or as many as divide what is summed
/// up.
std::map<std::string, LinearTiling> narrow_layers(const Graph& graph, int64_t lanes) {
  std::map<std::string, LinearTiling> tilings;
  for (const LinearLayer& layer : linear_layers(graph)) {
    const int64_t whole = layer.group > 0 ? layer.group : layer.depth;
    tilings[layer.key] = {std::gcd(whole, lanes), 1, 1, 1};
  }
  return tilings;
}

/// Weights, and scales of groups where layers have them: each takes a port of its own.
int least_ports(const Graph& graph) {
  const std::vector<LinearLayer> layers = linear_layers(graph);
  return std::any_of(layers.begin(), layers.end(),
                     [](const LinearLayer& layer) { return layer.group > 0; })
             ? 2
             : 1;
}

class Ladder {
 public:
  Ladder(const Design& start, const OpenChoices& open) : start_(start), open_(open) {
    last_.design = start;
  }

  std::optional<SmallerDesign> climb() {
    if (start_.options.binding == "shared") {
      if (open_.engine_ports) smaller_engine();
      return result();
    }
    if (open_.fold_layers && !last_.design.options.fold_layers) fold();
    const auto graph = lowered_graph(last_.design);
    if (!graph) return result();
    const int ports = least_ports(*graph);
    if (!fits() && open_.parameter_ports && last_.design.options.parameter_ports > ports) {
      say("--parameter-ports " + std::to_string(ports));
      last_.design.options.parameter_ports = ports;
      try_it();
    }
    if (!fits() && open_.linear_layers) narrow(*graph);
    return result();
  }

 private:
  /// An engine with fewer ports, or with rows of half the lanes around it, is smaller: of both the
  /// one whose tokens take fewer cycles; where neither fits, still narrower rows.
  void smaller_engine() {
    SmallerDesign best;
    int64_t least = std::numeric_limits<int64_t>::max();
    const int given = start_.options.tiling.row_lanes;
    for (const int lanes :
         given > 0 ? std::vector<int>{given} : std::vector<int>{0, WidestRow / 2, 4, 2, 1}) {
      if (lanes > 0 && lanes < WidestRow / 2 && !best.how.empty() && best.problems.empty()) break;
      last_ = {};
      last_.design = start_;
      last_.design.options.tiling.row_lanes = lanes;
      const int64_t cycles = most_engine_ports(lanes != given ? lanes : 0);
      if (cycles >= least && !best.how.empty() && best.problems.empty()) continue;
      least = cycles;
      best = last_;
    }
    last_ = std::move(best);
  }

  /// As many ports as fit, by bisection, with the lanes that rows have, which are told if they are
  /// not 0. The cycles of a token in the middle of the positions; the largest number if none fit.
  int64_t most_engine_ports(int lanes) {
    const int64_t all = std::min<int64_t>(start_.target.max_ports(), MostStripes);
    const auto set = [&](int64_t ports) {
      last_.how = "--engine-ports " + std::to_string(ports);
      if (lanes > 0) last_.how += ", --row-lanes " + std::to_string(lanes);
      last_.design.options.engine_ports = ports;
    };
    int64_t fitting = 0, too_many = all + 1, cycles = std::numeric_limits<int64_t>::max();
    Diagnostics problems;
    while (too_many - fitting > 1) {
      // All of them first, and most often it is a few too many.
      const int64_t step = std::min(too_many - fitting - 1, 1 + 2 * (all + 1 - too_many));
      const int64_t ports = fitting == 0 ? too_many - step : (fitting + too_many) / 2;
      set(ports);
      const std::optional<int64_t> token = try_engine();
      if (token) {
        fitting = ports;
        cycles = *token;
      } else {
        too_many = ports;
        problems = last_.problems;
      }
    }
    if (fitting > 0) set(fitting);
    last_.problems = fitting > 0 ? Diagnostics() : problems;
    return cycles;
  }

  /// Simulated cycles of a token, if it fits.
  std::optional<int64_t> try_engine() {
    Design design = last_.design;
    design.options.fifo = "lp";
    const Status status = compile_up_to("place-kernels", design);
    last_.problems = status.ok() ? Diagnostics() : status.errors();
    tried_ = true;
    if (!status.ok()) return std::nullopt;
    return token_cycles(design);
  }

  /// Models of one layer, or of layers that differ, stay as they are.
  void fold() {
    Design folded = last_.design;
    folded.options.fold_layers = true;
    const auto graph = lowered_graph(folded);
    if (!graph || layers_of(*graph).count < 2) return;
    say("--fold-layers");
    last_.design = std::move(folded);
    try_it();
  }

  /// As wide as fits, if the narrowest does.
  void narrow(const Graph& graph) {
    const std::string before = last_.how;
    const auto set = [&](int64_t lanes) {
      last_.how = before;
      say("linear layers of " + std::to_string(lanes) + (lanes == 1 ? " value" : " values") +
          " at once");
      last_.design.options.tiling.linear = narrow_layers(graph, lanes);
    };
    set(1);
    try_it();
    if (!fits()) {
      // Depths that are searched for take less than those of the LP.
      try_it(start_.options.fifo);
      return;
    }
    for (const int64_t lanes : DepthLanes) {
      set(lanes);
      try_it();
      if (fits()) return;
    }
    set(1);
    last_.problems.clear();
  }

  void say(const std::string& change) { last_.how += (last_.how.empty() ? "" : ", ") + change; }

  void try_it(const std::string& fifo = "lp") {
    Design design = last_.design;
    design.options.fifo = fifo;
    const Status status = compile_up_to("place-kernels", design);
    last_.problems = status.ok() ? Diagnostics() : status.errors();
    tried_ = true;
  }

  [[nodiscard]] bool fits() const { return tried_ && last_.problems.empty(); }
  /// Nothing where a change brings other problems than that it does not fit.
  std::optional<SmallerDesign> result() {
    const bool infeasible =
        std::all_of(last_.problems.begin(), last_.problems.end(),
                    [](const Diagnostic& problem) { return problem.code == "E0403"; });
    if (!tried_ || !infeasible) return std::nullopt;
    return std::move(last_);
  }

  const Design& start_;
  OpenChoices open_;
  SmallerDesign last_;
  bool tried_ = false;
};

}  // namespace

std::optional<SmallerDesign> smaller_design(const Design& start, const OpenChoices& open) {
  return Ladder(start, open).climb();
}

}  // namespace st
