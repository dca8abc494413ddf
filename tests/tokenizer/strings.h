// SPDX-License-Identifier: Apache-2.0
/// Texts that tokenizers are tested on.
#pragma once

#include <string>
#include <vector>

namespace st::test {

/// `count` strings, the same on every machine, the first one empty: words of many scripts with runs
/// of spaces, tabs and ends of lines between, combining marks in any order, emoji, code points of
/// all planes, control bytes. All are UTF-8, and none has U+2581.
std::vector<std::string> unicode_strings(int count);

/// The same with bytes put in that make it no UTF-8.
std::vector<std::string> broken_strings(int count);

/// Lines of words, from which small vocabularies are trained.
std::vector<std::string> training_lines(int count);

}  // namespace st::test
