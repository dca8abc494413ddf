// SPDX-License-Identifier: Apache-2.0
#include "core/graph/constant.h"

#include <algorithm>
#include <limits>

#include "core/graph/layer_memo.h"
#include "core/support/near_names.h"
#include "core/support/text_form.h"

namespace st {
namespace {

class InMemoryConstant final : public ConstantSource {
 public:
  InMemoryConstant(Tensor tensor, std::string description)
      : tensor_(std::move(tensor)), description_(std::move(description)) {}
  Result<Tensor> load() const override { return tensor_; }
  bool has_blocks(int64_t /*layer*/) const override { return true; }
  std::string describe() const override { return description_; }

 private:
  Tensor tensor_;
  std::string description_;
};

class NamedConstant final : public ConstantSource {
 public:
  NamedConstant(std::string name, std::shared_ptr<const ConstantSource> data)
      : name_(std::move(name)), data_(std::move(data)) {}
  Result<Tensor> load() const override {
    if (data_) return data_->load();
    return Diagnostic{"E0201", "weight '" + printable(name_) + "' was not read", "", {}, ""};
  }
  Result<Tensor> load_block(int64_t layer, const Block& block) const override {
    if (data_) return data_->load_block(layer, block);
    return load();
  }
  bool has_blocks(int64_t layer) const override { return data_ && data_->has_blocks(layer); }
  std::string describe() const override { return "load " + quoted_text(name_); }

 private:
  std::string name_;
  std::shared_ptr<const ConstantSource> data_;  ///< nullptr where it was not looked for
};

class Zeros final : public ConstantSource {
 public:
  Zeros(DType dtype, std::vector<int64_t> shape) : dtype_(dtype), shape_(std::move(shape)) {}
  Result<Tensor> load() const override { return Tensor::zeros(dtype_, shape_); }
  std::string describe() const override {
    return "zeros " + text_of(TensorType{dtype_, {shape_.begin(), shape_.end()}});
  }

 private:
  DType dtype_;
  std::vector<int64_t> shape_;
};

class LayeredConstant final : public ConstantSource {
 public:
  explicit LayeredConstant(std::vector<std::shared_ptr<const ConstantSource>> of_layer)
      : of_layer_(std::move(of_layer)) {}
  Result<Tensor> load() const override { return load_layer(0); }
  int64_t layers() const override { return static_cast<int64_t>(of_layer_.size()); }
  Result<Tensor> load_layer(int64_t layer) const override {
    return of_layer_.at(static_cast<size_t>(layer))->load();
  }
  Result<Tensor> load_block(int64_t layer, const Block& block) const override {
    return of_layer_.at(static_cast<size_t>(layer))->load_block(0, block);
  }
  bool has_blocks(int64_t layer) const override {
    return of_layer_.at(static_cast<size_t>(layer))->has_blocks(0);
  }
  std::string describe() const override {
    std::string text = "layers [";
    for (const auto& source : of_layer_)
      text += (text.back() == '[' ? "" : ", ") + source->describe();
    return text + "]";
  }

 private:
  std::vector<std::shared_ptr<const ConstantSource>> of_layer_;
};

class DerivedConstant final : public ConstantSource {
 public:
  DerivedConstant(std::shared_ptr<const ConstantSource> base, std::string transform,
                  std::vector<int64_t> parameters)
      : base_(std::move(base)),
        transform_(std::move(transform)),
        parameters_(std::move(parameters)) {}
  Result<Tensor> load() const override { return load_layer(0); }
  int64_t layers() const override { return base_->layers(); }
  Result<Tensor> load_layer(int64_t layer) const override {
    const TransformRecord* record = find_transform(transform_);
    if (!record || parameters_.size() != record->parameters)
      return Diagnostic{"E0901", "there is no transform '" + describe() + "'", "", {}, ""};
    if (const ConstantSource* same = transposed_twice()) return same->load_layer(layer);
    if (record->block) return record->block({*base_, layer}, parameters_, {});
    ST_TRY(tensor, base_->load_layer(layer));
    return record->apply(tensor, parameters_);
  }
  Result<Tensor> load_block(int64_t layer, const Block& block) const override {
    const TransformRecord* record = find_transform(transform_);
    if (const ConstantSource* same = transposed_twice()) return same->load_block(layer, block);
    if (!record || !record->block) return ConstantSource::load_block(layer, block);
    return record->block({*base_, layer}, parameters_, block);
  }
  bool has_blocks(int64_t layer) const override {
    const TransformRecord* record = find_transform(transform_);
    return record && record->block && base_->has_blocks(layer);
  }
  // Each user of a matrix has a transpose of its own, and they are all alike.
  ScaleMemo& scales() const override {
    return transform_ == "transpose" ? base_->column_scales() : ConstantSource::scales();
  }
  ScaleMemo& column_scales() const override {
    return transform_ == "transpose" ? base_->scales() : ConstantSource::column_scales();
  }
  std::string describe() const override {
    std::string text = base_->describe() + " | " + transform_;
    for (int64_t parameter : parameters_) text += " " + std::to_string(parameter);
    return text;
  }

