// SPDX-License-Identifier: Apache-2.0
// Kernels of the shared matrix engine against their streams, and where streams enter and leave the
// layers.
#include <algorithm>

#include "core/dataflow/kernels/stripes.h"
#include "core/dataflow/verify.h"

namespace st {
namespace {

bool is_row(const Program& program, const Port& port, DType dtype, int64_t width) {
  const DataTensor& tensor = program.tensors[port.tensor];
  return tensor.dtype == dtype &&
         tensor.shape == std::vector{Extent::symbol(Sequence), Extent(width)};
}

/// A layer's rows are carried alike inside and outside the layers.
bool alike(const Program& program, const Port& a, const Port& b) {
  return a.type == b.type && program.tensors[a.tensor].shape == program.tensors[b.tensor].shape;
}

}  // namespace

std::string check_layer_switch(const Program& program, const Kernel& kernel) {
  if (!kernel.layered || !program.layers.streamed) return "there are no layers that are streamed";
  const bool enters = kernel.kind == "enter_layers";
  const std::string flag = enters ? "Entry" : "Exit";
  const auto flags = kernel.layer_sizes.find(flag);
  const auto& rows = enters ? kernel.inputs : kernel.outputs;
  const Port& other = enters ? kernel.outputs[0] : kernel.inputs[0];
  if (rows.size() != 2) return "there are two streams to choose from";
  if (!alike(program, rows[0], rows[1]) || !alike(program, rows[0], other) ||
      !is_row(program, other, DType::F32, product_of(kernel, "L*Beats")) ||
      other.type.lanes != kernel.sizes.at("L"))
    return "the rows differ";
  const size_t at = enters ? 0 : static_cast<size_t>(program.layers.count) - 1;
  if (flags == kernel.layer_sizes.end()) return flag + " is told for each layer";
  for (size_t layer = 0; layer < flags->second.size(); ++layer) {
    if ((flags->second[layer] != 0) != (layer == at)) return flag + " is true of one layer alone";
  }
  return "";
}

std::string check_feed(const Program& program, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  const int64_t lanes = kernel.sizes.at("L"), beats = kernel.sizes.at("Beats");
  const auto slices = static_cast<size_t>(kernel.sizes.at("Slices"));
  if (StripeColumns % lanes != 0) return "a column is of whole beats";
  if (layout.columns() > kernel.sizes.at("MaxColumns") ||
      filled_columns(beats, lanes) > layout.columns() ||
      filled_columns(beats, lanes) <= layout.columns() - layout.group_words)
    return "the columns are not those of its row";
  if (!is_row(program, kernel.inputs[0], DType::I8, lanes * beats) ||
      !is_row(program, kernel.inputs[1], DType::F32, layout.groups))
    return "the row and its scales are not as wide as its sizes say";
  if (kernel.outputs.size() != 2 * slices) return "a slice takes columns and scales";
  for (size_t s = 0; s < slices; ++s) {
    if (kernel.outputs[s].type != stripe_x_type(program, layout) ||
        kernel.outputs[slices + s].type != stripe_scale_type(program, layout))
      return "what a slice gets is not its columns and scales";
  }
  return "";
}

std::string check_slice(const Program& program, const Kernel& kernel) {
  const StripeLayout layout = stripe_layout_of(kernel);
  if (layout.word_rows > 2 || layout.rows % layout.word_rows != 0 ||
      layout.rows > kernel.sizes.at("MaxRows") ||
      layout.scale_words() > kernel.sizes.at("MaxScaleWords"))
    return "the rows are not whole words, or more than it has room for";
  if (layout.pairs() * layout.group_words < StripeApart)
    return "its totals come again before an addition is done";
  if (kernel.inputs.size() != 2 + static_cast<size_t>(layout.ports))
    return "there is not one stream of words for each port";
  if (kernel.inputs[0].type != stripe_x_type(program, layout) ||
      kernel.inputs[1].type != stripe_scale_type(program, layout) ||
      kernel.outputs[0].type != stripe_y_type(program, layout, layout.ports))
    return "its streams are not those of its layout";
  const StreamType words = stripe_words_type(program, layout.words());
  const bool all = std::all_of(kernel.inputs.begin() + 2, kernel.inputs.end(),
                               [&](const Port& port) { return port.type == words; });
  return all ? "" : "the words are not those of its layout";
}

std::string check_collect(const Program& program, const Kernel& kernel) {
  const int64_t word_rows = kernel.sizes.at("WordRows"), beats = kernel.sizes.at("SliceBeats");
  const int64_t width = kernel.sizes.at("L") * kernel.sizes.at("Beats");
  int64_t ports = 0;
  for (const Port& port : kernel.inputs) {
    if (port.type.lanes % word_rows != 0 || beats_per_row(program, port.type) != beats)
      return "a slice gives other results than its sizes say";
    ports += port.type.lanes / word_rows;
  }
  if (ports != kernel.sizes.at("Ports") || width > ports * word_rows * beats)
    return "the slices have not the results of a row";
  return is_row(program, kernel.outputs[0], DType::F32, width) ? "" : "the row has another width";
}

}  // namespace st
