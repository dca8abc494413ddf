// SPDX-License-Identifier: Apache-2.0
#include "core/explore/knobs.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "core/explore/unroll_layers.h"

namespace st {
namespace {

/// One knob, turned.
struct Turn {
  std::string spelling;
  std::function<void(Design&)> apply;
};

/// A knob's settings, those that change least first.
using Knob = std::vector<Turn>;

/// Named in one message.
constexpr size_t MostKnobs = 3;
/// Compilations, and the kernels of all of them together: what a user waits for.
constexpr int64_t MostTrials = 40, MostKernels = 8000;

class Knobs {
 public:
  Knobs(const Design& start, const Design& lowered, KnobPlace place)
      : start_(start),
        lowered_(lowered),
        place_(place),
        trials_(std::clamp<int64_t>(
            MostKernels / std::max<int64_t>(1, std::ssize(lowered.program.kernels)), 4,
            MostTrials)) {}

  std::vector<std::string> run(size_t most) {
    std::vector<std::string> found;
    const auto consider = [&](const Knob& knob) {
      if (found.size() >= most) return;
      if (const auto turn = mildest(knob)) found.push_back(*turn);
    };
    consider(row_lanes());
    consider(layers());
    consider(parameter_ports());
    consider(fusion());
    consider(precision());
    consider(bound(lowered_.decoder.sequence, 1));
    consider(bound(lowered_.decoder.past, 0));
    consider(boards());
    return found;
  }

 private:
  bool fits(const Turn& turn) {
    if (trials_-- <= 0) return false;
    Design design = start_;
    design.options.fifo = "lp";  // others only take slots away from its FIFOs
    turn.apply(design);
    return compile_up_to("place-kernels", design).ok();
  }

  /// The first setting that fits, if later ones fit whenever an earlier one does.
  std::optional<std::string> mildest(const Knob& knob) {
    if (knob.empty() || !fits(knob.back())) return std::nullopt;
    size_t low = 0, high = knob.size() - 1;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (fits(knob[middle])) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return knob[high].spelling;
  }

  [[nodiscard]] std::string spelled(const std::string& option, const std::string& key,
                                    int64_t value) const {
    return place_ == KnobPlace::DesignFile
               ? "\"" + key + "\": " + std::to_string(value) + " in the design file"
               : option + " " + std::to_string(value);
  }

  [[nodiscard]] Knob row_lanes() const {
    Knob knob;
    for (int lanes = lowered_.row_lanes / 2; lanes >= 1; lanes /= 2) {
      knob.push_back({spelled("--row-lanes", "row_lanes", lanes),
                      [lanes](Design& d) { d.options.tiling.row_lanes = lanes; }});
    }
    return knob;
  }

  /// One layer after the other loses its choice, the one that takes most first.
  [[nodiscard]] Knob layers() const {
    std::vector<std::pair<int64_t, std::string>> chosen;
    for (const LinearLayer& layer : linear_layers(lowered_.graph)) {
      const auto found = start_.options.tiling.linear.find(layer.key);
      if (found == start_.options.tiling.linear.end()) continue;
      const auto shape = tiled_matmul(layer, found->second, lowered_.row_lanes);
      if (shape.ok()) chosen.emplace_back(-resources_of(*shape, layer.dtype).lut, layer.key);
    }
    std::sort(chosen.begin(), chosen.end());
    Knob knob;
    std::vector<std::string> without;
    for (const auto& [lut, key] : chosen) {
      without.push_back(key);
      const std::string names = without.size() == 1
                                    ? "'" + printable(key) + "'"
                                    : "the " + std::to_string(without.size()) +
                                          " layers that take most, from '" + printable(without[0]) +
                                          "' to '" + printable(key) + "'";
      knob.push_back({"no entry in the design file for " + names, [without](Design& d) {
                        for (const std::string& gone : without) d.options.tiling.linear.erase(gone);
                      }});
    }
    return knob;
  }

  [[nodiscard]] Knob parameter_ports() const {
    Knob knob;
    for (int ports = start_.options.parameter_ports - 1; ports >= 1; --ports) {
      knob.push_back({spelled("--parameter-ports", "parameter_ports", ports),
                      [ports](Design& d) { d.options.parameter_ports = ports; }});
    }
    return knob;
  }

  [[nodiscard]] Knob fusion() const {
    if (start_.options.fusion == "search") return {};
    return {{"--fusion search", [](Design& d) { d.options.fusion = "search"; }}};
  }

  [[nodiscard]] Knob precision() const {
    Knob knob;
    if (!start_.options.layers.empty()) return knob;
    for (const char* narrower : {"w8a8", "w4a8"}) {
      if (start_.options.precision == narrower) knob.clear();
      if (start_.options.precision == narrower) continue;
      knob.push_back({std::string("--precision ") + narrower,
                      [narrower](Design& d) { d.options.precision = narrower; }});
    }
    return knob;
  }

  /// Halves of the upper bound of a symbol, down to `least` or its lower bound.
  [[nodiscard]] Knob bound(const std::string& symbol, int64_t least) const {
    const auto found = start_.graph.symbols.find(symbol);
    if (found == start_.graph.symbols.end()) return {};
    const auto [low, high] = found->second;
    least = std::max(least, low);
    Knob knob;
    for (int64_t most = high; most > least;) {
      most = std::max(least, most / 2);
      knob.push_back(
          {"--dim " + printable(symbol) + "=" + std::to_string(low) + ".." + std::to_string(most),
           [symbol, most](Design& d) { d.graph.symbols[symbol].high = most; }});
    }
    return knob;
  }

  /// The smallest board first.
  [[nodiscard]] Knob boards() const {
    std::vector<Target> targets = built_in_targets();
    std::stable_sort(targets.begin(), targets.end(),
                     [](const Target& a, const Target& b) { return a.lut() < b.lut(); });
    Knob knob;
    for (const Target& target : targets) {
      if (target.name != start_.target.name)
        knob.push_back({"--target " + target.name, [target](Design& d) { d.target = target; }});
    }
    return knob;
  }

  const Design& start_;
  const Design& lowered_;
  const KnobPlace place_;
  int64_t trials_;
};

}  // namespace

Diagnostics with_knobs(Diagnostics problems, const Design& start, KnobPlace place) {
  const bool infeasible =
      !problems.empty() && std::all_of(problems.begin(), problems.end(),
                                       [](const Diagnostic& p) { return p.code == "E0403"; });
  Design lowered = start;
  // What fails before kernels are made is advised by the pass that refuses it.
  if (!infeasible || !compile_up_to("lower", lowered).ok()) return problems;
  const std::vector<std::string> knobs = Knobs(start, lowered, place).run(MostKnobs);
  Diagnostic& last = problems.back();
  if (knobs.empty()) {
    last.details.emplace_back("no change of a single knob was found with which it fits");
    return problems;
  }
  last.help = "it fits (predicted) with ";
  for (size_t k = 0; k < knobs.size(); ++k) last.help += (k > 0 ? "; or with " : "") + knobs[k];
  return problems;
}

}  // namespace st
