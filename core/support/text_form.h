// SPDX-License-Identifier: Apache-2.0
/// How names, numbers and sums are spelt in the compiler's text forms: each spelling reads back to
/// exactly what it was made from (TextCursor, and parse_extent below).
#pragma once

#include <string>
#include <string_view>

#include "core/support/extent.h"
#include "core/support/text_cursor.h"

namespace st {

/// Any bytes between quotes, on one line: quotes as \", backslashes, control characters and what is
/// no UTF-8 as \xHH. Read by TextCursor::quoted.
std::string quoted_text(std::string_view bytes);
/// `bytes` as they are where they are a word (letters, digits, '_', '.', '/', '-'), quoted
/// otherwise. Read by TextCursor::name.
std::string name_text(std::string_view bytes);
/// The same, but as they are only where they are an identifier. Read by TextCursor::word.
std::string word_text(std::string_view bytes);
/// The shortest spelling that reads back as the same float, always recognisable as a real number.
/// Read by TextCursor::real.
std::string real_text(float value);

/// "past+d0+1", with symbols quoted where they are no identifiers.
std::string extent_text(const Extent& extent);
/// A sum such as past+d0+1, 2*sequence-1 or 64. Errors go to the cursor.
Extent parse_extent(TextCursor& cursor);

}  // namespace st
