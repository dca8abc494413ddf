// SPDX-License-Identifier: Apache-2.0
#include "core/quantise/rounded_file.h"

#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/support/document_reader.h"
#include "core/support/json.h"
#include "core/support/text_cursor.h"

namespace st {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* Schema = "streamtensor.rounded/1";
constexpr std::string_view Digits = "0123456789abcdef";
/// Of all tensors of a file together.
constexpr int64_t MostElements = int64_t{1} << 31;

uint32_t bits_at(const Tensor& tensor, size_t i) {
  if (tensor.dtype() == DType::I4) return tensor.as<Int4>()[i].bits;
  if (tensor.dtype() == DType::BF16) return tensor.as<BFloat16>()[i].bits;
  return std::bit_cast<uint32_t>(tensor.f32()[i]);
}

/// False where the bits are of a number that is not finite.
bool set_bits(Tensor& tensor, size_t i, uint32_t bits) {
  if (tensor.dtype() == DType::I4) {
    tensor.as<Int4>()[i].bits = static_cast<uint8_t>(bits);
    return true;
  }
  if (tensor.dtype() == DType::BF16) {
    tensor.as<BFloat16>()[i].bits = static_cast<uint16_t>(bits);
    return std::isfinite(static_cast<double>(tensor.as<BFloat16>()[i]));
  }
  tensor.f32()[i] = std::bit_cast<float>(bits);
  return std::isfinite(tensor.f32()[i]);
}

/// What an element takes in the file.
size_t digits_of(DType type) { return static_cast<size_t>(bits_of(type)) / 4; }

std::string bits_text(const Tensor& tensor) {
  const size_t digits = digits_of(tensor.dtype());
  std::string text;
  for (size_t i = 0; i < static_cast<size_t>(tensor.size()); ++i) {
    const uint32_t bits = bits_at(tensor, i);
    for (size_t d = digits; d-- > 0;) text += Digits[(bits >> (4 * d)) & 15];
  }
  return text;
}

class Reader : public DocumentReader {
 public:
  explicit Reader(const std::string& file)
      : DocumentReader("E0319", file, "round the weights again") {}

  RoundedWeights read(const json::Value& document) {
    RoundedWeights made;
    const json::Value *schema = document.find("schema"), *tensors = document.find("tensors");
    if (schema == nullptr || schema->string() == nullptr || *schema->string() != Schema)
      report("/schema", "must be \"" + std::string(Schema) + "\"");
    if (tensors == nullptr || tensors->object() == nullptr) {
      report("/tensors", "must be an object");
      return made;
    }
    for (const auto& [name, value] : *tensors->object())
      made[name] = tensor(value, "/tensors/" + pointer_part(name));
    return made;
  }

 private:
  Tensor tensor(const json::Value& value, const std::string& pointer) {
    const json::Value *type_text = value.find("type"), *bits = value.find("bits");
    if (!type_text || !type_text->string() || !bits || !bits->string()) {
      report(pointer, "needs a type and bits, both strings");
      return {};
    }
    TextCursor cursor(*type_text->string(), "E0319", file());
    const TensorType type = parse_tensor_type(cursor);
    std::vector<int64_t> shape;
    bool right = !cursor.failed() && cursor.at_end() &&
                 (type.dtype == DType::I4 || type.dtype == DType::BF16 || type.dtype == DType::F32);
    for (const Extent& extent : type.shape) {
      right = right && extent.is_constant() && extent.offset() > 0;
      shape.push_back(extent.offset());
    }
    if (!right || element_count(shape) > MostElements) {
      report(pointer + "/type", "must be i4, bf16 or f32 with a shape of positive numbers");
      return {};
    }
    return elements(*bits->string(), type.dtype, std::move(shape), pointer + "/bits");
  }

  Tensor elements(const std::string& text, DType dtype, std::vector<int64_t> shape,
                  const std::string& pointer) {
    const size_t digits = digits_of(dtype);
    const auto count = static_cast<size_t>(element_count(shape));
    if (text.size() != count * digits || text.find_first_not_of(Digits) != std::string::npos) {
      report(pointer, "must have " + std::to_string(count * digits) + " digits 0-9, a-f");
      return {};
    }
    Tensor made = Tensor::zeros(dtype, std::move(shape));
    bool finite = true;
    for (size_t i = 0; i < count; ++i) {
      uint32_t bits = 0;
      for (size_t d = 0; d < digits; ++d)
        bits = bits << 4 | static_cast<uint32_t>(Digits.find(text[i * digits + d]));
      finite = set_bits(made, i, bits) && finite;
    }
    if (!finite) report(pointer, "a number is not finite");
    return made;
  }
};

}  // namespace

std::string rounded_text(const RoundedWeights& weights) {
  Json tensors = Json::object();
  for (const auto& [name, tensor] : weights) {
    const TensorType type{tensor.dtype(), {tensor.shape.begin(), tensor.shape.end()}};
    tensors[name] = {{"type", text_of(type)}, {"bits", bits_text(tensor)}};
  }
  const Json document = {{"schema", Schema}, {"tensors", std::move(tensors)}};
  // Names come from untrusted files; what is no UTF-8 is replaced.
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<RoundedWeights> parse_rounded(const std::string& text, const std::string& file) {
  ST_TRY(document, json::parse(text, file));
  Reader reader(file);
  RoundedWeights made = reader.read(document);
  ST_CHECK(reader.result());
  return made;
}

}  // namespace st
