// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "core/itensor/itensor.h"
#include "core/itensor/parse.h"

namespace st {
namespace {

constexpr int64_t Most = std::numeric_limits<int64_t>::max();

/// 4x2xf32: sizes and an element type, the 'x' between them being part of what the cursor takes for
/// a word.
void parse_shaped(TextCursor& cursor, ItensorType& type) {
  while (cursor.at_digit()) {
    type.elem.push_back(cursor.integer(1, Most));
    cursor.expect_joined("x");
    if (cursor.failed()) return;
  }
  const std::string name = cursor.identifier("an element type, such as f32");
  if (cursor.failed()) return;
  const auto dtype = dtype_named(name);
  if (!dtype) {
    cursor.fail("there is no element type '" + name + "'");
    return;
  }
  type.dtype = *dtype;
}

void parse_element(TextCursor& cursor, ItensorType& type) {
  if (cursor.accept("vector")) {
    type.form = ElementForm::Vector;
    cursor.expect("<");
    parse_shaped(cursor, type);
    cursor.expect(">");
  } else {
    parse_shaped(cursor, type);
    if (type.elem.empty()) type.form = ElementForm::Scalar;
  }
}

Trip parse_trip(TextCursor& cursor) {
  const Extent count = parse_extent(cursor);
  if (cursor.accept("<=")) {
    const int64_t bound = cursor.integer(1, Most);
    if (count.is_constant()) cursor.fail("a constant trip count takes no bound");
    return {count, bound};
  }
  if (!count.is_constant())
    cursor.fail("a symbolic trip count needs a bound, as in 'sequence<=64'");
  return {count, count.offset()};
}

/// d3 -> 3.
int parse_counter(TextCursor& cursor) {
  constexpr int MostLoops = 1000;
  const size_t before = cursor.position();
  const std::string name = cursor.identifier("a loop, such as d0");
  if (cursor.failed()) return 0;
  if (name.size() < 2 || name[0] != 'd' || name.size() > 4 ||
      name.find_first_not_of("0123456789", 1) != std::string::npos) {
    cursor.fail_at(before,
                   "'" + name + "' is no loop: the map takes d0, d1, ... and 0, but no symbols");
    return 0;
  }
  return std::min(std::stoi(name.substr(1)), MostLoops);
}

template <typename Item>
void parse_list(TextCursor& cursor, const char* open, const char* close, const Item& item) {
  cursor.expect(open);
  if (cursor.accept(close)) return;
  do {
    item();
  } while (cursor.accept(","));
  cursor.expect(close);
}

}  // namespace

ItensorType parse_itensor(TextCursor& cursor) {
  ItensorType type;
  cursor.expect("itensor");
  cursor.expect("<");
  parse_element(cursor, type);
  cursor.expect(",");
  cursor.expect("iter_space");
  cursor.expect(":");
  parse_list(cursor, "[", "]", [&] { type.trips.push_back(parse_trip(cursor)); });
  cursor.expect("*");
  parse_list(cursor, "[", "]", [&] { type.steps.push_back(cursor.integer(1, Most)); });
  cursor.expect(",");
  cursor.expect("iter_map");
  cursor.expect(":");
  int dims = 0;
  parse_list(cursor, "(", ")", [&] {
    const size_t before = cursor.position();
    if (parse_counter(cursor) != dims++)
      cursor.fail_at(before,
                     "expected d" + std::to_string(dims - 1) + ": loops are listed in order");
  });
  if (!cursor.failed() && dims != static_cast<int>(type.trips.size())) {
    cursor.fail("the map has " + std::to_string(dims) + " loops, the iteration space " +
                std::to_string(type.trips.size()));
  }
  cursor.expect("->");
  parse_list(cursor, "(", ")", [&] {
    if (cursor.accept("0")) {
      type.map.emplace_back();
      return;
    }
    std::vector<int> loops;
    do {
      loops.push_back(parse_counter(cursor));
    } while (cursor.accept("+"));
    type.map.push_back(MapResult::sum(std::move(loops)));
  });
  cursor.expect(">");
  if (type.form == ElementForm::Scalar) type.elem.assign(type.map.size(), 1);
  return type;
}

Result<ItensorType> parse_itensor(std::string_view text) {
  TextCursor cursor(text, "E0311", "itensor type");
  ItensorType type = parse_itensor(cursor);
  if (!cursor.failed() && !cursor.at_end()) cursor.fail("there is something behind the type");
  if (cursor.failed()) return cursor.error();
  ST_CHECK(verify(type));
  return type;
}

}  // namespace st
