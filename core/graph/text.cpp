// SPDX-License-Identifier: Apache-2.0
/// The text form of a graph, for IR dumps and messages. Its reader is parse.cpp.
#include <sstream>

#include "core/graph/graph.h"
#include "core/support/text_form.h"

namespace st {
namespace {

std::string attribute_text(float value) { return real_text(value); }
std::string attribute_text(int64_t value) { return std::to_string(value); }
std::string attribute_text(const std::string& value) { return quoted_text(value); }

/// Elements tell which kind of list it is; an empty one has to say so.
const char* kind_of(const std::vector<int64_t>&) { return "ints"; }
const char* kind_of(const std::vector<float>&) { return "reals"; }
const char* kind_of(const std::vector<std::string>&) { return "strings"; }

template <typename T>
std::string attribute_text(const std::vector<T>& values) {
  std::string text = values.empty() ? std::string(kind_of(values)) + "[" : "[";
  for (size_t i = 0; i < values.size(); ++i)
    text += (i == 0 ? "" : ",") + attribute_text(values[i]);
  return text + "]";
}

/// What stands for each value: its name, and which of that name it is where passes gave several
/// values one name ("%x#2"), counted in the order in which the text defines them.
class References {
 public:
  explicit References(const Graph& graph) : graph_(graph), texts_(graph.values.size()) {
    for (ValueId id : graph.inputs) define(id);
    for (size_t v = 0; v < graph.values.size(); ++v) {
      if (graph.values[v].constant) define(static_cast<ValueId>(v));
    }
    for (const Node& node : graph.nodes) {
      for (ValueId id : node.outputs) define(id);
    }
  }

  std::string of(ValueId id) const {
    if (id == NoValue) return "none";
    return texts_[id].empty() ? "%" + name_text(graph_.values[id].name) : texts_[id];
  }

  /// "%x: f32[4]", and where a constant comes from.
  std::string defined(ValueId id) const {
    if (id == NoValue) return "none";
    const Value& value = graph_.values[id];
    std::string text = of(id) + ": " + (value.type ? text_of(*value.type) : "?");
    if (value.constant) text += " = " + value.constant->describe();
    return text;
  }

 private:
  void define(ValueId id) {
    if (id == NoValue || !texts_[id].empty()) return;
    const std::string& name = graph_.values[id].name;
    const int number = ++seen_[name];
    texts_[id] = "%" + name_text(name) + (number > 1 ? "#" + std::to_string(number) : "");
  }

  const Graph& graph_;
  std::vector<std::string> texts_;
  std::map<std::string, int> seen_;
};

template <typename Item>
std::string list(const std::vector<ValueId>& ids, const Item& item) {
  std::string text;
  for (size_t i = 0; i < ids.size(); ++i) text += (i == 0 ? "" : ", ") + item(ids[i]);
  return text;
}

}  // namespace

std::string text_of(const Graph& graph) {
  const References references(graph);
  auto reference = [&](ValueId id) { return references.of(id); };
  auto defined = [&](ValueId id) { return references.defined(id); };
  auto layers = [&](ValueId id) {
    const bool folded = id != NoValue && !graph.values[id].layer_names.empty();
    return folded ? " layers " + attribute_text(graph.values[id].layer_names) : std::string();
  };
  std::ostringstream out;
  out << "graph " << quoted_text(graph.name) << " opset " << graph.opset << "\n";
  for (const auto& [key, value] : graph.metadata)
    out << "metadata " << quoted_text(key) << " = " << quoted_text(value) << "\n";
  for (const auto& [symbol, range] : graph.symbols)
    out << "symbol " << word_text(symbol) << " = " << range.low << ".." << range.high << "\n";
  std::vector<bool> is_input(graph.values.size(), false);
  for (const ValueId id : graph.inputs) {
    out << "input " << defined(id) << layers(id) << "\n";
    is_input[id] = true;
  }
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (graph.values[v].constant && !is_input[v])
      out << "constant " << defined(static_cast<ValueId>(v)) << "\n";
  }
  for (const Node& node : graph.nodes) {
    out << (node.layered ? "layered node " : "node ") << name_text(node.name) << " "
        << list(node.outputs, defined) << " = "
        << (node.domain.empty() ? "" : word_text(node.domain) + ".") << word_text(node.op) << "("
        << list(node.inputs, reference) << ")";
    const char* separator = " {";
    for (const auto& [name, value] : node.attributes) {
      out << separator << word_text(name) << "="
          << std::visit([](const auto& v) { return attribute_text(v); }, value);
      separator = ", ";
    }
    out << (node.attributes.empty() ? "\n" : "}\n");
  }
  for (const ValueId id : graph.outputs) out << "output " << reference(id) << layers(id) << "\n";
  return out.str();
}

}  // namespace st
