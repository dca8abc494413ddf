// SPDX-License-Identifier: Apache-2.0
/// Parsers of types inside a longer text.
#pragma once

#include "core/itensor/itensor.h"
#include "core/support/text_cursor.h"

namespace st {

/// A sum such as past+d0+1, 2*sequence-1 or 64. Errors go to the cursor.
Extent parse_extent(TextCursor& cursor);

/// An itensor type, not verified. Errors go to the cursor.
ItensorType parse_itensor(TextCursor& cursor);

}  // namespace st
