// SPDX-License-Identifier: Apache-2.0
#include "core/passes/repeated_layers.h"

#include <algorithm>
#include <set>
#include <string>

namespace st {
namespace {

constexpr int NoNode = -1;

/// Who makes each value.
std::vector<int> makers_of(const Graph& graph) {
  std::vector<int> makers(graph.values.size(), NoNode);
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != NoValue) makers[static_cast<size_t>(id)] = static_cast<int>(n);
  }
  return makers;
}

/// The values through which all goes that the logits know of the tokens, in order: the ids first.
std::vector<ValueId> bottlenecks(const Graph& graph, const Decoder& decoder) {
  const auto at = [](ValueId id) { return static_cast<size_t>(id); };
  std::vector<bool> from_ids(graph.values.size(), false), to_logits(graph.values.size(), false);
  from_ids[at(decoder.input_ids)] = true;
  to_logits[at(decoder.logits)] = true;
  for (const Node& node : graph.nodes) {
    const bool depends = std::any_of(node.inputs.begin(), node.inputs.end(),
                                     [&](ValueId id) { return id != NoValue && from_ids[at(id)]; });
    for (const ValueId id : node.outputs)
      if (id != NoValue && depends) from_ids[at(id)] = true;
  }
  // The last node that reads a value on the way to the logits.
  std::vector<int> last(graph.values.size(), NoNode);
  for (size_t n = graph.nodes.size(); n-- > 0;) {
    const Node& node = graph.nodes[n];
    const bool counts = std::any_of(node.outputs.begin(), node.outputs.end(),
                                    [&](ValueId id) { return id != NoValue && to_logits[at(id)]; });
    if (!counts) continue;
    for (const ValueId id : node.inputs) {
      if (id == NoValue || !from_ids[at(id)]) continue;
      to_logits[at(id)] = true;
      last[at(id)] = std::max(last[at(id)], static_cast<int>(n));
    }
  }
  std::vector<ValueId> found = {decoder.input_ids};
  int open_until = last[at(decoder.input_ids)];  // of all values made so far
  for (size_t n = 0; n < graph.nodes.size(); ++n) {
    std::vector<ValueId> made;
    for (const ValueId id : graph.nodes[n].outputs)
      if (id != NoValue && from_ids[at(id)] && to_logits[at(id)]) made.push_back(id);
    if (made.size() == 1 && open_until <= static_cast<int>(n)) found.push_back(made[0]);
    for (const ValueId id : made) open_until = std::max(open_until, last[at(id)]);
  }
  return found;
}

/// Writes down what a part of the graph computes, without the names of its constants and caches.
class Signature {
 public:
  Signature(const Graph& graph, const Decoder& decoder, const std::vector<int>& makers,
            ValueId begin)
      : graph_(graph), decoder_(decoder), makers_(makers), begin_(begin) {}

  const std::string& of(ValueId end) {
    value(end);
    return text_;
  }

 private:
  void value(ValueId id) {
    if (id == NoValue) {
      text_ += "-";
      return;
    }
    const Value& value = graph_.values[static_cast<size_t>(id)];
    const auto& caches = decoder_.past_inputs;
    const int maker = makers_[static_cast<size_t>(id)];
    if (id == begin_) {
      text_ += "^";
    } else if (value.constant) {
      text_ += "c:" + text_of(*value.type);
    } else if (maker < 0) {
      const bool cache = std::find(caches.begin(), caches.end(), id) != caches.end();
      text_ += cache ? "k:" + text_of(*value.type) : "i" + std::to_string(id);
    } else {
      node(maker);
      const auto& made = graph_.nodes[static_cast<size_t>(maker)].outputs;
      text_ += "." + std::to_string(std::find(made.begin(), made.end(), id) - made.begin());
    }
    text_ += ",";
  }

  void node(int n) {
    const auto [entry, fresh] = numbers_.try_emplace(n, numbers_.size());
    if (!fresh) {
      text_ += "#" + std::to_string(entry->second);
      return;
    }
    Graph single;  // its text has all that the node says of itself
    Node node = graph_.nodes[static_cast<size_t>(n)];
    const std::vector<ValueId> inputs = std::exchange(node.inputs, {});
    text_ += node.domain + "." + node.op + std::to_string(node.outputs.size());
    node.name.clear();
    node.outputs.clear();
    single.nodes.push_back(std::move(node));
    text_ += text_of(single) + "(";
    for (const ValueId id : inputs) value(id);
    text_ += ")";
  }

  const Graph& graph_;
  const Decoder& decoder_;
  const std::vector<int>& makers_;
  ValueId begin_;
  std::string text_;
  std::map<int, size_t> numbers_;
};

/// Parts first, first + 1, ... of which each `period` are equal to the next ones, `times` times.
struct Run {
  size_t first = 0, period = 0, times = 0;
};

/// The longest run of a list.
Run longest_run(const std::vector<std::string>& parts) {
  Run best;
  for (size_t period = 1; 2 * period <= parts.size(); ++period) {
    size_t equal = 0;  // parts up to here that are as those a period later
    for (size_t i = 0; i + period < parts.size(); ++i) {
      equal = parts[i] == parts[i + period] ? equal + 1 : 0;
      const size_t times = equal / period + 1;
      if (times >= 2 && times * period > best.times * best.period)
        best = {i + 1 - (times - 1) * period, period, times};
    }
  }
  return best;
}

