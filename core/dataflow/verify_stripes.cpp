// SPDX-License-Identifier: Apache-2.0
// Kernels of the shared matrix engine against their streams, and where streams enter and leave the
// layers.
#include <algorithm>

#include "core/dataflow/kernels/stripes.h"
#include "core/dataflow/verify.h"

namespace st {
namespace {

bool is_row(const Program& program, const Kernel& kernel, const Port& port, DType dtype,
            int64_t width, bool of_results = false) {
  const DataTensor& tensor = program.tensors[port.tensor];
  const Extent rows = kernel.behind || of_results ? Extent(1) : Extent::symbol(Sequence);
  return tensor.dtype == dtype && tensor.shape == std::vector{rows, Extent(width)};
}

/// A lane for each row of a launch, in one of the tiles, none of which is empty.
bool has_lanes(const Program& program, const Kernel& kernel) {
  TokenTiles tiles(kernel);
  tiles.behind = false;
  return tiles.lanes >= 1 && tiles.lanes <= MostTokenLanes && tiles.most <= MostTokenTiles &&
         (program.max_sequence + tiles.lanes - 1) / tiles.lanes == tiles.most;
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
  const int64_t lanes = kernel.sizes.at("L"), width = lanes * kernel.sizes.at("Beats");
  const auto has_rows = [&](const Port& port, bool of_results) {
    return is_row(program, kernel, port, DType::F32, width, of_results) && port.type.lanes == lanes;
  };
  // One row leaves the layers; all others stay, or end there.
  if (!has_rows(rows[0], false) || !has_rows(rows[1], !enters) || !has_rows(other, false))
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
  if (!has_lanes(program, kernel)) return "there is not a lane for each row of a launch";
  if (!is_row(program, kernel, kernel.inputs[0], DType::I8, lanes * beats) ||
      !is_row(program, kernel, kernel.inputs[1], DType::F32, layout.groups))
    return "the row and its scales are not as wide as its sizes say";
  if (kernel.outputs.size() != 2 * slices) return "a slice takes columns and scales";
  for (size_t s = 0; s < slices; ++s) {
    if (kernel.outputs[s].type != stripe_x_type(layout, TokenTiles(kernel)) ||
        kernel.outputs[slices + s].type != stripe_scale_type(layout, TokenTiles(kernel)))
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
  if (!has_lanes(program, kernel)) return "there is not a lane for each row of a launch";
  if (kernel.inputs.size() != 2 + static_cast<size_t>(layout.ports))
    return "there is not one stream of words for each port";
  const TokenTiles tiles(kernel);
  if (tiles.all().bound > 1 && layout.words() > kernel.sizes.at("MaxWords"))
    return "it has no room for the words of a step";
  if (kernel.inputs[0].type != stripe_x_type(layout, tiles) ||
      kernel.inputs[1].type != stripe_scale_type(layout, tiles) ||
      kernel.outputs[0].type != stripe_y_type(layout, tiles, layout.ports))
    return "its streams are not those of its layout";
  const StreamType words = stripe_words_type(layout.words());
  const bool all = std::all_of(kernel.inputs.begin() + 2, kernel.inputs.end(),
                               [&](const Port& port) { return port.type == words; });
  return all ? "" : "the words are not those of its layout";
}

std::string check_collect(const Program& program, const Kernel& kernel) {
  const int64_t beat_rows = kernel.sizes.at("BeatRows"), beats = kernel.sizes.at("SliceBeats");
  const int64_t width = kernel.sizes.at("L") * kernel.sizes.at("Beats");
  if (!has_lanes(program, kernel)) return "there is not a lane for each row of a launch";
  const TokenTiles tiles(kernel);
  const int64_t results = beat_rows * tiles.lanes;
  int64_t ports = 0;
  for (const Port& port : kernel.inputs) {
    if (port.type.lanes % results != 0 || port.type.max_beats() != beats * tiles.all().bound)
      return "a slice gives other results than its sizes say";
    ports += port.type.lanes / results;
  }
  if (!kernel.behind && tiles.lanes > 1 && beats > kernel.sizes.at("MaxKept"))
    return "it has no room for the results of all rows";
  if (ports != kernel.sizes.at("Ports") || width > ports * beat_rows * beats)
    return "the slices have not the results of a row";
  return is_row(program, kernel, kernel.outputs[0], DType::F32, width)
             ? ""
             : "the row has another width";
}

}  // namespace st
