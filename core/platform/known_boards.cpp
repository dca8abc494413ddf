// SPDX-License-Identifier: Apache-2.0
#include "core/platform/known_boards.h"

#include <algorithm>

namespace st {
namespace {

// Parts of boards: Makefiles and board files of public projects; FINN, util/basic.py.
constexpr KnownBoard Boards[] = {
    {"u50", "xcu50-"},      {"u55c", "xcu55c-"},     {"u200", "xcu200-"},      {"u250", "xcu250-"},
    {"u280", "xcu280-"},    {"vck190", "xcvc1902-"}, {"vck5000", "xcvc1902-"}, {"v80", "xcv80-"},
    {"zcu102", "xczu9eg-"}, {"zcu104", "xczu7ev-"},  {"zcu106", "xczu7ev-"},   {"kv260", "xck26-"},
    {"kr260", "xck26-"},
};

bool is_word_end(char c) { return c == '_' || c == '-' || c == '.'; }

}  // namespace

const KnownBoard* board_named_in(const std::string& text) {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin;
    while (end < text.size() && !is_word_end(text[end])) ++end;
    const std::string_view word = std::string_view(text).substr(begin, end - begin);
    const auto* found = std::find_if(std::begin(Boards), std::end(Boards),
                                     [&](const KnownBoard& board) { return board.name == word; });
    if (found != std::end(Boards)) return found;
    begin = end + 1;
  }
  return nullptr;
}

const DeviceFamily* family_of(const std::string& part) {
  static const std::vector<DeviceFamily> families = [] {
    std::vector<DeviceFamily> all = {
        {"xcu", "an Alveo card's device", false, {Flow::Alveo}},
        {"xczu", "a Zynq UltraScale+", false, {Flow::Embedded}},
        {"xck", "a Zynq UltraScale+ of a Kria module", false, {Flow::Embedded}},
    };
    for (const char* series : {"xcvc", "xcve", "xcvm", "xcvp", "xcvh", "xcv80"})
      all.push_back({series, "a Versal device", true, {Flow::Versal, Flow::Embedded}});
    return all;
  }();
  const auto found = std::find_if(families.begin(), families.end(),
                                  [&](const DeviceFamily& f) { return part.starts_with(f.part); });
  return found == families.end() ? nullptr : &*found;
}

bool has_hbm(const std::string& part) {
  constexpr std::string_view With[] = {"xcu50-", "xcu55", "xcu280-", "xcv80-", "xcvh"};
  return std::any_of(std::begin(With), std::end(With),
                     [&](std::string_view begin) { return part.starts_with(begin); });
}

}  // namespace st
