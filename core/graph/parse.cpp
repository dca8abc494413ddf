// SPDX-License-Identifier: Apache-2.0
#include "core/graph/parse.h"

#include <limits>
#include <utility>

#include "core/support/text_form.h"

namespace st {
namespace {

constexpr int64_t Least = std::numeric_limits<int64_t>::min();
constexpr int64_t Most = std::numeric_limits<int64_t>::max();

class GraphParser {
 public:
  GraphParser(std::string_view text, const ConstantLookup& constants, const std::string& name)
      : cursor_(text, "E0311", name), constants_(constants) {}

  Result<Graph> run() {
    if (!cursor_.next_line()) cursor_.fail("the text holds no graph");
    cursor_.expect("graph");
    graph_.name = cursor_.quoted("the graph's name");
    cursor_.expect("opset");
    graph_.opset = cursor_.integer(Least, Most);
    cursor_.end_line();
    while (cursor_.next_line()) line();
    resolve();
    if (cursor_.failed()) return cursor_.error();
    return std::move(graph_);
  }

 private:
  /// A mention of a value that may be defined further below.
  struct Reference {
    std::pair<std::string, int64_t> name;
    size_t position = 0;
  };

  void line() {
    if (cursor_.accept("metadata")) {
      const size_t before = cursor_.position();
      const std::string key = cursor_.quoted("a key");
      cursor_.expect("=");
      const std::string value = cursor_.quoted("a value");
      if (!graph_.metadata.emplace(key, value).second)
        cursor_.fail_at(before, "the metadata have this key already");
    } else if (cursor_.accept("symbol")) {
      symbol();
    } else if (cursor_.accept("input")) {
      graph_.inputs.push_back(definition());
      if (cursor_.accept("layers")) graph_.values[graph_.inputs.back()].layer_names = names();
    } else if (cursor_.accept("constant")) {
      const size_t before = cursor_.position();
      const ValueId id = definition();
      if (!cursor_.failed() && !graph_.values[id].constant)
        cursor_.fail_at(before, "a constant says where its data come from: = load \"NAME\"");
    } else if (cursor_.accept("layered")) {
      cursor_.expect("node");
      node();
      graph_.nodes.back().layered = true;
    } else if (cursor_.accept("node")) {
      node();
    } else if (cursor_.accept("output")) {
      outputs_.push_back(reference());
      output_layers_.push_back(cursor_.accept("layers") ? names() : std::vector<std::string>());
    } else {
      cursor_.fail("expected metadata, symbol, input, constant, node or output");
    }
    cursor_.end_line();
  }

  /// ["a", "b"]
  std::vector<std::string> names() {
    std::vector<std::string> all;
    cursor_.expect("[");
    do {
      all.push_back(cursor_.quoted("a name"));
    } while (cursor_.accept(","));
    cursor_.expect("]");
    return all;
  }

  void symbol() {
    // As of a model's bounds.
    constexpr int64_t MostExtent = int64_t{1} << 31;
    const size_t before = cursor_.position();
    const std::string name = cursor_.word("a symbol");
    cursor_.expect("=");
    Range range;
    range.low = cursor_.integer(0, MostExtent);
    cursor_.expect("..");
    range.high = cursor_.integer(0, MostExtent);
    if (range.low > range.high) cursor_.fail_at(before, "the range is empty");
    if (!graph_.symbols.emplace(name, range).second)
      cursor_.fail_at(before, "symbol '" + printable(name) + "' has a range already");
  }

  /// %x, or %x#2.
  Reference reference() {
    cursor_.expect("%");
    Reference reference;
    reference.position = cursor_.position();
    reference.name.first = cursor_.name("the name of a value");
    reference.name.second = cursor_.accept("#") ? cursor_.integer(1, Most) : 1;
    return reference;
  }

  /// %x: f32[4], with the data of a constant; makes the value.
  ValueId definition(bool by_node = false) {
    const Reference made = reference();
    const ValueId id = graph_.add_value(made.name.first);
    graph_.values[id].where = cursor_.place();
    cursor_.expect(":");
    const size_t before = cursor_.position();
    if (!cursor_.accept("?")) {
      TensorType type = parse_tensor_type(cursor_);
      for (const Extent& extent : type.shape) {
        for (const auto& term : extent.terms()) {
          if (graph_.symbols.count(term.first) == 0)
            cursor_.fail_at(before, "symbol '" + printable(term.first) + "' has no range");
        }
      }
      graph_.values[id].type = std::move(type);
    }
    if (!by_node && cursor_.accept("=")) constant(graph_.values[id]);
    if (!by_node && !graph_.values[id].type)
      cursor_.fail_at(before, "inputs and constants need a type");
    // Numbers count up, so that text_of() gives the same ones.
    int64_t& count = count_[made.name.first];
    if (made.name.second <= count) {
      cursor_.fail_at(made.position,
                      "value '%" + printable(made.name.first) + "' is defined twice");
    } else if (made.name.second != count + 1) {
      cursor_.fail_at(made.position, "expected #" + std::to_string(count + 1) +
                                         ": values of one name are numbered in order");
    }
    ++count;
    ids_[made.name] = id;
    return id;
  }

