// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/stream_values.h"

#include <cstring>

namespace st {
namespace {

/// Calls visit(index of the element in the tensor) for each element of the stream, in order.
template <typename Visit>
void for_each_element(const StreamType& type, const std::vector<int64_t>& shape, int64_t tokens,
                      int64_t past, const Visit& visit) {
  const auto& elem = type.itensor.elem;
  std::vector<int64_t> stride(elem.size(), 1);
  for (size_t d = elem.size() - 1; d-- > 0;) stride[d] = stride[d + 1] * shape[d + 1];
  const int64_t size = token_elements(type.itensor);
  std::vector<int64_t> within(size);
  for (int64_t i = 0; i < size; ++i) {
    int64_t rest = i;
    for (size_t d = elem.size(); d-- > 0;) {
      within[i] += (rest % elem[d]) * stride[d];
      rest /= elem[d];
    }
  }
  for_each_token(type.itensor, in_launch(tokens, past), [&](const std::vector<int64_t>& origin) {
    int64_t base = 0;
    for (size_t d = 0; d < origin.size(); ++d) base += origin[d] * stride[d];
    for (int64_t i = 0; i < size; ++i) visit(base + within[i]);
  });
}

}  // namespace

std::vector<int64_t> shape_in_launch(const DataTensor& tensor, int64_t tokens, int64_t past) {
  const Bindings launch = in_launch(tokens, past);
  std::vector<int64_t> shape;
  for (const Extent& extent : tensor.shape) shape.push_back(extent.evaluate(launch).value_or(0));
  return shape;
}

std::vector<uint8_t> stream_bytes(const Tensor& tensor, const StreamType& type, int64_t tokens,
                                  int64_t past) {
  std::vector<uint8_t> bytes;
  std::visit(
      [&](const auto& v) {
        for_each_element(type, tensor.shape, tokens, past, [&](int64_t i) {
          const auto* p = reinterpret_cast<const uint8_t*>(&v[i]);
          bytes.insert(bytes.end(), p, p + sizeof v[0]);
        });
      },
      tensor.data);
  return bytes;
}

Result<Tensor> tensor_from_stream(const std::vector<uint8_t>& bytes, const StreamType& type,
                                  const std::vector<int64_t>& shape, int64_t tokens, int64_t past) {
  Tensor tensor = Tensor::zeros(type.itensor.dtype, shape);
  std::vector<bool> seen(tensor.size(), false);
  size_t position = 0;
  bool changed = false, short_of = false;
  std::visit(
      [&](auto& v) {
        for_each_element(type, shape, tokens, past, [&](int64_t i) {
          auto value = v[i];
          if (position + sizeof value > bytes.size()) {
            short_of = true;
            return;
          }
          std::memcpy(&value, bytes.data() + position, sizeof value);
          position += sizeof value;
          // NaN differs from itself; bytes decide.
          if (seen[i] && std::memcmp(&v[i], &value, sizeof value) != 0) changed = true;
          seen[i] = true;
          v[i] = value;
        });
      },
      tensor.data);
  if (short_of || position != bytes.size()) {
    return Diagnostic{"E0701",
                      "the stream holds " + std::to_string(bytes.size()) +
                          " bytes, its type asks for " +
                          (short_of ? "more" : std::to_string(position)),
                      "",
                      {text_of(type.itensor)},
                      ""};
  }
  if (changed)
    return Diagnostic{"E0701",
                      "an element has another value when it is streamed again",
                      "",
                      {text_of(type.itensor)},
                      ""};
  return tensor;
}

uint8_t* bytes_of(Tensor& tensor) {
  return std::visit([](auto& v) { return reinterpret_cast<uint8_t*>(v.data()); }, tensor.data);
}
const uint8_t* bytes_of(const Tensor& tensor) {
  return std::visit([](const auto& v) { return reinterpret_cast<const uint8_t*>(v.data()); },
                    tensor.data);
}

}  // namespace st