 private:
  /// What it is, if it is the transpose of a transpose: nobody need do either.
  [[nodiscard]] const ConstantSource* transposed_twice() const {
    const auto* base = dynamic_cast<const DerivedConstant*>(base_.get());
    const bool twice = base && transform_ == "transpose" && base->transform_ == "transpose";
    return twice ? base->base_.get() : nullptr;
  }

  std::shared_ptr<const ConstantSource> base_;
  std::string transform_;
  std::vector<int64_t> parameters_;
};

class CombinedConstant final : public ConstantSource {
 public:
  CombinedConstant(std::string combination,
                   std::vector<std::shared_ptr<const ConstantSource>> operands,
                   std::vector<int64_t> parameters)
      : combination_(std::move(combination)),
        operands_(std::move(operands)),
        parameters_(std::move(parameters)) {}
  Result<Tensor> load() const override { return load_layer(0); }
  int64_t layers() const override {
    int64_t most = 1;
    for (const auto& operand : operands_) most = std::max(most, operand->layers());
    return most;
  }
  Result<Tensor> load_layer(int64_t layer) const override {
    const CombinationRecord* record = find_combination(combination_);
    if (!record || parameters_.size() != record->parameters || operands_.size() < record->least ||
        operands_.size() > record->most)
      return Diagnostic{"E0901", "there is no combination '" + describe() + "'", "", {}, ""};
    std::vector<Tensor> tensors;
    for (const auto& operand : operands_) {
      ST_TRY(tensor, operand->load_layer(operand->layers() > 1 ? layer : 0));
      tensors.push_back(std::move(tensor));
    }
    return record->apply(tensors, parameters_);
  }
  /// Parts of a layer are asked for by several ports: it is made once for them.
  Result<Tensor> load_block(int64_t layer, const Block& block) const override {
    return made_.block(layer, block, [&] { return load_layer(layer); });
  }
  std::string describe() const override {
    std::string text = combination_ + " [";
    for (const auto& operand : operands_)
      text += (text.back() == '[' ? "" : ", ") + operand->describe();
    text += "]";
    for (const int64_t parameter : parameters_) text += " " + std::to_string(parameter);
    return text;
  }

