// SPDX-License-Identifier: Apache-2.0
// Comparisons, logic of bools, and the choice between two operands, with broadcasting.
#include <map>

#include "core/ops/broadcast.h"
#include "core/ops/element.h"

namespace st {
namespace {

/// Whether numbers are in relation, for each type that references compute with.
struct Relation {
  bool (*real)(double, double);
  bool (*integer)(int64_t, int64_t);
  bool (*natural)(uint64_t, uint64_t);
  bool numbers = true, booleans = false;  ///< what it has as operands
};

template <typename Order>
constexpr Relation relation(bool numbers = true, bool booleans = false) {
  return {[](double a, double b) { return Order()(a, b); },
          [](int64_t a, int64_t b) { return Order()(a, b); },
          [](uint64_t a, uint64_t b) { return Order()(a, b); }, numbers, booleans};
}

struct Both {
  template <typename T>
  bool operator()(T a, T b) const {
    return a != 0 && b != 0;
  }
};
struct Either {
  template <typename T>
  bool operator()(T a, T b) const {
    return a != 0 || b != 0;
  }
};

const std::map<std::string_view, Relation>& relations() {
  static const std::map<std::string_view, Relation> all = {
      {"Equal", relation<std::equal_to<>>(true, true)},
      {"Less", relation<std::less<>>()},
      {"LessOrEqual", relation<std::less_equal<>>()},
      {"Greater", relation<std::greater<>>()},
      {"GreaterOrEqual", relation<std::greater_equal<>>()},
      {"And", relation<Both>(false, true)},
      {"Or", relation<Either>(false, true)},
      {"Xor", relation<std::not_equal_to<>>(false, true)}};
  return all;
}

Result<std::vector<Tensor>> relation_reference(const Node& node, const Operands& in) {
  const Relation& rule = relations().at(node.op);
  const DType type = in[0]->dtype();
  if (in[1]->dtype() != type)
    return operand_error(node, in, "the operands have different element types");
  if (type == DType::Bool ? !rule.booleans : !rule.numbers)
    return operand_error(node, in, "it has no operands of type " + std::string(name_of(type)));
  ST_TRY(broadcast, Broadcast::of(node, in));
  ST_TRY(y, result_of(node, DType::Bool, broadcast.shape()));
  visit_elements(*in[0], [&](const auto& left) {
    using T = ElementOf<decltype(left)>;
    const auto f = function_for<T>(rule);
    map_pairs(broadcast, left, in[1]->as<T>(), y.as<Boolean>(),
              [f](T a, T b) { return Boolean(f(widened(a), widened(b))); });
  });
  return tensors(std::move(y));
}

Result<std::vector<Tensor>> where_reference(const Node& node, const Operands& in) {
  if (in[0]->dtype() != DType::Bool || in[1]->dtype() != in[2]->dtype())
    return operand_error(node, in, "a bool chooses between two operands of the same type");
  ST_TRY(broadcast, Broadcast::of(node, in));
  ST_TRY(y, result_of(node, in[1]->dtype(), broadcast.shape()));
  const std::vector<Boolean>& choice = in[0]->as<Boolean>();
  visit_elements(y, [&](auto& to) {
    using T = ElementOf<decltype(to)>;
    const std::vector<T>&a = in[1]->as<T>(), &b = in[2]->as<T>();
    broadcast.walk([&](int64_t at, int64_t count, const std::vector<RowSource>& from) {
      for (int64_t i = 0; i < count; ++i) {
        to[at + i] = choice[from[0].from + i * from[0].step].value
                         ? a[from[1].from + i * from[1].step]
                         : b[from[2].from + i * from[2].step];
      }
    });
  });
  return tensors(std::move(y));
}

}  // namespace

void add_compare_ops(std::vector<OpRecord>& records) {
  auto add = [&](std::string_view name, int opset, std::string_view summary) {
    add_interpreted(records, name, opset, 2, 2, summary, relation_reference);
  };
  add("Equal", 7, "elementwise");
  add("Less", 7, "elementwise");
  add("LessOrEqual", 12, "elementwise");
  add("Greater", 7, "elementwise");
  add("GreaterOrEqual", 12, "elementwise");
  add("And", 7, "of bools");
  add("Or", 7, "of bools");
  add("Xor", 7, "of bools");
  add_interpreted(records, "Where", 9, 3, 3, "one of two, by a bool", where_reference);
}

}  // namespace st