/// Walks layer 0 and another one side by side.
class SideBySide {
 public:
  SideBySide(const Graph& graph, const std::vector<int>& makers, ValueId begin, ValueId other_begin)
      : graph_(graph), makers_(makers) {
    others_[begin] = other_begin;
  }

  /// False where `other` is not to its layer what `id` is to layer 0.
  bool match(ValueId id, ValueId other) {
    if (id == NoValue || other == NoValue) return id == other;
    if (const auto [entry, fresh] = others_.try_emplace(id, other); !fresh)
      return entry->second == other;
    if (id == other) return true;
    const int n = makers_[static_cast<size_t>(id)], m = makers_[static_cast<size_t>(other)];
    if (n < 0 || m < 0) return n == m;  // constants or caches: the signatures are equal
    const Node &a = graph_.nodes[static_cast<size_t>(n)], &b = graph_.nodes[static_cast<size_t>(m)];
    nodes_.insert(n);
    for (size_t i = 0; i < a.inputs.size(); ++i)
      if (!match(a.inputs[i], b.inputs[i])) return false;
    for (size_t i = 0; i < a.outputs.size(); ++i) {
      if (a.outputs[i] == NoValue || b.outputs[i] == NoValue) {
        if (a.outputs[i] != b.outputs[i]) return false;
      } else if (others_.try_emplace(a.outputs[i], b.outputs[i]).first->second != b.outputs[i]) {
        return false;
      }
    }
    return true;
  }

  std::map<ValueId, ValueId>& others() { return others_; }
  [[nodiscard]] const std::set<int>& nodes() const { return nodes_; }

 private:
  const Graph& graph_;
  const std::vector<int>& makers_;
  std::map<ValueId, ValueId> others_;
  std::set<int> nodes_;
};

/// Whether what layers make inside is read by nobody outside, and returned only as a cache that
/// every layer returns. Several layers may share a node that others have one of their own for: the
/// rows of a rotary table.
bool closed(const Graph& graph, const RepeatedLayers& layers) {
  std::map<ValueId, std::set<int64_t>> layers_of;  // of what is made inside
  for (const int n : layers.nodes) {
    for (const ValueId id : graph.nodes[static_cast<size_t>(n)].outputs) {
      if (id == NoValue) continue;
      for (int64_t l = 0; l < layers.count(); ++l) layers_of[layers.of_layer(l, id)].insert(l);
    }
  }
  const std::set<ValueId> bounds(layers.bounds.begin(), layers.bounds.end());
  for (const Node& node : graph.nodes) {
    const auto own = std::find_if(node.outputs.begin(), node.outputs.end(), [&](ValueId id) {
      return id != NoValue && layers_of.count(id) != 0;
    });
    for (const ValueId id : node.inputs) {
      const auto inside = layers_of.find(id);
      if (inside == layers_of.end() || bounds.count(id) != 0) continue;
      if (own == node.outputs.end()) return false;
      const std::set<int64_t>& readers = layers_of.at(*own);
      if (!std::includes(inside->second.begin(), inside->second.end(), readers.begin(),
                         readers.end()))
        return false;
    }
  }
  const std::set<ValueId> outputs(graph.outputs.begin(), graph.outputs.end());
  for (const ValueId id : graph.outputs) {
    if (layers_of.count(id) == 0) continue;
    if (bounds.count(id) != 0) return false;
  }
  for (const int n : layers.nodes) {
    for (const ValueId id : graph.nodes[static_cast<size_t>(n)].outputs) {
      if (id == NoValue) continue;
      for (int64_t l = 0; l < layers.count(); ++l)
        if (outputs.count(layers.of_layer(l, id)) != outputs.count(id)) return false;
    }
  }
  return true;
}

}  // namespace

ValueId RepeatedLayers::of_layer(int64_t layer, ValueId id) const {
  const auto& others = value_of[static_cast<size_t>(layer)];
  const auto found = others.find(id);
  return found == others.end() ? id : found->second;
}

RepeatedLayers find_repeated_layers(const Graph& graph, const Decoder& decoder) {
  const std::vector<int> makers = makers_of(graph);
  const std::vector<ValueId> cuts = bottlenecks(graph, decoder);
  std::vector<std::string> parts;
  for (size_t c = 0; c + 1 < cuts.size(); ++c)
    parts.push_back(Signature(graph, decoder, makers, cuts[c]).of(cuts[c + 1]));
  const Run run = longest_run(parts);
  RepeatedLayers layers;
  if (run.times < 2) return layers;
  for (size_t l = 0; l <= run.times; ++l) layers.bounds.push_back(cuts[run.first + l * run.period]);
  std::set<int> nodes;
  layers.value_of.resize(run.times);
  for (size_t l = 1; l < run.times; ++l) {
    SideBySide walk(graph, makers, layers.bounds[0], layers.bounds[l]);
    if (!walk.match(layers.bounds[1], layers.bounds[l + 1])) return {};
    nodes.insert(walk.nodes().begin(), walk.nodes().end());
    layers.value_of[l] = std::move(walk.others());
  }
  layers.nodes.assign(nodes.begin(), nodes.end());
  if (!closed(graph, layers)) return {};
  return layers;
}

}  // namespace st
