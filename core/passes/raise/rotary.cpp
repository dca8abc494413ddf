// SPDX-License-Identifier: Apache-2.0
// Rotary embeddings spelt out, as PyTorch's models do it: x * cosines + turned(x) * sines, where
// turned() puts the second half of a head, negated, in front of the first half, and both halves
// have the same angles.
#include <cmath>
#include <set>

#include "core/ops/element.h"
#include "core/passes/raise/match.h"
#include "core/passes/raise/positions.h"
#include "core/passes/raise/probe.h"
#include "core/passes/raise/rewrites.h"

namespace st {
namespace {

/// A table [positions, head / 2] that a constant of the model makes.
struct Table {
  ValueId base = NoValue;
  std::string transform;
  std::vector<int64_t> parameters;
};

class RotaryMatcher {
 public:
  RotaryMatcher(Rewriter& rewriter, bool cached)
      : rewriter_(rewriter), cached_(cached), most_(most_positions(rewriter.graph())) {
    for (const auto& [rows, past] : {std::pair(1, 4), {3, 2}, {5, 0}, {2, 7}})
      probes_.emplace_back(rewriter, rows, cached ? past : 0);
  }

  bool replace(size_t n) {
    const Node node = rewriter_.graph().nodes[n];
    for (const auto& [plain, turned] : either_order(node)) {
      const Node* straight = rewriter_.made_by(plain, "Mul");
      const Node* crossed = rewriter_.made_by(turned, "Mul");
      if (straight == nullptr || crossed == nullptr) continue;
      for (const auto& [x, cosine] : either_order(Node(*straight))) {
        for (const auto& [half, sine] : either_order(Node(*crossed)))
          if (is_turned(half, x) && make(n, node, x, cosine, sine)) return true;
      }
    }
    return false;
  }

 private:
  /// The width of a head, from x of [1, heads, rows, head]; 0 where x has another form.
  int64_t head_of(ValueId x) {
    int64_t head = 0;
    for (Probe& probe : probes_) {
      const auto shape = probe.shape(x);
      if (!shape || shape->size() != 4 || (*shape)[0] != 1 || (*shape)[2] != probe.rows() ||
          (head != 0 && head != shape->back()))
        return 0;
      head = shape->back();
    }
    return head % 2 == 0 ? head : 0;
  }

  /// Whether `id` is Concat(-second half of x, first half of x).
  bool is_turned(ValueId id, ValueId x) {
    const Node* joined = rewriter_.made_by(id, "Concat");
    if (joined == nullptr || joined->inputs.size() != 2) return false;
    const int64_t axis = joined->integer("axis", 0);
    const ValueId front = joined->inputs[0], back = joined->inputs[1];
    const Node* negated = rewriter_.made_by(front, "Neg");
    const int64_t head = negated && (axis == -1 || axis == 3) ? head_of(x) : 0;
    return head > 0 && is_part(negated->input(0), x, head / 2, head) &&
           is_part(back, x, 0, head / 2);
  }

  /// Whether `id` are elements [first, last) of each head of x, by Slice or by Split.
  bool is_part(ValueId id, ValueId x, int64_t first, int64_t last) {
    const int maker = rewriter_.maker(id);
    if (maker < 0) return false;
    const Node part = rewriter_.graph().nodes[static_cast<size_t>(maker)];
    if (!part.domain.empty() || part.input(0) != x) return false;
    if (part.op == "Split") {
      const int64_t axis = part.integer("axis", 0);
      const std::vector<int64_t> sizes = part.integers("split");
      const bool equal = part.input(1) == NoValue &&
                         (sizes.empty() || sizes == std::vector<int64_t>(2, last - first));
      return part.outputs.size() == 2 && equal && (axis == -1 || axis == 3) &&
             part.outputs[first == 0 ? 0 : 1] == id;
    }
    if (part.op != "Slice" || part.inputs.size() < 4) return false;
    for (Probe& probe : probes_) {
      const auto from = probe.scalar(part.input(1)), to = probe.scalar(part.input(2)),
                 axis = probe.scalar(part.input(3));
      const bool steps = part.input(4) == NoValue || probe.scalar(part.input(4)) == 1.0;
      const auto head = static_cast<double>(2 * std::max(first, last - first));
      if (!from || !to || !axis || !steps || (*axis != -1 && *axis != 3) || *from != first ||
          (*to != last && !(static_cast<double>(last) == head && *to > head)))
        return false;
    }
    return true;
  }

  /// Constants that `id` is computed from.
  [[nodiscard]] std::set<ValueId> constants_behind(ValueId id) const {
    std::set<ValueId> seen = {id}, found;
    std::vector<ValueId> pending = {id};
    while (!pending.empty()) {
      const ValueId at = pending.back();
      pending.pop_back();
      if (rewriter_.graph().values[static_cast<size_t>(at)].constant) found.insert(at);
      const int n = rewriter_.maker(at);
      if (n < 0) continue;
      for (const ValueId input : rewriter_.graph().nodes[static_cast<size_t>(n)].inputs)
        if (input != NoValue && seen.insert(input).second) pending.push_back(input);
    }
    return found;
  }

