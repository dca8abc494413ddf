// SPDX-License-Identifier: Apache-2.0
#include "core/packing/parameter_file.h"

#include <algorithm>

#include "core/dataflow/stream_values.h"

namespace st {
namespace {

/// Elements that are worked on at once: as floats, a second-level cache.
constexpr int64_t PieceElements = int64_t{1} << 18;

/// A constant in a file, from `first_byte` on.
void add_pieces(std::vector<ParameterPiece>& pieces, ParameterPiece all, int64_t units) {
  const PackingPlan& plan = *all.plan;
  all.bytes = all.constant_bytes = units * plan.unit_bytes();
  const int64_t at_once =
      std::max<int64_t>(1, PieceElements / std::max<int64_t>(1, plan.unit_elements()));
  if (units <= at_once || !all.constant->has_blocks(all.layer)) {
    pieces.push_back(std::move(all));
    return;
  }
  for (int64_t unit = 0; unit < units; unit += at_once) {
    ParameterPiece piece = all;
    const int64_t count = std::min(at_once, units - unit);
    piece.whole = false;
    piece.row = unit * plan.unit_rows();
    piece.rows = count * plan.unit_rows();
    piece.first_byte += unit * plan.unit_bytes();
    piece.bytes = count * plan.unit_bytes();
    pieces.push_back(std::move(piece));
  }
}

}  // namespace

std::vector<ParameterPiece> pieces_of(const Program& program, MemoryId m) {
  const Memory& memory = program.memories[m];
  constexpr int64_t WordBytes = WordBits / 8;
  const int64_t layer_bytes = layer_words(memory) * WordBytes;
  std::vector<ParameterPiece> pieces;
  if (memory.role == MemoryRole::Table) {
    const auto plan = std::make_shared<const PackingPlan>(PackingPlan::of_row(memory));
    for (int64_t copy = 0; copy < memory.copies; ++copy) {
      ParameterPiece all;
      all.memory = m;
      all.constant = program.tensors[memory.tensor].constant.get();
      all.plan = plan;
      all.layer = copy;
      all.first_byte = copy * layer_bytes;
      add_pieces(pieces, all, memory.rows);
    }
    return pieces;
  }
  std::vector<std::shared_ptr<const PackingPlan>> plans;
  for (const Segment& segment : memory.segments)
    plans.push_back(std::make_shared<const PackingPlan>(PackingPlan::of_stream(
        segment.type, shape_in_launch(program.tensors[segment.tensor], 1, 0))));
  const auto add = [&](bool layered, int64_t layer) {
    for (size_t s = 0; s < memory.segments.size(); ++s) {
      const Segment& segment = memory.segments[s];
      if (segment.layered != layered) continue;
      ParameterPiece all;
      all.memory = m;
      all.constant = program.tensors[segment.tensor].constant.get();
      all.plan = plans[s];
      all.layer = layer;
      all.first_byte = segment.first_word * WordBytes + layer * layer_bytes;
      add_pieces(pieces, all, plans[s]->units());
    }
  };
  add(false, 0);
  for (int64_t layer = 0; layer < memory.copies; ++layer) add(true, layer);
  return pieces;
}

Result<std::vector<uint8_t>> packed(const ParameterPiece& piece) {
  auto rows = piece.whole
                  ? piece.constant->load_layer(piece.layer)
                  : piece.constant->load_block(piece.layer, {piece.row, piece.rows, 0, Block::All});
  if (!rows.ok()) return rows.errors();
  std::vector<uint8_t> words;
  if (rows->dtype() == piece.plan->dtype()) words = piece.plan->packed(*rows);
  if (static_cast<int64_t>(words.size()) != piece.bytes)
    return Diagnostic{
        "E0901",
        "a constant is not what its memory has room for: " + std::to_string(rows->size()) +
            " elements of " + std::string(name_of(rows->dtype())),
        piece.constant->describe(),
        {},
        ""};
  return words;
}

}  // namespace st