  void constant(Value& value) {
    const size_t before = cursor_.position();
    TypedConstant read = parse_constant(cursor_, constants_);
    if (read.type && value.type && *read.type != *value.type) {
      cursor_.fail_at(
          before, "the constant is " + text_of(*read.type) + ", the value " + text_of(*value.type));
    }
    value.constant = std::move(read.source);
  }

  void node() {
    Node node;
    node.where = cursor_.place();
    node.name = cursor_.name("the name of a node");
    do {
      node.outputs.push_back(cursor_.accept("none") ? NoValue : definition(true));
    } while (cursor_.accept(","));
    cursor_.expect("=");
    node.op = cursor_.word("an operator");
    if (cursor_.accept(".")) {
      node.domain = std::exchange(node.op, "");
      node.op = cursor_.word("an operator");
    }
    cursor_.expect("(");
    std::vector<Reference> inputs;
    if (!cursor_.accept(")")) {
      do {
        inputs.push_back(cursor_.accept("none") ? Reference() : reference());
      } while (cursor_.accept(","));
      cursor_.expect(")");
    }
    if (cursor_.accept("{")) {
      do {
        const size_t before = cursor_.position();
        const std::string name = cursor_.word("an attribute");
        cursor_.expect("=");
        if (!node.attributes.emplace(name, attribute()).second)
          cursor_.fail_at(before, "the node has attribute '" + printable(name) + "' already");
      } while (cursor_.accept(","));
      cursor_.expect("}");
    }
    graph_.nodes.push_back(std::move(node));
    inputs_.push_back(std::move(inputs));
  }

  Attribute attribute() {
    if (cursor_.accept("ints")) return empty<int64_t>();
    if (cursor_.accept("reals")) return empty<float>();
    if (cursor_.accept("strings")) return empty<std::string>();
    const bool is_list = cursor_.accept("[");
    if (cursor_.at('"'))
      return values<std::string>(is_list, [&] { return cursor_.quoted("a string"); });
    if (cursor_.at_real()) return values<float>(is_list, [&] { return cursor_.real(); });
    return values<int64_t>(is_list, [&] { return cursor_.integer(Least, Most); });
  }

  template <typename T>
  Attribute empty() {
    cursor_.expect("[");
    cursor_.expect("]");
    return std::vector<T>();
  }

  /// A value, or the rest of a list of them.
  template <typename T, typename Read>
  Attribute values(bool is_list, const Read& read) {
    if (!is_list) return read();
    std::vector<T> all;
    do {
      all.push_back(read());
    } while (cursor_.accept(","));
    cursor_.expect("]");
    return all;
  }

  /// Mentions to values, when all are defined.
  void resolve() {
    auto find = [&](const Reference& reference) {
      if (reference.name.second == 0) return NoValue;  // left out
      const auto found = ids_.find(reference.name);
      if (found != ids_.end()) return found->second;
      cursor_.fail_at(reference.position,
                      "value '%" + printable(reference.name.first) + "' is not defined");
      return NoValue;
    };
    for (size_t n = 0; n < inputs_.size(); ++n) {
      for (const Reference& input : inputs_[n]) graph_.nodes[n].inputs.push_back(find(input));
    }
    for (size_t o = 0; o < outputs_.size(); ++o) {
      graph_.outputs.push_back(find(outputs_[o]));
      if (graph_.outputs.back() != NoValue && !output_layers_[o].empty())
        graph_.values[graph_.outputs.back()].layer_names = output_layers_[o];
    }
  }

  TextCursor cursor_;
  const ConstantLookup& constants_;
  Graph graph_;
  std::map<std::string, int64_t> count_;  ///< values of each name so far
  std::map<std::pair<std::string, int64_t>, ValueId> ids_;
  std::vector<std::vector<Reference>> inputs_;  ///< of each node
  std::vector<Reference> outputs_;
  std::vector<std::vector<std::string>> output_layers_;  ///< of each output
};

}  // namespace

Result<Graph> parse_graph(std::string_view text, const ConstantLookup& constants,
                          const std::string& name) {
  return GraphParser(text, constants, name).run();
}

}  // namespace st
