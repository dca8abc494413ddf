// SPDX-License-Identifier: Apache-2.0
/// A decoder's attention as exporters spell it out, in many forms.
#pragma once

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "tests/core/graph_sketch.h"

namespace st::test {

inline constexpr int64_t Width = 24, Head = 8, Context = 16;

enum class Mask { Ranges, Buffer, Trilu, Padding, Window, Future, None };

enum class Rotary {
  None,
  Fused,        ///< one operator
  Tables,       ///< rows of tables by position_ids
  Frequencies,  ///< cosines and sines of position_ids times frequencies
  Counted,      ///< the same of positions that are counted from the cache on
  Uneven,       ///< frequencies, but other ones in the second half
  Shifted       ///< positions that begin one too late
};

/// A way to write an attention down.
struct Form {
  int64_t heads = 3, kv_heads = 3;
  Mask mask = Mask::Ranges;
  bool cache = true;
  bool scaled_before = false;  ///< queries and keys, each by the root of the scale
  Rotary rotary = Rotary::None;
  bool split = false;  ///< halves of heads by Split, not by Slice
};

class Export {
 public:
  explicit Export(const Form& form) : s(form.rotary == Rotary::Fused ? 23 : 17), form_(form) {
    ids_ = s.input("input_ids", TensorType{DType::I64, {1, sequence_}});
    mask_ = s.input("attention_mask",
                    TensorType{DType::I64, {1, form.cache ? past_ + sequence_ : sequence_}});
    if (has_positions())
      positions_ = s.input("position_ids", TensorType{DType::I64, {1, sequence_}});
    if (form.cache) {
      const TensorType cache{DType::F32, {1, Extent(form.kv_heads), past_, Extent(Head)}};
      past_key_ = s.input("past_key_values.0.key", cache);
      past_value_ = s.input("past_key_values.0.value", cache);
    }
    x_ = s.node("Gather", {s.constant("wte", {10, Width}), ids_});
    const ValueId q = heads(form.heads, "q"), v = heads(form.kv_heads, "v");
    ValueId query = q, key = heads(form.kv_heads, "k"), value = v;
    if (form.rotary != Rotary::None) {
      if (form.rotary != Rotary::Fused) angles();
      query = turned(query);
      key = turned(key);
    }
    if (form.cache) {
      key = s.node("Concat", {past_key_, key}, {{"axis", int64_t{2}}});
      value = s.node("Concat", {past_value_, value}, {{"axis", int64_t{-2}}});
      presents_ = {key, value};
    }
    ValueId keys =
        s.node("Transpose", {repeated(key)}, {{"perm", std::vector<int64_t>{0, 1, 3, 2}}});
    const ValueId values = repeated(value);
    if (form.scaled_before) {
      const ValueId root = s.scalar(std::pow(static_cast<float>(Head), -0.25f));
      query = s.node("Mul", {query, root});
      keys = s.node("Mul", {keys, root});
    }
    ValueId scores = s.node("MatMul", {query, keys});
    if (!form.scaled_before)
      scores = s.node("Div", {scores, s.scalar(std::sqrt(static_cast<float>(Head)))});
    const ValueId weights = s.node("Softmax", {masked(scores)}, {{"axis", int64_t{-1}}});
    const ValueId turned = s.node("Transpose", {s.node("MatMul", {weights, values})},
                                  {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
    const ValueId joined = s.node(
        "Reshape", {turned, list({dimension(x_, 0), dimension(x_, 1), number(form.heads * Head)})});
    s.output(s.node("Relu", {joined}));
    for (const ValueId id : presents_) s.output(id);
  }

  GraphSketch s;

  /// Whether 'position_ids' is an input, after the graph was raised.
  bool takes_positions() {
    for (const ValueId id : s.graph().inputs)
      if (s.graph().values[static_cast<size_t>(id)].name == "position_ids") return true;
    return false;
  }

  /// Values of the inputs for so many rows and cached positions.
  std::map<std::string, Tensor> inputs(int64_t rows, int64_t past) {
    std::map<std::string, Tensor> values;
    std::vector<int64_t> ids, positions;
    for (int64_t i = 0; i < rows; ++i) {
      ids.push_back(i * 7 % 10);
      positions.push_back(past + i);
    }
    const std::vector<int64_t> ones(static_cast<size_t>(rows + past), 1);
    values["input_ids"] = tensor_of_integers({1, rows}, ids);
    values["attention_mask"] = tensor_of_integers({1, rows + past}, ones);
    if (takes_positions()) values["position_ids"] = tensor_of_integers({1, rows}, positions);
    for (const char* part : {"key", "value"})
      values[std::string("past_key_values.0.") + part] = s.noise({1, form_.kv_heads, past, Head});
    return values;
  }

 private:
  [[nodiscard]] bool has_positions() const {
    return form_.rotary != Rotary::None && form_.rotary != Rotary::Counted;
  }

  /// Cosines and sines [1, 1, rows, head], halves alike.
  void angles() {
    if (form_.rotary == Rotary::Tables) {
      for (ValueId* made : {&cosines_, &sines_}) {
        Tensor table = s.noise({Context, Head});
        for (int64_t at = 0; at < table.size(); ++at) {
          if (at % Head >= Head / 2)
            table.f32()[static_cast<size_t>(at)] = table.f32()[static_cast<size_t>(at - Head / 2)];
        }
        const ValueId constant =
            s.constant("table" + std::to_string(s.graph().values.size()), std::move(table));
        *made = unsqueezed(s.node("Gather", {constant, positions_}), {1});
      }
      return;
    }
    ValueId positions = positions_;  // [1, rows]
    const ValueId one = scalar_of(number(1));
    if (form_.rotary == Rotary::Counted) {
      const ValueId first = scalar_of(dimension(past_key_, 2)),
                    last = s.node("Add", {first, scalar_of(dimension(ids_, 1))});
      positions = unsqueezed(s.node("Range", {first, last, one}), {0});
    }
    if (form_.rotary == Rotary::Shifted) positions = s.node("Add", {positions, one});
    const ValueId rows = s.node("Cast", {unsqueezed(positions, {1})}, {{"to", int64_t{1}}});
    const auto products = [&](const std::string& name) {
      const ValueId angles = s.node("MatMul", {s.constant(name, {1, Head / 2, 1}), rows});
      return s.node("Transpose", {angles}, {{"perm", std::vector<int64_t>{0, 2, 1}}});
    };
    const ValueId first = products("frequencies"),
                  second = form_.rotary == Rotary::Uneven ? products("others") : first;
    const ValueId both = s.node("Concat", {first, second}, {{"axis", int64_t{-1}}});
    cosines_ = unsqueezed(s.node("Cos", {both}), {1});
    sines_ = unsqueezed(s.node("Sin", {both}), {1});
  }

  ValueId turned(ValueId x) {
    if (form_.rotary == Rotary::Fused) {
      const ValueId cosines = s.constant("cos", {Context, Head / 2}),
                    sines = s.constant("sin", {Context, Head / 2});
      return s.node("RotaryEmbedding", {x, cosines, sines, positions_});
    }
    ValueId first = NoValue, second = NoValue;
    if (form_.split) {
      const auto halves =
          s.node(2, "Split", {x, s.integers({Head / 2, Head / 2})}, {{"axis", int64_t{-1}}});
      first = halves[0];
      second = halves[1];
    } else {
      const ValueId half = s.node("Div", {dimension(x, 3), number(2)});
      first = s.node("Slice", {x, number(0), half, number(3)});
      second = s.node("Slice", {x, half, number(INT64_MAX), number(3)});
    }
    const ValueId half =
        s.node("Concat", {s.node("Neg", {second}), first}, {{"axis", int64_t{-1}}});
    return s.node("Add", {s.node("Mul", {x, cosines_}), s.node("Mul", {half, sines_})});
  }

  ValueId number(int64_t value) { return s.integers({value}); }
  ValueId list(const std::vector<ValueId>& parts) {
    return s.node("Concat", parts, {{"axis", int64_t{0}}});
  }
  /// A dimension as exporters ask for it, as a list of one.
  ValueId dimension(ValueId id, int64_t d) {
    const ValueId shape = s.node("Shape", {id});
    return s.node("Gather", {shape, s.integers({d})});
  }
  ValueId scalar_of(ValueId list) { return s.node("Squeeze", {list, s.integers({0})}); }
  ValueId unsqueezed(ValueId id, const std::vector<int64_t>& axes) {
    return s.node("Unsqueeze", {id, s.integers(axes)});
  }

  ValueId heads(int64_t count, const std::string& name) {
    const ValueId rows = s.node("MatMul", {x_, s.constant("w" + name, {Width, count * Head})});
    const ValueId shape = list({dimension(x_, 0), dimension(x_, 1), number(-1), number(Head)});
    return s.node("Transpose", {s.node("Reshape", {rows, shape})},
                  {{"perm", std::vector<int64_t>{0, 2, 1, 3}}});
  }

  /// Each head for the queries that share it.
  ValueId repeated(ValueId id) {
    const int64_t times = form_.heads / form_.kv_heads;
    if (times == 1) return id;
    const ValueId batch = dimension(id, 0), length = dimension(id, 2);
    const ValueId wide = s.node(
        "Expand", {unsqueezed(id, {2}),
                   list({batch, number(form_.kv_heads), number(times), length, number(Head)})});
    return s.node("Reshape", {wide, list({batch, number(form_.heads), length, number(Head)})});
  }

  /// Whether each key is behind the query, or before its window: bool [rows, all].
  ValueId hidden() {
    const ValueId all = scalar_of(dimension(mask_, 1)), rows = scalar_of(dimension(ids_, 1));
    const ValueId zero = scalar_of(number(0)), one = scalar_of(number(1));
    const ValueId first = s.node("Sub", {all, rows});
    const ValueId keys = unsqueezed(s.node("Range", {zero, all, one}), {0}),
                  queries = unsqueezed(s.node("Range", {first, all, one}), {1});
    if (form_.mask == Mask::Future) return s.node("Less", {keys, queries});
    const ValueId behind = s.node("Greater", {keys, queries});
    if (form_.mask != Mask::Window) return behind;
    return s.node("Or", {behind, s.node("Less", {keys, s.node("Sub", {queries, number(2)})})});
  }

  ValueId masked(ValueId scores) {
    const ValueId none = s.scalar(0), lowest = s.scalar(-3.4028235e38f);
    switch (form_.mask) {
      case Mask::None:
        return scores;
      case Mask::Buffer: {
        // GPT-2 keeps a triangle of bools, and cuts a part of it.
        Tensor triangle = Tensor::zeros(DType::Bool, {1, 1, Context, Context});
        for (int64_t i = 0; i < Context * Context; ++i)
          triangle.as<Boolean>()[static_cast<size_t>(i)] = Boolean(i % Context <= i / Context);
        const ValueId all = dimension(mask_, 1), rows = dimension(ids_, 1);
        const ValueId lower = s.node(
            "Slice", {s.constant("bias", triangle), s.node("Sub", {all, rows}), all, number(2)});
        const ValueId part = s.node("Slice", {lower, number(0), all, number(3)});
        return s.node("Where", {part, scores, lowest});
      }
      case Mask::Trilu: {
        // A square of ones, of which the rows behind the cache are taken.
        const ValueId all = dimension(mask_, 1), rows = dimension(ids_, 1);
        const ValueId square = s.node("ConstantOfShape", {list({all, all})}, {{"value", 1.0f}});
        const ValueId upper =
            s.node("Trilu", {square, scalar_of(number(1))}, {{"upper", int64_t{1}}});
        const ValueId part = s.node("Slice", {upper, s.node("Sub", {all, rows}), all, number(0)});
        return s.node("Add", {s.node("Mul", {part, s.scalar(-1e9f)}), scores});
      }
      default: {
        const ValueId causal = unsqueezed(s.node("Where", {hidden(), lowest, none}), {0, 1});
        if (form_.mask != Mask::Padding) return s.node("Add", {scores, causal});
        const ValueId shown = s.node("Cast", {mask_}, {{"to", int64_t{1}}});
        const ValueId padding =
            s.node("Mul", {s.node("Sub", {s.scalar(1), unsqueezed(shown, {1, 2})}), lowest});
        return s.node("Add", {s.node("Add", {scores, causal}), padding});
      }
    }
  }

  Form form_;
  const Extent sequence_ = Extent::symbol("sequence_length"),
               past_ = Extent::symbol("past_sequence_length");
  ValueId ids_ = NoValue, mask_ = NoValue, positions_ = NoValue, past_key_ = NoValue,
          past_value_ = NoValue, x_ = NoValue, cosines_ = NoValue, sines_ = NoValue;
  std::vector<ValueId> presents_;
};

}  // namespace st::test
