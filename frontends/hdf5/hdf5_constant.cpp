// SPDX-License-Identifier: Apache-2.0
/// Datasets as constants of a graph.
#include <cmath>
#include <utility>

#include "frontends/hdf5/hdf5_file.h"

namespace st {
namespace {

/// How wide an integer type is, to tell which others hold all its values; 0 for floats.
int integer_rank(DType type) {
  switch (type) {
    case DType::Bool:
      return 1;
    case DType::I8:
      return 2;
    case DType::U8:
      return 3;
    case DType::I32:
      return 4;
    case DType::I64:
      return 5;
    default:
      return 0;
  }
}

bool fits(DType stored, DType declared) {
  const int from = integer_rank(stored);
  const int to = integer_rank(declared);
  if (from == 0 || to == 0) return from == to;
  if (stored == DType::I8 && declared == DType::U8) return false;
  // h5py users often store booleans as bytes.
  if (declared == DType::Bool) return stored == DType::Bool || stored == DType::U8;
  return from <= to;
}

std::string text_of_shape(const std::vector<int64_t>& shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ",") + std::to_string(shape[i]);
  return text + "]";
}

template <typename To>
Tensor converted(const Tensor& tensor) {
  Tensor result;
  result.shape = tensor.shape;
  std::vector<To> data(static_cast<size_t>(tensor.size()));
  for (size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<To>(tensor.integer(static_cast<int64_t>(i)));
  }
  result.data = std::move(data);
  return result;
}

class Hdf5Constant : public ConstantSource {
 public:
  Hdf5Constant(std::shared_ptr<const Hdf5File> file, std::string dataset, DType dtype)
      : file_(std::move(file)), dataset_(std::move(dataset)), dtype_(dtype) {}

  Result<Tensor> load() const override {
    ST_TRY(tensor, file_->read(dataset_));
    if (dtype_ == DType::I64 && tensor.dtype() != DType::I64) return converted<int64_t>(tensor);
    const bool narrow = tensor.dtype() == DType::I8;
    if (narrow && (dtype_ == DType::I32 || dtype_ == DType::U8 || dtype_ == DType::Bool)) {
      return converted<int32_t>(tensor);
    }
    if (dtype_ == DType::I8 && tensor.dtype() == DType::I32) return converted<int8_t>(tensor);
    return std::move(tensor);
  }
  Result<Tensor> load_block(int64_t layer, const Block& block) const override {
    if (has_blocks(layer)) return file_->read_block(dataset_, block);
    return ConstantSource::load_block(layer, block);
  }
  bool has_blocks(int64_t /*layer*/) const override { return file_->has_blocks(dataset_); }
  std::string describe() const override {
    return file_->path().filename().string() + ":" + dataset_;
  }

 private:
  std::shared_ptr<const Hdf5File> file_;
  std::string dataset_;
  DType dtype_;
};

std::string index_of(const std::vector<int64_t>& shape, int64_t flat) {
  std::vector<int64_t> index(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    index[d] = flat % shape[d];
    flat /= shape[d];
  }
  return text_of_shape(index);
}

}  // namespace

Status check_hdf5_constant(const Hdf5File& file, const std::string& dataset, DType dtype,
                           const std::vector<int64_t>& shape, const std::string& initializer,
                           const std::string& where) {
  const auto found = file.find(dataset);
  if (!found.ok()) {
    Diagnostics problems = found.errors();
    for (Diagnostic& problem : problems) {
      problem.where = where;
      problem.details = {"needed for initializer '" + printable(initializer) + "'"};
    }
    return problems;
  }
  const Hdf5Dataset& info = **found;
  const std::string declared = std::string(name_of(dtype)) + text_of_shape(shape);
  const std::vector<std::string> facts = {
      "model    " + declared + "  initializer '" + printable(initializer) + "'",
      "weights  " + info.type_text + text_of_shape(info.shape) + "  " +
          printable(file.path().filename().string()) + ":" + printable(info.name)};
  Diagnostics problems;
  if (info.shape != shape) {
    problems.push_back({"E0203", "weight '" + printable(initializer) + "' has another shape", where,
                        facts, "check that these weights belong to this model"});
  }
  if (!info.dtype) {
    problems.push_back({"E0204",
                        "weight '" + printable(initializer) + "' is stored as " + info.type_text +
                            ", which is not supported",
                        where, facts, "supported: f16, f32, f64, bf16, i8, u8, i32, i64 and bool"});
  } else if (!fits(*info.dtype, dtype)) {
    problems.push_back({"E0204",
                        "weight '" + printable(initializer) + "' is stored as " + info.type_text +
                            ", which is not a " + std::string(name_of(dtype)),
                        where, facts, "store it as the model declares it"});
  }
  return problems;
}

std::shared_ptr<const ConstantSource> hdf5_constant(std::shared_ptr<const Hdf5File> file,
                                                    std::string dataset, DType dtype) {
  return std::make_shared<Hdf5Constant>(std::move(file), std::move(dataset), dtype);
}

Status check_finite(const Tensor& tensor, const std::string& name, const std::string& where,
                    bool infinity_too) {
  const auto* data = std::get_if<std::vector<float>>(&tensor.data);
  if (data == nullptr) return {};
  int64_t count = 0;
  int64_t first = -1;
  for (size_t i = 0; i < data->size(); ++i) {
    const float x = (*data)[i];
    if (!(std::isnan(x) || (infinity_too && std::isinf(x)))) continue;
    if (count++ == 0) first = static_cast<int64_t>(i);
  }
  if (count == 0) return {};
  const float value = (*data)[static_cast<size_t>(first)];
  const std::string what = std::isnan(value) ? "NaN" : value > 0 ? "infinity" : "-infinity";
  return Diagnostic{
      "E0205",
      "weight '" + printable(name) + "' holds " + std::to_string(count) +
          (count == 1 ? " value that is" : " values that are") + " not finite",
      where,
      {"the first is " + what + " at " + index_of(tensor.shape, first) + " of " +
       text_of_shape(tensor.shape)},
      infinity_too ? "float64 values beyond the range of float32 count as infinity" : ""};
}

}  // namespace st
