// SPDX-License-Identifier: Apache-2.0
/// The text form of a graph, for IR dumps and messages.
#include <array>
#include <charconv>
#include <sstream>

#include "core/graph/graph.h"

namespace st {
namespace {

/// The shortest text that reads back as the same float, always recognisable as a real number.
std::string text_of(float value) {
  std::array<char, 64> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string text_of(int64_t value) { return std::to_string(value); }
std::string text_of(const std::string& value) { return "\"" + printable(value) + "\""; }

template <typename T>
std::string text_of(const std::vector<T>& values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ",") + text_of(values[i]);
  return text + "]";
}

std::string reference(const Graph& graph, ValueId id) {
  return id == NoValue ? "none" : "%" + printable(graph.values[id].name);
}

std::string typed(const Graph& graph, ValueId id) {
  if (id == NoValue) return "none";
  const auto& type = graph.values[id].type;
  return reference(graph, id) + ": " + (type ? st::text_of(*type) : "?");
}

}  // namespace

std::string text_of(const TensorType& type) {
  std::string text(name_of(type.dtype));
  text += "[";
  for (size_t i = 0; i < type.shape.size(); ++i) {
    if (i > 0) text += ",";
    text += printable(type.shape[i].text());
  }
  return text + "]";
}

std::string text_of(const Graph& graph) {
  std::ostringstream out;
  out << "graph \"" << printable(graph.name) << "\" opset " << graph.opset << "\n";
  for (const auto& [symbol, range] : graph.symbols) {
    out << "symbol " << printable(symbol) << " = " << range.low << ".." << range.high << "\n";
  }
  for (const ValueId id : graph.inputs) out << "input " << typed(graph, id) << "\n";
  for (size_t v = 0; v < graph.values.size(); ++v) {
    if (!graph.values[v].constant) continue;
    out << "constant " << typed(graph, static_cast<ValueId>(v)) << " = "
        << printable(graph.values[v].constant->describe()) << "\n";
  }
  for (const Node& node : graph.nodes) {
    out << "node ";
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      out << (i == 0 ? "" : ", ") << typed(graph, node.outputs[i]);
    }
    out << " = " << (node.domain.empty() ? "" : printable(node.domain) + ".") << printable(node.op)
        << "(";
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      out << (i == 0 ? "" : ", ") << reference(graph, node.inputs[i]);
    }
    out << ")";
    const char* separator = " {";
    for (const auto& [name, value] : node.attributes) {
      out << separator << printable(name) << "="
          << std::visit([](const auto& v) { return text_of(v); }, value);
      separator = ", ";
    }
    if (!node.attributes.empty()) out << "}";
    out << "  // " << printable(node.name) << "\n";
  }
  for (const ValueId id : graph.outputs) out << "output " << typed(graph, id) << "\n";
  return out.str();
}

}  // namespace st
