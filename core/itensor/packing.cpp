// SPDX-License-Identifier: Apache-2.0
#include "core/itensor/packing.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/support/text_cursor.h"

namespace st {
namespace {

using Sizes = std::vector<int64_t>;

Sizes product(const Sizes& a, const Sizes& b) {
  Sizes sizes = a;
  for (size_t d = 0; d < sizes.size(); ++d) sizes[d] *= b[d];
  return sizes;
}

/// The largest divisor of `size` up to `most`.
int64_t largest_divisor(int64_t size, int64_t most) {
  int64_t divisor = std::min(size, most);
  while (size % divisor != 0) --divisor;
  return divisor;
}

Sizes rows_of_elements(const Sizes& tile, int64_t most) {
  Sizes vector(tile.size(), 1);
  for (size_t d = tile.size(); d-- > 0;) {
    vector[d] = largest_divisor(tile[d], most);
    if (vector[d] != tile[d]) break;
    most /= vector[d];
  }
  return vector;
}

/// Whether VectorShape::Square prefers `a` to `b`.
bool is_squarer(const Sizes& a, const Sizes& b) {
  if (element_count(a) != element_count(b)) return element_count(a) > element_count(b);
  Sizes sides_a = a, sides_b = b;
  std::sort(sides_a.rbegin(), sides_a.rend());
  std::sort(sides_b.rbegin(), sides_b.rend());
  if (sides_a != sides_b) return sides_a < sides_b;
  return std::lexicographical_compare(b.rbegin(), b.rend(), a.rbegin(), a.rend());
}

/// Tries all divisors of the tile from dimension `d` on.
void find_squarest(const Sizes& tile, size_t d, int64_t most, Sizes& vector, Sizes& best) {
  if (d == tile.size()) {
    if (is_squarer(vector, best)) best = vector;
    return;
  }
  for (int64_t size = 1; size <= std::min(tile[d], most); ++size) {
    if (tile[d] % size != 0) continue;
    vector[d] = size;
    find_squarest(tile, d + 1, most / size, vector, best);
  }
}

/// The number of element `index` of a row-major array, and back.
int64_t number_of(const Sizes& index, const Sizes& shape) {
  int64_t number = 0;
  for (size_t d = 0; d < shape.size(); ++d) number = number * shape[d] + index[d];
  return number;
}
Sizes index_of(int64_t number, const Sizes& shape) {
  Sizes index(shape.size());
  for (size_t d = shape.size(); d-- > 0; number /= shape[d]) index[d] = number % shape[d];
  return index;
}

/// Calls `visit(element, bit)` for each element: its number in the tensor, and its first bit.
template <typename Visit>
void for_each_element(const PackedType& type, int64_t word_bits, const Visit& visit) {
  const Sizes shape = type.shape();
  for (int64_t i = 0; i < element_count(shape); ++i)
    visit(i, bit_offset(type, word_bits, index_of(i, shape)));
}

/// 4x4x and so on; behind it the cursor stands before what the sizes are of.
Sizes parse_sizes(TextCursor& cursor) {
  Sizes sizes;
  while (!cursor.failed() && cursor.at_digit()) {
    sizes.push_back(cursor.integer(1, std::numeric_limits<int64_t>::max()));
    cursor.expect_joined("x");
  }
  return sizes;
}

DType parse_dtype(TextCursor& cursor) {
  const std::string name = cursor.identifier("an element type, such as f32");
  const auto dtype = dtype_named(name);
  if (!dtype) cursor.fail("there is no element type '" + name + "'");
  return dtype.value_or(DType::F32);
}

std::string text_of(const Sizes& sizes) {
  std::string text;
  for (const int64_t size : sizes) text += std::to_string(size) + "x";
  return text;
}

}  // namespace

Sizes PackedType::tile() const { return product(vectors, vector); }
Sizes PackedType::shape() const { return product(tiles, tile()); }

std::string text_of(const PackedType& type) {
  const std::string dtype(name_of(type.dtype));
  const std::string outer = "tensor<" + text_of(type.tiles) + text_of(type.vectors);
  return type.lanes() == 1 ? outer + dtype + ">"
                           : outer + "vector<" + text_of(type.vector) + dtype + ">>";
}

Result<PackedType> parse_packed(std::string_view text) {
  TextCursor cursor(text, "E0311", "packed tensor type");
  PackedType type;
  cursor.expect("tensor");
  cursor.expect("<");
  const Sizes outer = parse_sizes(cursor);
  const size_t rank = outer.size() / 2;
  if (outer.size() % 2 != 0)
    cursor.fail("a packed tensor has as many sizes of the tile as numbers of tiles, not " +
                std::to_string(outer.size()) + " together");
  type.tiles.assign(outer.begin(), outer.begin() + static_cast<std::ptrdiff_t>(rank));
  type.vectors.assign(outer.begin() + static_cast<std::ptrdiff_t>(rank), outer.end());
  if (cursor.accept("vector")) {
    cursor.expect("<");
    type.vector = parse_sizes(cursor);
    if (type.vector.size() != rank)
      cursor.fail("the vector has " + std::to_string(type.vector.size()) + " sizes, the tile " +
                  std::to_string(rank));
    type.dtype = parse_dtype(cursor);
    cursor.expect(">");
  } else {
    type.vector.assign(rank, 1);
    type.dtype = parse_dtype(cursor);
  }
  cursor.expect(">");
  if (!cursor.failed() && !cursor.at_end()) cursor.fail("there is something behind the type");
  if (cursor.failed()) return cursor.error();
  ST_CHECK(verify(type));
  return type;
}

Status verify(const PackedType& type) {
  Diagnostics problems;
  auto report = [&](const std::string& what) {
    problems.push_back({"E0310", what, "", {text_of(type)}, ""});
  };
  if (type.tiles.size() != type.vectors.size() || type.tiles.size() != type.vector.size())
    report("tiles, vectors and elements of a vector have different ranks");
  int64_t room = int64_t{1} << 62;
  bool positive = true;
  for (const Sizes* sizes : {&type.tiles, &type.vectors, &type.vector}) {
    for (const int64_t size : *sizes) {
      positive = positive && size > 0;
      if (size > 0) room /= size;
    }
  }
  if (!positive) report("a size is not positive");
  if (room / bits_of(type.dtype) == 0) report("the tensor has 2^62 bits or more");
  return problems;
}

PackedType pack(const ItensorType& type) {
  PackedType packed;
  packed.dtype = type.dtype;
  packed.vectors = type.elem;
  packed.vector.assign(type.elem.size(), 1);
  packed.tiles = max_shape(type);
  for (size_t d = 0; d < type.elem.size(); ++d) packed.tiles[d] /= type.elem[d];
  return packed;
}

Result<PackedType> widen(const PackedType& packed, int64_t word_bits, VectorShape shape) {
  const int64_t most = word_bits / bits_of(packed.dtype);
  if (most < 1) {
    return Diagnostic{"E0310",
                      "no element of " + std::to_string(bits_of(packed.dtype)) +
                          " bits fits a word of " + std::to_string(word_bits) + " bits",
                      "",
                      {text_of(packed)},
                      ""};
  }
  const Sizes tile = packed.tile();
  PackedType wide = packed;
  if (shape == VectorShape::Rows) {
    wide.vector = rows_of_elements(tile, most);
  } else {
    Sizes vector(tile.size(), 1);
    wide.vector = vector;
    find_squarest(tile, 0, most, vector, wide.vector);
  }
  for (size_t d = 0; d < tile.size(); ++d) wide.vectors[d] = tile[d] / wide.vector[d];
  return wide;
}

int64_t bit_offset(const PackedType& type, int64_t word_bits, const Sizes& index) {
  const Sizes tile = type.tile();
  Sizes outer = index, inner = index, lane = index;
  for (size_t d = 0; d < index.size(); ++d) {
    outer[d] = index[d] / tile[d];
    inner[d] = index[d] % tile[d] / type.vector[d];
    lane[d] = index[d] % type.vector[d];
  }
  const int64_t word =
      number_of(outer, type.tiles) * element_count(type.vectors) + number_of(inner, type.vectors);
  return word * word_bits + number_of(lane, type.vector) * bits_of(type.dtype);
}

std::optional<Sizes> element_at(const PackedType& type, int64_t word_bits, int64_t bit) {
  const int64_t word = bit / word_bits, lane = bit % word_bits / bits_of(type.dtype);
  if (bit < 0 || word >= type.words() || lane >= type.lanes()) return std::nullopt;
  const int64_t in_tile = element_count(type.vectors);
  const Sizes outer = index_of(word / in_tile, type.tiles);
  const Sizes inner = index_of(word % in_tile, type.vectors);
  const Sizes tile = type.tile();
  Sizes index = index_of(lane, type.vector);
  for (size_t d = 0; d < index.size(); ++d)
    index[d] += outer[d] * tile[d] + inner[d] * type.vector[d];
  return index;
}

std::vector<uint8_t> packed_tensor(const Tensor& tensor, const PackedType& type,
                                   int64_t word_bits) {
  std::vector<uint8_t> bytes(type.words() * word_bits / 8, 0);
  std::visit(
      [&](const auto& values) {
        for_each_element(type, word_bits, [&](int64_t element, int64_t at) {
          if (type.dtype == DType::I4) {
            const auto* nibble = reinterpret_cast<const uint8_t*>(&values[element]);
            bytes[at / 8] = static_cast<uint8_t>(bytes[at / 8] | (*nibble << at % 8));
          } else {
            std::memcpy(&bytes[at / 8], &values[element], sizeof values[element]);
          }
        });
      },
      tensor.data);
  return bytes;
}

Tensor unpacked_tensor(const std::vector<uint8_t>& bytes, const PackedType& type,
                       int64_t word_bits) {
  Tensor tensor = Tensor::zeros(type.dtype, type.shape());
  std::visit(
      [&](auto& values) {
        for_each_element(type, word_bits, [&](int64_t element, int64_t at) {
          std::memcpy(&values[element], &bytes[at / 8], sizeof values[element]);
          if (type.dtype == DType::I4) {
            auto* nibble = reinterpret_cast<uint8_t*>(&values[element]);
            *nibble = static_cast<uint8_t>((*nibble >> at % 8) & 15);
          }
        });
      },
      tensor.data);
  return tensor;
}

}  // namespace st
