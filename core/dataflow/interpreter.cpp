// SPDX-License-Identifier: Apache-2.0
#include "core/dataflow/interpreter.h"

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
  for_each_token(type.itensor, {{Sequence, tokens}, {Past, past}},
                 [&](const std::vector<int64_t>& origin) {
                   int64_t base = 0;
                   for (size_t d = 0; d < origin.size(); ++d) base += origin[d] * stride[d];
                   for (int64_t i = 0; i < size; ++i) visit(base + within[i]);
                 });
}

}  // namespace

std::vector<int64_t> shape_in_launch(const DataTensor& tensor, int64_t tokens, int64_t past) {
  std::vector<int64_t> shape;
  for (const Extent& extent : tensor.shape)
    shape.push_back(extent.evaluate({{Sequence, tokens}, {Past, past}}).value_or(0));
  return shape;
}

Result<const Tensor*> ProgramInterpreter::constant(TensorId id) {
  auto [entry, fresh] = constants_.try_emplace(id);
  if (fresh) {
    auto loaded = program_.tensors[id].constant->load();
    if (!loaded.ok()) {
      constants_.erase(entry);
      return loaded.errors();
    }
    entry->second = std::move(*loaded);
  }
  return static_cast<const Tensor*>(&entry->second);
}

Result<std::vector<Tensor>> ProgramInterpreter::evaluate(const Kernel& kernel,
                                                         const std::vector<const Tensor*>& inputs,
                                                         int64_t tokens, int64_t past) {
  const Evaluation evaluation{
      program_, kernel, inputs, state_, tokens, past, [this](TensorId id) { return constant(id); }};
  return kernel_record(kernel.kind).evaluate(evaluation);
}

Status ProgramInterpreter::launch(int64_t tokens, int64_t past) {
  for (int group = 0; group < program_.groups; ++group) {
    std::map<ChannelId, Tensor> values;
    for (KernelId k : program_.kernels_of(group)) {
      const Kernel& kernel = program_.kernels[k];
      std::vector<const Tensor*> inputs;
      for (const Port& port : kernel.inputs) inputs.push_back(&values.at(port.channel));
      ST_TRY(outputs, evaluate(kernel, inputs, tokens, past));
      for (size_t i = 0; i < kernel.outputs.size(); ++i)
        values[kernel.outputs[i].channel] = std::move(outputs[i]);
      for (const Port& port : kernel.inputs) values.erase(port.channel);
    }
  }
  return {};
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

}  // namespace st