  /// Whether the probe's value has its rows of the table, twice side by side.
  static bool agrees(Probe& probe, ValueId id, const Tensor& table, int64_t head) {
    constexpr double Rounding = 1e-5;
    const Tensor* value = probe.value(id);
    if (value == nullptr || value->size() != probe.rows() * head || value->shape.size() < 2 ||
        value->shape.back() != head || value->shape[value->shape.size() - 2] != probe.rows() ||
        probe.past() + probe.rows() > table.shape[0])
      return false;
    const std::vector<double> values = doubles_of(*value);
    for (int64_t at = 0; at < value->size(); ++at) {
      const int64_t row = probe.past() + at / head, column = at % head % (head / 2);
      const float own = table.f32()[static_cast<size_t>(row * head / 2 + column)];
      if (!(std::fabs(values[static_cast<size_t>(at)] - own) <= Rounding)) return false;
    }
    return true;
  }

  bool agrees(ValueId id, const Tensor& table, int64_t head) {
    for (Probe& probe : probes_)
      if (!agrees(probe, id, table, head)) return false;
    // The last positions that there are.
    const int64_t last = std::min(table.shape[0], most_) - 2;
    if (!cached_ || last < 0) return true;
    Probe end(rewriter_, 2, last);
    return agrees(end, id, table, head);
  }

  std::optional<Table> table_of(ValueId id, int64_t head, const char* function) {
    if (id == NoValue) return std::nullopt;  // a product may lack an operand
    for (const ValueId base : constants_behind(id)) {
      const Value& value = rewriter_.graph().values[static_cast<size_t>(base)];
      if (!value.type || value.type->dtype != DType::F32) continue;
      std::vector<int64_t> shape;
      for (const Extent& extent : value.type->shape) shape.push_back(extent.offset());
      std::optional<Table> candidate;
      if (shape.size() == 2 && shape[1] == head) {
        candidate = Table{base, "columns", {head / 2}};
      } else if (element_count(shape) == head / 2 && most_ > 0) {
        candidate = Table{base, function, {most_}};
      }
      if (!candidate) continue;
      const TransformRecord& record = *find_transform(candidate->transform);
      const auto loaded = value.constant->load();
      if (!loaded.ok() || !record.type(*value.type, candidate->parameters)) continue;
      if (agrees(id, record.apply(*loaded, candidate->parameters), head)) return candidate;
    }
    return std::nullopt;
  }

  /// The table as a constant of the graph, one for all layers.
  ValueId constant_of_table(const Node& root, const char* name, const Table& table) {
    const Value base = rewriter_.graph().values[static_cast<size_t>(table.base)];
    const auto source = derived_constant(base.constant, table.transform, table.parameters);
    for (size_t id = 0; id < rewriter_.graph().values.size(); ++id) {
      const auto& other = rewriter_.graph().values[id].constant;
      if (other && other->describe() == source->describe() &&
          source->describe().starts_with("load "))
        return static_cast<ValueId>(id);
    }
    const TransformRecord& record = *find_transform(table.transform);
    return rewriter_.add_constant(root, name, *record.type(*base.type, table.parameters), source);
  }

  bool make(size_t n, const Node& root, ValueId x, ValueId cosine, ValueId sine) {
    const int64_t head = head_of(x);
    const auto cosines = table_of(cosine, head, "cosines"), sines = table_of(sine, head, "sines");
    if (!cosines || !sines) return false;
    const auto positions = decoder_positions(rewriter_, root);
    if (!positions) return false;
    const ValueId first = constant_of_table(root, "cosines", *cosines),
                  second = constant_of_table(root, "sines", *sines);
    rewriter_.replace(n, "RotaryEmbedding", {x, first, second, *positions});
    return true;
  }

  Rewriter& rewriter_;
  bool cached_;
  int64_t most_;
  std::vector<Probe> probes_;
};

/// Whether both operands of an Add are products, one of them with a Concat.
bool looks_like_rotary(const Rewriter& rewriter, const Node& node) {
  if (!node.domain.empty() || node.op != "Add" || node.inputs.size() != 2) return false;
  bool turned = false;
  for (const ValueId operand : node.inputs) {
    const Node* product = rewriter.made_by(operand, "Mul");
    if (product == nullptr) return false;
    for (const ValueId factor : product->inputs)
      turned = turned || rewriter.made_by(factor, "Concat") != nullptr;
  }
  return turned;
}

}  // namespace

bool raise_rotary(Rewriter& rewriter, size_t n) {
  if (!looks_like_rotary(rewriter, rewriter.graph().nodes[n])) return false;
  return RotaryMatcher(rewriter, has_caches(rewriter.graph())).replace(n);
}

}  // namespace st