 private:
  std::string combination_;
  std::vector<std::shared_ptr<const ConstantSource>> operands_;
  std::vector<int64_t> parameters_;
  mutable LayerMemo made_;
};

/// Lists in lists: one level is written.
constexpr int MostNested = 8;
TypedConstant parse_chain(TextCursor& cursor, const ConstantLookup& lookup, int nested);

/// Positive integers, `count` of them.
std::vector<int64_t> parse_parameters(TextCursor& cursor, size_t count) {
  std::vector<int64_t> parameters;
  for (size_t i = 0; i < count; ++i)
    parameters.push_back(cursor.integer(1, std::numeric_limits<int64_t>::max()));
  return parameters;
}

/// The rest of "dequantised_blocks [load "a", load "b"] 4 32 64", which begins at `before`.
TypedConstant parse_combination(TextCursor& cursor, const CombinationRecord& record, size_t before,
                                const ConstantLookup& lookup, int nested) {
  std::vector<std::shared_ptr<const ConstantSource>> sources;
  std::vector<TensorType> types;
  cursor.expect("[");
  do {
    const TypedConstant each = parse_chain(cursor, lookup, nested + 1);
    if (cursor.failed()) return {};
    sources.push_back(each.source);
    if (each.type) types.push_back(*each.type);
  } while (cursor.accept(","));
  cursor.expect("]");
  std::vector<int64_t> parameters = parse_parameters(cursor, record.parameters);
  if (cursor.failed()) return {};
  std::optional<TensorType> type;
  const bool typed = types.size() == sources.size();
  if (typed && sources.size() >= record.least && sources.size() <= record.most)
    type = record.type(types, parameters);
  int64_t layers = 1;
  bool mixed = false;
  for (const auto& source : sources) {
    const int64_t own = source ? source->layers() : 1;
    mixed = mixed || (own > 1 && layers > 1 && own != layers);
    layers = std::max(layers, own);
  }
  if ((typed && !type) || mixed)
    cursor.fail_at(before, std::string(record.name) + " takes " + std::string(record.takes));
  return {combined_constant(std::string(record.name), std::move(sources), std::move(parameters)),
          type};
}

/// The rest of "layers [load "a", load "b"]".
TypedConstant parse_layers(TextCursor& cursor, const ConstantLookup& lookup, int nested) {
  std::vector<std::shared_ptr<const ConstantSource>> sources;
  std::optional<TensorType> type;
  cursor.expect("[");
  do {
    const size_t before = cursor.position();
    const TypedConstant each = parse_chain(cursor, lookup, nested + 1);
    if (cursor.failed()) return {};
    if (each.source && each.source->layers() != 1)
      cursor.fail_at(before, "the constant of a layer has layers");
    if (type && each.type && *type != *each.type)
      cursor.fail_at(before, "the constant of this layer is " + text_of(*each.type) +
                                 ", that of the first one " + text_of(*type));
    if (!type) type = each.type;
    sources.push_back(each.source);
  } while (cursor.accept(","));
  cursor.expect("]");
  return {layered_constant(std::move(sources)), type};
}

/// "load" and a name, "zeros" and a type, or "layers" or a combination and a list.
TypedConstant parse_base(TextCursor& cursor, const ConstantLookup& lookup, int nested) {
  if (nested > MostNested) {
    cursor.fail("constants are nested more than " + std::to_string(MostNested) + " times");
    return {};
  }
  if (cursor.accept("layers")) return parse_layers(cursor, lookup, nested);
  const size_t begin = cursor.position();
  for (const CombinationRecord& record : combination_records()) {
    if (cursor.accept(record.name)) return parse_combination(cursor, record, begin, lookup, nested);
  }
  if (cursor.accept("load")) {
    const size_t before = cursor.position();
    const std::string name = cursor.quoted("the name of a constant");
    if (cursor.failed()) return {};
    if (auto found = lookup(name)) return {named_constant(name, found->source), found->type};
    cursor.fail_at(before, "the model has no constant '" + printable(name) + "'");
    return {};
  }
  if (!cursor.accept("zeros")) {
    cursor.fail(
        "expected a constant: load \"NAME\", zeros TYPE, layers [...], dequantised_blocks [...], "
        "or "
        "stripes [...]");
    return {};
  }
  const size_t before = cursor.position();
  const TensorType type = parse_tensor_type(cursor);
  if (cursor.failed()) return {};
  std::vector<int64_t> shape;
  for (const Extent& extent : type.shape) {
    if (!extent.is_constant() || extent.offset() < 1)
      cursor.fail_at(before, "zeros have a shape of positive numbers");
    shape.push_back(extent.offset());
  }
  const bool stored = type.dtype == DType::F32 || type.dtype == DType::I8 ||
                      type.dtype == DType::I32 || type.dtype == DType::I64;
  if (!stored) cursor.fail_at(before, "zeros are f32, i8, i32 or i64");
  return {zeros_constant(type.dtype, shape), type};
}

TypedConstant parse_chain(TextCursor& cursor, const ConstantLookup& lookup, int nested) {
  TypedConstant constant = parse_base(cursor, lookup, nested);
  while (cursor.accept("|")) {
    const size_t before = cursor.position();
    const std::string name = cursor.identifier("a transform");
    if (cursor.failed()) return {};
    const TransformRecord* record = find_transform(name);
    if (!record) {
      std::vector<std::string> known;
      for (const TransformRecord& each : transform_records()) known.emplace_back(each.name);
      const std::string hint = did_you_mean(name, known);
      cursor.fail_at(before,
                     "there is no transform '" + name + "'" + (hint.empty() ? "" : "; " + hint));
      return {};
    }
    std::vector<int64_t> parameters = parse_parameters(cursor, record->parameters);
    if (cursor.failed()) return {};
    if (constant.type) {
      const auto type = record->type(*constant.type, parameters);
      if (!type) {
        cursor.fail_at(before, name + " takes " + std::string(record->takes) + ", not " +
                                   text_of(*constant.type));
        return {};
      }
      constant.type = type;
    }
    constant.source = derived_constant(constant.source, name, std::move(parameters));
  }
  return constant;
}

}  // namespace

Result<Tensor> ConstantSource::load_block(int64_t layer, const Block& block) const {
  ST_TRY(matrix, load_layer(layer));
  return block_of(std::move(matrix), block);
}

std::shared_ptr<const ConstantSource> constant_of(Tensor tensor, std::string description) {
  return std::make_shared<InMemoryConstant>(std::move(tensor), std::move(description));
}

std::shared_ptr<const ConstantSource> named_constant(std::string name,
                                                     std::shared_ptr<const ConstantSource> data) {
  return std::make_shared<NamedConstant>(std::move(name), std::move(data));
}

std::shared_ptr<const ConstantSource> zeros_constant(DType dtype, std::vector<int64_t> shape) {
  return std::make_shared<Zeros>(dtype, std::move(shape));
}

std::shared_ptr<const ConstantSource> combined_constant(
    std::string combination, std::vector<std::shared_ptr<const ConstantSource>> operands,
    std::vector<int64_t> parameters) {
  return std::make_shared<CombinedConstant>(std::move(combination), std::move(operands),
                                            std::move(parameters));
}

std::shared_ptr<const ConstantSource> layered_constant(
    std::vector<std::shared_ptr<const ConstantSource>> of_layer) {
  return std::make_shared<LayeredConstant>(std::move(of_layer));
}

std::shared_ptr<const ConstantSource> derived_constant(std::shared_ptr<const ConstantSource> base,
                                                       std::string transform,
                                                       std::vector<int64_t> parameters) {
  return std::make_shared<DerivedConstant>(std::move(base), std::move(transform),
                                           std::move(parameters));
}

ConstantLookup any_constant() {
  return [](const std::string&) { return TypedConstant{nullptr, std::nullopt}; };
}

TypedConstant parse_constant(TextCursor& cursor, const ConstantLookup& lookup) {
  return parse_chain(cursor, lookup, 0);
}

}  // namespace st
